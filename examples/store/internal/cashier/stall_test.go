package cashier_test

import (
	"crypto/rand"
	"database/sql"
	"html"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // somebody who changes the shop's books behind its back

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/examples/store/internal/app"
	"github.com/wxcommerce/wechat/examples/store/internal/cashier"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/wechattest"
)

// stall is the whole shop on one generation, over loopback, on a hand-moved clock.
type stall struct {
	*app.App
	t     *testing.T
	clock *wechattest.VirtualClock
	books string // the shop's file
}

func openStall(t *testing.T, generation string) *stall {
	t.Helper()
	s := &stall{t: t, clock: wechattest.NewClock(time.Time{})}
	dir := t.TempDir()
	s.books = filepath.Join(dir, map[string]string{"v2": "v2", "2014": "2014"}[generation], "shop.db")
	var err error
	s.App, err = app.Start(t.Context(), app.Config{Addr: "127.0.0.1:0", Data: dir, Generation: generation, Clock: s.clock, Keys: wechattest.ReusedKeys()})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return s
}

// each plays f on every generation.
func each(t *testing.T, f func(t *testing.T, s *stall)) {
	t.Helper()
	for _, generation := range app.Generations() {
		t.Run(generation, func(t *testing.T) {
			t.Parallel()
			f(t, openStall(t, generation))
		})
	}
}

func (s *stall) place(channel shop.Channel, product string, quantity int64) shop.Order {
	s.t.Helper()
	_, ses, err := s.Store.Login(s.t.Context(), "", wechattest.User{Name: rand.Text()}.OpenID(s.Cashier.Seller().AppID))
	require.NoError(s.t, err)
	o, err := s.Store.Place(s.t.Context(), shop.Cart{Seller: s.Cashier.Seller(), Customer: ses.Customer, OpenID: ses.OpenID,
		Product: product, Quantity: quantity, Note: "请包装", Channel: channel, FormToken: rand.Text(), IP: "::1"})
	require.NoError(s.t, err)
	return o
}

// page is what the page of an order would hand to WeChat.
func (s *stall) page(o shop.Order) cashier.PageParams {
	s.t.Helper()
	p, err := s.Cashier.JSAPI(s.t.Context(), o)
	require.NoError(s.t, err)
	return *p
}

// sell is an order paid on its page, whose notice has had time to come.
func (s *stall) sell(product string, quantity int64, wait time.Duration) shop.Order {
	s.t.Helper()
	o := s.place(shop.JSAPI, product, quantity)
	require.NoError(s.t, s.Sim.Confirm(s.page(o)))
	s.clock.Advance(wait)
	return s.order(o.No)
}

func (s *stall) order(no string) shop.Order {
	s.t.Helper()
	o, err := s.Store.Order(s.t.Context(), no)
	require.NoError(s.t, err)
	return o
}

func (s *stall) heal() int {
	s.t.Helper()
	n, err := s.Cashier.Heal(s.t.Context(), true)
	require.NoError(s.t, err)
	return n
}

func (s *stall) refund(o shop.Order, amount wechat.Fen) shop.Refund {
	s.t.Helper()
	r, err := s.Cashier.Refund(s.t.Context(), o.No, amount, "协商退款", rand.Text())
	require.NoError(s.t, err)
	return r
}

func (s *stall) refundState(no string) shop.RefundState {
	s.t.Helper()
	r, err := s.Store.RefundOf(s.t.Context(), no)
	require.NoError(s.t, err)
	return r.State
}

// balanced asserts that both ledgers agree on so many movements.
func (s *stall) balanced(rows int) {
	s.t.Helper()
	c, err := s.Compare(s.t.Context())
	require.NoError(s.t, err)
	assert.Zero(s.t, c.Distance, "ledger difference")
	assert.Len(s.t, c.Rows, rows)
}

func (s *stall) alarms() int {
	s.t.Helper()
	all, err := s.Store.Alarms(s.t.Context())
	require.NoError(s.t, err)
	return len(all)
}

func (s *stall) stock(slug string) int64 {
	s.t.Helper()
	p, err := s.Store.Product(s.t.Context(), slug)
	require.NoError(s.t, err)
	return p.Stock
}

// tamper changes the shop's file behind its back.
func (s *stall) tamper(query string, args ...any) {
	s.t.Helper()
	file, err := sql.Open("sqlite", "file:"+s.books)
	require.NoError(s.t, err)
	_, err = file.ExecContext(s.t.Context(), query, args...)
	require.NoError(s.t, err)
	require.NoError(s.t, file.Close())
}

// scan is the phone that reads a code; pay presses its button.
func (s *stall) scan(code string) (page string) {
	return s.phone(http.MethodGet, "?"+url.Values{"code": {code}}.Encode(), nil)
}

func (s *stall) pay(page string) {
	s.t.Helper()
	m := regexp.MustCompile(`name="ref" value="([^"]*)"`).FindStringSubmatch(page)
	require.NotNil(s.t, m, page)
	page = s.phone(http.MethodPost, "", url.Values{"act": {"pay"}, "ref": {html.UnescapeString(m[1])}})
	require.Contains(s.t, page, "支付成功")
}

func (s *stall) phone(method, query string, form url.Values) string {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.WeChat+"/ui/phone"+query, strings.NewReader(form.Encode()))
	require.NoError(s.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := (&http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	require.NoError(s.t, err)
	b, err := io.ReadAll(res.Body)
	require.NoError(s.t, err)
	require.NoError(s.t, res.Body.Close())
	return string(b)
}
