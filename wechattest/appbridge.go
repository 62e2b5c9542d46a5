package wechattest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// PageConfig is what a page hands to wx.config.
type PageConfig struct {
	AppID     string      `json:"appId"`
	Timestamp json.Number `json:"timestamp"` // a text will do in JSON
	NonceStr  string      `json:"nonceStr"`
	Signature string      `json:"signature"`
	APIs      []string    `json:"jsApiList"`
}

// Why wx.config or a call of the JS-SDK fails; compare with errors.Is.
var (
	// ErrConfigSignature is "invalid signature".
	ErrConfigSignature = errors.New("wechattest: config:invalid signature")
	// ErrConfigDomain is "invalid url domain".
	ErrConfigDomain = errors.New("wechattest: config:invalid url domain")
	// ErrConfigApp is "invalid appid".
	ErrConfigApp = errors.New("wechattest: config:invalid appid")
	// ErrPermission is a call that is not in jsApiList, or that the app may not make.
	ErrPermission = errors.New("wechattest: permission denied")
)

// CheckConfig is wx.config in the page at pageURL, as the browser has it: the app
// id, the domain and the signature over a ticket that is still good. It fails with
// ErrConfigApp, ErrConfigDomain or ErrConfigSignature.
func (a *App) CheckConfig(pageURL string, cfg PageConfig) error {
	u, err := url.Parse(pageURL)
	switch {
	case cfg.AppID != a.AppID:
		return ErrConfigApp
	case err != nil || !allowedHost(a.cfg.PageDomains, u):
		return ErrConfigDomain
	}
	page, _, _ := strings.Cut(pageURL, "#")
	a.mu.Lock()
	defer a.mu.Unlock()
	t := a.tokens.tickets["jsapi"]
	text := "jsapi_ticket=" + t.text + "&noncestr=" + cfg.NonceStr + "&timestamp=" + cfg.Timestamp.String() + "&url=" + page
	old := a.tokens.former
	older := "jsapi_ticket=" + old.text + strings.TrimPrefix(text, "jsapi_ticket="+t.text)
	now := a.clock.Now()
	switch {
	case cfg.NonceStr == "" || cfg.Timestamp == "":
	case now.Before(t.until) && cfg.Signature == hexSHA1(text):
		return nil
	case now.Before(old.until) && cfg.Signature == hexSHA1(older):
		return nil
	}
	return ErrConfigSignature
}

// allowed is CheckConfig for one call.
func (a *App) allowed(pageURL string, cfg PageConfig, api string) error {
	if err := a.CheckConfig(pageURL, cfg); err != nil {
		return err
	}
	if a.cfg.Kind != OfficialAccount || !slices.Contains(cfg.APIs, api) {
		return fmt.Errorf("%w: %s", ErrPermission, api)
	}
	return nil
}

// ChooseWXPay is wx.chooseWXPay in a page whose wx.config was cfg: the order the
// pay sheet shows, ready for (*Pay).Pay. The app id comes from wx.config. It fails
// as CheckConfig or (*Pay).CheckJSAPI do, and with ErrPermission where no Pay is
// attached.
func (a *App) ChooseWXPay(u User, pageURL string, cfg PageConfig, params PageParams) (Order, error) {
	if err := a.allowed(pageURL, cfg, "chooseWXPay"); err != nil {
		return Order{}, err
	}
	if a.cfg.Pay == nil {
		return Order{}, fmt.Errorf("%w: no Pay is attached to the app", ErrPermission)
	}
	if params.AppID != "" && params.AppID != cfg.AppID {
		return Order{}, fmt.Errorf("%w: appId is not that of wx.config", ErrBadParams)
	}
	params.AppID = cfg.AppID
	return a.cfg.Pay.CheckJSAPI(params, u)
}

// RequestPayment is wx.requestPayment in a mini program; see ChooseWXPay.
func (a *App) RequestPayment(u User, params PageParams) (Order, error) {
	if a.cfg.Kind != MiniProgram || a.cfg.Pay == nil {
		return Order{}, fmt.Errorf("%w: requestPayment needs a mini program with a Pay attached", ErrPermission)
	}
	return a.cfg.Pay.CheckMiniProgram(a.AppID, params, u)
}
