package delivery

import (
	"context"
	"slices"
	"strconv"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

// Order is an order as shipping management knows it.
type Order struct {
	TransactionID string     `json:"transaction_id"`
	MchID         string     `json:"merchant_id"`
	SubMchID      string     `json:"sub_merchant_id"`
	OutTradeNo    string     `json:"merchant_trade_no"`
	Description   string     `json:"description"` // of all that was sent, joined with ; and cut at 120 characters
	Paid          wechat.Fen `json:"paid_amount"`
	OpenID        string     `json:"openid"`
	CreatedAt     Time       `json:"trade_create_time"`
	PaidAt        Time       `json:"pay_time"`
	State         State      `json:"order_state"`
	InComplaint   bool       `json:"in_complaint"` // the buyer complains about it
	Shipping      Shipping   `json:"shipping"`     // zero before anything is uploaded
}

// Shipping is what was uploaded for an order.
type Shipping struct {
	Mode     Mode       `json:"delivery_mode"`
	By       Logistics  `json:"logistics_type"`
	Finished bool       `json:"finish_shipping"`       // every parcel is recorded
	Count    int        `json:"finish_shipping_count"` // 0 unfinished, 1 finished, 2 shipped anew
	Desc     string     `json:"goods_desc"`            // typed in by hand at WeChat
	Parcels  []Recorded `json:"shipping_list"`
}

// Recorded is a parcel WeChat knows of.
type Recorded struct {
	TrackingNo string  `json:"tracking_no"`
	Company    string  `json:"express_company"`
	ItemDesc   string  `json:"goods_desc"`
	UploadedAt Time    `json:"upload_time"`
	Contact    Contact `json:"contact"`
}

// Mode is whether an order goes in one parcel.
type Mode int

// The modes.
const (
	Unified Mode = 1 // one parcel
	Split   Mode = 2 // several
)

// State is where an order stands. New ones pass through.
type State int

// The states known today. Which of Finished and Settling comes first is not
// documented.
const (
	Waiting   State = 1 // paid, to be shipped within 48 hours
	Shipped   State = 2
	Confirmed State = 3 // the buyer has it, or ten days (express) or two have passed
	Finished  State = 4
	Refunded  State = 5
	Settling  State = 6 // the money is about to be paid out
)

// String is a word for the state, or its number.
func (s State) String() string {
	if s < Waiting || s > Settling {
		return "state " + strconv.Itoa(int(s))
	}
	return [...]string{"waiting", "shipped", "confirmed", "finished", "refunded", "settling"}[s-1]
}

// Shippable reports whether an upload for an order in this state may succeed.
func (s State) Shippable() bool { return s == Waiting || s == Shipped }

// Supersedes reports whether an order recorded as old may become s. Events and
// answers come late and out of order; keeping to this rule, a state never goes back.
func (s State) Supersedes(old State) bool {
	last := s == Finished && old == Settling || s == Settling && old == Finished
	return last || s.rank() > old.rank()
}

func (s State) rank() int {
	switch s {
	case Waiting, Shipped, Confirmed:
		return int(s)
	case Finished, Settling:
		return 4
	case Refunded:
		return 5
	}
	return 0
}

// Records reports whether all of p is among what was uploaded for the order, and, if
// p completes the order, that it is complete. WeChat masks contacts, so they are not
// compared. What an order shipped anew no longer holds does not show.
func (o *Order) Records(p Part) bool {
	s := o.Shipping
	if s.Mode != p.mode() || s.By != p.By || !s.Finished && (!p.Split || p.Last) {
		return false
	}
	for _, want := range p.Parcels {
		if !slices.ContainsFunc(s.Parcels, func(r Recorded) bool {
			return r.TrackingNo == want.TrackingNo && r.Company == want.Company && r.ItemDesc == want.ItemDesc
		}) {
			return false
		}
	}
	return true
}

type getRequest struct {
	lookup
	from Number
}

func (r getRequest) Validate() error {
	var f check.Fields
	r.from.check(&f, "")
	return f.Err()
}

type getAnswer struct {
	Order Order `json:"order"`
}

// Get asks what WeChat knows of an order. ErrNoOrder says that it knows none, which
// is also what it says for about a minute after the payment.
//
// 查询订单发货状态
func (s *Service) Get(ctx context.Context, n Number) (*Order, error) {
	out, err := wechat.Call[getAnswer](ctx, s.a, wechat.POST("/wxa/sec/order/get_order").ReadOnly(), getRequest{n.lookup(), n})
	if err != nil {
		return nil, err
	}
	return &out.Order, nil
}
