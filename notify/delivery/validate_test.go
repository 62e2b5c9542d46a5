package delivery_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/notify/delivery"
)

func TestShipmentsAreCheckedBeforeTheyAreSent(t *testing.T) {
	t.Parallel()
	parcels := func(n int) func(*delivery.Shipment) {
		return func(s *delivery.Shipment) {
			s.Parcels = make([]delivery.Parcel, n)
			for i := range s.Parcels {
				s.Parcels[i] = delivery.Parcel{TrackingNo: "1", Company: "YTO", ItemDesc: "x"}
			}
		}
	}
	contact := func(receiver string) func(*delivery.Shipment) {
		return func(s *delivery.Shipment) { s.Parcels[0].Contact.Receiver = receiver }
	}
	for _, tt := range []struct {
		name   string
		split  bool
		change func(*delivery.Shipment)
		says   string // "" means fine
	}{
		{"fine", false, func(*delivery.Shipment) {}, ""},
		{"no number", false, func(s *delivery.Shipment) { s.Order = delivery.Number{} }, "order_key.transaction_id: is empty, and out_trade_no too"},
		{"both numbers", false, func(s *delivery.Shipment) { s.Order.OutTradeNo = "A" }, "order_key.transaction_id: is set together"},
		{"no merchant", true, func(s *delivery.Shipment) { s.Order.MchID = "" }, "order_key.mchid: is empty but required"},
		{"odd number", true, func(s *delivery.Shipment) { s.Order.OutTradeNo = "A B" }, "order_key.out_trade_no: byte 2 of 3"},
		{"no way", false, func(s *delivery.Shipment) { s.By = 0 }, "logistics_type: is missing"},
		{"a new way", false, func(s *delivery.Shipment) { s.By = 9 }, ""},
		{"split by hand", true, func(s *delivery.Shipment) { s.By = delivery.SameCity }, "delivery_mode: is split, which only express may be"},
		{"last of one", false, func(s *delivery.Shipment) { s.Last = true }, "is_all_delivered: is only for split orders"},
		{"no parcel", false, parcels(0), "shipping_list: has 0 parcels, want exactly 1"},
		{"two in one", false, parcels(2), "shipping_list: has 2 parcels, want exactly 1"},
		{"no parcel, split", true, parcels(0), "shipping_list: has 0 parcels, want 1 to 15"},
		{"fifteen", true, parcels(15), ""},
		{"sixteen", true, parcels(16), "shipping_list: has 16 parcels, want 1 to 15"},
		{"no tracking number", false, func(s *delivery.Shipment) { s.Parcels[0].TrackingNo = "" }, "shipping_list[0].tracking_no: is empty but required for express"},
		{"no company", false, func(s *delivery.Shipment) { s.Parcels[0].Company = "" }, "shipping_list[0].express_company: is empty but required for express"},
		{"long tracking number", false, func(s *delivery.Shipment) { s.Parcels[0].TrackingNo = strings.Repeat("1", 129) }, "tracking_no: has 129 bytes, the limit is 128"},
		{"long company", false, func(s *delivery.Shipment) { s.Parcels[0].Company = strings.Repeat("A", 129) }, "express_company: has 129 bytes, the limit is 128"},
		{"no description", false, func(s *delivery.Shipment) { s.Parcels[0].ItemDesc = "" }, "item_desc: is empty but required"},
		{"120 characters", false, func(s *delivery.Shipment) { s.Parcels[0].ItemDesc = strings.Repeat("🍵", 120) }, ""},
		{"121 characters", false, func(s *delivery.Shipment) { s.Parcels[0].ItemDesc = strings.Repeat("茶", 121) }, "item_desc: has 121 characters, the limit is 120"},
		{"SF without a contact", false, contact(""), "shipping_list[0].contact: is missing"},
		{"SF with the sender", false, func(s *delivery.Shipment) { s.Parcels[0].Contact = delivery.Contact{Consignor: "021-****1234"} }, ""},
		{"mask 1", false, contact("189****1234"), ""},
		{"mask 2", false, contact("****1234"), ""},
		{"mask 3", false, contact("0**2-***1234"), ""},
		{"mask 4", false, contact("0**2-******23-10"), ""},
		{"mask 5", false, contact("****123-8008"), ""},
		{"not masked", false, contact("13800000001"), "receiver_contact: is not masked: see Mask"},
		{"nothing to see", false, contact("138****"), "receiver_contact: does not show its last four digits"},
		{"three digits", false, contact("*123"), "receiver_contact: does not show its last four digits"},
		{"a name", false, contact("王****1234"), "receiver_contact: holds something other than digits, * and -"},
		{"a long mask", false, contact(strings.Repeat("*", 1021) + "1234"), "receiver_contact: has 1025 bytes"},
		{"no time", false, func(s *delivery.Shipment) { s.At = time.Time{} }, "upload_time: is missing"},
		{"a time beyond", false, func(s *delivery.Shipment) { s.At = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }, "upload_time: does not fit"},
		{"nobody paid", false, func(s *delivery.Shipment) { s.OpenID = "" }, "payer.openid: is empty but required"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := express()
			if tt.split {
				in = split()
			}
			tt.change(&in)
			d := newDesk(t, ok)
			err := d.orders.Upload(t.Context(), in)
			if tt.says == "" {
				require.NoError(t, err)
				require.NoError(t, in.Validate())
				return
			}
			require.ErrorContains(t, err, tt.says)
			require.ErrorContains(t, in.Validate(), tt.says)
			assert.NotContains(t, err.Error(), "1380000")
			assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
			assert.Empty(t, d.sent)
		})
	}
}

func TestCombinedShipmentsAreChecked(t *testing.T) {
	t.Parallel()
	require.NoError(t, combined().Validate())
	for says, change := range map[string]func(*delivery.Combined){
		"sub_orders: is empty":                            func(c *delivery.Combined) { c.Parts = nil },
		"order_key.mchid: is empty":                       func(c *delivery.Combined) { c.Order.MchID = "" },
		"sub_orders[1].order_key: names its order":        func(c *delivery.Combined) { c.Parts[1].Order = delivery.Number{TransactionID: trade} },
		"sub_orders[1].order_key: is there twice":         func(c *delivery.Combined) { c.Parts[1].Order = c.Parts[0].Order },
		"sub_orders[0].shipping_list[0].item_desc: is em": func(c *delivery.Combined) { c.Parts[0].Parcels[0].ItemDesc = "" },
		"upload_time: is missing":                         func(c *delivery.Combined) { c.At = time.Time{} },
	} {
		t.Run(says, func(t *testing.T) {
			t.Parallel()
			in := combined()
			change(&in)
			d := newDesk(t, ok)
			require.ErrorContains(t, d.orders.UploadCombined(t.Context(), in), says)
			require.ErrorContains(t, in.Validate(), says)
			assert.Empty(t, d.sent)
		})
	}
}

func TestOtherRequestsAreChecked(t *testing.T) {
	t.Parallel()
	d := newDesk(t, ok)
	for says, call := range map[string]func() error{
		"transaction_id: is empty": func() error { _, err := d.orders.Get(t.Context(), delivery.Number{}); return err },
		"page_size: must not be":   func() error { _, err := d.orders.List(t.Context(), delivery.ListRequest{Size: -1}); return err },
		"pay_time_range: ends before": func() error {
			_, err := d.orders.List(t.Context(), delivery.ListRequest{From: moment, To: moment.Add(-time.Second)})
			return err
		},
		"openid: byte 1":            func() error { _, err := d.orders.List(t.Context(), delivery.ListRequest{OpenID: " "}); return err },
		"received_time: is missing": func() error { return d.orders.Remind(t.Context(), express().Order, time.Time{}) },
		"mchid: is empty":           func() error { return d.orders.Remind(t.Context(), delivery.Number{OutTradeNo: "A"}, moment) },
		"path: is empty":            func() error { return d.orders.SetJumpPath(t.Context(), "") },
		"order_id: is empty":        func() error { return d.orders.Declare(t.Context(), delivery.Special{Type: delivery.TestOrder}) },
		"type: is missing":          func() error { return d.orders.Declare(t.Context(), delivery.Special{OrderID: "A"}) },
		"delay_to: is missing": func() error {
			return d.orders.Declare(t.Context(), delivery.Special{OrderID: "A", Type: delivery.Presale})
		},
		"Orders: is nil": func() error { return delivery.Shipper{}.Ship(t.Context(), express()) },
	} {
		err := call()
		require.ErrorContains(t, err, says)
		var field *wechat.FieldError
		assert.True(t, errors.As(err, &field))
	}
	assert.Empty(t, d.sent)
}

func TestMask(t *testing.T) {
	t.Parallel()
	for phone, want := range map[string]string{"13800000001": "138****0001", "+86 138 0000 0001": "****0001", "021-5555 1234": "****1234", "1234": "****1234", "123": "", "": "", "王": "", "23800000001": "****0001"} {
		assert.Equal(t, want, delivery.Mask(phone), phone)
		if want != "" {
			in := express()
			in.Parcels[0].Contact.Receiver = delivery.Mask(phone)
			require.NoError(t, in.Validate())
		}
	}
}

// What a shop gave must be as it was after a call.
func TestRequestsAreNotChanged(t *testing.T) {
	t.Parallel()
	in := combined()
	require.NoError(t, newDesk(t, ok).orders.UploadCombined(t.Context(), in))
	assert.Equal(t, combined(), in)
}
