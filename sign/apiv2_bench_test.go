package sign_test

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"sort"
	"strings"
	"testing"

	"github.com/wxcommerce/wechat/sign"
)

// rawV2 is APIv2 as one writes it by hand over a map.
func rawV2(fields map[string]string, key string, h func() hash.Hash) string {
	names := make([]string, 0, len(fields))
	for name, value := range fields {
		if name != "sign" && value != "" {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	var text strings.Builder
	text.Grow(512)
	for _, name := range names {
		text.WriteString(name)
		text.WriteByte('=')
		text.WriteString(fields[name])
		text.WriteByte('&')
	}
	text.WriteString("key=")
	text.WriteString(key)
	if h == nil {
		sum := md5.Sum([]byte(text.String()))
		return strings.ToUpper(hex.EncodeToString(sum[:]))
	}
	m := h()
	m.Write([]byte(text.String()))
	return strings.ToUpper(hex.EncodeToString(m.Sum(nil)))
}

const orderFields = `appid=wxd678efh567hg6787
mch_id=1230000109
device_info=013467007045764
nonce_str=5K8264ILTKCH16CQ2502SI8ZNMTM67VS
sign_type=MD5
body=腾讯充值中心-QQ会员充值
attach=深圳分店
out_trade_no=20150806125346
fee_type=CNY
total_fee=88
spbill_create_ip=123.12.12.123
time_start=20091225091010
time_expire=20091227091010
notify_url=https://www.weixin.qq.com/wxpay/pay.php
trade_type=JSAPI
openid=oUpF8uMuAJO_M2pxb1Q9zNjWeS6o`

// BenchmarkAPIv2 is the first column of P4: a typical order of sixteen fields.
func BenchmarkAPIv2(b *testing.B) {
	pairs, fields := pairsOf(orderFields), map[string]string{}
	for _, p := range pairs {
		fields[p.Name] = p.Value
	}
	mac := func() hash.Hash { return hmac.New(sha256.New, []byte(v2Key)) }
	for _, bench := range []struct {
		name string
		run  func() string
	}{
		{"MD5/raw", func() string { return rawV2(fields, v2Key, nil) }},
		{"MD5/sign", func() string { return sign.APIv2(pairs, v2Key, sign.MD5) }},
		{"HMAC/raw", func() string { return rawV2(fields, v2Key, mac) }},
		{"HMAC/sign", func() string { return sign.APIv2(pairs, v2Key, sign.HMACSHA256) }},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if bench.run() == "" {
					b.Fatal("empty")
				}
			}
		})
	}
}
