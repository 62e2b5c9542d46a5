package pay

import (
	"context"
	"fmt"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay/internal/check"
)

// CodepayRequest is an order paid by scanning the code that the user shows.
type CodepayRequest struct {
	Description   string           `json:"description"`  // required, the user sees it; up to 127 characters
	OutTradeNo    string           `json:"out_trade_no"` // required, our number: 6 to 32 of 0-9A-Za-z_-|*
	Attach        string           `json:"attach,omitempty"`
	GoodsTag      string           `json:"goods_tag,omitempty"`
	SupportFapiao bool             `json:"support_fapiao,omitempty"`
	Payer         CodepayPayer     `json:"payer"`
	Amount        Amount           `json:"amount"`
	SceneInfo     CodepaySceneInfo `json:"scene_info"`
	Detail        CodepayDetail    `json:"detail,omitzero"`
	SettleInfo    SettleInfo       `json:"settle_info,omitzero"` // ProfitSharing only
}

// CodepayPayer holds what was scanned: whoever knows it can charge the user for
// about a minute, so keep it out of logs.
type CodepayPayer struct {
	AuthCode string `json:"auth_code"` // 18 digits that begin with 10 to 15
}

// CodepaySceneInfo says where the code was scanned.
type CodepaySceneInfo struct {
	DeviceID  string           `json:"device_id,omitempty"` // up to 32 characters
	DeviceIP  string           `json:"device_ip,omitempty"` // IPv4 or IPv6
	StoreInfo CodepayStoreInfo `json:"store_info"`
}

// CodepayStoreInfo names the shop, by at least one of its fields.
type CodepayStoreInfo struct {
	ID    string `json:"id,omitempty"`     // WeChat Pay's number of it, up to 32 characters
	OutID string `json:"out_id,omitempty"` // the merchant's own, up to 32 characters
}

// CodepayDetail is Detail for code payment.
type CodepayDetail struct {
	CostPrice   wechat.Fen     `json:"cost_price,omitempty"`
	InvoiceID   string         `json:"invoice_id,omitempty"`
	GoodsDetail []CodepayGoods `json:"goods_detail,omitempty"`
}

// CodepayGoods is Goods for code payment, where WeChat Pay's number of the goods
// travels as wxpay_goods_id rather than wechatpay_goods_id.
type CodepayGoods struct {
	MerchantGoodsID string     `json:"merchant_goods_id"`
	WxpayGoodsID    string     `json:"wxpay_goods_id,omitempty"`
	GoodsName       string     `json:"goods_name,omitempty"`
	Quantity        int        `json:"quantity"`
	UnitPrice       wechat.Fen `json:"unit_price"`
}

// Validate checks every rule that needs no network or merchant; Codepay checks it
// too, and the rest. The error is a *wechat.FieldError.
func (r CodepayRequest) Validate() error {
	var f check.Fields
	f.OutTradeNo(r.OutTradeNo)
	f.Line("description", r.Description, maxDescription)
	f.Text("attach", r.Attach, maxAttach)
	f.Text("goods_tag", r.GoodsTag, maxGoodsTag)
	checkAmount(&f, r.Amount)
	f.Must(isPaymentCode(r.Payer.AuthCode), "payer.auth_code", "is no payment code (%d bytes): one has 18 digits and begins with 10 to 15; scan the code under 收付款 again", len(r.Payer.AuthCode))
	r.SceneInfo.check(&f)
	r.Detail.check(&f)
	f.Must(r.SettleInfo.SubsidyAmount == 0, "settle_info.subsidy_amount", "is no field of code payment: leave it out")
	return f.Err()
}

func (s CodepaySceneInfo) check(f *check.Fields) {
	f.Text("scene_info.device_id", s.DeviceID, 32)
	f.Address("scene_info.device_ip", s.DeviceIP)
	f.Must(s.StoreInfo.ID+s.StoreInfo.OutID != "", "scene_info.store_info", "is empty but required: say in which shop the code was scanned")
	f.Text("scene_info.store_info.id", s.StoreInfo.ID, 32)
	f.Text("scene_info.store_info.out_id", s.StoreInfo.OutID, 32)
}

func (d CodepayDetail) check(f *check.Fields) {
	f.NotNegative("detail.cost_price", d.CostPrice)
	f.Text("detail.invoice_id", d.InvoiceID, 32)
	for i, g := range d.GoodsDetail {
		at := fmt.Sprintf("detail.goods_detail[%d].", i)
		f.Required(at+"merchant_goods_id", g.MerchantGoodsID, 32)
		f.Text(at+"wxpay_goods_id", g.WxpayGoodsID, 32)
		checkGoods(f, at, g.GoodsName, g.Quantity, g.UnitPrice)
	}
	if len(d.GoodsDetail) > 0 {
		checkDetailSize(f, d)
	}
}

func isPaymentCode(s string) bool {
	if len(s) != 18 || s[0] != '1' || s[1] > '5' {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

type codepayOrder struct {
	wechat.Party
	CodepayRequest
}

func (o codepayOrder) Validate() error {
	var f check.Fields
	if err := o.CodepayRequest.Validate(); err != nil {
		return err
	}
	checkParty(&f, o.Party)
	return f.Err()
}

// Codepay charges the user whose payment code was scanned, and answers when it is
// done; only for merchants that have this product. It can hold for several
// seconds. A payment code works once, so Codepay never repeats itself, and no
// notice follows. When the outcome is Unknown, which ErrUserPaying is too, call
// ResolveCodepay. Check TradeState also when there is no error.
//
// 付款码支付
func (s *Service) Codepay(ctx context.Context, in CodepayRequest) (*Transaction, error) {
	return wechat.Call[Transaction](ctx, s.m, wechat.POST("/v3/pay[/partner]/transactions/codepay"), codepayOrder{s.m.Party(s.appID), in})
}

type reverseRequest struct {
	wechat.Party
	OutTradeNo string `json:"-" path:"out_trade_no"`
}

func (r reverseRequest) Validate() error {
	var f check.Fields
	f.OldOutTradeNo(r.OutTradeNo)
	checkParty(&f, r.Party)
	return f.Err()
}

// Reverse undoes a code payment within seven days: an unpaid one is cancelled, a
// paid one refunded in full. Repeating it is safe. Only code payments can be
// reversed; see Close for the others.
//
// 撤销
func (s *Service) Reverse(ctx context.Context, outTradeNo string) error {
	_, err := wechat.Call[reversal](ctx, s.m, wechat.POST("/v3/pay[/partner]/transactions/out-trade-no/{out_trade_no}/reverse").Keyed(), reverseRequest{s.m.Party(s.appID), outTradeNo})
	return err
}

// reversal echoes the request.
type reversal struct {
	wechat.Party
	OutTradeNo string `json:"out_trade_no"`
}
