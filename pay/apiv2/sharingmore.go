package apiv2

import (
	"context"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/wire"
	"github.com/wxcommerce/wechat/pay/internal/check"
)

type oneReceiver struct {
	wechat.PartyV2
	Receiver string `xml:"receiver"` // JSON
	err      error
}

func (r oneReceiver) Validate() error { return r.err }

func (s *Service) oneReceiver(r Receiver, added bool) oneReceiver {
	var f check.Fields
	r.Amount, r.Description = 0, ""
	out := r.wire(&f, "receiver.", false)
	if added {
		f.ID("receiver.relation_type", r.Relation, 32)
		f.Text("receiver.custom_relation", r.Custom, 10)
	} else {
		out = receiver{Type: r.Type, Account: r.Account}
	}
	text, err := wire.JSON(out)
	return oneReceiver{s.party(), string(text), orFirst(f.Err(), err)}
}

// AddReceiver allows shares for one more receiver. Repeating it is safe. WeChat
// still accepts it; package sharing replaces it.
//
// 添加分账接收方
func (s *Service) AddReceiver(ctx context.Context, r Receiver) error {
	_, err := wechat.Call[wechat.None](ctx, s.m, wechat.POST("/pay/profitsharingaddreceiver").Keyed().HMACOnly(), s.oneReceiver(r, true))
	return err
}

// RemoveReceiver ends what AddReceiver began; Type and Account name the receiver.
// Repeating it is safe. WeChat still accepts it; package sharing replaces it.
//
// 删除分账接收方
func (s *Service) RemoveReceiver(ctx context.Context, r Receiver) error {
	_, err := wechat.Call[wechat.None](ctx, s.m, wechat.POST("/pay/profitsharingremovereceiver").Keyed().HMACOnly(), s.oneReceiver(r, false))
	return err
}

// ReturnRequest takes back a share from a merchant.
type ReturnRequest struct {
	OrderID     string     `xml:"order_id"` // of the share: one of these two
	OutOrderNo  string     `xml:"out_order_no"`
	OutReturnNo string     `xml:"out_return_no"` // required, our number: 1 to 64 of 0-9A-Za-z_-|*@
	Account     string     `xml:"return_account"`
	Amount      wechat.Fen `xml:"return_amount"`
	Description string     `xml:"description"` // required, up to 80 characters
}

// Validate checks every rule that needs no network. The error is a
// *wechat.FieldError.
func (r ReturnRequest) Validate() error {
	var f check.Fields
	f.Must(r.OrderID+r.OutOrderNo != "", "out_order_no", "is empty, and so is order_id")
	f.OptionalID("order_id", r.OrderID, 64)
	f.OptionalID("out_order_no", r.OutOrderNo, 64)
	f.Number("out_return_no", r.OutReturnNo, 1, 64, "_-|*@")
	f.ID("return_account", r.Account, 64)
	f.Positive("return_amount", r.Amount)
	f.Required("description", r.Description, 80)
	return f.Err()
}

type shareReturn struct {
	wechat.PartyV2
	ReturnRequest
	AccountType string `xml:"return_account_type"`
}

// ShareReturn is a share that goes back.
type ShareReturn struct {
	OrderID     string     `xml:"order_id"`
	OutOrderNo  string     `xml:"out_order_no"`
	OutReturnNo string     `xml:"out_return_no"`
	ReturnNo    string     `xml:"return_no"` // WeChat Pay's number
	Account     string     `xml:"return_account"`
	Amount      wechat.Fen `xml:"return_amount"`
	Description string     `xml:"description"`
	Result      string     `xml:"result"` // SUCCESS, PROCESSING or FAILED
	FailReason  string     `xml:"fail_reason"`
	FinishTime  Time       `xml:"finish_time"`
}

// ShareReturn takes back a share from a merchant; PROCESSING means that
// ShareReturnQuery tells. Repeating the identical request is safe. It demands the
// client certificate. WeChat still accepts it; package sharing replaces it.
//
// 分账回退
func (s *Service) ShareReturn(ctx context.Context, in ReturnRequest) (*ShareReturn, error) {
	return wechat.Call[ShareReturn](ctx, s.m, wechat.POST("/secapi/pay/profitsharingreturn").Keyed().Wary().Certified().HMACOnly(),
		shareReturn{s.party(), in, "MERCHANT_ID"})
}

type returnQuery struct {
	wechat.PartyV2
	OutOrderNo  string `xml:"out_order_no"`
	OutReturnNo string `xml:"out_return_no"`
}

func (r returnQuery) Validate() error {
	var f check.Fields
	f.Number("out_order_no", r.OutOrderNo, 1, 64, "_-|*@")
	f.Number("out_return_no", r.OutReturnNo, 1, 64, "_-|*@")
	return f.Err()
}

// ShareReturnQuery tells how far a ShareReturn is. WeChat still accepts it; package
// sharing replaces it.
//
// 回退结果查询
func (s *Service) ShareReturnQuery(ctx context.Context, outOrderNo, outReturnNo string) (*ShareReturn, error) {
	return wechat.Call[ShareReturn](ctx, s.m, wechat.POST("/pay/profitsharingreturnquery").ReadOnly().HMACOnly(), returnQuery{s.party(), outOrderNo, outReturnNo})
}

type leftQuery struct {
	MchID         string `xml:"mch_id"`
	TransactionID string `xml:"transaction_id"`
}

func (r leftQuery) Validate() error {
	var f check.Fields
	f.ID("transaction_id", r.TransactionID, 32)
	return f.Err()
}

type leftAnswer struct {
	Amount wechat.Fen `xml:"unsplit_amount"`
}

// Unshared is how much of an order can still be shared. WeChat still accepts it;
// package sharing replaces it.
//
// 查询订单待分账金额
func (s *Service) Unshared(ctx context.Context, transactionID string) (wechat.Fen, error) {
	out, err := wechat.Call[leftAnswer](ctx, s.m, wechat.POST("/pay/profitsharingorderamountquery").ReadOnly().HMACOnly(), leftQuery{s.m.ID(), transactionID})
	if err != nil {
		return 0, err
	}
	return out.Amount, nil
}

type ratioQuery struct {
	numbers
	BrandMchID string `xml:"brand_mch_id"`
}

type ratioAnswer struct {
	Max int `xml:"max_ratio"`
}

// MaxShare is how much of an order the sub-merchant allows to be shared, in
// hundredths of a percent: 2000 is a fifth. brand is the number of a brand, and ""
// asks for the sub-merchant of MerchantV2.For. WeChat still accepts it; package
// sharing replaces it.
//
// 查询最大分账比例API
func (s *Service) MaxShare(ctx context.Context, brand string) (int, error) {
	in := ratioQuery{s.numbers(), brand}
	if brand != "" {
		in.SubMchID = ""
	}
	out, err := wechat.Call[ratioAnswer](ctx, s.m, wechat.POST("/pay/profitsharingmerchantratioquery").ReadOnly().HMACOnly(), in)
	if err != nil {
		return 0, err
	}
	return out.Max, nil
}
