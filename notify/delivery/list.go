package delivery

import (
	"bytes"
	"context"
	"encoding/json"
	"iter"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

// ListRequest selects orders; its zero value selects all of them.
type ListRequest struct {
	From, To time.Time // of the payment, To included; to the second
	State    State     // 0 is any
	OpenID   string    // of who paid
	Cursor   string    // Page.Cursor of the page before
	Size     int       // of a page, 0 for WeChat's own, which is 100
}

// Page is one page of a list.
type Page struct {
	Orders []Order
	Cursor string // where the next page begins
	More   bool
}

type listAnswer struct {
	Orders orders `json:"order_list"`
	Cursor string `json:"last_index"`
	More   flag   `json:"has_more"`
}

// orders is a list that documents also describe as one object.
type orders []Order

func (o *orders) UnmarshalJSON(b []byte) error {
	if b = bytes.TrimSpace(b); len(b) > 0 && b[0] == '{' {
		b = append(append([]byte{'['}, b...), ']')
	}
	var all []Order
	err := json.Unmarshal(b, &all)
	*o = all
	return err
}

type listRequest struct {
	Paid   *payTimes `json:"pay_time_range,omitempty"`
	State  State     `json:"order_state,omitempty"`
	OpenID string    `json:"openid,omitempty"`
	Cursor string    `json:"last_index,omitempty"`
	Size   int       `json:"page_size,omitempty"`
}

type payTimes struct {
	From int64 `json:"begin_time,omitempty"`
	To   int64 `json:"end_time,omitempty"`
}

func (r listRequest) Validate() error {
	var f check.Fields
	f.OptionalID("openid", r.OpenID, 128)
	f.Must(r.Size >= 0, "page_size", "must not be negative")
	f.Must(r.Paid == nil || r.Paid.To == 0 || r.Paid.From <= r.Paid.To, "pay_time_range", "ends before it begins")
	return f.Err()
}

func (r ListRequest) body() listRequest {
	out := listRequest{State: r.State, OpenID: r.OpenID, Cursor: r.Cursor, Size: r.Size}
	if !r.From.IsZero() || !r.To.IsZero() {
		out.Paid = &payTimes{unix(r.From), unix(r.To)}
	}
	return out
}

func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// List is one page of the orders paid in this mini program; All walks through them.
//
// 查询订单列表
func (s *Service) List(ctx context.Context, in ListRequest) (*Page, error) {
	out, err := wechat.Call[listAnswer](ctx, s.a, wechat.POST("/wxa/sec/order/get_order_list").ReadOnly(), in.body())
	if err != nil {
		return nil, err
	}
	return &Page{out.Orders, out.Cursor, bool(out.More)}, nil
}

// All walks through the orders page by page, from in.Cursor on, and ends after the
// first error. ErrCursor means that it has to begin anew.
func (s *Service) All(ctx context.Context, in ListRequest) iter.Seq2[Order, error] {
	return func(yield func(Order, error) bool) {
		at := in
		for {
			page, err := s.List(ctx, at)
			if err == nil && page.More && (page.Cursor == "" || page.Cursor == at.Cursor) {
				err = ErrCursorStuck
			}
			if err != nil {
				yield(Order{}, err)
				return
			}
			for _, o := range page.Orders {
				if !yield(o, nil) {
					return
				}
			}
			if !page.More {
				return
			}
			at.Cursor = page.Cursor
		}
	}
}
