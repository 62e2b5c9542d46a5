package apiv2_test

import (
	"context"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay/apiv2"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
)

// The numbers of the tests; the key is printed in an official document.
const (
	mchID = "10000100"
	appID = "wxd930ea5d5a258f4f"
	key   = "192006250b4c09247ec02edce69f6a2d"
)

var now = time.Unix(1414488825, 0)

// sum signs with a few lines of its own.
func sum(fields map[string]string, d sign.Digest) string {
	text := ""
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for name := range fields {
			if !yield(name) {
				return
			}
		}
	}) {
		if name != "sign" && fields[name] != "" {
			text += name + "=" + fields[name] + "&"
		}
	}
	h := md5.New()
	if d == sign.HMACSHA256 {
		h = hmac.New(sha256.New, []byte(key))
	}
	_, _ = io.WriteString(h, text+"key="+key)
	return strings.ToUpper(hex.EncodeToString(h.Sum(nil)))
}

type fields = map[string]string

// document writes fields as XML with CDATA.
func document(root string, f fields) string {
	var b strings.Builder
	for name, value := range f {
		fmt.Fprintf(&b, "<%s><![CDATA[%s]]></%[1]s>", name, value)
	}
	return "<" + root + ">" + b.String() + "</" + root + ">"
}

// signed is an answer or notice with f in it.
func signed(d sign.Digest, f fields) string {
	all := fields{"return_code": "SUCCESS", "return_msg": "OK", "result_code": "SUCCESS", "appid": appID, "mch_id": mchID, "nonce_str": "n1", "unknown_new": "x & y"}
	for name, value := range f {
		all[name] = value
	}
	all["sign"] = sum(all, d)
	return document("xml", all)
}

func unsigned(f fields) string {
	all := fields{"return_code": "SUCCESS", "result_code": "SUCCESS"}
	for name, value := range f {
		all[name] = value
	}
	return document("xml", all)
}

// parse reads flat XML with encoding/xml.
func parse(t testing.TB, text []byte) fields {
	t.Helper()
	var doc struct {
		Fields []struct {
			XMLName xml.Name
			Text    string `xml:",chardata"`
		} `xml:",any"`
	}
	require.NoError(t, xml.Unmarshal(text, &doc))
	out := fields{}
	for _, f := range doc.Fields {
		require.NotContains(t, out, f.XMLName.Local)
		out[f.XMLName.Local] = f.Text
	}
	return out
}

// desk is a merchant whose requests end at a mock.
type desk struct {
	m       *wechat.MerchantV2
	direct  *apiv2.Service
	partner *apiv2.Service

	mu     sync.Mutex
	sent   []fields
	urls   []string
	answer func(n int, url string) string
	header http.Header
}

func newDesk(t testing.TB, d sign.Digest, answer func(n int, url string) string) *desk {
	t.Helper()
	k := &desk{answer: answer, header: http.Header{"Content-Type": {"text/plain"}}}
	mock := httpmock.NewMockTransport()
	mock.RegisterNoResponder(func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		k.mu.Lock()
		defer k.mu.Unlock()
		k.sent, k.urls = append(k.sent, parse(t, body)), append(k.urls, r.Method+" "+r.URL.String())
		res := httpmock.NewStringResponse(200, k.answer(len(k.sent), r.URL.Path))
		res.Header = k.header
		res.Request = r
		return res, nil
	})
	m, err := wechat.NewMerchantV2(wechat.MerchantV2Config{ID: mchID, Key: seal.NewKey(key), Digest: d},
		wechat.WithTransport(&http.Client{Transport: mock}), wechat.WithBackoff(wechat.NoRetry), wechat.WithClock(func() time.Time { return now }))
	require.NoError(t, err)
	k.m, k.direct = m, apiv2.New(m, appID)
	k.partner = apiv2.New(m.For(wechat.Sub{MchID: "1900000109", AppID: "wx8888888888888888"}), appID)
	for _, s := range []*apiv2.Service{k.direct, k.partner} {
		s.Sleep = func(context.Context, time.Duration) error { return nil }
	}
	return k
}

func always(text string) func(int, string) string { return func(int, string) string { return text } }

// last is the last request; its signature is checked and taken out.
func (k *desk) last(t testing.TB, d sign.Digest) (string, fields) {
	t.Helper()
	k.mu.Lock()
	defer k.mu.Unlock()
	require.NotEmpty(t, k.sent)
	f := k.sent[len(k.sent)-1]
	assert.Equal(t, sum(f, d), f["sign"])
	assert.NotEmpty(t, f["nonce_str"])
	delete(f, "sign")
	delete(f, "nonce_str")
	return k.urls[len(k.urls)-1], f
}
