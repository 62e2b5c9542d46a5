package apiv2

import (
	"context"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay/internal/check"
	"github.com/wxcommerce/wechat/seal"
)

// TransferRequest pays money into a user's WeChat balance.
type TransferRequest struct {
	TradeNo    string      // required, our number: 1 to 32 letters and digits
	OpenID     string      // required: who gets it, under the app given to New
	RealName   seal.Secret // if given, WeChat Pay compares it with the user's and refuses another
	Amount     wechat.Fen  // required
	Desc       string      // required, the user sees it; up to 100 characters
	IP         string      // of the caller
	DeviceInfo string
}

// transfer spells some names its own way, as this endpoint does.
type transfer struct {
	AppID      string     `xml:"mch_appid"`
	MchID      string     `xml:"mchid"`
	DeviceInfo string     `xml:"device_info"`
	TradeNo    string     `xml:"partner_trade_no"`
	OpenID     string     `xml:"openid"`
	CheckName  string     `xml:"check_name"`
	RealName   string     `xml:"re_user_name"`
	Amount     wechat.Fen `xml:"amount"`
	Desc       string     `xml:"desc"`
	IP         string     `xml:"spbill_create_ip"`
}

func (t transfer) Validate() error {
	var f check.Fields
	f.ID("mch_appid", t.AppID, 128)
	f.Number("partner_trade_no", t.TradeNo, 1, 32, "")
	f.ID("openid", t.OpenID, 64)
	f.Text("re_user_name", t.RealName, 64)
	f.Positive("amount", t.Amount)
	f.Required("desc", t.Desc, 100)
	f.Address("spbill_create_ip", t.IP)
	f.Text("device_info", t.DeviceInfo, 32)
	return f.Err()
}

// Transfer is money that was paid out.
type Transfer struct {
	TradeNo   string `xml:"partner_trade_no"`
	PaymentNo string `xml:"payment_no"` // WeChat Pay's number
	At        Time   `xml:"payment_time"`
}

// Transfer pays money into a user's WeChat balance. It never repeats itself.
// Whatever it is refused with, the outcome is Unknown until TransferInfo tells;
// never change the number before. It demands the client certificate. WeChat serves
// it to merchants who have it and opens it to nobody else: package transfer
// replaces it.
//
// 向微信用户个人付款
func (s *Service) Transfer(ctx context.Context, in TransferRequest) (*Transfer, error) {
	op := wechat.POST("/mmpaymkttransfers/promotion/transfers").Wary().Certified().Unsigned().MD5Only()
	name, err := in.RealName.Reveal()
	if err != nil {
		return nil, &wechat.CallError{Op: op, Outcome: wechat.NotDone, Err: err}
	}
	t := transfer{s.appID, s.m.ID(), in.DeviceInfo, in.TradeNo, in.OpenID, "NO_CHECK", name, in.Amount, in.Desc, in.IP}
	if name != "" {
		t.CheckName = "FORCE_CHECK"
	}
	return wechat.Call[Transfer](ctx, s.m, op, t)
}

type transferQuery struct {
	AppID   string `xml:"appid"`
	MchID   string `xml:"mch_id"`
	TradeNo string `xml:"partner_trade_no"`
}

func (q transferQuery) Validate() error {
	var f check.Fields
	f.Number("partner_trade_no", q.TradeNo, 1, 32, "")
	return f.Err()
}

// PayoutState is where a transfer stands.
type PayoutState string

// The states known today.
const (
	PayoutSuccess    PayoutState = "SUCCESS"
	PayoutFailed     PayoutState = "FAILED" // nothing was paid: a new number is allowed
	PayoutProcessing PayoutState = "PROCESSING"
	PayoutBankFailed PayoutState = "BANK_FAIL" // the bank sent the money back
)

// TransferInfo is what became of a transfer.
type TransferInfo struct {
	TradeNo      string      `xml:"partner_trade_no"`
	DetailID     string      `xml:"detail_id"` // WeChat Pay's number
	State        PayoutState `xml:"status"`
	Reason       string      `xml:"reason"` // why it failed
	OpenID       string      `xml:"openid"`
	RealName     seal.Secret `xml:"-"`
	Amount       wechat.Fen  `xml:"payment_amount"`
	TransferTime Time        `xml:"transfer_time"` // it was asked for
	PaymentTime  Time        `xml:"payment_time"`  // it was paid
	Desc         string      `xml:"desc"`
}

// TransferInfo tells what became of a transfer, for thirty days. It demands the
// client certificate. See Transfer for how long it will be served.
//
// 查询企业向微信用户个人付款
func (s *Service) TransferInfo(ctx context.Context, tradeNo string) (*TransferInfo, error) {
	type answer struct {
		TransferInfo
		Name string `xml:"transfer_name"`
	}
	out, err := wechat.Call[answer](ctx, s.m, wechat.POST("/mmpaymkttransfers/gettransferinfo").ReadOnly().Certified().Unsigned().MD5Only(),
		transferQuery{s.appID, s.m.ID(), tradeNo})
	if err != nil {
		return nil, err
	}
	out.RealName = seal.Plain(out.Name)
	return &out.TransferInfo, nil
}
