package legacy

import (
	"net/netip"
	"net/url"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/gbk"
	"github.com/wxcommerce/wechat/internal/wire"
	"github.com/wxcommerce/wechat/pay/internal/check"
	"github.com/wxcommerce/wechat/sign"
)

// Service does business for one merchant. It is immutable and safe for concurrent use.
type Service struct {
	m     *wechat.MerchantLegacy
	nonce func() string
}

// New makes a Service.
func New(m *wechat.MerchantLegacy) *Service { return &Service{m: m, nonce: wechat.Nonce} }

// Time is a moment as this generation writes it: yyyyMMddHHmmss in Beijing. Text
// that is none reads as the zero time.
type Time = check.Time

// Charset is how a package is written, and the notice about it.
type Charset string

// The two charsets; the zero Charset is UTF8.
const (
	UTF8 Charset = "UTF-8"
	GBK  Charset = "GBK"
)

// Order is what a package says. Texts are limited in bytes of its charset.
type Order struct {
	OutTradeNo string     // required: our number, 1 to 32 of letters, digits and _-|*@
	Body       string     // required: what is sold, up to 128 bytes
	Attach     string     // comes back in the notice, up to 127 bytes
	Total      wechat.Fen // required: freight included
	Freight    wechat.Fen // with Goods: both together are Total
	Goods      wechat.Fen
	NotifyURL  string    // required: where Paid goes; name its own query parameters to notify.Legacy
	IP         string    // required: IPv4 address of the user's browser
	Start      time.Time // of the order, optional
	Expire     time.Time // optional
	Tag        string    // of coupons
	Charset    Charset
}

// Validate checks every rule that needs no network. Everything that takes an Order
// checks it too. The error is a *wechat.FieldError.
func (o Order) Validate() error {
	var f check.Fields
	f.OldOutTradeNo(o.OutTradeNo)
	f.Must(o.Body != "", "body", "is empty but required")
	f.Positive("total_fee", o.Total)
	f.NotNegative("transport_fee", o.Freight)
	f.NotNegative("product_fee", o.Goods)
	f.Must(o.Freight == 0 && o.Goods == 0 || o.Freight+o.Goods == o.Total, "transport_fee", "and product_fee together are not total_fee")
	notifyURL(&f, o.NotifyURL)
	ip, err := netip.ParseAddr(o.IP)
	f.Must(err == nil && ip.Is4(), "spbill_create_ip", "is not an IPv4 address (%d bytes)", len(o.IP))
	f.Must(o.Start.IsZero() || o.Expire.IsZero() || o.Start.Before(o.Expire), "time_expire", "is not after time_start")
	f.Must(o.Charset == "" || o.Charset == UTF8 || o.Charset == GBK, "input_charset", "is neither UTF-8 nor GBK")
	for _, t := range []struct {
		field, text string
		limit       int
	}{{"body", o.Body, 128}, {"attach", o.Attach, 127}, {"goods_tag", o.Tag, 32}} {
		f.Text(t.field, t.text, t.limit)
		f.Must(wire.CleanXML(t.text) == t.text, t.field, "holds a control character: leave it out")
		b, err := o.encode(t.text)
		f.Must(err == nil, t.field, "holds a character that GBK lacks: leave it out or use UTF8")
		f.Must(len(b) <= t.limit, t.field, "has %d bytes, the limit is %d", len(b), t.limit)
	}
	return f.Err()
}

// notifyURL is check.Fields.NotifyURL for the generation that allows a query.
func notifyURL(f *check.Fields, value string) {
	f.ID("notify_url", value, 255)
	u, err := url.Parse(value)
	f.Must(err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && u.User == nil && u.Fragment == "",
		"notify_url", "must be a whole address that begins with https:// and has no fragment")
}

// DecodeGBK decodes GBK text and refuses what is none; it is what
// wechat.MerchantLegacyConfig.GBK wants.
func DecodeGBK(text string) (string, error) { return gbk.Decode(text) }

func (o Order) encode(s string) (string, error) {
	if o.Charset == GBK {
		return gbk.Encode(s)
	}
	return s, nil
}

// Package is the signed string that says what is sold; pages, native replies and
// prepayments carry it. It must travel exactly as it is: encoding it again breaks
// the signature around it. The error is a *wechat.FieldError.
//
// 订单详情扩展字符串
func (s *Service) Package(o Order) (string, error) {
	var f check.Fields
	s.made(&f)
	if err := f.Err(); err != nil {
		return "", err
	}
	if err := o.Validate(); err != nil {
		return "", err
	}
	charset := o.Charset
	if charset == "" {
		charset = UTF8
	}
	pairs, err := wire.EncodePairs(packageFields{Attach: o.Attach, BankType: "WX", Body: o.Body, FeeType: 1, GoodsTag: o.Tag, Charset: string(charset),
		NotifyURL: o.NotifyURL, OutTradeNo: o.OutTradeNo, Partner: s.m.PartnerID(), Goods: o.Goods, IP: o.IP,
		Expire: Time{Time: o.Expire}, Start: Time{Time: o.Start}, Total: o.Total, Freight: o.Freight})
	if err != nil {
		return "", err
	}
	for i := range pairs {
		if pairs[i].Value, err = o.encode(pairs[i].Value); err != nil {
			return "", wechat.Invalid(pairs[i].Name, "holds a character that GBK lacks")
		}
	}
	return s.packed(pairs), nil // below 4096 characters, the fields are too short for more
}

// packageFields are in the order in which they are written and signed.
type packageFields struct {
	Attach     string     `xml:"attach"`
	BankType   string     `xml:"bank_type"`
	Body       string     `xml:"body"`
	FeeType    int        `xml:"fee_type"`
	GoodsTag   string     `xml:"goods_tag"`
	Charset    string     `xml:"input_charset"`
	NotifyURL  string     `xml:"notify_url"`
	OutTradeNo string     `xml:"out_trade_no"`
	Partner    string     `xml:"partner"`
	Goods      wechat.Fen `xml:"product_fee"`
	IP         string     `xml:"spbill_create_ip"`
	Expire     Time       `xml:"time_expire"`
	Start      Time       `xml:"time_start"`
	Total      wechat.Fen `xml:"total_fee"`
	Freight    wechat.Fen `xml:"transport_fee"`
}

// packed writes pairs, sorted as they are, as a package. Values are escaped, but
// what is signed is not.
func (s *Service) packed(pairs []sign.Pair) string {
	var text []byte
	for _, p := range pairs {
		text = append(append(append(text, p.Name...), '='), wire.EscapeQuery(p.Value)...)
		text = append(text, '&')
	}
	return string(text) + "sign=" + s.m.SignPartner(pairs)
}
