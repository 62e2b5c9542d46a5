package oauth_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/jarcoal/httpmock"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/oauth"
	"github.com/wxcommerce/wechat/seal"
)

// The shop is the part between the lines; the rest plays WeChat and a browser.
func ExampleNewLogin() {
	weChat := httpmock.NewMockTransport() // leave WithTransport out to reach the real one
	weChat.RegisterNoResponder(httpmock.NewStringResponder(200, granted))
	transport := wechat.WithTransport(&http.Client{Transport: weChat})

	// ----
	app, err := wechat.NewApp("wx8888888888888888", nil, transport)
	if err != nil {
		fmt.Println(err)
		return
	}
	web, err := oauth.New(oauth.Config{App: app, Secret: seal.NewKey("AppSecret")}) // from the environment
	if err != nil {
		fmt.Println(err)
		return
	}
	login, err := oauth.NewLogin(oauth.LoginConfig{Service: web, Origin: "https://shop.example", Secret: seal.NewKey("32 random bytes, from the environment")})
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	mux.Handle(login.Path(), login)
	mux.Handle("/orders", login.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, _ := login.Visitor(r)
		fmt.Fprintln(w, "orders of", who.OpenID)
	})))
	// ----

	visit := func(target string, cookies []*http.Cookie) *http.Response {
		r := httptest.NewRequest(http.MethodGet, target, nil)
		for _, c := range cookies {
			r.AddCookie(c)
		}
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		fmt.Println(strings.TrimSpace(fmt.Sprint(w.Code, " ", w.Body)))
		return w.Result()
	}
	away := visit("https://shop.example/orders", nil)
	to, _ := url.Parse(away.Header.Get("Location"))
	back := visit("https://shop.example/wechat/login?code=C0DE&state="+to.Query().Get("state"), away.Cookies())
	visit("https://shop.example"+back.Header.Get("Location"), back.Cookies())
	// Output:
	// 302
	// 303
	// 200 orders of oAAAAAAAAAAAAAAAAAAAAAAAAAAA
}

func ExampleMini_Login() {
	weChat := httpmock.NewMockTransport()
	weChat.RegisterNoResponder(httpmock.NewStringResponder(200, `{"openid":"oAAAAAAAAAAAAAAAAAAAAAAAAAAA","session_key":"tiihtNczf5v6AKRyjwEUhQ=="}`))
	app, err := wechat.NewApp("wx8888888888888888", nil, wechat.WithTransport(&http.Client{Transport: weChat}))
	if err != nil {
		fmt.Println(err)
		return
	}
	mini, err := oauth.NewMini(oauth.Config{App: app, Secret: seal.NewKey("AppSecret")})
	if err != nil {
		fmt.Println(err)
		return
	}
	session, err := mini.Login(context.Background(), "C0DE-0F-WX.LOGIN")
	if err != nil {
		fmt.Println(err, oauth.Restart(err))
		return
	}
	fmt.Println(session.OpenID, session.Key)
	// Output: oAAAAAAAAAAAAAAAAAAAAAAAAAAA ***
}
