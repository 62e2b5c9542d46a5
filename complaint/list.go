package complaint

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

// ListRequest asks for the complaints of some days, both included and thirty apart
// at most. Only the days of Begin and End count, as they are in Beijing.
type ListRequest struct {
	Begin, End time.Time // required
	MchID      string    // a partner's: one sub-merchant; "" means all, or the one of Merchant.For
	Limit      int       // of one page, up to 50; 0 means 10, and 50 for All
	Offset     int       // how many to pass over; All begins at the first
}

// mostDays is how far apart the days of a list may be.
const mostDays = 30

// Validate checks every rule that needs no network. The error is a
// *wechat.FieldError.
func (r ListRequest) Validate() error {
	var f check.Fields
	f.Must(!r.Begin.IsZero(), "begin_date", "is empty but required")
	f.Must(!r.End.IsZero(), "end_date", "is empty but required")
	begin, end := dayOf(r.Begin), dayOf(r.End)
	f.Must(!end.Before(begin), "end_date", "is before begin_date")
	f.Must(!end.After(begin.AddDate(0, 0, mostDays)), "end_date", "is more than %d days after begin_date: ask in parts", mostDays)
	f.OptionalID("complainted_mchid", r.MchID, 64)
	f.Must(r.Limit >= 0 && r.Limit <= 50, "limit", "is %d, want 0 to 50", r.Limit)
	f.Must(r.Offset >= 0, "offset", "is %d, want 0 or more", r.Offset)
	return f.Err()
}

func dayOf(t time.Time) time.Time {
	y, m, d := t.In(wechat.Beijing).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, wechat.Beijing)
}

// listQuery is a ListRequest as it travels.
type listQuery struct {
	ask    ListRequest
	Begin  string `json:"-" query:"begin_date"`
	End    string `json:"-" query:"end_date"`
	MchID  string `json:"-" query:"complainted_mchid"`
	Limit  int    `json:"-" query:"limit"`
	Offset int    `json:"-" query:"offset"`
}

func (q listQuery) Validate() error {
	if err := q.ask.Validate(); err != nil {
		return err
	}
	if q.ask.MchID != "" && q.ask.MchID != q.MchID {
		return wechat.Invalid("complainted_mchid", "is another merchant than the one this client acts for")
	}
	return nil
}

func (s *Service) query(in ListRequest) listQuery {
	q := listQuery{ask: in, Begin: in.Begin.In(wechat.Beijing).Format(time.DateOnly), End: in.End.In(wechat.Beijing).Format(time.DateOnly),
		MchID: in.MchID, Limit: in.Limit, Offset: in.Offset}
	if s.m.IsPartner() {
		q.MchID = s.m.Sub().MchID
	}
	return q
}

// Page is a part of a list.
type Page struct {
	Complaints []Complaint `json:"data"`
	Limit      int         `json:"limit"`
	Offset     int         `json:"offset"`
	Total      int         `json:"total_count"` // only on the page with offset 0
}

// List is one page of the complaints of some days. Ask sparingly, minutes apart:
// notices tell sooner.
//
// 查询投诉单列表API
func (s *Service) List(ctx context.Context, in ListRequest) (*Page, error) {
	return wechat.Call[Page](ctx, s.m, wechat.GET("/v3/merchant-service/complaints-v2"), s.query(in))
}

// All walks the complaints of some days, page by page, and stops after the first
// error. A complaint that comes in meanwhile may show another one twice.
func (s *Service) All(ctx context.Context, in ListRequest) iter.Seq2[Complaint, error] {
	if in.Limit == 0 {
		in.Limit = 50
	}
	return walk(ctx, func(ctx context.Context, offset int) ([]Complaint, int, error) {
		in := in
		in.Offset = offset
		p, err := s.List(ctx, in)
		if err != nil {
			return nil, 0, err
		}
		return p.Complaints, p.Total, nil
	})
}

// walk is wechat.Pages for lists that tell their total on the first page only.
func walk[T any](ctx context.Context, fetch func(ctx context.Context, offset int) ([]T, int, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		all := -1
		wechat.Pages(ctx, func(ctx context.Context, offset int) ([]T, int, error) {
			items, total, err := fetch(ctx, offset)
			if total > 0 {
				all = total
			}
			return items, all, err
		})(yield)
	}
}

type getRequest struct {
	ID string `json:"-" path:"complaint_id"`
}

func (r getRequest) Validate() error {
	var f check.Fields
	f.ID("complaint_id", r.ID, 64)
	return f.Err()
}

// Get is one complaint, with the payer's openid and, if the merchant key is one
// that can decrypt, the phone number in clear.
//
// 查询投诉单详情API
func (s *Service) Get(ctx context.Context, id string) (*Complaint, error) {
	return wechat.Call[Complaint](ctx, s.m, wechat.GET("/v3/merchant-service/complaints-v2/{complaint_id}"), getRequest{id})
}

// String names the complaint and nothing of what the user said.
func (c Complaint) String() string { return fmt.Sprintf("complaint %s (%s)", c.ID, c.State) }
