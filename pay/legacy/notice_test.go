package legacy_test

import (
	"context"
	"encoding/xml"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/pay/legacy"
)

// The documents of vectors D-03, D-07 and D-08.
const (
	scanXML   = `<xml><OpenId><![CDATA[oLegacyOpenId0000000000000001]]></OpenId><AppId><![CDATA[wxf8b4f85f3a794e77]]></AppId><IsSubscribe>0</IsSubscribe><ProductId><![CDATA[SKU-10086]]></ProductId><TimeStamp>1400000007</TimeStamp><NonceStr><![CDATA[N0nceFromWeChat16]]></NonceStr><AppSignature><![CDATA[41be1e5592ba151fb7fb9345058694732d03d707]]></AppSignature><SignMethod><![CDATA[sha1]]></SignMethod></xml>`
	paidXML   = `<xml><OpenId><![CDATA[oLegacyOpenId0000000000000001]]></OpenId><AppId><![CDATA[wxf8b4f85f3a794e77]]></AppId><IsSubscribe>1</IsSubscribe><TimeStamp>1400000200</TimeStamp><NonceStr><![CDATA[notifyNonce0001]]></NonceStr><AppSignature><![CDATA[7faf2e8f40d7d0516f39be3e0d658cc2952515c1]]></AppSignature><SignMethod><![CDATA[sha1]]></SignMethod></xml>`
	paidQuery = "sign_type=MD5&service_version=1.0&input_charset=UTF-8&sign_key_index=1&trade_mode=1&trade_state=0&partner=1900000109&bank_type=2032&bank_billno=206064184488&total_fee=1&fee_type=1&notify_id=7f2aLegacyNotifyId0001&transaction_id=1900000109201405180000000001&out_trade_no=7240b65810859cbf2a8d9f76a638c0a3&attach=&time_end=20140518192222&transport_fee=0&product_fee=1&discount=0&sign=E836EFC504E32F13376F04E674783DB9"
)

func TestPaid(t *testing.T) {
	t.Parallel()
	var got []notify.Event[legacy.Payment]
	h := notify.NewHandler(notify.Legacy(newDesk(t, first, 1).m))
	notify.On(h, legacy.Paid, func(_ context.Context, e notify.Event[legacy.Payment]) error { got = append(got, e); return nil })
	reply := h.Handle(t.Context(), notify.Request{Method: "POST", RawQuery: paidQuery, Body: []byte(paidXML)})
	assert.Equal(t, notify.Reply{Status: 200, ContentType: "text/plain; charset=utf-8", Body: []byte("success")}, reply)
	require.Len(t, got, 1)
	e := got[0]
	assert.Equal(t, "1900000109/2014.PAID/1900000109201405180000000001", e.Key)
	assert.Equal(t, "7f2aLegacyNotifyId0001", e.Data.NotifyID)
	assert.Equal(t, "oLegacyOpenId0000000000000001", e.Data.OpenID)
	assert.True(t, bool(e.Data.Subscribed))
	assert.True(t, e.Data.Paid())
	assert.Equal(t, "2014-05-18T19:22:22+08:00", e.Data.TimeEnd.Format("2006-01-02T15:04:05Z07:00"))
	require.NoError(t, e.Data.Matches(orderNo, 1))
	assert.NotEmpty(t, e.Data.Fields)
}

func TestScanned(t *testing.T) {
	t.Parallel()
	d := newDesk(t, first, 1400000300)
	h := notify.NewHandler(notify.Legacy(d.m))
	soldOut := false
	notify.Answer(h, legacy.Scanned, func(_ context.Context, e notify.Event[legacy.Scan]) (legacy.NativeReply, error) {
		assert.Equal(t, legacy.Scan{OpenID: "oLegacyOpenId0000000000000001", ProductID: "SKU-10086"}, e.Data)
		if soldOut {
			return legacy.Refuse("商品已下架"), nil
		}
		return d.orders.Reply(order1())
	})
	type answer struct{ AppId, Package, TimeStamp, NonceStr, RetCode, RetErrMsg, AppSignature, SignMethod string }
	scan := func() (a answer) {
		reply := h.Handle(t.Context(), notify.Request{Method: "POST", Body: []byte(scanXML)})
		require.Equal(t, 200, reply.Status)
		require.NoError(t, xml.Unmarshal(reply.Body, &a))
		assert.Len(t, a.AppSignature, 40)
		a.AppSignature, a.NonceStr = "", ""
		return a
	}
	assert.Equal(t, answer{AppId: appID, Package: p1, TimeStamp: "1400000300", RetCode: "0", RetErrMsg: "ok", SignMethod: "sha1"}, scan())
	soldOut = true
	assert.Equal(t, answer{AppId: appID, TimeStamp: "1400000300", RetCode: "1", RetErrMsg: "商品已下架", SignMethod: "sha1"}, scan())
}

func TestReplyNeedsAnOrder(t *testing.T) {
	t.Parallel()
	_, err := newDesk(t, first, 1).orders.Reply(legacy.Order{})
	require.Error(t, err)
}
