package apiv2

import (
	"bufio"
	"context"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay/bill"
	"github.com/wxcommerce/wechat/pay/internal/check"
)

// BillRequest asks for the bill of one day, from ten the next morning on.
type BillRequest struct {
	Day     time.Time // any moment of it, in Beijing
	Type    string    // of a trade bill: ALL (usual), SUCCESS, REFUND, RECHARGE_REFUND
	Account string    // of a fund flow: Basic (usual), Operation, Fees
	GZIP    bool      // have it packed; the stream is then gzip
}

type tradeBill struct {
	wechat.PartyV2
	Date string `xml:"bill_date"`
	Type string `xml:"bill_type"`
	Tar  string `xml:"tar_type"`
}

type fundFlow struct {
	wechat.PartyV2
	Date    string `xml:"bill_date"`
	Account string `xml:"account_type"`
	Tar     string `xml:"tar_type"`
}

func (r BillRequest) fields() (date, tar string, err error) {
	var f check.Fields
	f.Must(!r.Day.IsZero(), "bill_date", "is empty but required")
	f.OptionalID("bill_type", r.Type, 16)
	f.OptionalID("account_type", r.Account, 16)
	if r.GZIP {
		tar = "GZIP"
	}
	return r.Day.In(wechat.Beijing).Format(dayLayout), tar, f.Err()
}

// TradeBill streams the day's orders and refunds, amounts in yuan; the caller
// closes it and reads rows with package bill. Nothing signs it, so compare it with
// the shop's own books. errors.Is(err, ErrNoTradeBill) when there is none, or none
// yet. WeChat still accepts it; bill.Service.Trade replaces it.
//
// 下载对账单
func (s *Service) TradeBill(ctx context.Context, in BillRequest) (*wechat.Stream, error) {
	op := wechat.POST("/pay/downloadbill").ReadOnly().Unsigned()
	date, tar, err := in.fields()
	if err != nil {
		return nil, &wechat.CallError{Op: op, Outcome: wechat.NotDone, Err: err}
	}
	return wechat.Open(ctx, s.m, op, tradeBill{s.party(), date, orElse(in.Type, "ALL"), tar})
}

// FundFlow streams the day's changes of an account's balance; see TradeBill. It
// demands the client certificate. If the answer announces a digest, the end of the
// stream is ErrDigest unless the bytes have it: take no row for true before.
// WeChat still accepts it; bill.Service.FundFlow replaces it.
//
// 下载资金账单
func (s *Service) FundFlow(ctx context.Context, in BillRequest) (*wechat.Stream, error) {
	op := wechat.POST("/pay/downloadfundflow").ReadOnly().Unsigned().Certified().HMACOnly()
	date, tar, err := in.fields()
	if err != nil {
		return nil, &wechat.CallError{Op: op, Outcome: wechat.NotDone, Err: err}
	}
	file, err := wechat.Open(ctx, s.m, op, fundFlow{s.party(), date, orElse(in.Account, "Basic"), tar})
	if err != nil {
		return nil, err
	}
	if want, ok := strings.CutPrefix(file.Digest, "SHA="); ok {
		file.ReadCloser = &summed{file.ReadCloser, sha1.New(), strings.ToLower(want)}
	}
	return file, nil
}

// FundFlowFile is FundFlow into a spool file, whatever the size: a file that is not
// what was announced is an error and leaves nothing behind, so that its rows
// (File.Flows) are good from the first on. The announced digest is compared with
// what travels, packed or not; opts are those of package bill. The caller closes it.
func (s *Service) FundFlowFile(ctx context.Context, in BillRequest, opts ...bill.Option) (*bill.File, error) {
	src, err := s.FundFlow(ctx, in)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	return bill.Spool(src, in.GZIP, opts...)
}

func orElse(s, usual string) string {
	if s == "" {
		return usual
	}
	return s
}

// ErrDigest says that a bill is not the one that was announced.
var ErrDigest = errors.New("apiv2: the bill does not have the digest that was announced: download it again")

// summed turns the end of a stream into ErrDigest unless the digest is right.
type summed struct {
	io.ReadCloser
	sum  hash.Hash
	want string
}

func (s *summed) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	s.sum.Write(p[:n])
	if err == io.EOF && subtle.ConstantTimeCompare([]byte(hex.EncodeToString(s.sum.Sum(nil))), []byte(s.want)) != 1 {
		err = ErrDigest
	}
	return n, err
}

// CommentRequest asks for what users wrote about their payments.
type CommentRequest struct {
	Begin, End time.Time // required; at most a quarter of a year is kept
	Offset     int64     // 0, then Next of the page before
	Limit      int       // up to 200, which is usual
}

type commentRequest struct {
	wechat.PartyV2
	Begin  Time  `xml:"begin_time"`
	End    Time  `xml:"end_time"`
	Offset int64 `xml:"offset" zero:"true"`
	Limit  int   `xml:"limit"`
}

func (r commentRequest) Validate() error {
	var f check.Fields
	f.Must(!r.Begin.IsZero(), "begin_time", "is empty but required")
	f.Must(r.End.After(r.Begin.Time), "end_time", "is not after begin_time")
	f.Must(r.Offset >= 0, "offset", "must not be negative")
	f.Must(r.Limit >= 0 && r.Limit <= 200, "limit", "want at most 200")
	return f.Err()
}

// Comments is one page of comments.
type Comments struct {
	Next int64 // Offset of the next page
	List []Comment
}

// Comment is what a user wrote about one payment.
type Comment struct {
	At            Time
	TransactionID string
	Stars         int // 1 to 5
	Text          string
}

// Comments fetches one page of comments; an empty List is the end. It demands the
// client certificate. WeChat still accepts it and has nothing newer.
//
// 拉取订单评价数据
func (s *Service) Comments(ctx context.Context, in CommentRequest) (*Comments, error) {
	op := wechat.POST("/billcommentsp/batchquerycomment").ReadOnly().Unsigned().Certified().HMACOnly()
	file, err := wechat.Open(ctx, s.m, op, commentRequest{s.party(), Time{Time: in.Begin}, Time{Time: in.End}, in.Offset, in.Limit})
	if err != nil {
		return nil, err
	}
	defer file.Close()
	out, err := readComments(&io.LimitedReader{R: file, N: maxComments + 1})
	if err != nil {
		return nil, &wechat.CallError{Op: op, Outcome: wechat.NotDone, Err: err}
	}
	return out, nil
}

const maxComments = 4 << 20 // bytes of a page, far above two hundred comments

var errComments = errors.New("the list of comments is unreadable")

// readComments reads the next offset and then `time,`order,`stars,`text a line. A
// line that does not begin so goes on with the comment before it.
func readComments(r *io.LimitedReader) (*Comments, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	lines.Scan()
	next, err := strconv.ParseInt(strings.Trim(lines.Text(), "\uFEFF` "), 10, 64)
	if err != nil {
		return nil, errComments
	}
	out := &Comments{Next: next}
	for lines.Scan() {
		line := lines.Text()
		part := strings.SplitN(line, ",`", 4)
		switch last := len(out.List) - 1; {
		case strings.HasPrefix(line, "`") && len(part) == 4:
			stars, err := strconv.Atoi(part[2])
			if err != nil {
				return nil, errComments
			}
			c := Comment{TransactionID: part[1], Stars: stars, Text: part[3]}
			_ = c.At.UnmarshalText([]byte(part[0][1:])) // never fails
			out.List = append(out.List, c)
		case last >= 0:
			out.List[last].Text += "\n" + line
		case line != "":
			return nil, errComments
		}
	}
	switch {
	case lines.Err() != nil:
		return nil, lines.Err()
	case r.N <= 0:
		return nil, errComments // cut, were it not refused
	}
	return out, nil
}
