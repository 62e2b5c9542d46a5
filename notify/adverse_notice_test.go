package notify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/sign"
)

// shop is a store with one transaction: the key is new and the order is paid, both
// or neither.
type shop struct {
	mu      sync.Mutex
	keys    map[string]bool
	effects int
}

func (s *shop) paid(_ context.Context, e notify.Event[transaction]) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.keys[e.Key] {
		s.keys[e.Key] = true
		s.effects++
	}
	return nil
}

func TestAdverse39_CopiesHaveOneEffectAndAreAllAcknowledged(t *testing.T) {
	t.Parallel()
	m := merchant(t, mchID, nil)
	body := wrap(t, "EV-1", eventPaid, "transaction", paidSample)
	for name, opts := range map[string]func() []notify.Option{
		"without a store": func() []notify.Option { return nil },
		"with a store":    func() []notify.Option { return []notify.Option{notify.WithSeen(notify.NewMemory(0, 0, nil))} },
	} {
		for _, together := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, together %v", name, together), func(t *testing.T) {
				t.Parallel()
				s := &shop{keys: map[string]bool{}}
				var instances []*notify.Handler
				for range 2 {
					h := notify.NewHandler(notify.V3(m), opts()...)
					notify.On(h, paid, s.paid)
					instances = append(instances, h)
				}
				var wg sync.WaitGroup
				for i := range 16 {
					deliver := func() {
						for range 100 { // WeChat sends again until it is acknowledged
							reply := instances[i%2].Handle(t.Context(), signed(t, time.Now(), body))
							if reply.Status == 200 {
								return
							}
							assert.Equal(t, 500, reply.Status)
						}
						t.Error("never acknowledged")
					}
					if together {
						wg.Go(deliver)
					} else {
						deliver()
					}
				}
				wg.Wait()
				assert.Equal(t, 1, s.effects)
			})
		}
	}
}

const canary = "canary-3f2a"

func TestAdverse41_PanicsAreFailures(t *testing.T) {
	t.Parallel()
	m := merchant(t, mchID, nil)
	req := notice(t, paidSample)
	for name, f := range map[string]func(){
		"a text":          func() { panic(canary) },
		"an error":        func() { panic(errors.New(canary)) },
		"nil":             func() { panic(nil) }, //nolint:govet // the runtime makes an error of it
		"the runtime's":   func() { var p *transaction; _ = p.MchID },
		"an index":        func() { _ = []int{}[len(canary)] },
		"http.ErrAbort":   func() { panic(http.ErrAbortHandler) },
		"the end of all":  runtime.Goexit,
		"a map of values": func() { panic(map[string]string{"key": canary}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			h, p := receiver(t, m, notify.WithLogger(slog.New(slog.NewTextHandler(&log, nil))), notify.WithSeen(notify.NewMemory(1, 0, nil)))
			first := true
			kind := notify.Of[transaction]("FIRST").Keyed(func(t transaction) string { return t.TransactionID })
			notify.On(h, kind, func(context.Context, notify.Event[transaction]) error {
				if first {
					first = false
					f()
				}
				return nil
			})
			body := wrap(t, "EV-2", "FIRST", "", paidSample)
			reply := h.Handle(t.Context(), signed(t, time.Now(), body))
			refused(t, p, reply, 500, nil, name)
			assert.Error(t, p.last(t).Err)
			if name != "the end of all" {
				assert.ErrorIs(t, p.last(t).Err, notify.ErrPanic)
				assert.Contains(t, log.String(), "notify_test.TestAdverse41", "the log says where")
			}
			assert.NotContains(t, log.String(), canary)
			assert.Equal(t, 200, h.Handle(t.Context(), signed(t, time.Now(), body)).Status, "the next copy is handled, its claim is free")
			assert.Equal(t, 200, h.Handle(t.Context(), req).Status, "others go on")
		})
	}
}

func TestAdverse41_PanicsOverHTTP(t *testing.T) {
	t.Parallel()
	h := notify.NewHandler(notify.V3(merchant(t, mchID, nil)), notify.WithObserver(func(context.Context, notify.Record) { panic(canary) }))
	notify.On(h, paid.Keyed(func(transaction) string { panic(canary) }), (&probe{}).handle)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, post(notice(t, paidSample)))
	assert.Equal(t, 500, w.Code)
	assert.NotContains(t, w.Body.String(), canary)
}

func TestAdverse43_AnErrorIsNeverAcknowledged(t *testing.T) {
	t.Parallel()
	h, p := receiver(t, merchant(t, mchID, nil))
	// Even an error that looks like one of our own.
	for _, err := range []error{errors.New("disk full " + canary), sign.ErrProbe, notify.ErrOwner, notify.ErrMethod, context.Canceled, wechat.ErrNotFound} {
		p.answer = err
		reply := h.Handle(t.Context(), notice(t, paidSample))
		assert.Equal(t, 500, reply.Status)
		assert.Equal(t, `{"code":"FAIL","message":"not processed"}`, string(reply.Body))
		assert.ErrorIs(t, p.last(t).Err, err)
		assert.Equal(t, mchID+"/TRANSACTION.SUCCESS/4200000001", p.last(t).Key)
	}
}

func TestAdverse44_WrongMerchantOrApp(t *testing.T) {
	t.Parallel()
	m := merchant(t, mchID, nil)
	partner := m.For(wechat.Sub{MchID: "1900000002", AppID: "wxsub"})
	tests := []struct {
		name  string
		m     *wechat.Merchant
		plain string
		apps  []string
		ok    bool
	}{
		{"ours", m, `{"mchid":"1900000001","appid":"wx1","transaction_id":"1"}`, []string{"wx1"}, true},
		{"one of our apps", m, `{"mchid":"1900000001","appid":"wx2","transaction_id":"1"}`, []string{"wx1", "wx2"}, true},
		{"apps are not compared", m, `{"mchid":"1900000001","appid":"wx9","transaction_id":"1"}`, nil, true},
		{"names nobody", m, `{"transaction_id":"1"}`, []string{"wx1"}, true},
		{"null and empty name nobody", m, `{"transaction_id":"1","mchid":null,"sub_mchid":"","appid":null}`, []string{"wx1"}, true},
		{"another merchant", m, `{"mchid":"1900000009","appid":"wx1","transaction_id":"1"}`, nil, false},
		{"another app", m, `{"mchid":"1900000001","appid":"wx9","transaction_id":"1"}`, []string{"wx1", "wx2"}, false},
		{"another partner", m, `{"sp_mchid":"1900000009","sub_mchid":"1900000002","transaction_id":"1"}`, nil, false},
		{"another combined merchant", m, `{"combine_mchid":"1900000009","transaction_id":"1"}`, nil, false},
		{"older spelling", m, `{"mch_id":"1900000009","transaction_id":"1"}`, nil, false},
		{"number instead of text", m, `{"mchid":1900000001,"transaction_id":"1"}`, nil, false},
		{"object instead of text", m, `{"mchid":{"mchid":"1900000001"},"transaction_id":"1"}`, nil, false},
		{"app is no text", m, `{"mchid":"1900000001","appid":["wx1"],"transaction_id":"1"}`, []string{"wx1"}, false},
		{"written with an escape", m, `{"mchid":"190000000\u0031","transaction_id":"1"}`, nil, true},
		{"key written with an escape", m, `{"mch\u0069d":"1900000009","transaction_id":"1"}`, nil, false},
		{"ours, then another", m, `{"mchid":"1900000001","mchid":"1900000009","transaction_id":"1"}`, nil, false},
		{"partner takes every sub", m, `{"sp_mchid":"1900000001","sub_mchid":"1900000008","sub_appid":"wx8","transaction_id":"1"}`, []string{"wx1"}, true},
		{"for one sub", partner, `{"sp_mchid":"1900000001","sp_appid":"wx1","sub_mchid":"1900000002","sub_appid":"wxsub","transaction_id":"1"}`, []string{"wx1"}, true},
		{"for one sub, its other listed app", partner, `{"sp_mchid":"1900000001","sub_mchid":"1900000002","sub_appid":"wx3","transaction_id":"1"}`, []string{"wx1", "wx3"}, true},
		{"for one sub, another sub", partner, `{"sp_mchid":"1900000001","sub_mchid":"1900000008","transaction_id":"1"}`, nil, false},
		{"for one sub, its app is another", partner, `{"sp_mchid":"1900000001","sub_mchid":"1900000002","sub_appid":"wx8","transaction_id":"1"}`, []string{"wx1"}, false},
		{"for one sub, no sub named", partner, `{"mchid":"1900000001","transaction_id":"1"}`, nil, false},
		{"for one sub, nobody named", partner, `{"transaction_id":"1"}`, nil, true},
		{"for one sub, another partner", partner, `{"sp_mchid":"1900000009","sub_mchid":"1900000002","transaction_id":"1"}`, nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			h, p := receiver(t, tt.m, notify.WithAppIDs(tt.apps...), notify.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
			reply := h.Handle(t.Context(), notice(t, tt.plain))
			if tt.ok {
				assert.Equal(t, 200, reply.Status, log.String())
				return
			}
			assert.NotEqual(t, 200, reply.Status)
			assert.Zero(t, p.calls())
			assert.Contains(t, log.String(), "level=ERROR", "it deserves an alarm")
			assert.NotContains(t, log.String(), "1900000009")
		})
	}
}

func TestAdverse44_WrongAmountIsTheShopsToRefuse(t *testing.T) {
	t.Parallel()
	h := notify.NewHandler(notify.V3(merchant(t, mchID, nil)))
	fulfilled := 0
	notify.On(h, paid, func(_ context.Context, e notify.Event[transaction]) error {
		if e.Data.Amount.Total != 100 || e.Data.Amount.Currency != "CNY" || e.Data.TradeState != "SUCCESS" {
			return errors.New("not what was ordered")
		}
		fulfilled++
		return nil
	})
	for plain, want := range map[string]int{
		paidSample: 200,
		strings.Replace(paidSample, `"total":100`, `"total":1`, 1):      500,
		strings.Replace(paidSample, `"CNY"`, `"USD"`, 1):                500,
		strings.Replace(paidSample, `"SUCCESS"`, `"NOTPAY"`, 1):         500,
		strings.Replace(paidSample, `"total":100`, `"total":100.5`, 1):  500,
		strings.Replace(paidSample, `"total":100`, `"total":"100"`, 1):  500,
		strings.Replace(paidSample, `"total":100`, `"total":1e400`, 1):  500,
		strings.Replace(paidSample, `"total":100`, `"total":1e2`, 1):    500,
		strings.Replace(paidSample, `"total":100,`, `"total":null,`, 1): 500,
	} {
		assert.Equal(t, want, h.Handle(t.Context(), notice(t, plain)).Status, plain)
	}
	assert.Equal(t, 1, fulfilled)
}

func TestAdverse48_SignedForAnotherMerchant(t *testing.T) {
	t.Parallel()
	theirs := strings.Replace(paidSample, mchID, "1900000007", 1)
	h, p := receiver(t, merchant(t, mchID, nil))
	refused(t, p, h.Handle(t.Context(), notice(t, theirs)), 403, notify.ErrOwner, "same keys, another owner")

	h, p = receiver(t, merchantWith(t, mchID, strings.Repeat("z", 32), sign.PublicKey(keyID, &platformKey().PublicKey), nil))
	refused(t, p, h.Handle(t.Context(), notice(t, paidSample)), 500, nil, "another APIv3 key")

	other := sign.PublicKey("PUB_KEY_ID_0119000000072026010100000000000007", &newKey().PublicKey)
	h, p = receiver(t, merchantWith(t, mchID, apiV3Key, other, nil))
	refused(t, p, h.Handle(t.Context(), notice(t, paidSample)), 401, sign.ErrUnknownKey, "another platform key")
}

func TestAdverse49_ResentHoursLaterIsAcknowledgedOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, p := receiver(t, merchant(t, mchID, nil), notify.WithSeen(notify.NewMemory(10, 0, nil)))
		body := wrap(t, "EV-1", eventPaid, "transaction", paidSample)
		start := time.Now()
		require.Equal(t, 200, h.Handle(t.Context(), signed(t, start, body)).Status)
		for _, after := range []time.Duration{15 * time.Second, time.Hour, 6 * time.Hour, 24*time.Hour + 4*time.Minute} {
			<-time.After(time.Until(start.Add(after)))
			assert.Equal(t, 200, h.Handle(t.Context(), signed(t, time.Now(), body)).Status)
			assert.True(t, p.last(t).Duplicate)
		}
		assert.Equal(t, 1, p.calls())
		assert.Equal(t, 401, h.Handle(t.Context(), signed(t, start, body)).Status, "the first one, replayed")
	})
}

// combined is an order of several merchants.
type combined struct {
	Number string `json:"combine_out_trade_no"`
	Orders []struct {
		MchID         string `json:"mchid"`
		State         string `json:"trade_state"`
		TransactionID string `json:"transaction_id"`
	} `json:"sub_orders"`
}

var combinePaid = notify.Of[combined](eventPaid).Original("transaction").Having("combine_out_trade_no").Owner("combine_mchid").
	Keyed(func(c combined) string { return c.Number })

func TestAdverse50_CombinedOrderWithMixedStates(t *testing.T) {
	t.Parallel()
	h, p := receiver(t, merchant(t, mchID, nil))
	done, failed := map[string]int{}, 0
	notify.On(h, combinePaid, func(_ context.Context, e notify.Event[combined]) error {
		for _, o := range e.Data.Orders {
			switch key := e.Key + "/" + o.TransactionID; {
			case o.State != "SUCCESS":
				failed++
			case done[key] == 0:
				done[key]++
			}
		}
		return nil
	})
	const plain = `{"combine_mchid":"1900000001","combine_appid":"wx1","combine_out_trade_no":"C1","sub_orders":[` +
		`{"mchid":"1900000005","trade_state":"SUCCESS","transaction_id":"1","out_trade_no":"A","amount":{"total_amount":10}},` +
		`{"mchid":"1900000006","trade_state":"NOTPAY","out_trade_no":"B"},` +
		`{"mchid":"1900000006","trade_state":"SUCCESS","transaction_id":"3","out_trade_no":"C","amount":{"total_amount":30}}]}`
	for range 3 {
		assert.Equal(t, 200, h.Handle(t.Context(), notice(t, plain)).Status)
	}
	const key = mchID + "/TRANSACTION.SUCCESS/C1/"
	assert.Equal(t, map[string]int{key + "1": 1, key + "3": 1}, done, "each once")
	assert.Equal(t, 3, failed)
	assert.Zero(t, p.calls(), "it is no single order")
	assert.Equal(t, 403, h.Handle(t.Context(), notice(t, strings.Replace(plain, `"combine_mchid":"1900000001",`, "", 1))).Status, "the declared owner is missing")
}

func TestUnknownEventsAreSentAgainUnlessThereIsAFallback(t *testing.T) {
	t.Parallel()
	h, p := receiver(t, merchant(t, mchID, nil))
	req := signed(t, time.Now(), wrap(t, "EV-9", "NEW.EVENT", "new", `{"mchid":"1900000001","a":{"b":1}}`))
	refused(t, p, h.Handle(t.Context(), req), 500, notify.ErrUnknown, "no fallback")
	var got []notify.Event[json.RawMessage]
	h.Fallback(func(_ context.Context, e notify.Event[json.RawMessage]) error {
		got = append(got, e)
		return nil
	})
	assert.Equal(t, 200, h.Handle(t.Context(), req).Status)
	require.Len(t, got, 1)
	assert.Equal(t, `{"mchid":"1900000001","a":{"b":1}}`, string(got[0].Data))
	assert.Equal(t, mchID+"/NEW.EVENT/EV-9", got[0].Key)
	foreign := signed(t, time.Now(), wrap(t, "EV-9", "NEW.EVENT", "new", `{"mchid":"1900000009"}`))
	refused(t, p, h.Handle(t.Context(), foreign), 403, notify.ErrOwner, "the fallback checks the owner, too")
	assert.Equal(t, 200, h.Handle(t.Context(), notice(t, paidSample)).Status)
	assert.Equal(t, 1, p.calls(), "registered kinds come first")
}
