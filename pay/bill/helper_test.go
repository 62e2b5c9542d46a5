package bill_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay/bill"
	"github.com/wxcommerce/wechat/wechattest"
)

const (
	fileURL = "http://127.0.0.1/v3/billdownload/file?token=secret-token"
	digest  = "51c0c8ef002efbfa858e76edaa77183bfb545add"
)

func vector(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	data, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	require.NoError(t, err)
	return data
}

// desk is a merchant at a mock that answers apply calls signed and file calls with
// whatever file gives.
type desk struct {
	*bill.Service
	t     testing.TB
	mock  *httpmock.MockTransport
	m     *wechat.Merchant
	dir   string
	files []*http.Request
	apply []*http.Request
}

func newDesk(t testing.TB, sub string, answer string, file func() *http.Response, opts ...bill.Option) *desk {
	t.Helper()
	p, err := wechattest.NewPay(wechattest.Config{Keys: wechattest.ReusedKeys()})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, p.Close()) })
	account, err := p.NewMerchant(wechattest.MerchantOptions{MchID: "0000190001", Partner: true, Subs: []wechattest.SubMerchant{{MchID: "0000190002"}}})
	require.NoError(t, err)
	d := &desk{t: t, mock: httpmock.NewMockTransport(), dir: t.TempDir()}
	respond := account.RawResponder(200, []byte(answer), wechattest.Fault{})
	d.mock.RegisterNoResponder(func(r *http.Request) (*http.Response, error) {
		if strings.HasPrefix(r.URL.Path, "/v3/billdownload/") {
			d.files = append(d.files, r)
			return file(), nil
		}
		d.apply = append(d.apply, r)
		return respond(r)
	})
	m, err := wechat.NewMerchant(account.Config(), append(account.Options(), wechat.WithTransport(&http.Client{Transport: d.mock}), wechat.WithBackoff(wechat.NoRetry))...)
	require.NoError(t, err)
	if sub != "" {
		m = m.For(wechat.Sub{MchID: sub})
	}
	d.m = m
	d.Service = bill.New(m, append([]bill.Option{bill.WithDir(d.dir)}, opts...)...)
	return d
}

// empty reports that no spool file is left.
func (d *desk) empty() {
	d.t.Helper()
	left, err := os.ReadDir(d.dir)
	require.NoError(d.t, err)
	assert.Empty(d.t, left)
}

func served(status int, body io.Reader, length int64) func() *http.Response {
	return func() *http.Response {
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(body), ContentLength: length}
	}
}

func whole(body []byte) func() *http.Response {
	return served(200, bytes.NewReader(body), int64(len(body)))
}

func answerFor(text []byte) string {
	return `{"hash_type":"SHA1","hash_value":"` + sum(text) + `","download_url":"` + fileURL + `","new_field":{"a":1}}`
}

func sum(text []byte) string {
	s := sha1.Sum(text)
	return hex.EncodeToString(s[:])
}

func packed(t testing.TB, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write(text)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return b.Bytes()
}
