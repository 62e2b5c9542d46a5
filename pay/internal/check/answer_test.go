package check_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay/internal/check"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAnswers(t *testing.T) {
	t.Parallel()
	op := wechat.GET("/v3/x")
	answer := func(status int, verified bool) error {
		return fmt.Errorf("shop: %w", &wechat.CallError{Op: op, Outcome: wechat.NotDone, Err: &wechat.APIError{Op: op, Status: status, Verified: verified}})
	}
	for _, tt := range []struct {
		name                      string
		err                       error
		refusal, absent, hopeless bool
	}{
		{"nil", nil, false, false, false},
		{"network", &wechat.CallError{Op: op, Err: errors.New("cut")}, false, false, false},
		{"400", answer(400, true), true, false, false},
		{"401", answer(401, true), true, false, true},
		{"401 unproved", answer(401, false), false, false, true},
		{"403", answer(403, true), true, false, true},
		{"404", answer(404, true), true, true, false},
		{"404 unproved", answer(404, false), false, false, false},
		{"unfit", wechat.Invalid("a", "b"), false, false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.refusal, check.Refusal(tt.err) != nil)
			assert.Equal(t, tt.absent, check.Absent(tt.err))
			assert.Equal(t, tt.hopeless, check.Hopeless(tt.err))
		})
	}
	assert.True(t, check.Status(answer(418, false), 418))
	assert.False(t, check.Status(nil, 418))
}

func TestUnresolvedAndWaitAreThoseAbove(t *testing.T) {
	t.Parallel()
	why := errors.New("why")
	assert.Equal(t, why, check.Unresolved(why, nil))
	stop := errors.New("stop")
	require.ErrorIs(t, check.Wait(t.Context(), func(context.Context, time.Duration) error { return stop }, 1), stop)
}

func TestStopped(t *testing.T) {
	t.Parallel()
	why, stop, last := errors.New("why"), errors.New("stop"), errors.New("last")
	require.EqualError(t, check.Stopped(why, stop, nil), "why: stop")
	err := check.Stopped(why, check.Poll(t.Context(), func(context.Context, time.Duration) error { return stop }, []time.Duration{1}, nil), last)
	require.ErrorIs(t, err, why)
	require.ErrorIs(t, err, stop)
	require.ErrorIs(t, err, last)
	assert.Equal(t, "why: stop (after: last)", err.Error())
}
