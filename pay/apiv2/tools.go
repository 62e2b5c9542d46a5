package apiv2

import (
	"context"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay/internal/check"
)

type longURL struct {
	wechat.PartyV2
	URL string `xml:"long_url"`
}

func (l longURL) Validate() error {
	var f check.Fields
	f.Required("long_url", l.URL, 512)
	return f.Err()
}

type shortURL struct {
	URL string `xml:"short_url"`
}

// ShortURL turns a link of native mode 1 into a short one, which makes a simpler QR
// code. Where WeChat Pay complains about the signature or the link, try
// Service.EscapeLongURL. WeChat still accepts it; mode 2 and package pay need none.
//
// 转换短链接
func (s *Service) ShortURL(ctx context.Context, link string) (string, error) {
	op := wechat.POST("/tools/shorturl").ReadOnly()
	if s.EscapeLongURL {
		op = op.Escaping("long_url")
	}
	out, err := wechat.Call[shortURL](ctx, s.m, op, longURL{s.party(), link})
	if err != nil {
		return "", err
	}
	return out.URL, nil
}

type authCode struct {
	wechat.PartyV2
	Code string `xml:"auth_code"`
}

func (a authCode) Validate() error {
	var f check.Fields
	f.Number("auth_code", a.Code, 18, 18, "")
	return f.Err()
}

// Shower is who shows a payment code.
type Shower struct {
	OpenID    string `xml:"openid"`
	SubOpenID string `xml:"sub_openid"` // under the sub-merchant's app
}

// AuthCodeToOpenID tells who shows a payment code, without charging anybody. The
// code stays good for one payment. WeChat still accepts it and has nothing newer.
//
// 授权码查询openid
func (s *Service) AuthCodeToOpenID(ctx context.Context, code string) (*Shower, error) {
	return wechat.Call[Shower](ctx, s.m, wechat.POST("/tools/authcodetoopenid").ReadOnly(), authCode{s.party(), code})
}

// ReportRequest tells WeChat Pay how long its calls took: one call, or for code
// payment a list of them in Trades.
type ReportRequest struct {
	InterfaceURL string `xml:"interface_url"` // required: the whole address that was called
	UserIP       string `xml:"user_ip"`       // required: the caller's own
	ExecuteTime  int    `xml:"execute_time_"` // ms; WeChat spells it so
	ReturnCode   string `xml:"return_code"`   // of the answer, like the next four
	ReturnMsg    string `xml:"return_msg"`
	ResultCode   string `xml:"result_code"`
	ErrCode      string `xml:"err_code"`
	ErrText      string `xml:"err_code_des"`
	OutTradeNo   string `xml:"out_trade_no"`
	At           Time   `xml:"time"`
	Trades       string `xml:"trades"` // JSON, up to 1024 characters
	DeviceInfo   string `xml:"device_info"`
}

// Validate checks every rule that needs no network. The error is a
// *wechat.FieldError.
func (r ReportRequest) Validate() error {
	var f check.Fields
	f.Required("interface_url", r.InterfaceURL, 127)
	f.Must(r.UserIP != "", "user_ip", "is empty but required")
	f.Address("user_ip", r.UserIP)
	f.Text("trades", r.Trades, 1024)
	return f.Err()
}

type report struct {
	wechat.PartyV2
	ReportRequest
}

// Report sends measurements to WeChat Pay, which are welcome and never needed.
// WeChat still accepts it; APIv3 has no such call.
//
// 交易保障
func (s *Service) Report(ctx context.Context, in ReportRequest) error {
	_, err := wechat.Call[wechat.None](ctx, s.m, wechat.POST("/payitil/report").MD5Only().Unsigned(), report{s.party(), in})
	return err
}
