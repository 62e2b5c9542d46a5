package notify_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/sign"
)

// Vector S11: keys of the wechatpay-java tests (Apache-2.0), field sample of the
// official notice page.
const (
	s11MchID     = "1230000109"
	s11APIv3Key  = "a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb"
	s11Signature = "h7XYCsPdqojp9dwi0IFBBGxE/pmo185aiaGdoykBwUS8ggzX/pGDzZyQozfuaHeAuEcJYXjfDQnpuXwaXcJxcMo2qYrz8o5OO/5s/1SflyODGqlJ0/g29sqpSeyJJas4" +
		"Vori4nLH3qSnXAbRhOK0P03Y5kCR4Vqw//YFkDEivijTvY+XKeZAZkbpAd9yrP/GQamDeXAzAXUd0EpMJPyuqw1xcybOSXB1i0dGnZ7q+Mwhvetsyz6sxvRYYXpDVZz3DgkSewM6EIRk6aMS" +
		"UbKEeP5+wGt9HIBpyl/7vhqMMS066iTDHDeWLNFbfkNqVi+t/T0ilKLOUdS73JVubnRRFQ=="
)

var s11Time = time.Unix(1700000000, 0)

func s11Request(t testing.TB) notify.Request {
	t.Helper()
	body, err := os.ReadFile("testdata/s11_body.json")
	require.NoError(t, err)
	return notify.Request{Method: "POST", Body: body, Header: http.Header{
		"Wechatpay-Timestamp":      {"1700000000"},
		"Wechatpay-Nonce":          {"EcZ9Cmy4Xyx1i6RlJQzLcCyEqDa26NBz"},
		"Wechatpay-Serial":         {"440024045C4A427599D09BB4E3DE0279F2E813FD"},
		"Wechatpay-Signature-Type": {"WECHATPAY2-SHA256-RSA2048"},
		"Wechatpay-Signature":      {s11Signature},
	}}
}

func s11Merchant(t testing.TB, now time.Time) *wechat.Merchant {
	t.Helper()
	pem, err := os.ReadFile("testdata/k3_certificate.pem")
	require.NoError(t, err)
	cert, err := wechat.LoadCertificate(pem)
	require.NoError(t, err)
	return merchantWith(t, s11MchID, s11APIv3Key, sign.Certificate(cert), func() time.Time { return now })
}

func TestVectorS11_WholeCallback(t *testing.T) {
	t.Parallel()
	plain, err := os.ReadFile("testdata/s11_plain.json")
	require.NoError(t, err)
	var want transaction
	require.NoError(t, json.Unmarshal(plain, &want))
	h, p := receiver(t, s11Merchant(t, s11Time))
	reply := h.Handle(t.Context(), s11Request(t))
	assert.Equal(t, notify.Reply{Status: 200, ContentType: "application/json", Body: []byte(`{"code":"SUCCESS","message":"OK"}`)}, reply)
	require.Equal(t, 1, p.calls())
	e := p.events[0]
	assert.Equal(t, "EV-2018022511223320873", e.ID)
	assert.Equal(t, eventPaid, e.Type)
	assert.Equal(t, "支付成功", e.Summary)
	assert.Equal(t, "2015-05-20T05:29:35Z", e.Created.UTC().Format(time.RFC3339))
	assert.Equal(t, "1230000109/TRANSACTION.SUCCESS/1217752501201407033233368018", e.Key)
	assert.Equal(t, string(plain), string(e.Plain))
	assert.Equal(t, want, e.Data)
	assert.Equal(t, wechat.Fen(100), e.Data.Amount.Total)
	r := p.last(t)
	assert.Equal(t, notify.Record{Merchant: s11MchID, ID: e.ID, Type: e.Type, Key: e.Key, Status: 200}, r)
}

func TestHandleKeepsTheBodyOfItsCaller(t *testing.T) {
	t.Parallel()
	h, p := receiver(t, s11Merchant(t, s11Time))
	req := s11Request(t)
	before := bytes.Clone(req.Body)
	for range 2 {
		assert.Equal(t, 200, h.Handle(t.Context(), req).Status)
	}
	assert.Equal(t, before, req.Body, "decrypting in place works on a copy")
	assert.Equal(t, 2, p.calls())
}

// G4: |Δ| < 300 s, both ways, on the injected clock.
func TestAdverse29_TheWindowIsOpenForLessThan300Seconds(t *testing.T) {
	t.Parallel()
	for seconds, want := range map[int]int{0: 200, 299: 200, -299: 200, 300: 401, -300: 401, 301: 401, -301: 401, 31_536_000: 401, -31_536_000: 401} {
		h, p := receiver(t, s11Merchant(t, s11Time.Add(time.Duration(seconds)*time.Second)))
		assert.Equal(t, want, h.Handle(t.Context(), s11Request(t)).Status, "%d s", seconds)
		if want != 200 {
			assert.ErrorIs(t, p.last(t).Err, sign.ErrStale)
			assert.Zero(t, p.calls())
		}
	}
}

func TestAdverse29_TimesThatAreNone(t *testing.T) {
	t.Parallel()
	for _, stamp := range []string{"", " 1700000000", "1700000000 ", "+1700000000", "-1700000000", "01700000000", "1700000000000", "1.7e9", "now",
		"99999999999999999999", "0", "0x6553F100", "１７００００００００"} {
		h, p := receiver(t, s11Merchant(t, s11Time))
		req := s11Request(t)
		req.Header.Set("Wechatpay-Timestamp", stamp)
		assert.Equal(t, 401, h.Handle(t.Context(), req).Status, "%q", stamp)
		assert.Zero(t, p.calls())
	}
	h, _ := receiver(t, s11Merchant(t, s11Time))
	req := s11Request(t)
	req.Header.Del("Wechatpay-Timestamp")
	assert.Equal(t, 401, h.Handle(t.Context(), req).Status)
}

func TestEventPrintsNothingOfItsPayload(t *testing.T) {
	t.Parallel()
	h, p := receiver(t, s11Merchant(t, s11Time))
	require.Equal(t, 200, h.Handle(t.Context(), s11Request(t)).Status)
	e := p.events[0]
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("got", "event", e)
	for _, text := range []string{e.String(), sprint("%v", e), sprint("%+v", e), sprint("%#v", e), sprint("%s", e), sprint("%v", &e), log.String()} {
		assert.Contains(t, text, e.Key)
		assert.NotContains(t, text, "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o")
	}
	kept, err := json.Marshal(e)
	require.NoError(t, err)
	assert.NotContains(t, string(kept), "Plain")
	var again notify.Event[transaction]
	require.NoError(t, json.Unmarshal(kept, &again), "an event can wait in the shop's own queue")
	assert.Equal(t, e.Data, again.Data)
	assert.Equal(t, e.Key, again.Key)
}
