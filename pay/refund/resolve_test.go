package refund_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay"
	"github.com/wxcommerce/wechat/pay/refund"
	"github.com/wxcommerce/wechat/wechattest"
)

// journey are the requests so far: "10s query", "10s apply".
func (d *desk) journey(start time.Time) []string {
	var all []string
	for _, s := range d.all() {
		what := "query"
		if s.method == "POST" {
			what = "apply"
		}
		all = append(all, s.at.Sub(start).String()+" "+what)
	}
	return all
}

func TestResolve(t *testing.T) {
	t.Parallel()
	found := step{status: 200, body: strings.Replace(answer, `"SUCCESS"`, `"PROCESSING"`, 1)}
	nowhere := []string{"10s query", "30s query", "1m0s query", "3m0s query", "5m0s query", "10m0s query", "30m0s query"}
	again := []string{"10s query", "10s apply", "30s query", "30s apply", "1m0s query", "1m0s apply", "3m0s query", "3m0s apply",
		"5m0s query", "5m0s apply", "10m0s query", "10m0s apply", "30m0s query", "30m0s apply"}
	tests := []struct {
		name            string
		queries, writes []step
		journey         []string
		outcome         wechat.Outcome
		err             error
	}{
		{"accepted all along", []step{found}, nil, nowhere[:1], wechat.Done, nil},
		{"accepted, seen later", []step{broken, lost, refuses(429, wechat.ErrRateLimited), found}, nil, nowhere[:4], wechat.Done, nil},
		{"not accepted: the same again", []step{absent}, []step{found}, again[:2], wechat.Done, nil},
		{"the repetition is lost but done", []step{absent, found}, []step{lost}, again[:3], wechat.Done, nil},
		{"too fast", []step{absent}, []step{refuses(429, wechat.ErrRateLimited), broken, found}, again[:6], wechat.Done, nil},
		{"refused twice", []step{absent}, []step{refuses(403, refund.ErrNotEnough)}, again[:4], wechat.NotDone, refund.ErrNotEnough},
		{"no such order", []step{absent}, []step{refuses(404, refund.ErrMchNotExists)}, again[:4], wechat.NotDone, refund.ErrMchNotExists},
		{"refused, then accepted", []step{absent}, []step{refuses(403, refund.ErrNotEnough), found}, again[:4], wechat.Done, nil},
		{"refused, but there it is", []step{absent, found}, []step{refuses(403, refund.ErrNotEnough)}, again[:3], wechat.Done, nil},
		{"an unproved refusal is nothing", []step{absent}, []step{refuses(400, wechat.ErrRequest).with(wechattest.Unsigned)}, again, wechat.Unknown, wechat.ErrRequest},
		{"an unproved 404 is nothing", []step{absent.with(wechattest.Unsigned)}, nil, nowhere, wechat.Unknown, wechat.ErrNotFound},
		{"an unproved refund is nothing", []step{found.with(wechattest.WrongSignature), found}, nil, nowhere[:2], wechat.Done, nil},
		{"may not query", []step{refuses(403, wechat.ErrNoAuth)}, nil, nowhere[:1], wechat.Unknown, wechat.ErrNoAuth},
		{"not ourselves", []step{broken, refuses(401, wechat.ErrSign)}, nil, nowhere[:2], wechat.Unknown, wechat.ErrSign},
		{"not ourselves when applying", []step{absent}, []step{refuses(401, wechat.ErrSign)}, again[:2], wechat.Unknown, wechat.ErrSign},
		{"never clear", []step{broken}, nil, nowhere, wechat.Unknown, wechat.ErrSystem},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d, start := newDesk(t, tt.queries, tt.writes), time.Now()
				got, err := d.partner.Resolve(t.Context(), request())
				assert.Equal(t, tt.journey, d.journey(start))
				assert.Equal(t, tt.outcome, wechat.OutcomeOf(err))
				for _, s := range d.all() {
					if s.method == "POST" {
						assert.JSONEq(t, `{"sub_mchid":"0000190002",`+applied+`}`, s.body, "never another number, never another content")
					}
				}
				if tt.outcome == wechat.Done {
					require.NoError(t, err)
					assert.Equal(t, refund.StateProcessing, got.State)
					return
				}
				assert.Nil(t, got)
				require.ErrorIs(t, err, tt.err)
				assert.Equal(t, tt.outcome == wechat.Unknown, errors.Is(err, refund.ErrUnresolved))
			})
		})
	}
}

func TestResolveFindsAnotherRefundUnderTheNumber(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, says(step{status: 200, body: strings.Replace(answer, `"refund":60`, `"refund":61`, 1)}), nil)
		got, err := d.direct.Resolve(t.Context(), request())
		var mismatch *pay.MismatchError
		require.ErrorAs(t, err, &mismatch)
		assert.Equal(t, wechat.Fen(61), got.Amount.Refund)
		assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
	})
}

func TestResolverOnItsOwnSchedule(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, start := newDesk(t, says(broken), nil), time.Now()
		var naps []time.Duration
		r := refund.Resolver{Refunds: d.direct, Schedule: []time.Duration{time.Second, 4 * time.Second},
			Sleep: func(_ context.Context, d time.Duration) error { naps = append(naps, d); return nil }}
		_, err := r.Resolve(t.Context(), request())
		require.ErrorIs(t, err, refund.ErrUnresolved)
		assert.Equal(t, []time.Duration{time.Second, 3 * time.Second}, naps)
		assert.Zero(t, time.Since(start))

		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		_, err = d.direct.Resolve(ctx, request())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, refund.ErrUnresolved)
		require.ErrorIs(t, err, wechat.ErrSystem)
		assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
		assert.Equal(t, 20*time.Second, time.Since(start))

		ctx, stop := context.WithCancel(t.Context())
		stop()
		_, err = d.direct.Resolve(ctx, request())
		require.ErrorIs(t, err, context.Canceled)
	})
}

func TestResolveRefusesWhatItCannotAsk(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, says(absent), says(broken))
		in := request()
		in.OutRefundNo = ""
		_, err := d.direct.Resolve(t.Context(), in)
		invalid(t, err, "out_refund_no")
		assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
		in = request()
		in.Amount.Refund = 101
		_, err = d.direct.Resolve(t.Context(), in)
		invalid(t, err, "amount.refund")
		assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
	})
}

func TestResolveNeedsItsService(t *testing.T) {
	t.Parallel()
	_, err := refund.Resolver{}.Resolve(t.Context(), request())
	invalid(t, err, "Resolver.Refunds")
}
