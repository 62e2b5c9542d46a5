package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/examples/store/internal/app"
	"github.com/wxcommerce/wechat/examples/store/internal/crash"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/wechattest"
)

// Adverse input 70: the program is killed (-9) at each of these points while a
// customer buys in a browser and the merchant refunds; then it starts again on
// the same folder. Nothing may be doubled, lost or different in the two ledgers.

func TestAdverse70_KilledAfterOrderInsert(t *testing.T)     { killed(t, crash.AfterOrderInsert) }
func TestAdverse70_KilledBeforeAPICall(t *testing.T)        { killed(t, crash.BeforeAPICall) }
func TestAdverse70_KilledAfterAPICall(t *testing.T)         { killed(t, crash.AfterAPICall) }
func TestAdverse70_KilledBeforeEffectCommit(t *testing.T)   { killed(t, crash.BeforeEffectCommit) }
func TestAdverse70_KilledAfterEffectCommit(t *testing.T)    { killed(t, crash.AfterEffectCommit) }
func TestAdverse70_KilledBeforeAck(t *testing.T)            { killed(t, crash.BeforeAck) }
func TestAdverse70_KilledDuringRefundUnsent(t *testing.T)   { killed(t, crash.AfterRefundInsert) }
func TestAdverse70_KilledDuringRefundAnswered(t *testing.T) { killed(t, crash.BeforeRefundOutcome) }
func TestAdverse70_KilledShippingUntold(t *testing.T)       { killedShipping(t, crash.AfterShipInsert, 0) }
func TestAdverse70_KilledShippingUnnoted(t *testing.T)      { killedShipping(t, crash.BeforeShipOutcome, 1) }

func killed(t *testing.T, point string) {
	t.Parallel()
	dir := t.TempDir()
	addr := live(t, dir, point, buyAndRefund)

	clock := wechattest.NewClock(time.Now().Add(time.Second))
	a, err := app.Start(t.Context(), app.Config{Addr: addr, Data: dir, Clock: clock})
	require.NoError(t, err)
	defer func() { assert.NoError(t, a.Close()) }()
	orders, err := a.Store.Orders(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Len(t, orders, 1, "the order is on disk, once")
	payAgain(t, a, orders[0])
	for range 3 { // notices that are due, queries, refunds
		clock.Advance(time.Minute)
		_, err = a.Cashier.Heal(t.Context(), true)
		require.NoError(t, err)
	}

	c, err := a.Compare(t.Context())
	require.NoError(t, err)
	assert.Zero(t, c.Distance, "ledger difference")
	o, err := a.Store.Order(t.Context(), orders[0].No)
	require.NoError(t, err)
	assert.Equal(t, shop.Paid, o.State)
	assert.Equal(t, 1, a.Sim.Orders(), "one order at WeChat")
	product, err := a.Store.Product(t.Context(), "tea")
	require.NoError(t, err)
	assert.Equal(t, int64(79), product.Stock)
	refunds, err := a.Store.Refunds(t.Context(), "")
	require.NoError(t, err)
	if strings.Contains(point, "refund") {
		require.Len(t, refunds, 1)
		assert.Equal(t, shop.RefundSuccess, refunds[0].State)
		assert.Equal(t, wechat.Fen(6800), o.Refunded, "given back once")
	}
	assert.Len(t, c.Rows, 1+len(refunds))
}

// payAgain is the customer coming back: where the payment had not begun, it is made now.
func payAgain(t *testing.T, a *app.App, o shop.Order) {
	t.Helper()
	if a.Sim.Paid(o.No) {
		return
	}
	params, err := a.Cashier.JSAPI(t.Context(), o)
	require.NoError(t, err)
	require.NoError(t, a.Sim.Confirm(*params))
}

// live runs the program in dir until it is killed at point while people use it, and
// returns its address.
func live(t *testing.T, dir, point string, people func(ctx context.Context, address, password string, died <-chan struct{}), env ...string) (addr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	program := exec.CommandContext(ctx, os.Args[0], "-addr", "127.0.0.1:0", "-data", dir)
	program.Env = append(os.Environ(), append(env, asProgram+"=1", crash.Env+"="+point)...)
	out, err := program.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, program.Start())
	died := make(chan struct{})
	read, write := io.Pipe()
	go func() {
		defer close(died)
		_, _ = io.Copy(write, out) // ends when the program dies
		_ = write.Close()
	}()
	address, password := announced(t, read)
	people(ctx, address, password, died)
	<-died
	var status *exec.ExitError
	require.ErrorAs(t, program.Wait(), &status)
	signal, ok := status.Sys().(syscall.WaitStatus)
	require.True(t, ok && signal.Signaled() && signal.Signal() == syscall.SIGKILL, "%s: ended by %v", point, status)
	return strings.TrimPrefix(address, "http://")
}

// buyAndRefund does what people do, until the shop is gone. Errors are expected.
func buyAndRefund(ctx context.Context, address, password string, died <-chan struct{}) {
	p, at := buyOne(ctx, address, died)
	if p == nil {
		return
	}
	login := p.get(ctx, "/merchant/login")
	p.post(ctx, "/merchant/login", login, url.Values{"password": {password}})
	sale := p.get(ctx, "/merchant"+at)
	p.post(ctx, "/merchant"+at+"/refund", sale, url.Values{"amount": {"68.00"}, "reason": {"协商退款"}})
}

// buyOne buys a thing, and is nobody if the shop did not live long enough. at is the
// page of the order.
func buyOne(ctx context.Context, address string, died <-chan struct{}) (p *person, at string) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, ""
	}
	p = &person{address: address, died: died,
		client: &http.Client{Jar: jar, Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}}
	p.enter(ctx, jar)
	form := p.get(ctx, "/p/tea")
	at, _ = p.post(ctx, "/orders", form, url.Values{"product": {"tea"}, "quantity": {"1"}, "channel": {"JSAPI"}})
	var params map[string]string
	_, answer := p.post(ctx, at+"/jsapi", form, url.Values{})
	if err := json.Unmarshal([]byte(answer), &params); err != nil {
		return nil, ""
	}
	q := url.Values{"origin": {address}}
	for k, v := range params {
		q.Set(k, v)
	}
	bridge := regexp.MustCompile(`(http://[^/"]+)/ui/bridge.js`).FindStringSubmatch(p.get(ctx, at))
	if bridge == nil {
		return nil, ""
	}
	sheet := p.get(ctx, bridge[1]+"/ui/sheet?"+q.Encode())
	p.post(ctx, bridge[1]+"/ui/sheet", sheet, url.Values{"act": {"pay"}, "ref": {field(sheet, "ref")}, "origin": {address}})
	p.until(ctx, func() bool { return strings.Contains(p.get(ctx, at), "支付成功") })
	return p, at
}

// enter logs in on the way to a page, and picks an address there.
func (p *person) enter(ctx context.Context, jar http.CookieJar) {
	host, err := url.Parse(p.address)
	if err != nil {
		return
	}
	jar.SetCookies(host, []*http.Cookie{new(wechattest.App).Cookie(wechattest.User{Name: "小林"})})
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.address+"/me/address", strings.NewReader(`{"errMsg":"openAddress:ok",
		"userName":"林小明","telNumber":"13800000000","provinceName":"广东省","cityName":"广州市","detailInfo":"新港中路397号"}`))
	if err != nil {
		return
	}
	r.Header.Set("X-CSRF-Token", field(p.get(ctx, "/enter?to=/me"), "csrf"))
	if res, err := p.client.Do(r); err == nil {
		_ = res.Body.Close() // the answer shows on the next page
	}
}

// person is a browser that does not mind a shop that dies.
type person struct {
	client  *http.Client
	address string
	died    <-chan struct{}
}

func (p *person) get(ctx context.Context, path string) string {
	_, body := p.do(ctx, http.MethodGet, path, nil)
	return body
}

// post sends a form with the secrets of the page it stands on.
func (p *person) post(ctx context.Context, path, page string, form url.Values) (at, body string) {
	form.Set("csrf", field(page, "csrf"))
	form.Set("form", field(page, "form"))
	return p.do(ctx, http.MethodPost, path, form)
}

func (p *person) do(ctx context.Context, method, path string, form url.Values) (at, body string) {
	if strings.HasPrefix(path, "/") {
		path = p.address + path
	}
	r, err := http.NewRequestWithContext(ctx, method, path, strings.NewReader(form.Encode()))
	if err != nil {
		return "", ""
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := p.client.Do(r)
	if err != nil {
		return "", "" // it is gone
	}
	b, _ := io.ReadAll(res.Body) // half a page is no page
	_ = res.Body.Close()
	return res.Request.URL.Path, string(b)
}

func (p *person) until(ctx context.Context, done func() bool) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-p.died:
			return
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func field(page, name string) string {
	m := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(page)
	if m == nil {
		return ""
	}
	return m[1]
}

// TestCrashPointsAreAllTested keeps the tests above complete.
func TestCrashPointsAreAllTested(t *testing.T) {
	t.Parallel()
	src, err := os.ReadFile("crash_test.go")
	require.NoError(t, err)
	assert.Equal(t, len(crash.Points()), len(regexp.MustCompile(`(?m)^func TestAdverse70_Killed`).FindAll(src, -1)))
}
