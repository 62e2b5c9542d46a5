package legacy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/wire"
	"github.com/wxcommerce/wechat/pay/internal/check"
	"github.com/wxcommerce/wechat/sign"
)

// Codes of the calls that carry a token, beside those of package wechat.
const (
	ErrExpired    wechat.Code = "48009" // the endpoint is no longer served
	ErrAppID      wechat.Code = "49001" // the token belongs to another app
	ErrEmpty      wechat.Code = "49002" // openid or transid is missing
	ErrOpenID     wechat.Code = "49003" // the openid is not one of this app
	ErrAppSign    wechat.Code = "49004" // app_signature is wrong: check the paySignKey
	ErrNoTransID  wechat.Code = "49005" // there is no such transaction
	ErrPartnerID  wechat.Code = "49010" // the partner number is wrong
	ErrNoRefund   wechat.Code = "88222014"
	ErrNoOrder    wechat.Code = "88221009"
	ErrBillNotYet wechat.Code = "03020003" // made from 9:30 the next day
)

// ErrOther is an answer about another order than the one asked about.
var ErrOther = errors.New("legacy: the answer is about another order")

// Prepay makes an order for a mobile app and returns its prepay id. traceID is the
// shop's name for the user or the attempt, 1 to 64 visible ASCII characters. The
// token must be the mobile app's. pay.Service.PrepayAPP replaces it.
//
// 生成预支付订单
func (s *Service) Prepay(ctx context.Context, o Order, traceID string) (string, error) {
	op := wechat.POST("/pay/genprepay").Keyed()
	pack, err := s.Package(o)
	var f check.Fields
	f.ID("traceid", traceID, 64)
	if err = errors.Join(err, f.Err()); err != nil {
		return "", &wechat.CallError{Op: op, Outcome: wechat.NotDone, Err: err}
	}
	now, nonce := s.ground()
	in := prepay{AppID: s.m.AppID(), TraceID: traceID, NonceStr: nonce, Package: pack, Timestamp: now, Method: "sha1"}
	in.Signature = s.m.SignApp([]sign.Pair{{Name: "appid", Value: in.AppID}, {Name: "noncestr", Value: nonce}, {Name: "package", Value: pack},
		{Name: "timestamp", Value: now}, {Name: "traceid", Value: traceID}})
	out, err := wechat.Call[prepaid](ctx, s.m.App(), op, in)
	switch {
	case err != nil:
		return "", err
	case out.PrepayID == "":
		return "", &wechat.CallError{Op: op, Err: errors.New("the answer holds no prepayid")}
	}
	return out.PrepayID, nil
}

type prepay struct {
	AppID     string `json:"appid"`
	TraceID   string `json:"traceid"`
	NonceStr  string `json:"noncestr"`
	Package   string `json:"package"`
	Timestamp string `json:"timestamp"`
	Signature string `json:"app_signature"`
	Method    string `json:"sign_method"`
}

type prepaid struct {
	PrepayID string `json:"prepayid"`
}

// Flag is true where WeChat writes true or 1.
type Flag bool

// UnmarshalText reads true and 1; everything else is false.
func (f *Flag) UnmarshalText(b []byte) error {
	*f = string(b) == "true" || string(b) == "1"
	return nil
}

// Transaction is an order as Tenpay knows it.
type Transaction struct {
	OutTradeNo    string      `xml:"out_trade_no"`
	TransactionID string      `xml:"transaction_id"` // 28 digits
	State         string      `xml:"trade_state"`    // "0" is paid, nothing else is
	Mode          string      `xml:"trade_mode"`     // "1"
	Partner       string      `xml:"partner"`
	BankType      string      `xml:"bank_type"` // of the user, an open set
	BankBillNo    string      `xml:"bank_billno"`
	Total         wechat.Fen  `xml:"total_fee"` // charged; with Discount it is the order's total
	Discount      wechat.Fen  `xml:"discount"`
	Freight       wechat.Fen  `xml:"transport_fee"`
	Goods         wechat.Fen  `xml:"product_fee"`
	FeeType       string      `xml:"fee_type"` // "1" is CNY
	Attach        string      `xml:"attach"`
	TimeEnd       Time        `xml:"time_end"`
	Split         Flag        `xml:"is_split"`  // shared among several receivers
	Refunded      Flag        `xml:"is_refund"` // at least in part
	Fields        []sign.Pair `xml:"*"`
}

// Paid reports whether the order is paid.
func (t Transaction) Paid() bool { return t.State == "0" }

// Matches compares the order with the shop's own number and total; do it before
// fulfilling. The error says which differs.
func (t Transaction) Matches(outTradeNo string, total wechat.Fen) error {
	sum, ok := t.Total.Add(t.Discount)
	switch {
	case t.OutTradeNo != outTradeNo:
		return ErrOther
	case !ok || sum != total:
		return fmt.Errorf("legacy: %s yuan were paid, discount included, the order is for %s", sum.Yuan(), total.Yuan())
	}
	return nil
}

// Query asks for an order by our own number; see Transaction.Paid. The answer is
// not signed, the connection vouches for it. pay.Service.Query replaces it.
//
// 订单查询
func (s *Service) Query(ctx context.Context, outTradeNo string) (*Transaction, error) {
	var f check.Fields
	s.made(&f)
	f.OldOutTradeNo(outTradeNo)
	return s.query(ctx, f.Err(), sign.Pair{Name: "out_trade_no", Value: outTradeNo}, sign.Pair{Name: "partner", Value: s.m.PartnerID()})
}

// QueryByID is Query by Tenpay's number of a paid order, 28 digits. Only one source
// knows this way of asking, so keep Query by your own number at hand.
// pay.Service.QueryByID replaces it.
//
// 订单查询
func (s *Service) QueryByID(ctx context.Context, transactionID string) (*Transaction, error) {
	var f check.Fields
	s.made(&f)
	f.Number("transaction_id", transactionID, 1, 28, "")
	return s.query(ctx, f.Err(), sign.Pair{Name: "partner", Value: s.m.PartnerID()}, sign.Pair{Name: "transaction_id", Value: transactionID})
}

// query asks for the order that pairs name, which are sorted.
func (s *Service) query(ctx context.Context, invalid error, pairs ...sign.Pair) (*Transaction, error) {
	op := wechat.POST("/pay/orderquery").ReadOnly()
	failed := func(o wechat.Outcome, err error) error { return &wechat.CallError{Op: op, Outcome: o, Err: err} }
	if invalid != nil {
		return nil, failed(wechat.NotDone, invalid)
	}
	now, _ := s.ground()
	in := orderQuery{AppID: s.m.AppID(), Timestamp: now, Method: "sha1", Package: s.packed(pairs)}
	in.Signature = s.m.SignApp([]sign.Pair{{Name: "appid", Value: in.AppID}, {Name: "package", Value: in.Package}, {Name: "timestamp", Value: now}})
	out, err := wechat.Call[orderInfo](ctx, s.m.App(), op, in)
	if err != nil {
		return nil, err
	}
	t, code, message, err := out.transaction()
	switch {
	case err != nil:
		return nil, failed(wechat.Done, fmt.Errorf("unreadable answer: %w", err))
	case code != "0":
		return nil, failed(wechat.NotDone, &wechat.APIError{Op: op, Status: 200, Code: wechat.Code(code), Message: message, Verified: true})
	case !t.named(pairs):
		return nil, failed(wechat.Unknown, ErrOther)
	}
	return t, nil
}

// named tells whether the order has the numbers that were asked for.
func (t *Transaction) named(pairs []sign.Pair) bool {
	own := map[string]string{"out_trade_no": t.OutTradeNo, "partner": t.Partner, "transaction_id": t.TransactionID}
	for _, p := range pairs {
		if own[p.Name] != p.Value {
			return false
		}
	}
	return true
}

type orderQuery struct {
	AppID     string `json:"appid"`
	Package   string `json:"package"`
	Timestamp string `json:"timestamp"`
	Signature string `json:"app_signature"`
	Method    string `json:"sign_method"`
}

type orderInfo struct {
	Info json.RawMessage `json:"order_info"`
}

// transaction reads order_info, whose numbers come as strings or as numbers.
func (o orderInfo) transaction() (t *Transaction, code, message string, err error) {
	var pairs []sign.Pair
	err = wire.Members(o.Info, func(key, value []byte) error {
		text, ok := wire.String(value)
		if !ok && !bytes.Equal(value, []byte("null")) {
			text = string(value)
		}
		switch string(key) {
		case "ret_code":
			code = text
		case "ret_msg":
			message = text
		}
		pairs = append(pairs, sign.Pair{Name: string(key), Value: text})
		return nil
	})
	if err != nil {
		return nil, "", "", err
	}
	t = new(Transaction)
	return t, code, message, wire.DecodePairs(pairs, t)
}
