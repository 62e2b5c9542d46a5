package delivery_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/notify/delivery"
)

// order is the example of the official answer, with what is new added.
const order = `{"transaction_id":"4200000000202401010000000001","merchant_id":"1900000001","sub_merchant_id":"1900000009","merchant_trade_no":"SO-0001","description":"Tea cup x2","paid_amount":1999,` +
	`"openid":"oAAAAAAAAAAAAAAAAAAAAAAAAAAA","trade_create_time":1704100000,"pay_time":"1704100020","order_state":2,"in_complaint":true,"new":{"a":[1]},` +
	`"shipping":{"delivery_mode":1,"logistics_type":1,"finish_shipping":true,"finish_shipping_count":1,"goods_desc":"by hand","new":1,` +
	`"shipping_list":[{"tracking_no":"SF0000000000001","express_company":"SF","goods_desc":"Tea cup x2","upload_time":1704159000,"contact":{"receiver_contact":"138****0001","consignor_contact":"****0002"}}]}}`

func wantOrder() delivery.Order {
	return delivery.Order{TransactionID: trade, MchID: "1900000001", SubMchID: "1900000009", OutTradeNo: "SO-0001", Description: "Tea cup x2", Paid: 1999, OpenID: openID,
		CreatedAt: unix(1704100000), PaidAt: unix(1704100020), State: delivery.Shipped, InComplaint: true,
		Shipping: delivery.Shipping{Mode: delivery.Unified, By: delivery.Express, Finished: true, Count: 1, Desc: "by hand",
			Parcels: []delivery.Recorded{{TrackingNo: "SF0000000000001", Company: "SF", ItemDesc: "Tea cup x2", UploadedAt: unix(1704159000),
				Contact: delivery.Contact{Receiver: "138****0001", Consignor: "****0002"}}}}}
}

func unix(n int64) delivery.Time { return delivery.Time{Time: time.Unix(n, 0).In(wechat.Beijing)} }

type endpoint struct {
	name, path, body string
	call             func(ctx context.Context, s *delivery.Service) (any, error)
	answer           string
	want             any
	refused          wechat.Code
}

func none(err error) (any, error) { return nil, err }

func endpoints() []endpoint {
	number := delivery.Number{MchID: "1900000001", SubMchID: "1900000009", OutTradeNo: "SO-0001"}
	return []endpoint{
		{"Upload", "/wxa/sec/order/upload_shipping_info", `{"order_key":{"order_number_type":2,"transaction_id":"4200000000202401010000000001"},"logistics_type":1,"delivery_mode":1,` +
			`"shipping_list":[{"tracking_no":"SF0000000000001","express_company":"SF","item_desc":"Tea cup x2","contact":{"receiver_contact":"138****0001"}}],` +
			`"upload_time":"2024-01-02T09:30:00.000+08:00","payer":{"openid":"oAAAAAAAAAAAAAAAAAAAAAAAAAAA"}}`,
			func(ctx context.Context, s *delivery.Service) (any, error) { return none(s.Upload(ctx, express())) }, ok, nil, delivery.ErrUsedUp},
		{"Upload, split", "/wxa/sec/order/upload_shipping_info", `{"order_key":{"order_number_type":1,"mchid":"1900000001","out_trade_no":"SO-0001"},"logistics_type":1,"delivery_mode":2,"is_all_delivered":true,` +
			`"shipping_list":[{"tracking_no":"YT0000000000002","express_company":"YTO","item_desc":"Lid x2"}],"upload_time":"2024-01-02T18:00:00.000+08:00","payer":{"openid":"oAAAAAAAAAAAAAAAAAAAAAAAAAAA"}}`,
			func(ctx context.Context, s *delivery.Service) (any, error) { return none(s.Upload(ctx, split())) }, ok, nil, delivery.ErrState},
		{"Upload, split, more follows, of a partner", "/wxa/sec/order/upload_shipping_info", `{"order_key":{"order_number_type":1,"mchid":"1900000009","out_trade_no":"SO-0001"},"logistics_type":1,"delivery_mode":2,"is_all_delivered":false,` +
			`"shipping_list":[{"tracking_no":"YT0000000000002","express_company":"YTO","item_desc":"茶 & <盖>"}],"upload_time":"2024-01-02T18:00:00.120+08:00","payer":{"openid":"oAAAAAAAAAAAAAAAAAAAAAAAAAAA"}}`,
			func(ctx context.Context, s *delivery.Service) (any, error) {
				in := split()
				in.Order, in.Last, in.Parcels[0].ItemDesc, in.At = number, false, "茶 & <盖>", in.At.Add(120*time.Millisecond).UTC()
				return none(s.Upload(ctx, in))
			}, ok, nil, delivery.ErrLast},
		{"Upload, pick-up", "/wxa/sec/order/upload_shipping_info", `{"order_key":{"order_number_type":1,"mchid":"1900000001","out_trade_no":"SO-0002"},"logistics_type":4,"delivery_mode":1,` +
			`"shipping_list":[{"item_desc":"Cake x1"}],"upload_time":"2024-01-02T09:30:00.000+08:00","payer":{"openid":"oAAAAAAAAAAAAAAAAAAAAAAAAAAA"}}`,
			func(ctx context.Context, s *delivery.Service) (any, error) {
				return none(s.Upload(ctx, delivery.Shipment{Order: delivery.Number{MchID: "1900000001", OutTradeNo: "SO-0002"}, By: delivery.PickUp,
					Parcels: []delivery.Parcel{{ItemDesc: "Cake x1"}}, At: moment, OpenID: openID}))
			}, ok, nil, delivery.ErrOpenID},
		{"UploadCombined", "/wxa/sec/order/upload_combined_shipping_info", `{"order_key":{"order_number_type":1,"mchid":"1900000001","out_trade_no":"CO-0001"},"sub_orders":[` +
			`{"order_key":{"order_number_type":1,"mchid":"1900000002","out_trade_no":"CO-0001-1"},"logistics_type":1,"delivery_mode":1,"shipping_list":[{"tracking_no":"ZT0000000000003","express_company":"ZTO","item_desc":"Scarf x1"}]},` +
			`{"order_key":{"order_number_type":1,"mchid":"1900000003","out_trade_no":"CO-0001-2"},"logistics_type":3,"delivery_mode":1,"shipping_list":[{"item_desc":"Gift code x1"}]}],` +
			`"upload_time":"2024-01-02T09:30:00.000+08:00","payer":{"openid":"oAAAAAAAAAAAAAAAAAAAAAAAAAAA"}}`,
			func(ctx context.Context, s *delivery.Service) (any, error) {
				return none(s.UploadCombined(ctx, combined()))
			}, ok, nil, delivery.ErrTwice},
		{"Get by transaction", "/wxa/sec/order/get_order", `{"transaction_id":"4200000000202401010000000001"}`,
			func(ctx context.Context, s *delivery.Service) (any, error) {
				o, err := s.Get(ctx, delivery.Number{TransactionID: trade})
				return *orZero(o), err
			}, `{"errcode":0,"errmsg":"ok","new":null,"order":` + order + `}`, wantOrder(), delivery.ErrNoOrder},
		{"Get by our number", "/wxa/sec/order/get_order", `{"merchant_id":"1900000001","sub_merchant_id":"1900000009","merchant_trade_no":"SO-0001"}`,
			func(ctx context.Context, s *delivery.Service) (any, error) {
				o, err := s.Get(ctx, number)
				return *orZero(o), err
			}, `{"errcode":0,"errmsg":"ok","order":{"order_state":77,"shipping":{},"pay_time":0}}`, delivery.Order{State: 77}, wechat.ErrTooFrequent},
		{"List", "/wxa/sec/order/get_order_list", `{"pay_time_range":{"begin_time":1704038400,"end_time":1704124799},"order_state":1,"openid":"oAAAAAAAAAAAAAAAAAAAAAAAAAAA","last_index":"c1","page_size":50}`,
			func(ctx context.Context, s *delivery.Service) (any, error) {
				p, err := s.List(ctx, delivery.ListRequest{From: time.Unix(1704038400, 0), To: time.Unix(1704124799, 5), State: delivery.Waiting, OpenID: openID, Cursor: "c1", Size: 50})
				return p, err
			}, `{"errcode":0,"last_index":"c2","has_more":true,"order_list":[` + order + `]}`, &delivery.Page{Orders: []delivery.Order{wantOrder()}, Cursor: "c2", More: true}, delivery.ErrCursor},
		{"List of everything, answered as an object", "/wxa/sec/order/get_order_list", `{}`,
			func(ctx context.Context, s *delivery.Service) (any, error) {
				return s.List(ctx, delivery.ListRequest{})
			}, `{"errcode":0,"order_list": ` + order + `}`, &delivery.Page{Orders: []delivery.Order{wantOrder()}}, delivery.ErrQuota},
		{"Remind", "/wxa/sec/order/notify_confirm_receive", `{"merchant_id":"1900000001","sub_merchant_id":"1900000009","merchant_trade_no":"SO-0001","received_time":1704250000}`,
			func(ctx context.Context, s *delivery.Service) (any, error) {
				return none(s.Remind(ctx, number, time.Unix(1704250000, 0)))
			}, ok, nil, delivery.ErrReminded},
		{"SetJumpPath", "/wxa/sec/order/set_msg_jump_path", `{"path":"pages/order/detail?from=wx&a=1"}`,
			func(ctx context.Context, s *delivery.Service) (any, error) {
				return none(s.SetJumpPath(ctx, "pages/order/detail?from=wx&a=1"))
			}, ok, nil, delivery.ErrParameter},
		{"IsManaged", "/wxa/sec/order/is_trade_managed", `{"appid":"wx8888888888888888"}`,
			func(ctx context.Context, s *delivery.Service) (any, error) { return s.IsManaged(ctx) },
			`{"errcode":0,"errmsg":"ok","is_trade_managed":true}`, true, "40013"},
		{"IsManaged, said as a number", "/wxa/sec/order/is_trade_managed", `{"appid":"wx8888888888888888"}`,
			func(ctx context.Context, s *delivery.Service) (any, error) { return s.IsManaged(ctx) },
			`{"errcode":0,"errmsg":"ok","is_trade_managed":1}`, true, "40013"},
		{"IsConfirmed", "/wxa/sec/order/is_trade_management_confirmation_completed", `{"appid":"wx8888888888888888"}`,
			func(ctx context.Context, s *delivery.Service) (any, error) { return s.IsConfirmed(ctx) },
			`{"errcode":0,"errmsg":"ok","completed":false}`, false, "40097"},
		{"Declare a presale", "/wxa/sec/order/opspecialorder", `{"order_id":"SO-0001","type":1,"delay_to":1706000000}`,
			func(ctx context.Context, s *delivery.Service) (any, error) {
				return none(s.Declare(ctx, delivery.Special{OrderID: "SO-0001", Type: delivery.Presale, Until: time.Unix(1706000000, 0)}))
			}, ok, nil, delivery.ErrSpecialDelay},
		{"Declare a test order", "/wxa/sec/order/opspecialorder", `{"order_id":"SO-0001","type":2}`,
			func(ctx context.Context, s *delivery.Service) (any, error) {
				return none(s.Declare(ctx, delivery.Special{OrderID: "SO-0001", Type: delivery.TestOrder}))
			}, ok, nil, delivery.ErrSpecialNumber},
		{"Companies", "/cgi-bin/express/delivery/open_msg/get_delivery_list", `{}`,
			func(ctx context.Context, s *delivery.Service) (any, error) { return s.Companies(ctx) },
			`{"errcode":0,"count":2,"delivery_list":[{"delivery_id":"(AU)","delivery_name":"Interparcel","new":1},{"delivery_id":"BDT","delivery_name":"八达通"}]}`,
			[]delivery.Company{{Code: "(AU)", Name: "Interparcel"}, {Code: "BDT", Name: "八达通"}}, wechat.ErrUnauthorized},
	}
}

func orZero(o *delivery.Order) *delivery.Order {
	if o == nil {
		return &delivery.Order{}
	}
	return o
}

func TestEndpoints(t *testing.T) {
	t.Parallel()
	for _, e := range endpoints() {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, e.answer)
			got, err := e.call(t.Context(), d.orders)
			require.NoError(t, err)
			assert.Equal(t, e.want, got)
			assert.Equal(t, []string{"POST https://api.weixin.qq.com" + e.path + "?access_token=T0KEN"}, d.sent)
			assert.JSONEq(t, e.body, d.bodies[0])
			assert.NotContains(t, d.bodies[0], `\u00`, "no HTML escapes")
		})
	}
}

func TestEndpointsReportRefusals(t *testing.T) {
	t.Parallel()
	for _, e := range endpoints() {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			_, err := e.call(t.Context(), newDesk(t, refuses(e.refused)).orders)
			require.ErrorIs(t, err, e.refused)
			assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
			assert.NotContains(t, err.Error(), openID)
			assert.NotContains(t, err.Error(), "****")
		})
	}
}

// What is written is sent once only, whatever backoff the client has, because a
// second upload may use up the one chance to ship anew.
func TestWritesAreNotRepeated(t *testing.T) {
	t.Parallel()
	for _, e := range endpoints() {
		if e.want != nil || strings.HasPrefix(e.name, "SetJumpPath") {
			continue
		}
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			for _, line := range []string{cut, refuses(wechat.ErrBusy), "<html>502</html>"} {
				d := newDesk(t, line)
				_, err := e.call(t.Context(), d.orders)
				require.Error(t, err)
				assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err), line)
				assert.Len(t, d.sent, 1)
			}
		})
	}
}

func TestAll(t *testing.T) {
	t.Parallel()
	page := func(no, cursor string, more bool) string {
		text := `{"errcode":0,"last_index":"` + cursor + `","order_list":[{"merchant_trade_no":"` + no + `"}]`
		if more {
			text += `,"has_more":true`
		}
		return text + `}`
	}
	empty := `{"errcode":0,"last_index":"c2","has_more":true,"order_list":[]}`
	walk := func(d *desk, most int) (all []string, err error) {
		for o, e := range d.orders.All(t.Context(), delivery.ListRequest{Size: 1}) {
			if e != nil {
				err = e
				continue
			}
			if all = append(all, o.OutTradeNo); len(all) == most {
				break
			}
		}
		return all, err
	}
	for _, tt := range []struct {
		name   string
		script []string
		most   int
		want   []string
		is     error
		calls  int
	}{
		{"three pages, one of them empty", []string{page("A", "c1", true), empty, page("B", "c3", false)}, 9, []string{"A", "B"}, nil, 3},
		{"stopped by the caller", []string{page("A", "c1", true)}, 1, []string{"A"}, nil, 1},
		{"a refusal ends it", []string{page("A", "c1", true), refuses(delivery.ErrCursor)}, 9, []string{"A"}, delivery.ErrCursor, 2},
		{"the same place again", []string{page("A", "c1", true), page("B", "c1", true)}, 9, []string{"A"}, delivery.ErrCursorStuck, 2},
		{"more, but nowhere", []string{page("A", "", true)}, 9, nil, delivery.ErrCursorStuck, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, tt.script...)
			got, err := walk(d, tt.most)
			assert.Equal(t, tt.want, got)
			require.ErrorIs(t, err, tt.is)
			assert.Len(t, d.sent, tt.calls)
			assert.JSONEq(t, `{"page_size":1}`, d.bodies[0])
			if tt.calls > 1 {
				assert.JSONEq(t, `{"page_size":1,"last_index":"c1"}`, d.bodies[1])
			}
		})
	}
}

func TestAnswersThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"amount in yuan":    strings.Replace(order, "1999", "19.99", 1),
		"time in words":     strings.Replace(order, "1704100000", `"yesterday"`, 1),
		"negative time":     strings.Replace(order, "1704100000", `-5`, 1),
		"a field twice":     strings.Replace(order, `"paid_amount":1999`, `"paid_amount":1999,"paid_amount":1`, 1),
		"other upper cases": strings.Replace(order, `"paid_amount":1999`, `"paid_amount":1999,"Paid_amount":1`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := newDesk(t, `{"errcode":0,"order":`+answer+`}`).orders.Get(t.Context(), delivery.Number{TransactionID: trade})
			require.ErrorContains(t, err, "unreadable answer")
			assert.Equal(t, wechat.Done, wechat.OutcomeOf(err))
		})
	}
}
