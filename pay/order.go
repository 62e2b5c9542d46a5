package pay

import (
	"fmt"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/wire"
	"github.com/wxcommerce/wechat/pay/internal/check"
	"github.com/wxcommerce/wechat/seal"
)

// CNY is the only currency of orders in mainland China.
const CNY = "CNY"

// Amount is what an order costs.
type Amount struct {
	Total    wechat.Fen `json:"total"`              // required, at least 1 fen
	Currency string     `json:"currency,omitempty"` // "" means CNY
}

// Payer is who shall pay a JSAPI order. A direct merchant sets OpenID; a partner
// sets exactly one of SpOpenID and SubOpenID, according to the app the page runs in.
type Payer struct {
	OpenID    string   `json:"openid,omitempty"`     // under the merchant's app, up to 128 characters
	SpOpenID  string   `json:"sp_openid,omitempty"`  // under the partner's app
	SubOpenID string   `json:"sub_openid,omitempty"` // under wechat.Sub.AppID
	Identity  Identity `json:"identity,omitzero"`    // real-name payment
}

// Buyer is who may pay an order that names no user: APP, H5 and Native. Leave it
// zero unless the merchant has real-name payment.
type Buyer struct {
	Identity Identity `json:"identity,omitzero"`
}

// Identity restricts an order to one person (实名支付), for merchants that have
// the permission. Number and Name travel encrypted.
type Identity struct {
	Type   IdentityType `json:"type"`
	Number seal.Secret  `json:"number"` // seal.Plain("…")
	Name   seal.Secret  `json:"name"`
}

// IdentityType is a kind of document. New ones pass through.
type IdentityType string

// The documents known today.
const (
	IDCard              IdentityType = "IDCARD"
	HongKongMacao       IdentityType = "HONGKONG_MACAO"          // travel permit
	HongKongMacaoLiving IdentityType = "HONGKONG_MACAO_RESIDENT" // residence permit
	TaiwanLiving        IdentityType = "TAIWAN_RESIDENT"
	ForeignLiving       IdentityType = "FOREIGN_RESIDENT"
	OverseaPassport     IdentityType = "OVERSEA_PASSPORT"
	IdentityByPhone     IdentityType = "PHONE_NUMBER"
)

// Limits that more than one kind of order has, in characters where not said.
const (
	maxDescription            = 127
	maxAttach                 = 128
	maxGoodsTag               = 32
	maxNotifyURL              = 255
	maxOpenID                 = 128
	maxDetail                 = 6144        // bytes as JSON
	maxSubsidy     wechat.Fen = 500000      // per order
	minExpiry                 = time.Minute // ahead of now
)

// Detail lists what is sold, for coupons on single goods. As JSON it has at most
// 6144 bytes.
type Detail struct {
	CostPrice   wechat.Fen `json:"cost_price,omitempty"` // the receipt's total before discounts
	InvoiceID   string     `json:"invoice_id,omitempty"` // number of the receipt, up to 32 characters
	GoodsDetail []Goods    `json:"goods_detail,omitempty"`
}

// Goods is one line of a Detail. Code payment spells one field differently; see
// CodepayGoods.
type Goods struct {
	MerchantGoodsID  string     `json:"merchant_goods_id"`            // required, up to 32 characters
	WechatpayGoodsID string     `json:"wechatpay_goods_id,omitempty"` // up to 32 characters
	GoodsName        string     `json:"goods_name,omitempty"`         // up to 256 characters
	Quantity         int        `json:"quantity"`                     // at least 1
	UnitPrice        wechat.Fen `json:"unit_price"`
}

// SceneInfo says where the user pays.
type SceneInfo struct {
	PayerClientIP string    `json:"payer_client_ip"`     // required in a SceneInfo, IPv4 or IPv6
	DeviceID      string    `json:"device_id,omitempty"` // up to 32 characters
	StoreInfo     StoreInfo `json:"store_info,omitzero"`
}

// StoreInfo is the shop where the user stands.
type StoreInfo struct {
	ID       string `json:"id"`                  // required in a StoreInfo, up to 32 characters
	Name     string `json:"name,omitempty"`      // up to 256 characters
	AreaCode string `json:"area_code,omitempty"` // of the official table, up to 32 characters
	Address  string `json:"address,omitempty"`   // up to 512 characters
}

// SettleInfo says what happens to the money.
type SettleInfo struct {
	ProfitSharing bool       `json:"profit_sharing,omitempty"` // freeze it until it is shared
	SubsidyAmount wechat.Fen `json:"subsidy_amount,omitempty"` // e-commerce partners only, up to 500000 fen
}

// LimitPay takes away means of payment, for merchants that have the permission.
type LimitPay string

// The means known today.
const (
	NoBalance   LimitPay = "no_balance"
	NoCredit    LimitPay = "no_credit"
	NoDebit     LimitPay = "no_debit"
	BalanceOnly LimitPay = "balance_only"
)

// SubsidyInfo is the interest that the merchant pays for the user's instalments
// (微信分付), for merchants that have the permission.
type SubsidyInfo struct {
	SubsidyDetail []Subsidy `json:"subsidy_detail,omitempty"`
}

// Subsidy is one offer: DAILY is paid back any time, PERIOD in instalments.
type Subsidy struct {
	PeriodType string        `json:"subsidy_period_type"` // SubsidyDaily or SubsidyPeriod
	Plan       []SubsidyPlan `json:"subsidy_plan"`
}

// The period types of a Subsidy.
const (
	SubsidyDaily  = "DAILY"
	SubsidyPeriod = "PERIOD"
)

// SubsidyPlan is the share of the interest, in percent, that the merchant pays
// for a number of instalments.
type SubsidyPlan struct {
	InstallmentNum int `json:"subsidy_installment_num"` // 3, 6 or 12
	Percent        int `json:"subsidy_percent"`         // 0 or 100
}

// common are the fields that every kind of prepay has.
type common struct {
	description, outTradeNo, attach, notifyURL, goodsTag string
	expire                                               wechat.Time
	amount                                               Amount
	detail                                               Detail
	settle                                               SettleInfo
	limit                                                []LimitPay
}

func (c common) check(f *check.Fields) {
	f.OutTradeNo(c.outTradeNo)
	f.Line("description", c.description, maxDescription)
	f.Text("attach", c.attach, maxAttach)
	f.Must(c.notifyURL != "", "notify_url", "is empty but required")
	f.NotifyURL("notify_url", c.notifyURL, maxNotifyURL)
	f.Text("goods_tag", c.goodsTag, maxGoodsTag)
	checkAmount(f, c.amount)
	c.detail.check(f)
	f.NotNegative("settle_info.subsidy_amount", c.settle.SubsidyAmount)
	f.Must(c.settle.SubsidyAmount <= maxSubsidy, "settle_info.subsidy_amount", "the limit is %d fen", maxSubsidy)
	for i, l := range c.limit {
		f.ID(fmt.Sprintf("limit_pay[%d]", i), string(l), 32)
	}
}

// check compares what depends on who sells and when.
func (s seller) check(f *check.Fields, p wechat.Party, c common) {
	checkParty(f, p)
	if !s.partner {
		f.Must(c.settle.SubsidyAmount == 0, "settle_info.subsidy_amount", "only an e-commerce partner has it: leave it out, or call through Merchant.For")
	}
	if e := c.expire; !e.IsZero() {
		f.Must(e.Sub(s.now) >= minExpiry, "time_expire", "is less than %v ahead of this machine's clock; give the user more time", minExpiry)
	}
}

func checkAmount(f *check.Fields, a Amount) {
	f.Positive("amount.total", a.Total)
	f.Currency("amount.currency", a.Currency)
}

func (d Detail) check(f *check.Fields) {
	f.NotNegative("detail.cost_price", d.CostPrice)
	f.Text("detail.invoice_id", d.InvoiceID, 32)
	for i, g := range d.GoodsDetail {
		at := fmt.Sprintf("detail.goods_detail[%d].", i)
		f.Required(at+"merchant_goods_id", g.MerchantGoodsID, 32)
		f.Text(at+"wechatpay_goods_id", g.WechatpayGoodsID, 32)
		checkGoods(f, at, g.GoodsName, g.Quantity, g.UnitPrice)
	}
	if len(d.GoodsDetail) > 0 {
		checkDetailSize(f, d)
	}
}

func checkGoods(f *check.Fields, at, name string, quantity int, price wechat.Fen) {
	f.Text(at+"goods_name", name, 256)
	f.Must(quantity >= 1, at+"quantity", "must be at least 1")
	f.NotNegative(at+"unit_price", price)
}

func checkDetailSize(f *check.Fields, detail any) {
	b, err := wire.JSON(detail)
	f.Must(err == nil && len(b) <= maxDetail, "detail", "has %d bytes as JSON, the limit is %d: list fewer goods or shorten their names", len(b), maxDetail)
}

func (s SceneInfo) check(f *check.Fields) {
	f.Must(s.PayerClientIP != "", "scene_info.payer_client_ip", "is empty but required in a scene_info")
	checkScene(f, s.PayerClientIP, s.DeviceID, s.StoreInfo)
}

func checkScene(f *check.Fields, ip, device string, store StoreInfo) {
	f.Address("scene_info.payer_client_ip", ip)
	f.Text("scene_info.device_id", device, 32)
	if store == (StoreInfo{}) {
		return
	}
	f.Required("scene_info.store_info.id", store.ID, 32)
	f.Text("scene_info.store_info.name", store.Name, 256)
	f.Text("scene_info.store_info.area_code", store.AreaCode, 32)
	f.Text("scene_info.store_info.address", store.Address, 512)
}

func (i Identity) check(f *check.Fields) {
	if i.Type == "" && i.Number.IsZero() && i.Name.IsZero() {
		return
	}
	f.ID("payer.identity.type", string(i.Type), 32)
	f.Must(!i.Number.IsZero(), "payer.identity.number", "is empty but required in an identity")
	f.Must(!i.Name.IsZero(), "payer.identity.name", "is empty but required in an identity")
}

func (s SubsidyInfo) check(f *check.Fields) {
	for i, d := range s.SubsidyDetail {
		at := fmt.Sprintf("subsidy_info.subsidy_detail[%d].", i)
		f.ID(at+"subsidy_period_type", d.PeriodType, 32)
		f.Must(len(d.Plan) > 0, at+"subsidy_plan", "is empty but required")
		for j, p := range d.Plan {
			f.Must(p.InstallmentNum >= 1, fmt.Sprintf("%ssubsidy_plan[%d].subsidy_installment_num", at, j), "must be at least 1")
			f.Must(p.Percent >= 0 && p.Percent <= 100, fmt.Sprintf("%ssubsidy_plan[%d].subsidy_percent", at, j), "must be 0 to 100")
		}
	}
}
