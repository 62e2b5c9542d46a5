package wechattest

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// PageParams is what a page hands to the WeChat client (getBrandWCPayRequest,
// wx.requestPayment). A mini program's have no appId.
type PageParams struct {
	AppID     string `json:"appId"`
	TimeStamp string `json:"timeStamp"` // a string, and so in JSON
	NonceStr  string `json:"nonceStr"`
	Package   string `json:"package"`
	SignType  string `json:"signType"`
	PaySign   string `json:"paySign"`
}

// AppParams is what an app hands to the OpenSDK, in the spelling of iOS or
// Android; decoding JSON accepts both.
type AppParams struct {
	AppID     string
	PartnerID string
	PrepayID  string
	Package   string
	NonceStr  string
	TimeStamp string
	Sign      string
}

// UnmarshalJSON takes the key spellings of both systems, and the time as a number too.
func (a *AppParams) UnmarshalJSON(b []byte) error {
	tree, err := readTree(b)
	if err != nil {
		return fmt.Errorf("wechattest: app parameters: the text %w", err)
	}
	m, ok := tree.(map[string]any)
	if !ok {
		return fmt.Errorf("wechattest: app parameters: not an object")
	}
	fields := map[string]*string{"appid": &a.AppID, "partnerid": &a.PartnerID, "prepayid": &a.PrepayID, "package": &a.Package,
		"packagevalue": &a.Package, "noncestr": &a.NonceStr, "timestamp": &a.TimeStamp, "sign": &a.Sign}
	for name, value := range m {
		f := fields[strings.ToLower(name)]
		if f == nil {
			continue
		}
		switch v := value.(type) {
		case string:
			*f = v
		case json.Number:
			*f = v.String()
		default:
			return fmt.Errorf("wechattest: app parameters: %s is not a text", name)
		}
	}
	return nil
}

const paramsEarly = 5 * time.Minute

// CheckJSAPI is what the WeChat client does before it shows the pay sheet: the
// parameters are complete, at most two hours old (as long as a prepay_id lives) and
// not from the future, signed by the merchant of the order, under its app id, and
// the user is the one the order is for. The error wraps ErrBadParams, ErrNoOrder,
// ErrExpired, ErrNotOpen or ErrWrongUser; without one the order is ready for Pay.
func (p *Pay) CheckJSAPI(params PageParams, by User) (Order, error) {
	if params.AppID == "" {
		return Order{}, fmt.Errorf("%w: appId is missing", ErrBadParams)
	}
	return p.checkPage(params, by)
}

// CheckMiniProgram is CheckJSAPI for a mini program, whose app id the client knows
// by itself.
func (p *Pay) CheckMiniProgram(appID string, params PageParams, by User) (Order, error) {
	if params.AppID != "" && params.AppID != appID {
		return Order{}, fmt.Errorf("%w: appId is not the mini program's", ErrBadParams)
	}
	params.AppID = appID
	return p.checkPage(params, by)
}

func (p *Pay) checkPage(params PageParams, by User) (Order, error) {
	id, ok := strings.CutPrefix(params.Package, "prepay_id=")
	switch {
	case !ok || id == "":
		return Order{}, fmt.Errorf("%w: package must be prepay_id=…", ErrBadParams)
	case params.SignType != "RSA" && params.SignType != digestMD5 && params.SignType != digestHMAC:
		return Order{}, fmt.Errorf("%w: signType must be RSA, or that of an order of APIv2", ErrBadParams)
	}
	return p.checkSheet(sheet{kind: kindJSAPI, app: params.AppID, at: params.TimeStamp, nonce: params.NonceStr,
		prepayID: id, line: params.Package, sign: params.PaySign, signType: params.SignType}, by)
}

// CheckApp is CheckJSAPI for an app.
func (p *Pay) CheckApp(params AppParams, by User) (Order, error) {
	if params.Package != "Sign=WXPay" {
		return Order{}, fmt.Errorf("%w: package must be Sign=WXPay", ErrBadParams)
	}
	return p.checkSheet(sheet{kind: kindAPP, app: params.AppID, at: params.TimeStamp, nonce: params.NonceStr,
		prepayID: params.PrepayID, line: params.PrepayID, sign: params.Sign, partner: params.PartnerID}, by)
}

// sheet is what a client was handed, in whichever spelling.
type sheet struct {
	kind, app, at, nonce, prepayID, line, sign string
	partner                                    string // the app's partnerid
	signType                                   string // the page's
}

func (p *Pay) checkSheet(s sheet, by User) (Order, error) {
	if err := s.fresh(p.clock.Now()); err != nil {
		return Order{}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	o, err := p.payable(s.prepayID, by)
	if err != nil {
		return Order{}, err
	}
	a := p.state.accounts[o.MchID]
	switch {
	case o.Kind != s.kind:
		return Order{}, fmt.Errorf("%w: the prepay_id is of a %s order", ErrBadParams, o.Kind)
	case s.app != o.AppID && (s.app != o.SubAppID || o.SubAppID == ""):
		return Order{}, fmt.Errorf("%w: the app id is not the order's", ErrBadParams)
	case o.SubOpenID != "" && s.app != o.SubAppID || o.SubOpenID == "" && o.OpenID != "" && s.app != o.AppID:
		return Order{}, fmt.Errorf("%w: the openid of the order belongs to another app id than this one", ErrBadParams)
	case s.kind == kindAPP && s.partner != o.MchID && s.partner != o.SubMchID:
		return Order{}, fmt.Errorf("%w: partnerid is not the order's merchant", ErrBadParams)
	case o.V2 != "" && !s.rightV2(o, a):
		return Order{}, fmt.Errorf("%w: the signature is wrong, or of another signType than the order's", ErrBadParams)
	case o.V2 == "" && s.kind == kindJSAPI && s.signType != "RSA":
		return Order{}, fmt.Errorf("%w: signType must be RSA", ErrBadParams)
	case o.V2 == "" && !verifyLines(&a.Key.PublicKey, s.sign, s.app, s.at, s.nonce, s.line):
		return Order{}, fmt.Errorf("%w: the signature is wrong", ErrBadParams)
	}
	return o.view(p.clock.Now()), nil
}

func (s sheet) fresh(now time.Time) error {
	at, ok := unixSeconds(s.at)
	switch {
	case !ok:
		return fmt.Errorf("%w: the time must be Unix seconds in plain digits", ErrBadParams)
	case s.nonce == "" || len(s.nonce) > 32:
		return fmt.Errorf("%w: nonceStr must have 1 to 32 characters", ErrBadParams)
	}
	if age := now.Sub(at); age > prepayLife || age < -paramsEarly {
		return fmt.Errorf("%w: the time is %v off", ErrBadParams, age.Round(time.Second))
	}
	return nil
}
