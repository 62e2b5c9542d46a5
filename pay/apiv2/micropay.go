package apiv2

import (
	"context"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay/internal/check"
)

// MicropayRequest is an order paid by scanning the code that the user shows.
type MicropayRequest struct {
	OutTradeNo    string     `xml:"out_trade_no"`     // required, our number: 6 to 32 of 0-9A-Za-z_-|*
	Body          string     `xml:"body"`             // required, the user sees it; up to 127 characters
	Total         wechat.Fen `xml:"total_fee"`        // required
	IP            string     `xml:"spbill_create_ip"` // required: the till's address
	AuthCode      string     `xml:"auth_code"`        // required: what was scanned; 18 digits that begin with 10 to 15
	Attach        string     `xml:"attach"`           // comes back in queries; up to 127 characters
	Detail        string     `xml:"detail"`           // JSON, up to 6000 characters
	SceneInfo     string     `xml:"scene_info"`       // JSON that names the shop
	FeeType       string     `xml:"fee_type"`         // "" means CNY
	GoodsTag      string     `xml:"goods_tag"`
	LimitPay      string     `xml:"limit_pay"` // no_credit
	Start         Time       `xml:"time_start"`
	Expire        Time       `xml:"time_expire"`
	DeviceInfo    string     `xml:"device_info"`
	Receipt       string     `xml:"receipt"`
	ProfitSharing string     `xml:"profit_sharing"`
	Version       string     `xml:"version"`
}

// Validate checks every rule that needs no network. Micropay checks it too. The
// error is a *wechat.FieldError.
func (r MicropayRequest) Validate() error {
	var f check.Fields
	f.OutTradeNo(r.OutTradeNo)
	f.Required("body", r.Body, 127)
	f.Positive("total_fee", r.Total)
	f.Must(r.IP != "", "spbill_create_ip", "is empty but required")
	f.Address("spbill_create_ip", r.IP)
	f.Number("auth_code", r.AuthCode, 18, 18, "")
	f.Text("attach", r.Attach, 127)
	f.Text("detail", r.Detail, 6000)
	f.Text("scene_info", r.SceneInfo, 256)
	f.Text("goods_tag", r.GoodsTag, 32)
	f.Text("device_info", r.DeviceInfo, 32)
	f.Currency("fee_type", r.FeeType)
	return f.Err()
}

type micropay struct {
	wechat.PartyV2
	MicropayRequest
}

// Micropay charges the user whose payment code was scanned, and answers when it is
// done, which can take several seconds. It never repeats itself, and no notice
// follows. When the outcome is Unknown, which pay.ErrUserPaying is too, call
// ResolveMicropay. WeChat still accepts it; pay.Service.Codepay replaces it for
// merchants that have that product.
//
// 提交付款码支付
func (s *Service) Micropay(ctx context.Context, in MicropayRequest) (*Transaction, error) {
	return wechat.Call[Transaction](ctx, s.m, wechat.POST("/pay/micropay"), micropay{s.party(), in})
}

type reversal struct {
	Recall string `xml:"recall"`
}

// Reverse undoes a code payment within seven days: an unpaid one is cancelled, a
// paid one refunded in full. again reports that WeChat Pay wants the call repeated;
// an error with an Unknown outcome wants it too. Wait 15 seconds after Micropay.
// It demands the client certificate. WeChat still accepts it; pay.Service.Reverse
// replaces it.
//
// 撤销订单
func (s *Service) Reverse(ctx context.Context, outTradeNo string) (again bool, err error) {
	out, err := wechat.Call[reversal](ctx, s.m, wechat.POST("/secapi/pay/reverse").Keyed().Certified(), byNumber{s.party(), outTradeNo})
	return out != nil && out.Recall == "Y", err
}
