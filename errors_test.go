package wechat_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
)

func TestCodesThatWeChatSpellsInSeveralWays(t *testing.T) {
	t.Parallel()
	for _, same := range [][]wechat.Code{
		{wechat.ErrNoAuth, "NOAUTH"}, {"RULE_LIMIT", "RULELIMIT"}, {wechat.ErrSystem, "SYSTEMERROR"}, {"BANK_ERROR", "BANKERROR"},
		{"ORDER_NOT_EXIST", "ORDERNOTEXIST"}, {"NOT_ENOUGH", "NOTENOUGH"}, {"ORDER_CLOSED", "ORDERCLOSED"},
		{wechat.ErrNotFound, "RESOURCE_NOT_FOUND", "NOT_FOUND"}, {wechat.ErrExists, "RESOURCE_ALREADY_EXISTS"},
		{wechat.ErrRateLimited, "FREQENCY_LIMIT", "FREQUENCY_LIMIT_EXCEED", "FREQUENCY_LIMITED_EXCEED", "RATELIMIT_EXCEEDED", "RATELIMIT_EXCEED", "RATE_LIMITED"},
	} {
		for _, a := range same {
			for _, b := range same {
				require.ErrorIs(t, fmt.Errorf("x: %w", &wechat.CallError{Err: &wechat.APIError{Code: a}}), b)
			}
			require.NotErrorIs(t, a, wechat.ErrParam)
		}
	}
	assert.Equal(t, "NOAUTH", wechat.Code("NOAUTH").Error(), "shown as WeChat spelled it")
	assert.NotErrorIs(t, wechat.ErrNoAuth, io.EOF)
}

func TestOutcomeOf(t *testing.T) {
	t.Parallel()
	assert.Equal(t, wechat.Done, wechat.OutcomeOf(nil))
	assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(io.EOF))
	assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(fmt.Errorf("shop: %w", &wechat.CallError{Outcome: wechat.NotDone, Err: io.EOF})))
	var zero wechat.Outcome
	assert.Equal(t, wechat.Unknown, zero)
	assert.Equal(t, "unknown not done done unknown", fmt.Sprint(wechat.Unknown, " ", wechat.NotDone, " ", wechat.Done, " ", wechat.Outcome(9)))
}

func TestErrorTextsAreOneLine(t *testing.T) {
	t.Parallel()
	e := &wechat.APIError{Op: opKeyed, Status: 403, Code: "NO_AUTH", Message: "a\r\nb\x1b[2J" + strings.Repeat("长", 400), RequestID: "08-1\n", Detail: []byte(`{"x":1}`)}
	for op, end := range map[wechat.Op]string{opKeyed: "(outcome unknown: query before trying again, and keep the same number)", opRead: "[Request-ID 08-1]"} {
		c := &wechat.CallError{Op: op, Outcome: wechat.Unknown, Err: e}
		assert.Regexp(t, `^wechat: (GET|POST) \S+: 403 NO_AUTH: ab\[2J长+ \(unverified answer\) \[Request-ID 08-1\]`, c.Error())
		assert.True(t, strings.HasSuffix(c.Error(), end), c.Error())
		assert.Less(t, len([]rune(c.Error())), 600)
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
			assert.Equal(t, c.Error(), fmt.Sprintf(verb, c))
			assert.Equal(t, e.Error(), fmt.Sprintf(verb, e))
		}
		assert.Equal(t, fmt.Sprintf("%q", c.Error()), fmt.Sprintf("%q", c))
		text, err := json.Marshal(map[string]error{"a": c, "b": e})
		require.NoError(t, err)
		want, err := json.Marshal(map[string]string{"a": c.Error(), "b": e.Error()})
		require.NoError(t, err)
		assert.JSONEq(t, string(want), string(text), "neither detail nor body in any encoding")
	}
	assert.Contains(t, (&wechat.CallError{Op: opKeyed, Outcome: wechat.Done, Err: io.EOF}).Error(), "it was done")
	assert.Equal(t, "wechat: POST /v3/refund/domestic/refunds: EOF", (&wechat.CallError{Op: opWary, Outcome: wechat.NotDone, Err: io.EOF}).Error())
	assert.Equal(t, "404 X", (&wechat.APIError{Status: 404, Code: "X", Verified: true}).Error())
	var f *wechat.FieldError
	require.ErrorAs(t, wechat.Invalid("total", "must be positive"), &f)
	assert.Equal(t, "total: must be positive", f.Error())
}

func TestNumericCode(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{"08D4EDB0A90610-268498688": "268498688", "08D4-0": "0", "08D4": "", "": "", "08-x1": "", "08-": ""} {
		assert.Equal(t, want, (&wechat.APIError{RequestID: id}).NumericCode(), id)
	}
}

func TestSignInformation(t *testing.T) {
	t.Parallel()
	const view = `"sign_information":{"method":"GET","url":"/v3/x","truncated_sign_message":"GET\\n/v3/x\\n","sign_message_length":86}`
	for name, tt := range map[string]struct {
		detail    string
		issue     string
		available bool
	}{
		"older":           {`{"field":"signature","issue":"sign not match","location":"authorization",` + view + `}`, "sign not match", true},
		"newer":           {`{"detail":{"issue":"sign not match"},` + view + `}`, "sign not match", true},
		"deeper":          {`{"detail":{"issue":"sign not match",` + view + `}}`, "sign not match", true},
		"only the issue":  {`{"issue":"sign not match"}`, "sign not match", false},
		"another shape":   {`[1,2]`, "", false},
		"wrong types":     {`{"issue":5,"sign_information":"x"}`, "", false},
		"none":            {``, "", false},
		"null":            {`null`, "", false},
		"partly readable": {`{"issue":"sign not match","detail":"text"}`, "sign not match", false},
	} {
		got := (&wechat.APIError{Detail: []byte(tt.detail)}).SignInformation()
		assert.Equal(t, tt.issue, got.Issue, name)
		assert.Equal(t, tt.available, got.Available && got.Method == "GET" && got.Length == 86 && got.URL == "/v3/x", name)
	}
}

func TestAnAPIErrorKeepsWhatWeChatSaid(t *testing.T) {
	t.Parallel()
	m := newMerchant(t, doFunc(func(*http.Request) (*http.Response, error) {
		return proved(400, `{"code":"PARAM_ERROR","message":"参数错误","detail":{"field":"/amount/currency","value":"XYZ","issue":"x","location":"body"},"new":1}`), nil
	}))
	_, err := wechat.Call[prepay](t.Context(), m, opKeyed, someOrder)
	var e *wechat.APIError
	require.ErrorAs(t, err, &e)
	assert.Equal(t, opKeyed, e.Op)
	assert.Equal(t, wechat.ErrParam, e.Code)
	assert.Equal(t, "参数错误", e.Message)
	assert.JSONEq(t, `{"field":"/amount/currency","value":"XYZ","issue":"x","location":"body"}`, string(e.Detail))
	assert.Equal(t, "08D4EDB0A90610-0", e.RequestID)
	assert.Equal(t, "0", e.NumericCode())
	assert.True(t, e.Verified)
	assert.Equal(t, "wechat: POST /v3/pay[/partner]/transactions/jsapi: 400 PARAM_ERROR: 参数错误 [Request-ID 08D4EDB0A90610-0]", err.Error())
}

func TestOps(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "DELETE /v3/x", wechat.DELETE("/v3/x").Wary().NoToken().String())
	assert.Equal(t, "PUT /v3/x PATCH /v3/x", wechat.PUT("/v3/x").String()+" "+wechat.PATCH("/v3/x").String())
}

func TestPagesWalksAList(t *testing.T) {
	t.Parallel()
	all := []int{1, 2, 3, 4, 5}
	page := func(total int) func(context.Context, int) ([]int, int, error) {
		return func(_ context.Context, offset int) ([]int, int, error) {
			return all[offset:min(offset+2, len(all))], total, nil
		}
	}
	collect := func(fetch func(context.Context, int) ([]int, int, error)) (got []int, fetches int, failed error) {
		for v, err := range wechat.Pages(t.Context(), func(ctx context.Context, offset int) ([]int, int, error) { fetches++; return fetch(ctx, offset) }) {
			if err != nil {
				failed = err
				continue
			}
			got = append(got, v)
		}
		return got, fetches, failed
	}
	got, fetches, err := collect(page(5))
	require.NoError(t, err)
	assert.Equal(t, all, got)
	assert.Equal(t, 3, fetches)
	got, fetches, err = collect(page(-1))
	require.NoError(t, err)
	assert.Equal(t, all, got)
	assert.Equal(t, 4, fetches, "without a total an empty page ends it")
	got, fetches, err = collect(page(99))
	require.NoError(t, err)
	assert.Equal(t, all, got)
	assert.Equal(t, 4, fetches, "an empty page ends it whatever the total says")
	got, _, err = collect(func(ctx context.Context, offset int) ([]int, int, error) {
		if offset == 4 {
			return nil, 5, errors.New("broken")
		}
		return page(5)(ctx, offset)
	})
	require.EqualError(t, err, "broken")
	assert.Equal(t, all[:4], got)
	for v := range wechat.Pages(t.Context(), page(5)) {
		if v == 3 {
			break
		}
	}
}
