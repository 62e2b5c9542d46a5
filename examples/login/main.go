// Command login is a page that knows who its visitor is: the program of the README,
// for a real account. It reads the account and the shop's address from the
// environment.
package main

import (
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/oauth"
	"github.com/wxcommerce/wechat/seal"
)

func main() {
	app, err := wechat.NewApp(os.Getenv("APPID"), nil) // logging in needs no access token
	web, err2 := oauth.New(oauth.Config{App: app, Secret: seal.NewKey(os.Getenv("SECRET"))})
	login, err3 := oauth.NewLogin(oauth.LoginConfig{Service: web, Origin: os.Getenv("SHOP_ORIGIN"), Secret: seal.NewKey(os.Getenv("COOKIE_SECRET")),
		Fail: func(w http.ResponseWriter, _ *http.Request, f *oauth.Failure) { log.Print(f); f.Page(w) }})
	if err := errors.Join(err, err2, err3); err != nil {
		log.Fatal(err)
	}
	http.Handle(login.Path(), login)
	http.Handle("/", login.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, _ := login.Visitor(r)
		fmt.Fprintln(w, "hello", who.OpenID)
	})))
	log.Fatal(http.ListenAndServe(":8080", nil))
}
