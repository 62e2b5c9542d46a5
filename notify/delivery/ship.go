package delivery

import (
	"context"
	"fmt"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

// Service ships the orders of one mini program. It is immutable and safe for
// concurrent use.
type Service struct{ a *wechat.App }

// New makes a Service. a is the mini program in which the orders were paid; official
// accounts do not have these endpoints.
func New(a *wechat.App) *Service { return &Service{a} }

// Logistics is how goods reach the buyer. New ones pass through.
type Logistics int

// The ways known today.
const (
	Express  Logistics = 1 // by a parcel service
	SameCity Logistics = 2
	Virtual  Logistics = 3 // nothing to carry
	PickUp   Logistics = 4 // the buyer comes for it
)

// Shipment says how an order is sent. Store it before it is uploaded: where nobody
// knows the outcome, the very same one is needed again.
type Shipment struct {
	Order   Number
	By      Logistics
	Split   bool // in several parcels, express only; their uploads may follow one another
	Last    bool // of a split order: nothing more follows, the buyer is told now
	Parcels []Parcel

	At     time.Time // required: of this upload, to the millisecond; a changed one needs a later time
	OpenID string    // required: who paid, 1 to 128 characters
}

// Parcel is one thing sent.
type Parcel struct {
	TrackingNo string  // required for Express, up to 128 characters
	Company    string  // required for Express: a code from Companies, such as CompanyYTO
	ItemDesc   string  // required: what is in it, up to 120 characters
	Contact    Contact // required where Company is CompanySF
}

// Contact is the phone of one end of a parcel's way, masked: the last four digits
// are seen, others are not. Mask makes one.
type Contact struct {
	Consignor string `json:"consignor_contact,omitempty"` // sender
	Receiver  string `json:"receiver_contact,omitempty"`
}

// MostParcels is how many parcels one upload may name. Older documents say 10.
const MostParcels = 15

// Part is one order out of a combined one, with a way of its own.
type Part struct {
	Order   Number // named in the same way as the combined order
	By      Logistics
	Split   bool
	Last    bool
	Parcels []Parcel
}

// Combined says how the parts of a combined order are sent.
type Combined struct {
	Order  Number // of the combined order
	Parts  []Part
	At     time.Time // as in Shipment
	OpenID string
}

// Validate checks every rule that needs no network; Upload and Ship check it too.
// The error is a *wechat.FieldError.
func (s Shipment) Validate() error {
	var f check.Fields
	s.part().check(&f, "")
	common(&f, s.At, s.OpenID)
	return f.Err()
}

// Validate is as for Shipment.
func (c Combined) Validate() error {
	var f check.Fields
	c.Order.check(&f, "order_key.")
	f.Must(len(c.Parts) > 0, "sub_orders", "is empty: name the parts of the order")
	for i, p := range c.Parts {
		at := fmt.Sprintf("sub_orders[%d].", i)
		p.check(&f, at)
		f.Must((p.Order.TransactionID == "") == (c.Order.TransactionID == ""), at+"order_key", "names its order in another way than the combined order: use the same kind of number")
		for _, other := range c.Parts[:i] {
			f.Must(other.Order != p.Order, at+"order_key", "is there twice")
		}
	}
	common(&f, c.At, c.OpenID)
	return f.Err()
}

func common(f *check.Fields, at time.Time, openID string) {
	f.Must(!at.IsZero(), "upload_time", "is missing: set At, and store it for repetitions")
	f.Must(at.Year() >= 0 && at.Year() <= 9999, "upload_time", "does not fit RFC 3339")
	f.ID("payer.openid", openID, 128)
}

func (s Shipment) part() Part { return Part{s.Order, s.By, s.Split, s.Last, s.Parcels} }

func (p Part) check(f *check.Fields, at string) {
	p.Order.check(f, at+"order_key.")
	f.Must(p.By >= 1, at+"logistics_type", "is missing: say By")
	f.Must(!p.Split || p.By == Express, at+"delivery_mode", "is split, which only express may be")
	f.Must(!p.Last || p.Split, at+"is_all_delivered", "is only for split orders")
	f.Must(p.Split || len(p.Parcels) == 1, at+"shipping_list", "has %d parcels, want exactly 1 unless the order is Split", len(p.Parcels))
	f.Must(len(p.Parcels) >= 1 && len(p.Parcels) <= MostParcels, at+"shipping_list", "has %d parcels, want 1 to %d", len(p.Parcels), MostParcels)
	for i, parcel := range p.Parcels {
		parcel.check(f, fmt.Sprintf("%sshipping_list[%d].", at, i), p.By)
	}
}

func (p Parcel) check(f *check.Fields, at string, by Logistics) {
	f.Must(by != Express || p.TrackingNo != "", at+"tracking_no", "is empty but required for express")
	f.Must(by != Express || p.Company != "", at+"express_company", "is empty but required for express")
	f.OptionalID(at+"tracking_no", p.TrackingNo, 128)
	f.OptionalID(at+"express_company", p.Company, 128)
	f.Must(p.ItemDesc != "", at+"item_desc", "is empty but required")
	f.Words(at+"item_desc", p.ItemDesc, 120)
	f.Must(p.Company != CompanySF || p.Contact != Contact{}, at+"contact", "is missing: this company wants the masked phone of sender or receiver")
	masked(f, at+"contact.consignor_contact", p.Contact.Consignor)
	masked(f, at+"contact.receiver_contact", p.Contact.Receiver)
}

// upload is what both uploads send of one order.
type upload struct {
	Order   orderKey  `json:"order_key"`
	By      Logistics `json:"logistics_type"`
	Mode    Mode      `json:"delivery_mode"`
	Last    *bool     `json:"is_all_delivered,omitempty"`
	Parcels []parcel  `json:"shipping_list"`
}

type parcel struct {
	TrackingNo string  `json:"tracking_no,omitempty"`
	Company    string  `json:"express_company,omitempty"`
	ItemDesc   string  `json:"item_desc"`
	Contact    Contact `json:"contact,omitzero"`
}

type payer struct {
	OpenID string `json:"openid"`
}

func (p Part) upload() upload {
	u := upload{Order: p.Order.key(), By: p.By, Mode: p.mode()}
	if p.Split {
		u.Last = &p.Last
	}
	for _, one := range p.Parcels {
		u.Parcels = append(u.Parcels, parcel(one))
	}
	return u
}

func (p Part) mode() Mode {
	if p.Split {
		return Split
	}
	return Unified
}

type shipment struct {
	upload
	At    stamp `json:"upload_time"`
	Payer payer `json:"payer"`
	from  Shipment
}

func (s shipment) Validate() error { return s.from.Validate() }

// Upload records how an order is sent, once and without looking; Ship is what a shop
// wants. Calling again for an order that is shipped completely, or with another mode,
// ships it anew, which is allowed once and not after the buyer has confirmed. Refusals
// are the codes of this package; ErrUnchanged says that all of it is recorded already.
//
// 发货信息录入
func (s *Service) Upload(ctx context.Context, in Shipment) error {
	_, err := wechat.Call[wechat.None](ctx, s.a, wechat.POST("/wxa/sec/order/upload_shipping_info"),
		shipment{upload: in.part().upload(), At: stamp(in.At), Payer: payer{in.OpenID}, from: in})
	return err
}

type combination struct {
	Order orderKey `json:"order_key"`
	Parts []upload `json:"sub_orders"`
	At    stamp    `json:"upload_time"`
	Payer payer    `json:"payer"`
	from  Combined
}

func (c combination) Validate() error { return c.from.Validate() }

// UploadCombined is Upload for the parts of a combined order; ShipCombined is what a
// shop wants.
//
// 发货信息合单录入
func (s *Service) UploadCombined(ctx context.Context, in Combined) error {
	body := combination{Order: in.Order.key(), At: stamp(in.At), Payer: payer{in.OpenID}, from: in}
	for _, p := range in.Parts {
		body.Parts = append(body.Parts, p.upload())
	}
	_, err := wechat.Call[wechat.None](ctx, s.a, wechat.POST("/wxa/sec/order/upload_combined_shipping_info"), body)
	return err
}
