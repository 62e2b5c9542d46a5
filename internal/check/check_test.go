package check_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestFields(t *testing.T) {
	t.Parallel()
	secret := "8fA3"
	for name, tt := range map[string]struct {
		check func(f *check.Fields)
		says  string // "" means fine
	}{
		"nothing":             {func(*check.Fields) {}, ""},
		"the first counts":    {func(f *check.Fields) { f.Fail("a", "is %s", "bad"); f.Fail("b", "is worse") }, "a: is bad"},
		"must":                {func(f *check.Fields) { f.Must(true, "a", "x"); f.Must(false, "b", "y") }, "b: y"},
		"text":                {func(f *check.Fields) { f.Text("a", "茶茶茶", 3) }, ""},
		"text too long":       {func(f *check.Fields) { f.Text("a", "茶茶茶茶", 3) }, "a: has 4 characters, the limit is 3: shorten it"},
		"text with emoji":     {func(f *check.Fields) { f.Text("a", "a🍵", 3) }, "a: character 2 of 2 takes four bytes in UTF-8 (an emoji, or a rare ideograph), which WeChat Pay refuses: leave it out"},
		"text broken":         {func(f *check.Fields) { f.Text("a", "\xff", 3) }, "a: is not valid UTF-8 (1 bytes): convert it first"},
		"words with emoji":    {func(f *check.Fields) { f.Words("a", "a🍵", 2) }, ""},
		"words too long":      {func(f *check.Fields) { f.Words("a", "a🍵8fA3", 3) }, "a: has 6 characters, the limit is 3: shorten it"},
		"words broken":        {func(f *check.Fields) { f.Words("a", "\xff", 3) }, "a: is not valid UTF-8 (1 bytes): convert it first"},
		"required":            {func(f *check.Fields) { f.Required("a", "", 3) }, "a: is empty but required"},
		"line":                {func(f *check.Fields) { f.Line("a", "茶 1", 3) }, ""},
		"line with a tab":     {func(f *check.Fields) { f.Line("a", "茶\t1", 3) }, "a: byte 4 of 5 is a control character, such as a line break or a tab: leave it out"},
		"line empty":          {func(f *check.Fields) { f.Line("a", "", 3) }, "a: is empty but required"},
		"id":                  {func(f *check.Fields) { f.ID("a", "wx_1-A", 6) }, ""},
		"id empty":            {func(f *check.Fields) { f.ID("a", "", 6) }, "a: is empty but required"},
		"id too long":         {func(f *check.Fields) { f.ID("a", "1234567", 6) }, "a: has 7 bytes, the limit is 6"},
		"id with a space":     {func(f *check.Fields) { f.ID("a", "1 2", 6) }, "a: byte 2 of 3 is not a visible ASCII character: copy the identifier as it was given"},
		"optional id":         {func(f *check.Fields) { f.OptionalID("a", "", 6) }, ""},
		"number":              {func(f *check.Fields) { f.OutTradeNo("aZ09_-|*") }, ""},
		"number, one at sign": {func(f *check.Fields) { f.OutTradeNo("order@1") }, "out_trade_no: byte 6 of 7 is not a letter, a digit or one of _-|*"},
		"number too short":    {func(f *check.Fields) { f.OutTradeNo("12345") }, "out_trade_no: has 5 bytes, want 6 to 32"},
		"old number":          {func(f *check.Fields) { f.OldOutTradeNo("1@") }, ""},
		"old number empty":    {func(f *check.Fields) { f.OldOutTradeNo("") }, "out_trade_no: is empty but required"},
		"refund number":       {func(f *check.Fields) { f.OutRefundNo(strings.Repeat("@", 64)) }, ""},
		"refund number, long": {func(f *check.Fields) { f.OutRefundNo(strings.Repeat("@", 65)) }, "out_refund_no: has 65 bytes, want 1 to 64"},
		"url":                 {func(f *check.Fields) { f.NotifyURL("a", "https://shop.example:8443/wx/1", 255) }, ""},
		"no url":              {func(f *check.Fields) { f.NotifyURL("a", "", 255) }, ""},
		"url, empty fragment": {func(f *check.Fields) { f.NotifyURL("a", "https://shop.example/#", 255) }, "a: must not have a query or a fragment: put what you need into the path"},
		"url without host":    {func(f *check.Fields) { f.NotifyURL("a", "https://:443/", 255) }, "a: must be a whole address that begins with https://"},
		"url with a password": {func(f *check.Fields) { f.NotifyURL("a", "https://u:8fA3@shop.example/", 255) }, "a: must not hold a user name: WeChat Pay does not log in"},
		"url with a space":    {func(f *check.Fields) { f.NotifyURL("a", "https://sh op/8fA3", 255) }, "a: is not a URL (18 bytes)"},
		"address":             {func(f *check.Fields) { f.Address("a", "2001:db8::1"); f.Address("a", "1.2.3.4"); f.Address("a", "") }, ""},
		"address with a port": {func(f *check.Fields) { f.Address("a", "1.2.3.4:5") }, "a: is not an IPv4 or IPv6 address (9 bytes): leave out port and brackets"},
		"positive":            {func(f *check.Fields) { f.Positive("a", 0) }, "a: must be at least 1 fen"},
		"not negative":        {func(f *check.Fields) { f.NotNegative("a", -1) }, "a: must not be negative"},
		"currency":            {func(f *check.Fields) { f.Currency("a", "CNY"); f.Currency("a", "") }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var f check.Fields
			tt.check(&f)
			if tt.says == "" {
				require.NoError(t, f.Err())
				return
			}
			require.EqualError(t, f.Err(), tt.says)
			assert.NotContains(t, f.Err().Error(), secret)
		})
	}
}

func TestUnresolvedNeverSaysNotDone(t *testing.T) {
	t.Parallel()
	why, cause := errors.New("why"), errors.New("cause")
	assert.Equal(t, why, check.Unresolved(why, nil))
	plain := check.Unresolved(why, cause)
	require.ErrorIs(t, plain, why)
	require.ErrorIs(t, plain, cause)
	assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(plain))
	call := check.Unresolved(why, &wechat.CallError{Op: wechat.GET("/v3/x"), Outcome: wechat.NotDone, Err: cause})
	require.ErrorIs(t, call, why)
	require.ErrorIs(t, call, cause)
	assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(call))
	assert.Equal(t, "wechat: GET /v3/x: why: cause", call.Error())
}

func TestWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		require.NoError(t, check.Wait(t.Context(), nil, time.Minute))
		assert.Equal(t, time.Minute, time.Since(start))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, check.Wait(ctx, nil, time.Minute), context.DeadlineExceeded)
		stop := errors.New("stop")
		assert.Equal(t, stop, check.Wait(ctx, func(_ context.Context, d time.Duration) error {
			assert.Equal(t, time.Hour, d)
			return stop
		}, time.Hour))
	})
}

func TestPoll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var at []time.Duration
		look := func() bool { at = append(at, time.Since(start)); return len(at) == 4 }
		schedule := []time.Duration{0, time.Second, time.Minute, time.Hour, 2 * time.Hour}
		require.NoError(t, check.Poll(t.Context(), nil, schedule[:2], look))
		assert.Equal(t, schedule[:2], at, "the schedule ends")
		start, at = time.Now(), nil
		require.NoError(t, check.Poll(t.Context(), nil, schedule, look))
		assert.Equal(t, schedule[:4], at, "it need not look again")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start, at = time.Now(), nil
		require.ErrorIs(t, check.Poll(ctx, nil, schedule[2:], look), context.DeadlineExceeded)
		assert.Empty(t, at)
	})
}
