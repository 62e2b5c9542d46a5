package delivery_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/notify/delivery"
	"github.com/wxcommerce/wechat/seal"
)

const (
	appID  = "wx8888888888888888"
	openID = "oAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	trade  = "4200000000202401010000000001"
	ok     = `{"errcode":0,"errmsg":"ok"}`
	cut    = "the connection breaks after the request"
)

// moment is 2024-01-02 09:30 in Beijing.
var moment = time.Date(2024, 1, 2, 9, 30, 0, 0, wechat.Beijing)

type token struct{}

func (token) Token(context.Context) (wechat.Token, error) { return seal.NewKey("T0KEN"), nil }

func (token) Refuse(context.Context, wechat.Token) error { return errors.New("no other token") }

// desk is a mini program whose requests end at a mock that reads its answers from a
// script; the last line repeats.
type desk struct {
	orders *delivery.Service

	mu     sync.Mutex
	script []string
	sent   []string // method, address and body
	bodies []string
}

func newDesk(t testing.TB, script ...string) *desk {
	t.Helper()
	d := &desk{script: script}
	mock := httpmock.NewMockTransport()
	mock.RegisterNoResponder(func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		d.sent, d.bodies = append(d.sent, r.Method+" "+r.URL.String()), append(d.bodies, string(body))
		line := d.script[0]
		if len(d.script) > 1 {
			d.script = d.script[1:]
		}
		if line == cut {
			return nil, errors.New("connection reset by peer")
		}
		return httpmock.NewStringResponse(200, line), nil
	})
	d.orders = service(t, &http.Client{Transport: mock})
	return d
}

func service(t testing.TB, carrier wechat.Transport) *delivery.Service {
	t.Helper()
	app, err := wechat.NewApp(appID, token{}, wechat.WithTransport(carrier), wechat.WithBackoff(wechat.NoRetry))
	require.NoError(t, err)
	return delivery.New(app)
}

func refuses(code wechat.Code) string {
	return `{"errcode":` + string(code) + `,"errmsg":"no rid: 65a1-2b"}`
}

func express() delivery.Shipment {
	return delivery.Shipment{Order: delivery.Number{TransactionID: trade}, By: delivery.Express, At: moment, OpenID: openID,
		Parcels: []delivery.Parcel{{TrackingNo: "SF0000000000001", Company: "SF", ItemDesc: "Tea cup x2", Contact: delivery.Contact{Receiver: "138****0001"}}}}
}

func split() delivery.Shipment {
	return delivery.Shipment{Order: delivery.Number{MchID: "1900000001", OutTradeNo: "SO-0001"}, By: delivery.Express, Split: true, Last: true,
		At: moment.Add(8*time.Hour + 30*time.Minute), OpenID: openID, Parcels: []delivery.Parcel{{TrackingNo: "YT0000000000002", Company: "YTO", ItemDesc: "Lid x2"}}}
}

func combined() delivery.Combined {
	return delivery.Combined{Order: delivery.Number{MchID: "1900000001", OutTradeNo: "CO-0001"}, At: moment, OpenID: openID, Parts: []delivery.Part{
		{Order: delivery.Number{MchID: "1900000002", OutTradeNo: "CO-0001-1"}, By: delivery.Express, Parcels: []delivery.Parcel{{TrackingNo: "ZT0000000000003", Company: "ZTO", ItemDesc: "Scarf x1"}}},
		{Order: delivery.Number{MchID: "1900000003", OutTradeNo: "CO-0001-2"}, By: delivery.Virtual, Parcels: []delivery.Parcel{{ItemDesc: "Gift code x1"}}}}}
}
