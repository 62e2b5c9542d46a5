package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/notify/delivery"
)

// forgetful is shipping management whose first answer to an upload is lost.
type forgetful struct{ recorded, lost bool }

func (f *forgetful) Do(r *http.Request) (*http.Response, error) {
	answer := ok
	switch {
	case strings.HasSuffix(r.URL.Path, "/upload_shipping_info"):
		fmt.Println("upload")
		if f.recorded = true; !f.lost {
			f.lost = true
			return nil, errors.New("connection reset by peer")
		}
	case f.recorded:
		fmt.Println("look: it is there")
		answer = `{"errcode":0,"order":{"order_state":2,"shipping":{"delivery_mode":1,"logistics_type":1,"finish_shipping":true,` +
			`"shipping_list":[{"tracking_no":"YT0000000000002","express_company":"YTO","goods_desc":"Tea cup x2"}]}}}`
	default:
		fmt.Println("look: nothing yet")
		answer = `{"errcode":0,"order":{"order_state":1,"shipping":{}}}`
	}
	return &http.Response{StatusCode: 200, Header: http.Header{}, ContentLength: -1, Body: io.NopCloser(strings.NewReader(answer))}, nil
}

// The answer to an upload is lost. What WeChat knows decides; nothing is uploaded
// twice.
func ExampleShipper() {
	app, err := wechat.NewApp("wx8888888888888888", token{}, wechat.WithTransport(&forgetful{}))
	if err != nil {
		fmt.Println(err)
		return
	}
	s := delivery.Shipper{Orders: delivery.New(app), Sleep: func(context.Context, time.Duration) error { return nil }} // in a shop: no Sleep
	err = s.Ship(context.Background(), delivery.Shipment{
		Order:   delivery.Number{TransactionID: "4200000000202401010000000001"},
		By:      delivery.Express,
		Parcels: []delivery.Parcel{{TrackingNo: "YT0000000000002", Company: delivery.CompanyYTO, ItemDesc: "Tea cup x2"}},
		At:      time.Date(2024, 1, 2, 9, 30, 0, 0, wechat.Beijing),
		OpenID:  "oAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	})
	fmt.Println(wechat.OutcomeOf(err))
	// Output:
	// look: nothing yet
	// upload
	// look: it is there
	// done
}
