package wechattest_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/wechattest"
)

// Each fault, with a socket and without: what the merchant sees, and whether the
// order exists afterwards.
func TestFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		fault   wechattest.Fault
		lost    bool // no whole answer
		status  int
		code    string
		genuine bool
		ordered bool
	}{
		{"lost reply", wechattest.Fault{Kind: wechattest.LostReply}, true, 0, "", false, true},
		{"cut body", wechattest.Fault{Kind: wechattest.CutBody}, true, 0, "", false, true},
		{"wrong signature", wechattest.Fault{Kind: wechattest.WrongSignature}, false, 200, "", false, true},
		{"probe", wechattest.Fault{Kind: wechattest.Probe}, false, 200, "", false, true},
		{"unsigned", wechattest.Fault{Kind: wechattest.Unsigned}, false, 200, "", false, true},
		{"stale", wechattest.Fault{Kind: wechattest.Stale}, false, 200, "", true, true},
		{"500 before", wechattest.Fault{Kind: wechattest.Status}, false, 500, "SYSTEM_ERROR", true, false},
		{"500 after", wechattest.Fault{Kind: wechattest.Status, After: true}, false, 500, "SYSTEM_ERROR", true, true},
		{"429", wechattest.Fault{Kind: wechattest.Status, Status: 429}, false, 429, "FREQUENCY_LIMITED", true, false},
		{"403", wechattest.Fault{Kind: wechattest.Status, Status: 403}, false, 403, "INVALID_REQUEST", true, false},
		{"own code", wechattest.Fault{Kind: wechattest.Status, Status: 403, Code: "NOT_ENOUGH"}, false, 403, "NOT_ENOUGH", true, false},
		{"html", wechattest.Fault{Kind: wechattest.HTML}, false, 502, "", false, false},
		{"html after", wechattest.Fault{Kind: wechattest.HTML, Status: 504, After: true}, false, 504, "", false, true},
		{"no match", wechattest.Fault{Kind: wechattest.LostReply, Path: "/v3/refund/*"}, false, 200, "", true, true},
	}
	for _, socket := range []bool{false, true} {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				t.Parallel()
				m, _ := newBy(t, wechattest.MerchantOptions{})
				if socket {
					m.send = overSocket(t, m.p)
				}
				tt.fault.Header = http.Header{"Retry-After": {"3"}}
				m.p.Fault(tt.fault)
				g, err := m.raw("POST", directPath+"/jsapi", m.order("fault-0001"))
				if tt.lost {
					require.Error(t, err)
				} else {
					require.NoError(t, err)
					assert.Equal(t, tt.status, g.status)
					assert.Equal(t, tt.code, g.text("code"))
					assert.Equal(t, tt.genuine, g.proved(m.a) == nil)
					if tt.name != "no match" {
						assert.Equal(t, "3", g.header.Get("Retry-After"))
					}
				}
				_, err = m.a.Order("fault-0001")
				assert.Equal(t, tt.ordered, err == nil)
				m.place("fault-0001", nil) // the fault is spent
			})
		}
	}
	assert.Equal(t, "Kind(99)", wechattest.Kind(99).String())
	assert.Equal(t, "lost reply", wechattest.LostReply.String())
}

// overSocket serves p on loopback and returns how to reach it.
func overSocket(t *testing.T, p *wechattest.Pay) func(*http.Request) (*http.Response, error) {
	t.Helper()
	s := httptest.NewServer(p)
	t.Cleanup(s.Close)
	c := s.Client()
	return func(r *http.Request) (*http.Response, error) {
		r.URL.Host = s.Listener.Addr().String()
		return c.Do(r)
	}
}

func TestWhichRequestsFail(t *testing.T) {
	t.Parallel()
	m, _ := newBy(t, wechattest.MerchantOptions{})
	status := func() int { return m.query("nothing-here").status }
	m.p.Fault(wechattest.Fault{Kind: wechattest.Status, Method: "POST"})()
	disarm := m.p.Fault(wechattest.Fault{Kind: wechattest.Status, Method: "GET", Path: "/v3/pay/", Skip: 1, Times: 2})
	m.p.Fault(wechattest.Fault{Kind: wechattest.Status, Method: "POST"})
	m.p.Fault(wechattest.Fault{Kind: wechattest.Status, Status: 503, Times: -1, Match: func(r *http.Request) bool {
		b, err := io.ReadAll(r.Body)
		return err == nil && len(b) == 0 && r.URL.Query().Get("mchid") == m.a.MchID && r.Header.Get("Authorization") != ""
	}})
	assert.Equal(t, []int{503, 500, 500, 503, 503}, []int{status(), status(), status(), status(), status()})
	disarm()
	assert.Equal(t, 503, status())
}

func TestChanceIsDecidedBySeed(t *testing.T) {
	t.Parallel()
	history := func(seed uint64) (all []int) {
		m, _ := newBy(t, wechattest.MerchantOptions{}, func(c *wechattest.Config) { c.Seed = seed })
		m.p.Fault(wechattest.Fault{Kind: wechattest.Status, Chance: 0.5})
		for range 40 {
			all = append(all, m.query("nothing-here").status)
		}
		return all
	}
	first := history(1)
	assert.Equal(t, first, history(1))
	assert.NotEqual(t, first, history(2))
	assert.Contains(t, first, 404)
	assert.Contains(t, first, 500)
}

func TestSlowAnswers(t *testing.T) {
	t.Parallel()
	for name, clock := range map[string]func() wechattest.Clock{
		"real":    wechattest.RealClock,
		"virtual": func() wechattest.Clock { return wechattest.NewClock(time.Now()) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := clock()
				m, _ := newBy(t, wechattest.MerchantOptions{}, func(cfg *wechattest.Config) { cfg.Clock = c })
				defer m.p.Close()
				m.p.Fault(wechattest.Fault{Kind: wechattest.Slow, Delay: time.Minute})
				began := c.Now()
				if v, ok := c.(*wechattest.VirtualClock); ok {
					go func() { synctest.Wait(); v.Advance(time.Minute) }()
				}
				m.query("nothing-here").want(t, 404, "ORDER_NOT_EXIST")
				assert.Equal(t, time.Minute, c.Now().Sub(began))

				for _, delay := range []time.Duration{0, time.Hour} { // until the caller gives up
					m.p.Fault(wechattest.Fault{Kind: wechattest.Slow, Delay: delay})
					ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
					m.change = func(r *http.Request) { *r = *r.WithContext(ctx) }
					_, err := m.raw("GET", "/v3/certificates", nil)
					assert.ErrorIs(t, err, context.DeadlineExceeded)
					_, err = m.raw("GET", "/v3/certificates", nil) // ended before it is sent
					assert.ErrorIs(t, err, context.DeadlineExceeded)
					cancel()
				}
			})
		})
	}
}

func TestFaultForNobody(t *testing.T) {
	t.Parallel()
	m, _ := newBy(t, wechattest.MerchantOptions{})
	m.p.Fault(wechattest.Fault{Kind: wechattest.Status, Match: func(*http.Request) bool { return true }})
	m.change = func(r *http.Request) { r.Header.Del("Authorization") }
	g, err := m.raw("GET", "/v3/certificates", nil)
	require.NoError(t, err)
	assert.Equal(t, 500, g.status)
	assert.Empty(t, g.header.Get("Wechatpay-Signature"), "nobody to sign for")
	m.p.Fault(wechattest.Fault{Kind: wechattest.CutBody})
	m.change = nil
	id := m.order("nobody-001")
	_, err = m.raw("POST", directPath+"/jsapi", id)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	m.p.Fault(wechattest.Fault{Kind: wechattest.CutBody})
	_, err = m.raw("POST", directPath+"/out-trade-no/nobody-001/close", js{"mchid": m.a.MchID})
	require.ErrorIs(t, err, wechattest.ErrCut)
}
