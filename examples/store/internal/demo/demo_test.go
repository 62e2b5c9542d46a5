package demo_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wxcommerce/wechat/examples/store/internal/app"
	"github.com/wxcommerce/wechat/examples/store/internal/demo"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/wechattest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stopper is a reader who walks away after so many lines.
type stopper struct {
	bytes.Buffer
	after int
	stop  context.CancelFunc
}

func (s *stopper) Write(p []byte) (int, error) {
	n, err := s.Buffer.Write(p)
	if strings.Count(s.String(), "\n") == s.after {
		s.stop()
	}
	return n, err
}

func TestRunPlaysEveryStep(t *testing.T) {
	t.Parallel()
	for _, generation := range app.Generations() {
		t.Run(generation, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			require.NoError(t, demo.Run(t.Context(), &out, generation, wechattest.ReusedKeys()))
			assert.True(t, strings.HasSuffix(out.String(), "\nledger difference: 0 fen\n"), out.String())
			assert.Contains(t, out.String(), "of generation "+generation+" ")
			assert.Equal(t, generation != "v3", strings.Contains(out.String(), "static code scanned"))
		})
	}
}

func TestRunFailsWhereAStepFails(t *testing.T) {
	t.Parallel()
	for _, lines := range []int{0, 2, 7, 11} {
		t.Run(fmt.Sprint(lines), func(t *testing.T) {
			t.Parallel()
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			if lines == 0 {
				stop()
			}
			out := &stopper{after: lines, stop: stop}
			require.ErrorIs(t, demo.Run(ctx, out, "v2", wechattest.ReusedKeys()), context.Canceled)
			assert.Equal(t, lines, strings.Count(out.String(), "\n"))
			assert.NotContains(t, out.String(), "difference")
		})
	}
}

// patience is a context that ends after it was looked at so many times, which is
// some moment in the middle of a step.
type patience struct {
	context.Context
	looks atomic.Int64
	most  int64
	ended chan struct{}
}

func newPatience(t *testing.T, most int64) *patience {
	return &patience{Context: t.Context(), most: most, ended: make(chan struct{})}
}

func (p *patience) Done() <-chan struct{} {
	if p.looks.Add(1) == p.most {
		close(p.ended)
	}
	return p.ended
}

func (p *patience) Err() error {
	select {
	case <-p.ended:
		return context.Canceled
	default:
		return nil
	}
}

// Wherever the day is interrupted, it says so: it ends early, leaves nothing
// running, and never claims that the ledgers agree.
func TestRunCanBeInterruptedAnywhere(t *testing.T) {
	t.Parallel()
	const points = 12
	whole := newPatience(t, -1)
	require.NoError(t, demo.Run(whole, io.Discard, "2014", wechattest.ReusedKeys()))
	total := whole.looks.Load()
	require.Greater(t, total, int64(points))
	for i := range int64(points) {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			err := demo.Run(newPatience(t, 1+total*i/(points+1)), &out, "2014", wechattest.ReusedKeys())
			require.Error(t, err)
			assert.NotContains(t, out.String(), "difference")
		})
	}
}

// A demo that cannot fail shows nothing: each step notices when the shop or WeChat
// does not do what the step says.
func TestStepsNoticeTrouble(t *testing.T) {
	t.Parallel()
	lost := wechattest.NoticeFault{Kind: wechattest.NoticeLose, Times: -1}
	down := wechattest.Fault{Kind: wechattest.HTML, Method: http.MethodPost, Times: -1}
	noNotice := func(a *app.App) { a.Sim.FaultNotice(lost) }
	noAnswer := func(a *app.App) { a.Sim.Fault(down) }
	noGoods := func(slug string) func(*app.App) {
		return func(a *app.App) {
			p, err := a.Store.Product(context.Background(), slug)
			if err == nil {
				p.Stock = 0
				_ = a.Store.Put(context.Background(), p)
			}
		}
	}
	unpaid := func(a *app.App) {
		a.Sim.FaultNotice(lost)
		_, s, err := a.Store.Login(context.Background(), "", wechattest.User{Name: "小林"}.OpenID(a.Cashier.Seller().AppID))
		if err != nil {
			return
		}
		o, err := a.Store.Place(context.Background(), shop.Cart{Seller: a.Cashier.Seller(), Customer: s.Customer, OpenID: s.OpenID,
			Product: "tea", Quantity: 1, Channel: shop.JSAPI, FormToken: "a-form-token-of-sixteen"})
		if err != nil {
			return
		}
		if p, err := a.Cashier.JSAPI(context.Background(), o); err == nil {
			_ = a.Sim.Confirm(*p)
		}
	}
	noPush := func(a *app.App) { _ = a.People.SetPush(wechattest.AppPush{}) }
	noAPI := func(a *app.App) { a.People.Fault(wechattest.Fault{Kind: wechattest.HTML, Times: -1}) }
	tests := []struct {
		name    string
		before  []string // beside open
		step    string
		trouble func(*app.App)
		says    string
	}{
		{"no welcome", nil, "follow", noPush, "no welcome"},
		{"no answer", []string{"follow"}, "menu", noPush, "no card"},
		{"no answer", []string{"follow"}, "keyword", noPush, "no card"},
		{"no consent page", []string{"follow"}, "log in", noAPI, ""},
		{"no ticket", []string{"follow", "menu"}, "address", noAPI, "50"},
		{"no template message", []string{"follow", "pay in WeChat"}, "message", noAPI, ""},
		{"sheet does not open", nil, "pay in WeChat", noAnswer, "502"},
		{"sold out", nil, "pay in WeChat", noGoods("tea"), "403"},
		{"no notice", nil, "pay in WeChat", noNotice, "is PENDING"},
		{"cannot place", nil, "cancelled payment", noAnswer, "502"},
		{"goods missing", nil, "cancelled payment", noGoods("honey"), "403"},
		{"no notice", nil, "lost reply", noNotice, "is PENDING"},
		{"no code", nil, "lost reply", noAnswer, "did not pay"},
		{"no notice", nil, "notice twice", noNotice, "is PENDING"},
		{"no notice", nil, "signature probe", noNotice, "is PENDING"},
		{"no code", nil, "pay by QR code", noAnswer, "no QR code"},
		{"no notice", nil, "pay by QR code", noNotice, "is PENDING"},
		{"no answer to the callback", nil, "scan a poster", noAnswer, "did not pay"},
		{"no notice", nil, "scan a poster", noNotice, "is PENDING"},
		{"gone from the shelf", nil, "scan a poster", noGoods("candle"), "no poster"},
		{"refund does not leave", []string{"pay by QR code"}, "refund in part", noAnswer, "does not show"},
		{"refund does not leave", []string{"pay by QR code", "refund in part"}, "refund in full", noAnswer, "502"},
		{"gone from the shelf", nil, "ship", noGoods("teapot"), "403"},
		{"no notice", nil, "ship", noNotice, ""},
		{"no notice", []string{"ship"}, "complaint", noNotice, "does not show the complaint"},
		{"no answer", []string{"ship", "complaint"}, "answer and refund", noAnswer, ""},
		{"no answer", []string{"ship", "complaint"}, "complete", noAnswer, ""},
		{"query does not answer", nil, "lost notice", func(a *app.App) {
			place, _ := a.Sim.Paths()
			a.Sim.Fault(wechattest.Fault{Kind: wechattest.HTML, Times: -1, Match: func(r *http.Request) bool { return r.URL.Path != place }})
		}, "502"},
		{"no notice", nil, "lost refund reply", noNotice, ""},
		{"no notice", nil, "restart", noNotice, "is PENDING"},
		{"money without an order that is paid", nil, "ledgers", unpaid, "differ"},
	}
	for _, tt := range tests {
		t.Run(tt.step+" "+tt.name, func(t *testing.T) {
			t.Parallel()
			err := demo.Play(t.Context(), "v2", append(append([]string{"open"}, tt.before...), tt.step), tt.trouble)
			require.Error(t, err)
			if tt.step != "ledgers" {
				assert.ErrorContains(t, err, "demo: "+tt.step+": ")
			}
			assert.ErrorContains(t, err, tt.says)
		})
	}
}
