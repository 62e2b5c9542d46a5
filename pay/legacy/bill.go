package legacy

import (
	"context"
	"io"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/gbk"
	"github.com/wxcommerce/wechat/pay/internal/check"
)

// BillRequest asks for the bill of one day, from half past nine the next morning on.
type BillRequest struct {
	Day  time.Time // any moment of it, in Beijing
	Kind BillKind
}

// BillKind chooses what a bill lists.
type BillKind int

// The bills. The zero BillKind lists everything.
const (
	BillAll BillKind = iota
	BillPayments
	BillRefunds
)

type billFields struct {
	Partner  string   `xml:"spid"`
	Day      string   `xml:"trans_time"`
	Stamp    int64    `xml:"stamp"`
	SignType int      `xml:"cft_signtype" zero:"true"` // 0 is MD5
	Kind     BillKind `xml:"mchtype" zero:"true"`
}

// Validate wants a day and a known kind. The error is a *wechat.FieldError.
func (r BillRequest) Validate() error {
	var f check.Fields
	f.Must(!r.Day.IsZero(), "trans_time", "is empty but required")
	f.Must(r.Kind >= BillAll && r.Kind <= BillRefunds, "mchtype", "is not 0, 1 or 2")
	return f.Err()
}

// Bill streams the day's bill, turned from GBK into UTF-8; the caller closes it and
// reads rows with bill.Tenpay. Nothing signs it, so compare it with the shop's own
// books. Text that is not GBK is an error of Read. errors.Is(err, ErrBillNotYet)
// before it is made. bill.Service.Trade, for orders of the new merchant number,
// replaces it.
//
// 对账单下载
func (s *Service) Bill(ctx context.Context, in BillRequest) (io.ReadCloser, error) {
	op := wechat.POST("/cgi-bin/mchdown_real_new.cgi").ReadOnly().InOrder().At("https://mch.tenpay.com")
	if err := in.Validate(); err != nil {
		return nil, &wechat.CallError{Op: op, Outcome: wechat.NotDone, Err: err}
	}
	stream, err := wechat.Open(ctx, s.m, op, billFields{Partner: s.m.PartnerID(), Day: in.Day.In(wechat.Beijing).Format(time.DateOnly),
		Stamp: s.m.Now().Unix(), Kind: in.Kind})
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{gbk.NewReader(stream), stream}, nil
}
