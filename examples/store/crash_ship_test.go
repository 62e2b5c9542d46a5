package main

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/examples/store/internal/app"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/notify/delivery"
	"github.com/wxcommerce/wechat/wechattest"
)

// withMini holds the mini program that outlives the program which is killed.
const withMini = "STORE_MINI"

// elsewhere is an app.MiniProgram as the environment carries it.
type elsewhere struct{ URL, AppID, Secret, Token, Key string }

func (e elsewhere) program() app.MiniProgram {
	return app.MiniProgram{URL: e.URL, AppID: e.AppID, Secret: e.Secret, Push: wechattest.AppPush{Token: e.Token, EncodingAESKey: e.Key}}
}

// asShop is the program: main, unless a mini program is elsewhere.
func asShop() {
	var e elsewhere
	if json.Unmarshal([]byte(os.Getenv(withMini)), &e) != nil {
		main()
		return
	}
	err := serve(context.Background(), app.Config{Addr: os.Args[2], Data: os.Args[4], Mini: e.program()}, os.Stdout, os.Stderr)
	if err != nil {
		os.Exit(1)
	}
}

// Adverse input 70: the shop is killed while it tells WeChat of a parcel. WeChat lives
// on. knows is how often it was told by then; in the end it was told once.
func killedShipping(t *testing.T, point string, knows int) {
	t.Parallel()
	dir := t.TempDir()
	mini, err := wechattest.NewApp(wechattest.AppConfig{Kind: wechattest.MiniProgram, Name: "elsewhere"})
	require.NoError(t, err)
	defer func() { assert.NoError(t, mini.Close()) }()
	door := httptest.NewServer(mini)
	defer door.Close()
	e := elsewhere{URL: door.URL, AppID: mini.AppID, Secret: mini.Secret, Token: mini.Push().Token, Key: mini.Push().EncodingAESKey}
	env, err := json.Marshal(e)
	require.NoError(t, err)
	var sold shop.Order
	addr := live(t, dir, point, func(ctx context.Context, address, password string, died <-chan struct{}) {
		sold = shipOne(ctx, t, mini, dir, address, password, died)
	}, withMini+"="+string(env))
	require.NotEmpty(t, sold.TransactionID, "nothing was sold")

	before, err := mini.ShippingOrder(sold.TransactionID)
	require.NoError(t, err)
	assert.Equal(t, knows, before.Count)
	clock := wechattest.NewClock(time.Now().Add(time.Second))
	a, err := app.Start(t.Context(), app.Config{Addr: addr, Data: dir, Clock: clock, Mini: e.program()})
	require.NoError(t, err)
	defer func() { assert.NoError(t, a.Close()) }()
	p, err := a.Store.ShipmentOf(t.Context(), sold.No)
	require.NoError(t, err)
	assert.Equal(t, shop.ShipRequested, p.State, "on disk, and nobody noted that WeChat knows")
	for range 3 {
		clock.Advance(time.Minute)
		_, err = a.Desk.Heal(t.Context(), false)
		require.NoError(t, err)
	}
	p, err = a.Store.ShipmentOf(t.Context(), sold.No)
	require.NoError(t, err)
	assert.Equal(t, shop.Shipped, p.State)
	after, err := mini.ShippingOrder(sold.TransactionID)
	require.NoError(t, err)
	assert.Equal(t, 1, after.Count, "shipped once, never anew")
	assert.Equal(t, []string{"YT1"}, after.Tracking)
	assert.Equal(t, int(delivery.Shipped), after.State)
}

// shipOne buys a thing as a customer and ships it as the merchant.
func shipOne(ctx context.Context, t *testing.T, mini *wechattest.App, dir, address, password string, died <-chan struct{}) (sold shop.Order) {
	p, at := buyOne(ctx, address, died)
	if p == nil {
		return sold
	}
	books, err := shop.Open(ctx, filepath.Join(dir, "shop.db"), nil)
	if !assert.NoError(t, err) {
		return sold
	}
	orders, err := books.Orders(ctx, 0, 1)
	if !assert.NoError(t, err) || !assert.NoError(t, books.Close()) || !assert.Len(t, orders, 1) {
		return sold
	}
	sold = orders[0]
	_, err = mini.AddPaid(wechattest.PaidOrder{MchID: sold.Seller.MchID, OutTradeNo: sold.No, TransactionID: sold.TransactionID, OpenID: sold.Buyer(), Total: sold.Total})
	assert.NoError(t, err)
	p.post(ctx, "/merchant/login", p.get(ctx, "/merchant/login"), url.Values{"password": {password}})
	p.post(ctx, "/merchant"+at+"/ship", p.get(ctx, "/merchant"+at), url.Values{"company": {"YTO"}, "tracking": {"YT1"}})
	return sold
}
