package apiv2

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/wire"
	"github.com/wxcommerce/wechat/pay/internal/check"
	"github.com/wxcommerce/wechat/seal"
)

// Receiver is one who gets a share.
type Receiver struct {
	Type        string      // MERCHANT_ID, PERSONAL_OPENID or PERSONAL_SUB_OPENID
	Account     string      // merchant number or openid
	Amount      wechat.Fen  // required in a share
	Description string      // required in a share, up to 80 characters
	Name        seal.Secret // compared with the account's owner; required for merchants when added
	Relation    string      // when added: SERVICE_PROVIDER, STORE, STAFF, USER …, or CUSTOM
	Custom      string      // with the relation CUSTOM, up to 10 characters
}

type receiver struct {
	Type        string     `json:"type"`
	Account     string     `json:"account"`
	Amount      wechat.Fen `json:"amount,omitempty"`
	Description string     `json:"description,omitempty"`
	Name        string     `json:"name,omitempty"`
	Relation    string     `json:"relation_type,omitempty"`
	Custom      string     `json:"custom_relation,omitempty"`
}

func (r Receiver) wire(f *check.Fields, at string, share bool) (out receiver) {
	name, err := r.Name.Reveal()
	f.Must(err == nil, at+"name", "cannot be opened")
	f.ID(at+"type", r.Type, 32)
	f.ID(at+"account", r.Account, 64)
	f.Text(at+"name", name, 1024)
	if share {
		f.Positive(at+"amount", r.Amount)
		f.Required(at+"description", r.Description, 80)
	}
	return receiver{r.Type, r.Account, r.Amount, r.Description, name, r.Relation, r.Custom}
}

// ShareRequest divides an order's money.
type ShareRequest struct {
	TransactionID string // required
	OutOrderNo    string // required, our number of this share: 1 to 64 of 0-9A-Za-z_-|*@
	Receivers     []Receiver
}

type share struct {
	wechat.PartyV2
	TransactionID string `xml:"transaction_id"`
	OutOrderNo    string `xml:"out_order_no"`
	Receivers     string `xml:"receivers"` // JSON
	err           error
}

func (s share) Validate() error { return s.err }

func (s *Service) share(in ShareRequest) share {
	var f check.Fields
	f.ID("transaction_id", in.TransactionID, 32)
	f.Number("out_order_no", in.OutOrderNo, 1, 64, "_-|*@")
	f.Must(len(in.Receivers) > 0 && len(in.Receivers) <= 50, "receivers", "want 1 to 50, got %d", len(in.Receivers))
	list := make([]receiver, len(in.Receivers))
	for i, r := range in.Receivers {
		list[i] = r.wire(&f, fmt.Sprintf("receivers[%d].", i), true)
	}
	text, err := wire.JSON(list)
	return share{s.party(), in.TransactionID, in.OutOrderNo, string(text), orFirst(f.Err(), err)}
}

// Share is a share that was asked for; SharingQuery tells how far it is.
type Share struct {
	TransactionID string `xml:"transaction_id"`
	OutOrderNo    string `xml:"out_order_no"`
	OrderID       string `xml:"order_id"` // WeChat Pay's number
	State         string `xml:"status"`   // PROCESSING or FINISHED, where the answer has it
}

// ShareOnce divides an order's money and gives the merchant what is left: no share
// can follow. Repeating the identical request is safe. It demands the client
// certificate. WeChat still accepts it; package sharing replaces it.
//
// 请求单次分账
func (s *Service) ShareOnce(ctx context.Context, in ShareRequest) (*Share, error) {
	return wechat.Call[Share](ctx, s.m, wechat.POST("/secapi/pay/profitsharing").Keyed().Wary().Certified().HMACOnly(), s.share(in))
}

// ShareMore divides some of an order's money and keeps the rest for further shares,
// until ShareFinish. See ShareOnce.
//
// 请求多次分账
func (s *Service) ShareMore(ctx context.Context, in ShareRequest) (*Share, error) {
	return wechat.Call[Share](ctx, s.m, wechat.POST("/secapi/pay/multiprofitsharing").Keyed().Wary().Certified().HMACOnly(), s.share(in))
}

type finish struct {
	wechat.PartyV2
	TransactionID string `xml:"transaction_id"`
	OutOrderNo    string `xml:"out_order_no"`
	Description   string `xml:"description"`
}

func (r finish) Validate() error {
	var f check.Fields
	f.ID("transaction_id", r.TransactionID, 32)
	f.Number("out_order_no", r.OutOrderNo, 1, 64, "_-|*@")
	f.Required("description", r.Description, 80)
	return f.Err()
}

// ShareFinish gives the merchant what no share took. outOrderNo is a number of its
// own. See ShareOnce.
//
// 完结分账
func (s *Service) ShareFinish(ctx context.Context, transactionID, outOrderNo, description string) (*Share, error) {
	return wechat.Call[Share](ctx, s.m, wechat.POST("/secapi/pay/profitsharingfinish").Keyed().Wary().Certified().HMACOnly(),
		finish{s.party(), transactionID, outOrderNo, description})
}

type sharingQuery struct {
	numbers
	TransactionID string `xml:"transaction_id"`
	OutOrderNo    string `xml:"out_order_no"`
}

func (r sharingQuery) Validate() error {
	var f check.Fields
	f.ID("transaction_id", r.TransactionID, 32)
	f.Number("out_order_no", r.OutOrderNo, 1, 64, "_-|*@")
	return f.Err()
}

// Sharing is how far a share is.
type Sharing struct {
	Share
	CloseReason string     `xml:"close_reason"` // NO_AUTH
	Receivers   Shares     `xml:"receivers"`
	Amount      wechat.Fen `xml:"amount"` // of a ShareFinish
	Description string     `xml:"description"`
}

// Shares are the parts of a share.
type Shares []ShareResult

// ShareResult is one part of a share.
type ShareResult struct {
	Type        string     `json:"type"`
	Account     string     `json:"account"`
	Amount      wechat.Fen `json:"amount"`
	Description string     `json:"description"`
	Result      string     `json:"result"` // PENDING, SUCCESS, CLOSED
	FailReason  string     `json:"fail_reason"`
	FinishTime  Time       `json:"finish_time"`
}

var errShares = errors.New("apiv2: receivers: not a JSON list of them")

// UnmarshalText reads the JSON list.
func (r *Shares) UnmarshalText(b []byte) error {
	var list []ShareResult
	if json.Unmarshal(b, &list) != nil {
		return errShares
	}
	*r = list
	return nil
}

// SharingQuery tells how far a share or a ShareFinish is. WeChat still accepts it;
// package sharing replaces it.
//
// 查询分账结果
func (s *Service) SharingQuery(ctx context.Context, transactionID, outOrderNo string) (*Sharing, error) {
	return wechat.Call[Sharing](ctx, s.m, wechat.POST("/pay/profitsharingquery").ReadOnly().HMACOnly(), sharingQuery{s.numbers(), transactionID, outOrderNo})
}
