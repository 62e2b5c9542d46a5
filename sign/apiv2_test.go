package sign_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/sign"
)

// Keys printed in public documents; they protect nothing.
const (
	v2Key      = "192006250b4c09247ec02edce69f6a2d"
	exposedKey = "exposed_your_key_here_have_risks"
)

// pairsOf reads name=value lines.
func pairsOf(lines string) []sign.Pair {
	var out []sign.Pair
	for line := range strings.Lines(strings.TrimSpace(lines)) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		out = append(out, sign.Pair{Name: name, Value: value})
	}
	return out
}

const (
	officialFields = `appid=wxd930ea5d5a258f4f
body=test
device_info=1000
mch_id=10000100
nonce_str=ibuaiVcKdpRxkhJA`
	pageFields = `appId=mock-appid
nonceStr=mock-nonce
package=prepay_id=mock-prepay-id
timeStamp=1601234567
signType=`
	answerFields = `return_code=SUCCESS
return_msg=OK
appid=wx2421b1c4370ec43b
mch_id=10000100
nonce_str=5d2b6c2a8db53831f7eda20af46e531c
attach=
device_info=0
openid=oUpF8uMEb4qRXf22hE3X68TekukE
total_fee=1
coupon_fee=10
coupon_count=11
coupon_fee_0=3
coupon_fee_2=3
coupon_fee_10=4
Zz_new=x y
out_trade_no=1409811653
remark_new=a&b=c
result_code=SUCCESS
time_end=20140903131540
transaction_id=1004400740201409030005092168`
)

func TestAPIv2(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, fields, key string
		digest            sign.Digest
		want              string
	}{
		{"official document, MD5", officialFields, v2Key, sign.MD5, "9A0A8659F005D6984697E2CA0A9CF3B7"},
		{"official document, HMAC-SHA256", officialFields, v2Key, sign.HMACSHA256, "6A9AE1657590FD6257D693A078E1C3E4BB6BA4DC30B23E0EE2496E54170DACD6"},
		{"EasyWeChat test, page parameters, MD5", pageFields + "MD5", "mock-v2-secret-key", sign.MD5, "C52D6B09E8A039D6E8696A014BB37160"},
		{"EasyWeChat test, page parameters, HMAC-SHA256", pageFields + "HMAC-SHA256", "mock-v2-secret-key", sign.HMACSHA256, "BAC9240577E86EDC7753264E502196C61F78F24777E9E7CCE82A7BD97F906EED"},
		{"order, empty, zero and unknown fields, MD5", answerFields, exposedKey, sign.MD5, "D25F93A4BF09C81C6BA24B56C12C2CA1"},
		{"order, empty, zero and unknown fields, HMAC-SHA256", answerFields, exposedKey, sign.HMACSHA256, "6D7C1B35E80B4D4E8D26EB6D52F90D0F38DB43679716AD3CE295B2E58074AAE1"},
		{"CDATA, entity and Chinese text, decoded", "appid=wx2421b1c4370ec43b\nattach=支付&测试\nbank_type=CFT\nmch_id=10000100\nnonce_str=n2\nout_trade_no=A&1\nresult_code=SUCCESS\nreturn_code=SUCCESS\ntotal_fee=1\ndevice_info=",
			exposedKey, sign.MD5, "21C1202C5C1BCDF29E0CFCFFCBB361A1"},
		{"native link of mode 1", "appid=wxd930ea5d5a258f4f\nmch_id=10000100\ntime_stamp=1414488825\nnonce_str=5K8264ILTKCH16CQ2502SI8ZNMTM67VS\nproduct_id=88888",
			v2Key, sign.MD5, "9D1D490CBBF322C6C570375718106149"},
		{"native reply of mode 1", "return_code=SUCCESS\nappid=wxd930ea5d5a258f4f\nmch_id=10000100\nnonce_str=replynonce1\nprepay_id=wx201411101639507cbf6ffd8b0779950874\nresult_code=SUCCESS",
			v2Key, sign.MD5, "42071B96F85B5E214E270490C81EAAFF"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pairs := pairsOf(tt.fields)
			before := slices.Clone(pairs)
			assert.Equal(t, tt.want, sign.APIv2(pairs, tt.key, tt.digest))
			assert.Equal(t, before, pairs, "the caller's pairs are not touched")
			slices.Reverse(pairs)
			assert.Equal(t, tt.want, sign.APIv2(pairs, tt.key, tt.digest), "any order of fields")
			signed := append(pairs, sign.Pair{Name: "sign", Value: tt.want})
			assert.Equal(t, tt.want, sign.APIv2(signed, tt.key, tt.digest), "sign itself is left out")
			assert.NoError(t, sign.CheckAPIv2(signed, tt.key, tt.digest))
		})
	}
}

func TestCheckAPIv2Refuses(t *testing.T) {
	t.Parallel()
	good := func(d sign.Digest) []sign.Pair {
		p := append(pairsOf(answerFields), sign.Pair{Name: "sign_type", Value: d.String()})
		return append(p, sign.Pair{Name: "sign", Value: sign.APIv2(p, exposedKey, d)})
	}
	last := func(p []sign.Pair, value string) []sign.Pair {
		p[len(p)-1].Value = value
		return p
	}
	more := func(p []sign.Pair, name, value string) []sign.Pair {
		return append(p, sign.Pair{Name: name, Value: value})
	}
	md5, hmac := good(sign.MD5), good(sign.HMACSHA256)
	sum := md5[len(md5)-1].Value
	downgraded := pairsOf(answerFields)
	downgraded = more(downgraded, "sign", sign.APIv2(downgraded, exposedKey, sign.MD5))
	tests := []struct {
		name   string
		pairs  []sign.Pair
		digest sign.Digest
		want   error
	}{
		{"good MD5", md5, sign.MD5, nil},
		{"good HMAC", hmac, sign.HMACSHA256, nil},
		{"no fields", nil, sign.MD5, sign.ErrNoSign},
		{"no sign", pairsOf(answerFields), sign.MD5, sign.ErrNoSign},
		{"empty sign", last(good(sign.MD5), ""), sign.MD5, sign.ErrNoSign},
		{"sign twice", more(good(sign.MD5), "sign", sum), sign.MD5, sign.ErrTwoSigns},
		{"an empty sign before the right one", append([]sign.Pair{{Name: "sign"}}, md5...), sign.MD5, sign.ErrTwoSigns},
		{"MD5 where the merchant uses HMAC", md5, sign.HMACSHA256, sign.ErrDowngrade},
		{"MD5 without sign_type where the merchant uses HMAC", downgraded, sign.HMACSHA256, sign.ErrDowngrade},
		{"HMAC where the merchant uses MD5", hmac, sign.MD5, sign.ErrDowngrade},
		{"unknown sign_type", more(pairsOf(answerFields+"\nsign_type=SHA1"), "sign", sum), sign.MD5, sign.ErrDowngrade},
		{"lower case", last(good(sign.MD5), strings.ToLower(sum)), sign.MD5, sign.ErrMismatch},
		{"cut", last(good(sign.MD5), sum[:31]), sign.MD5, sign.ErrMismatch},
		{"blank after it", last(good(sign.MD5), sum+" "), sign.MD5, sign.ErrMismatch},
		{"an unsigned field added", more(good(sign.MD5), "total_fee_2", "1"), sign.MD5, sign.ErrMismatch},
		{"an empty field added, which nobody signs", more(good(sign.MD5), "extra", ""), sign.MD5, nil},
		{"a field left out", good(sign.MD5)[1:], sign.MD5, sign.ErrMismatch},
		{"Sign in another case is a field like others", more(good(sign.MD5), "Sign", sum), sign.MD5, sign.ErrMismatch},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := sign.CheckAPIv2(tt.pairs, exposedKey, tt.digest)
			if tt.want == nil {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, tt.want)
			assert.NotContains(t, err.Error(), exposedKey)
			assert.NotContains(t, err.Error(), sum, "an error must not tell the right signature")
		})
	}
	assert.ErrorIs(t, sign.CheckAPIv2(md5, v2Key, sign.MD5), sign.ErrMismatch, "another key")
}

// TestNoMutantPassesAPIv2 flips every bit of every value and of the signature,
// under both digests: not one of the mutants may be believed.
func TestNoMutantPassesAPIv2(t *testing.T) {
	t.Parallel()
	for _, d := range []sign.Digest{sign.MD5, sign.HMACSHA256} {
		t.Run(d.String(), func(t *testing.T) {
			t.Parallel()
			pairs := pairsOf(answerFields)
			pairs = append(pairs, sign.Pair{Name: "sign", Value: sign.APIv2(pairs, exposedKey, d)})
			require.NoError(t, sign.CheckAPIv2(pairs, exposedKey, d))
			mutants := 0
			for i, p := range pairs {
				for _, part := range []*string{&pairs[i].Name, &pairs[i].Value} {
					text := *part
					for bit := range 8 * len(text) {
						b := []byte(text)
						b[bit/8] ^= 1 << (bit % 8)
						*part = string(b)
						mutants++
						// An empty value is not signed, so neither is its name.
						if err := sign.CheckAPIv2(pairs, exposedKey, d); err == nil && p.Value != "" {
							t.Errorf("bit %d of %s passed", bit, p.Name)
						}
					}
					*part = text
				}
			}
			require.NoError(t, sign.CheckAPIv2(pairs, exposedKey, d))
			assert.Greater(t, mutants, 3000) // over 6,000 with both digests
		})
	}
}

func TestDigestNames(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "MD5", sign.MD5.String())
	assert.Equal(t, "HMAC-SHA256", sign.HMACSHA256.String())
}
