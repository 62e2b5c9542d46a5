package wechattest_test

import (
	"encoding/json"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/address"
	"github.com/wxcommerce/wechat/jssdk"
	"github.com/wxcommerce/wechat/message"
	"github.com/wxcommerce/wechat/oauth"
	"github.com/wxcommerce/wechat/pay"
	libseal "github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/token"
	"github.com/wxcommerce/wechat/wechattest"
)

// A page pays and picks an address: jssdk signs it, the simulator's client checks
// what the page got as JSON, and package address reads what comes back.
func TestPagesWithTheLibrary(t *testing.T) {
	t.Parallel()
	sim, clock := newPay(t)
	merchant := newAccount(t, sim, wechattest.MerchantOptions{})
	a, err := wechattest.NewApp(wechattest.AppConfig{AppID: merchant.AppID, Clock: clock, Pay: sim, PageDomains: []string{"shop.example"}})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, a.Close()) })
	ctx := t.Context()
	ticket, err := token.NewTicket(client(t, a), token.TicketConfig{Kind: token.JSAPI, Now: a.Now})
	require.NoError(t, err)
	signer, err := jssdk.New(jssdk.Config{AppID: a.AppID, Tickets: ticket, Hosts: []string{"shop.example", "shop.other"}, Now: a.Now})
	require.NoError(t, err)
	m, err := wechat.NewMerchant(merchant.Config(), merchant.Options()...)
	require.NoError(t, err)
	orders := pay.New(m, a.AppID)
	prepaid, err := orders.PrepayJSAPI(ctx, pay.JSAPIRequest{Description: "tea", OutTradeNo: "tea-000001", NotifyURL: "https://shop.example/n",
		Amount: pay.Amount{Total: 100}, Payer: pay.Payer{OpenID: li.OpenID(a.AppID)}})
	require.NoError(t, err)
	params, err := orders.JSAPIParams(prepaid.PrepayID)
	require.NoError(t, err)
	sheet := jssdk.Pay(*params)

	const at = "https://shop.example/cart?from=singlemessage&q=%E8%8C%B6#top"
	page, err := signer.Page(ctx, jssdk.PageRequest{URL: at, Pay: &sheet, Address: true})
	require.NoError(t, err)
	text, err := json.Marshal(page)
	require.NoError(t, err)
	var got struct {
		Config wechattest.PageConfig `json:"config"`
		Pay    wechattest.PageParams `json:"pay"`
	}
	require.NoError(t, json.Unmarshal(text, &got))
	require.NoError(t, a.CheckConfig(at, got.Config))
	o, err := a.ChooseWXPay(li, at, got.Config, got.Pay)
	require.NoError(t, err)
	_, err = sim.Pay(o.PrepayID, li)
	require.NoError(t, err)
	_, err = a.ChooseWXPay(li, at, got.Config, got.Pay)
	require.ErrorIs(t, err, wechattest.ErrNotOpen, "paid already")

	id, err := a.AddAddress(li, home("李"))
	require.NoError(t, err)
	result, err := a.OpenAddress(li, at, got.Config, id)
	require.NoError(t, err)
	d, err := address.Parse(result)
	require.NoError(t, err)
	assert.Equal(t, "天河区", d.District)
	result, err = a.OpenAddress(li, at, got.Config, 0)
	require.NoError(t, err)
	_, err = address.Parse(result)
	require.ErrorIs(t, err, address.ErrCancelled)

	page, err = signer.Page(ctx, jssdk.PageRequest{URL: "https://shop.other/", Address: true})
	require.NoError(t, err)
	text, err = json.Marshal(page.Config)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &got.Config))
	require.ErrorIs(t, a.CheckConfig("https://shop.other/", got.Config), wechattest.ErrConfigDomain)
}

func TestAddressesWithTheLibrary(t *testing.T) {
	t.Parallel()
	a, _ := newApp(t)
	app, err := wechat.NewApp(a.AppID, nil, a.Options()...)
	require.NoError(t, err)
	web, err := oauth.New(oauth.Config{App: app, Secret: libseal.NewKey(a.Secret), Now: a.Now})
	require.NoError(t, err)
	start, err := web.AuthorizeURL(oauth.Authorization{RedirectURI: "http://127.0.0.1:8080/cart?a=1", State: "s1"})
	require.NoError(t, err)
	callback, err := a.Authorize(li, start)
	require.NoError(t, err)
	u, err := url.Parse(callback)
	require.NoError(t, err)
	g, err := web.Exchange(t.Context(), u.Query().Get("code"))
	require.NoError(t, err)
	_, err = web.Exchange(t.Context(), u.Query().Get("code"))
	require.True(t, oauth.Restart(err))
	again, err := web.Refresh(t.Context(), g.Refresh)
	require.NoError(t, err)
	require.NoError(t, web.Check(t.Context(), again.Token, g.OpenID))

	params, err := address.Edit(address.EditRequest{AppID: a.AppID, User: g.Token, PageURL: callback, Hosts: []string{"127.0.0.1:8080"}, At: a.Now()})
	require.NoError(t, err)
	id, err := a.AddAddress(li, home("李"))
	require.NoError(t, err)
	text, err := json.Marshal(params)
	require.NoError(t, err)
	var in wechattest.AddressParams
	require.NoError(t, json.Unmarshal(text, &in))
	result, err := a.EditAddress(li, callback, in, id)
	require.NoError(t, err)
	d, err := address.Parse(result)
	require.NoError(t, err)
	assert.Equal(t, "广东省", d.Province)
	assert.Equal(t, "天河区", d.District)

	b, _ := newApp(t, mini)
	id, err = b.AddAddress(li, home("李"))
	require.NoError(t, err)
	result, err = b.ChooseAddress(li, id)
	require.NoError(t, err)
	d, err = address.Parse(result)
	require.NoError(t, err)
	assert.Equal(t, "天园街道", d.Street)
}

func TestSendingWithTheLibrary(t *testing.T) {
	t.Parallel()
	a, clock, s := newChat(t)
	said, ctx := message.New(client(t, a)), t.Context()
	openID := li.OpenID(a.AppID)
	a.Follow(li)
	_, err := a.SayText(li, "hi")
	require.NoError(t, err)
	require.NoError(t, said.Typing(ctx, openID))
	assert.True(t, a.Typing(li))
	require.NoError(t, said.Send(ctx, openID, message.Text("您好 & <b>")))
	article := a.AddArticle(wechattest.ChatArticle{Title: "新茶"})
	require.NoError(t, said.Send(ctx, openID, message.Article(article)))
	chat := a.Chat(li)
	assert.Equal(t, "您好 & <b>", chat[1].Text)
	assert.Equal(t, "新茶", chat[2].Articles[0].Title)
	clock.Advance(48 * time.Hour)
	require.ErrorIs(t, said.Send(ctx, openID, message.Text("late")), wechat.Code("45015"))

	id := a.AddTemplate(wechattest.Template{Title: "订单", Content: "{{character_string1.DATA}}"})
	t1 := message.Template{To: openID, TemplateID: id, ClientMsgID: "paid-1", Values: message.Values{"character_string1": "SO-1"}}
	first, err := said.SendTemplate(ctx, t1)
	require.NoError(t, err)
	second, err := said.SendTemplate(ctx, t1)
	require.NoError(t, err)
	assert.Equal(t, first.MsgID, second.MsgID)
	t1.TemplateID = "none-such"
	_, err = said.SendTemplate(ctx, t1)
	require.ErrorIs(t, err, wechat.Code("40037"))

	notice := a.AddSubscription(wechattest.Template{Title: "发货", Content: "{{thing1.DATA}}"})
	n := message.Notice{To: openID, TemplateID: notice, Values: message.Values{"thing1": "茶杯"}}
	require.ErrorIs(t, said.SendNotice(ctx, n), wechat.Code("43101"))
	require.NoError(t, a.Consent(li, []string{notice}, []string{notice}))
	require.NoError(t, said.SendNotice(ctx, n))

	sent, err := said.SendToAll(ctx, message.Mass{Message: message.Text("特价"), ClientMsgID: "sale-1"})
	require.NoError(t, err)
	_, err = said.SendToAll(ctx, message.Mass{Message: message.Text("特价"), ClientMsgID: "sale-1"})
	require.ErrorIs(t, err, wechat.Code("45065"))
	clock.Advance(time.Minute)
	status, err := said.MassStatus(ctx, sent.MsgID)
	require.NoError(t, err)
	assert.Equal(t, message.MassDelivered, status.State)
	assert.Equal(t, "MASSSENDJOBFINISH", element(s.last(t), "Event"))
	chat = a.Chat(li)
	assert.Equal(t, "特价", chat[len(chat)-1].Text)
}
