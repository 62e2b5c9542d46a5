package bill

import (
	"context"
	"fmt"
	"time"

	"github.com/wxcommerce/wechat"
)

// Service asks for the bills of one merchant. It is immutable and safe for
// concurrent use.
type Service struct {
	m       *wechat.Merchant
	dir     string
	maxSize int64
}

// Option changes how a Service keeps a downloaded bill.
type Option func(*Service)

// WithDir puts spool files into dir instead of the system's folder for temporary files.
func WithDir(dir string) Option { return func(s *Service) { s.dir = dir } }

// WithMaxSize bounds an uncompressed bill, 4 GiB by default; a longer one is an
// error and leaves nothing behind.
func WithMaxSize(bytes int64) Option { return func(s *Service) { s.maxSize = max(bytes, 1) } }

// New makes a Service. A partner's merchant asks for everything it serves; one made
// with For asks for that sub-merchant only.
func New(m *wechat.Merchant, opts ...Option) *Service {
	s := &Service{m: m, maxSize: 4 << 30}
	for _, o := range opts {
		o(s)
	}
	return s
}

// Error codes of the apply calls.
const (
	ErrNoStatement wechat.Code = "NO_STATEMENT_EXIST" // nothing happened that day
	ErrCreating    wechat.Code = "STATEMENT_CREATING" // not made yet: ask again after 10:00, Beijing time
)

// Day is a calendar day in Beijing time.
type Day struct{ year, month, day int }

// DayOf is the Beijing day that t falls into.
func DayOf(t time.Time) Day {
	y, m, d := t.In(wechat.Beijing).Date()
	return Day{y, int(m), d}
}

// String is yyyy-MM-dd.
func (d Day) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.year, d.month, d.day) }

// MarshalText is String, and nothing for the zero Day.
func (d Day) MarshalText() ([]byte, error) {
	if d == (Day{}) {
		return nil, nil
	}
	return []byte(d.String()), nil
}

// Type chooses which orders a trade bill lists.
type Type string

// The trade bills. The zero Type is All.
const (
	All     Type = "ALL"
	Success Type = "SUCCESS" // paid orders only
	Refund  Type = "REFUND"  // refunds only
)

// Account is an account whose flow of funds is listed.
type Account string

// The accounts. The zero Account is Basic.
const (
	Basic     Account = "BASIC"
	Operation Account = "OPERATION"
	Fees      Account = "FEES"
)

// TarType is how the file is packed on its way.
type TarType string

// GZIP packs the file; the zero TarType leaves it as text.
const GZIP TarType = "GZIP"

// TradeRequest asks for one day's trade bill.
type TradeRequest struct {
	Date    Day     `json:"-" query:"bill_date"` // required, yesterday or up to three months back
	Type    Type    `json:"-" query:"bill_type"`
	TarType TarType `json:"-" query:"tar_type"`
}

// Validate checks that a day is given.
func (r TradeRequest) Validate() error { return r.Date.check() }

// FundFlowRequest asks for one day's flow of funds.
type FundFlowRequest struct {
	Date    Day     `json:"-" query:"bill_date"` // required
	Account Account `json:"-" query:"account_type"`
	TarType TarType `json:"-" query:"tar_type"`
}

// Validate checks that a day is given.
func (r FundFlowRequest) Validate() error { return r.Date.check() }

func (d Day) check() error {
	if d == (Day{}) {
		return wechat.Invalid("bill_date", "is empty but required; use bill.DayOf")
	}
	return nil
}

// Ticket is where a bill can be fetched within five minutes, and the digest that
// proves it. It came in a signed answer.
type Ticket struct {
	HashType    string `json:"hash_type"`  // SHA1
	HashValue   string `json:"hash_value"` // of the unpacked bill, hex
	DownloadURL string `json:"download_url"`

	packed bool
}

type tradeQuery struct {
	wechat.SubNumber
	TradeRequest
}

// Trade asks for the trade bill of a day. It is made from 9:00 the next day; ask
// after 10:00. A day without trade gives ErrNoStatement.
//
// 申请交易账单
func (s *Service) Trade(ctx context.Context, in TradeRequest) (*Ticket, error) {
	t, err := wechat.Call[Ticket](ctx, s.m, wechat.GET("/v3/bill/tradebill"), tradeQuery{s.m.SubNumber(), in})
	return t.pack(in.TarType), err
}

// FundFlow asks for the flow of funds of a day, as Trade does.
//
// 申请资金账单
func (s *Service) FundFlow(ctx context.Context, in FundFlowRequest) (*Ticket, error) {
	t, err := wechat.Call[Ticket](ctx, s.m, wechat.GET("/v3/bill/fundflowbill"), in)
	return t.pack(in.TarType), err
}

func (t *Ticket) pack(how TarType) *Ticket {
	if t != nil {
		t.packed = how == GZIP
	}
	return t
}
