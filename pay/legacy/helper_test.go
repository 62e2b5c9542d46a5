package legacy_test

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay/legacy"
	"github.com/wxcommerce/wechat/seal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Sample credentials of 2014, printed in public documents; they protect nothing.
const (
	appID      = "wxf8b4f85f3a794e77"
	appKey     = "2Wozy2aksie1puXUBpWD8oZxiD1DfQuEaiC7KcRATv1Ino3mdopKaPGQQ7TtkNySuAmCaDCrw4xhPY5qKTBl7Fzm0RgR3c0WaVYIXZARsxzHV2x7iwPPzOz94dnwPWSn"
	appID2     = "wxd930ea5d5a258f4f"
	appKey2    = "L8LrMqqeGRxST5reouB0K66CaYAWpqhAVsq7ggKkxHCOastWksvuX1uvmvQclxaHoYd3ElNBrNO2DHnnzgfVG9Qs473M3DTOZug5er46FhuGofumV8H2FVR9qkjSlC5K"
	partnerID  = "1900000109"
	partnerKey = "8934e7d15453e97507ef794cf7b0519d"
	orderNo    = "7240b65810859cbf2a8d9f76a638c0a3"
	tradeNo    = "1900000109201405180000000001"
	p1         = "bank_type=WX&body=%E6%94%AF%E4%BB%98%E6%B5%8B%E8%AF%95&fee_type=1&input_charset=UTF-8&notify_url=http%3A%2F%2Fweixin.qq.com&out_trade_no=7240b65810859cbf2a8d9f76a638c0a3&partner=1900000109&spbill_create_ip=196.168.1.1&total_fee=1&sign=7F77B507B755B3262884291517E380F8"
)

// order1 is the order of vector L-01.
func order1() legacy.Order {
	return legacy.Order{OutTradeNo: orderNo, Body: "支付测试", Total: 1, NotifyURL: "http://weixin.qq.com", IP: "196.168.1.1"}
}

type token struct{}

func (token) Token(context.Context) (wechat.Token, error) { return seal.NewKey("TOKEN"), nil }

func (token) Refuse(context.Context, wechat.Token) error { return nil }

// desk is a shop whose requests end at a mock.
type desk struct {
	m      *wechat.MerchantLegacy
	orders *legacy.Service
	url    string
	body   string
	status int
	answer string
	calls  int
}

type seller struct{ app, key, partner string }

var first, second = seller{appID, appKey, partnerID}, seller{appID2, appKey2, partnerID}

func newDesk(t testing.TB, who seller, at int64) *desk {
	t.Helper()
	d := &desk{status: 200}
	mock := httpmock.NewMockTransport()
	mock.RegisterNoResponder(func(r *http.Request) (*http.Response, error) {
		d.calls++
		body, err := io.ReadAll(r.Body)
		d.url, d.body = r.Method+" "+r.URL.String(), string(body)
		if err != nil {
			return nil, err
		}
		return httpmock.NewStringResponse(d.status, d.answer), nil
	})
	m, err := wechat.NewMerchantLegacy(wechat.MerchantLegacyConfig{AppID: who.app, PaySignKey: seal.NewKey(who.key), PartnerID: who.partner,
		PartnerKey: seal.NewKey(partnerKey), Tokens: token{}, GBK: legacy.DecodeGBK},
		wechat.WithTransport(&http.Client{Transport: mock}), wechat.WithBackoff(wechat.NoRetry), wechat.WithClock(func() time.Time { return time.Unix(at, 0) }))
	require.NoError(t, err)
	d.m, d.orders = m, legacy.New(m)
	return d
}

// says makes Tenpay answer name, value, …, signed with a few lines of its own.
func (d *desk) says(namesAndValues ...string) {
	var lines []string
	var b strings.Builder
	for i := 0; i < len(namesAndValues); i += 2 {
		name, value := namesAndValues[i], namesAndValues[i+1]
		if value != "" {
			lines = append(lines, name+"="+value)
		}
		b.WriteString("<" + name + ">" + value + "</" + name + ">")
	}
	slices.Sort(lines)
	sum := md5.Sum([]byte(strings.Join(lines, "&") + "&key=" + partnerKey))
	d.answer = "<?xml version=\"1.0\" encoding=\"UTF-8\" ?><root>" + b.String() + "<sign>" + strings.ToUpper(hex.EncodeToString(sum[:])) + "</sign></root>"
}

func (d *desk) form(t testing.TB) url.Values {
	t.Helper()
	f, err := url.ParseQuery(d.body)
	require.NoError(t, err)
	return f
}
