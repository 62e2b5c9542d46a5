package account_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/examples/store/internal/account"
	"github.com/wxcommerce/wechat/message"
	"github.com/wxcommerce/wechat/oauth"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/wechattest"
)

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	_, err := account.New(account.Config{})
	require.ErrorContains(t, err, "App")
	var good account.Config
	newDesk(t, func(c *account.Config) { good = *c })
	for name, spoil := range map[string]func(*account.Config){
		"no origin":    func(c *account.Config) { c.Origin = "shop" },
		"no AppSecret": func(c *account.Config) { c.Secret = seal.Key{} },
		"no push key":  func(c *account.Config) { c.Push.Token = seal.Key{} },
	} {
		bad := good
		spoil(&bad)
		_, err := account.New(bad)
		assert.Error(t, err, name)
	}
}

func TestMenuLeadsIntoTheShop(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.sim.Follow(lin)
	assert.Contains(t, d.last(lin).Text, "欢迎来到山月小铺")
	menu := d.sim.Menu(lin)
	require.Len(t, menu, 3)
	assert.Len(t, menu[2].Sub, 2)
	opened, err := d.sim.Tap(lin, wechattest.Touch{Path: []string{"逛店"}})
	require.NoError(t, err)
	assert.Equal(t, origin+account.EnterPath, opened.URL)
	opened, err = d.sim.Tap(lin, wechattest.Touch{Path: []string{"我的", "我的订单"}})
	require.NoError(t, err)
	assert.Equal(t, origin+account.EnterPath+"?to=%2Forders", opened.URL)
	_, err = d.sim.Tap(lin, wechattest.Touch{Path: []string{"今日好茶"}})
	require.NoError(t, err)
	assert.Equal(t, []wechattest.ChatArticle{{Title: "明前龙井 ¥168.00", Description: "清明前采摘的一芽一叶，当日手炒。罐装 100 克，清香甘爽。",
		URL: origin + "/enter?to=%2Fp%2Ftea", PicURL: origin + "/pictures/tea.svg"}}, d.last(lin).Articles)
}

func TestWordsAreAnsweredWithProducts(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.sim.Follow(lin)
	d.clock.Advance(0)
	for word, title := range map[string]string{"tea": "明前龙井", "茶壶": "青瓷茶壶", "COFFEE": "手冲咖啡", "pour-over": "手冲咖啡", "蜂蜜": "百花蜂蜜", " Tote ": "帆布手提袋"} {
		e := d.says(lin, word)
		require.Len(t, e.Articles, 1, word)
		assert.Contains(t, e.Articles[0].Title, title, word)
	}
	assert.Contains(t, d.says(lin, "飞机").Text, "没有找到")
}

func TestOrdersAreOnlyTalkedAboutWithTheirCustomer(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.sim.Follow(lin)
	d.sim.Follow(wei)
	d.clock.Advance(0)
	assert.Contains(t, d.says(lin, "订单").Text, "没有找到您的订单")
	o := d.order(lin)
	assert.Contains(t, d.says(lin, "订单").Text, "待付款")
	p := d.paid(lin)
	said := d.says(lin, "我想问 "+p.No+" 什么时候到").Text
	assert.Contains(t, said, "已付款")
	assert.Contains(t, said, origin+"/enter?to=%2Forders%2F"+p.No)
	require.NoError(t, d.store.CloseOrder(t.Context(), o.No))
	assert.Contains(t, d.says(lin, o.No).Text, "已关闭")
	assert.Contains(t, d.says(wei, p.No).Text, "没有找到您的订单")
	assert.Contains(t, d.says(wei, "order").Text, "没有找到您的订单")
}

func TestPayersAreToldOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.sim.Follow(lin)
	d.clock.Advance(0)
	d.tell(0)
	o := d.paid(lin)
	d.tell(1)
	d.tell(0)
	e := d.last(lin)
	assert.Equal(t, "template", e.Way)
	assert.Equal(t, []wechattest.ChatValue{{Key: "character_string1", Value: o.No}, {Key: "thing2", Value: "明前龙井"}, {Key: "amount3", Value: "168.00元"}}, e.Values)
	assert.Equal(t, origin+"/enter?to=%2Forders%2F"+o.No, e.URL)
}

// A message that cannot be sent changes nothing of the order, and is not tried for ever.
func TestPayersWhoCannotBeTold(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	o := d.paid(wei) // follows nobody
	d.tell(0)
	due, err := d.store.Untold(t.Context(), d.clock.Now().Add(-time.Hour))
	require.NoError(t, err)
	assert.Empty(t, due, "a refusal is final")
	after, err := d.store.Order(t.Context(), o.No)
	require.NoError(t, err)
	assert.Equal(t, "PAID", string(after.State))

	d.sim.Follow(lin)
	d.paid(lin)
	disarm := d.sim.Fault(wechattest.Fault{Kind: wechattest.LostReply, Path: "/cgi-bin/message/template/send", Times: -1})
	_, err = d.a.Tell(t.Context())
	require.Error(t, err, "nobody knows")
	disarm()
	_, err = d.a.Tell(t.Context()) // asked again under the same number
	require.NoError(t, err)
	n := 0
	for _, e := range d.sim.Chat(lin) {
		if e.Type == "template" {
			n++
		}
	}
	assert.Equal(t, 1, n, "said once, whatever got lost")

	d.paid(lin)
	d.clock.Advance(account.TellWithin + time.Second)
	d.tell(0)
}

func TestNobodyIsToldWithoutATemplate(t *testing.T) {
	t.Parallel()
	d := newDesk(t, func(c *account.Config) { c.Template = "" })
	d.sim.Follow(lin)
	d.paid(lin)
	d.tell(0)
}

func TestRunTellsUntilItIsStopped(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.sim.Follow(lin)
	d.paid(lin)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { d.a.Run(ctx, time.Millisecond); close(done) }()
	assert.Eventually(t, func() bool {
		due, err := d.store.Untold(t.Context(), d.clock.Now().Add(-time.Hour))
		return err == nil && len(due) == 0
	}, 10*time.Second, 5*time.Millisecond)
	stop()
	<-done
}

func TestAskOpensTheTalkWhereWeChatAllowsIt(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.sim.Follow(lin)
	o := d.paid(lin)
	d.clock.Advance(2 * time.Minute) // the minute after following is over
	require.ErrorIs(t, d.a.Ask(t.Context(), o.OpenID, o), account.ErrNoChat)
	d.says(lin, "你好")
	require.NoError(t, d.a.Ask(t.Context(), o.OpenID, o))
	assert.Equal(t, "custom", d.last(lin).Way)
	assert.Contains(t, d.last(lin).Text, o.No)
	d.sim.Fault(wechattest.Fault{Kind: wechattest.HTML, Times: -1})
	err := d.a.Ask(t.Context(), o.OpenID, o)
	require.Error(t, err)
	assert.NotErrorIs(t, err, account.ErrNoChat)
}

func TestForgedPushesSayNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, query := range []string{"", "?signature=x&timestamp=1&nonce=2", "?msg_signature=x&signature=x&timestamp=1&nonce=2&encrypt_type=aes"} {
		w := httptest.NewRecorder()
		d.a.Pushes().ServeHTTP(w, httptest.NewRequest(http.MethodPost, account.PushPath+query, strings.NewReader(
			`<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName><CreateTime>1</CreateTime><MsgType>text</MsgType><Content>订单</Content><MsgId>1</MsgId></xml>`)))
		assert.GreaterOrEqual(t, w.Code, 400, query)
		assert.NotContains(t, w.Body.String(), "订单")
	}
}

func TestNothingPrintsSecrets(t *testing.T) {
	t.Parallel()
	var cfg account.Config
	d := newDesk(t, func(c *account.Config) { cfg = *c })
	login, err := d.a.Login(func(http.ResponseWriter, *http.Request, string, string) error { return nil },
		func(http.ResponseWriter, *http.Request, *oauth.Failure) {})
	require.NoError(t, err)
	page, err := d.a.AddressPage(t.Context(), origin+"/me")
	require.NoError(t, err)
	assert.Equal(t, []string{"openAddress"}, page.Config.JSAPIList)
	printed := fmt.Sprintf("%v %+v %v %v", cfg, cfg, login, message.Template{})
	for _, secret := range []string{d.sim.Secret, d.sim.Push().Token, d.sim.Push().EncodingAESKey, strings.Repeat("k", 32)} {
		assert.NotContains(t, printed, secret)
	}
}
