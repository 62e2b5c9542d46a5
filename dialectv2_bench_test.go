package wechat_test

import (
	"bytes"
	"crypto/md5"
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/wire"
	"github.com/wxcommerce/wechat/sign"
)

// v2Order is a typical order of sixteen fields.
type v2Order struct {
	wechat.PartyV2
	DeviceInfo string     `xml:"device_info"`
	Body       string     `xml:"body"`
	Attach     string     `xml:"attach"`
	OutTradeNo string     `xml:"out_trade_no"`
	FeeType    string     `xml:"fee_type"`
	Total      wechat.Fen `xml:"total_fee"`
	IP         string     `xml:"spbill_create_ip"`
	Start      string     `xml:"time_start"`
	Expire     string     `xml:"time_expire"`
	NotifyURL  string     `xml:"notify_url"`
	TradeType  string     `xml:"trade_type"`
	OpenID     string     `xml:"openid"`
}

type v2Prepay struct {
	ReturnCode string `xml:"return_code"`
	ResultCode string `xml:"result_code"`
	AppID      string `xml:"appid"`
	MchID      string `xml:"mch_id"`
	TradeType  string `xml:"trade_type"`
	PrepayID   string `xml:"prepay_id"`
	CodeURL    string `xml:"code_url"`
}

var sampleV2 = v2Order{wechat.PartyV2{AppID: "wxd678efh567hg6787", MchID: v2ID}, "013467007045764", "腾讯充值中心-QQ会员充值", "深圳分店", "20150806125346",
	"CNY", 88, "123.12.12.123", "20091225091010", "20091227091010", "https://www.weixin.qq.com/wxpay/pay.php", "JSAPI", "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"}

var answerV2 = v2XML(sign.MD5, "return_code", "SUCCESS", "return_msg", "OK", "appid", "wxd678efh567hg6787", "mch_id", v2ID,
	"nonce_str", "IITRi8Iabbblz1Jc", "result_code", "SUCCESS", "prepay_id", "wx201411101639507cbf6ffd8b0779950874", "trade_type", "JSAPI",
	"device_info", "013467007045764", "code_url", "weixin://wxpay/bizpayurl?pr=NwY5Mz9&groupid=00")

// The hand-written other side of P4: fields named one by one, CDATA only.

func rawFields(o *v2Order) []sign.Pair {
	return []sign.Pair{{"appid", o.AppID}, {"mch_id", o.MchID}, {"device_info", o.DeviceInfo}, {"body", o.Body}, {"attach", o.Attach},
		{"out_trade_no", o.OutTradeNo}, {"fee_type", o.FeeType}, {"total_fee", strconv.FormatInt(int64(o.Total), 10)}, {"spbill_create_ip", o.IP},
		{"time_start", o.Start}, {"time_expire", o.Expire}, {"notify_url", o.NotifyURL}, {"trade_type", o.TradeType}, {"openid", o.OpenID}}
}

func rawSum(fields []sign.Pair) string {
	sorted := append(make([]sign.Pair, 0, len(fields)), fields...)
	sort.Slice(sorted, func(i, j int) bool { return sorted[i].Name < sorted[j].Name })
	text := make([]byte, 0, 1024)
	for _, p := range sorted {
		if p.Name != "sign" && p.Value != "" {
			text = append(append(append(append(text, p.Name...), '='), p.Value...), '&')
		}
	}
	sum := md5.Sum(append(append(text, "key="...), v2Key...))
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

func rawWrite(fields []sign.Pair) []byte {
	b := append(make([]byte, 0, 1024), "<xml>"...)
	for _, p := range fields {
		if strings.Contains(p.Value, "]]>") {
			p.Value = strings.ReplaceAll(p.Value, "]]>", "")
		}
		b = append(append(append(b, '<'), p.Name...), "><![CDATA["...)
		b = append(append(append(append(b, p.Value...), "]]></"...), p.Name...), '>')
	}
	return append(b, "</xml>"...)
}

var errRawV2 = errors.New("refused")

// rawRead understands <name><![CDATA[value]]></name> and nothing else.
func rawRead(body []byte, out *v2Prepay) error {
	body = bytes.TrimSuffix(bytes.TrimPrefix(body, []byte("<xml>")), []byte("</xml>"))
	fields := make([]sign.Pair, 0, 16)
	got := ""
	for len(body) > 0 {
		end := bytes.IndexByte(body, '>')
		cdata := bytes.Index(body, []byte("]]>"))
		if end < 0 || cdata < end+10 {
			return errRawV2
		}
		name, value := string(body[1:end]), string(body[end+10:cdata])
		fields = append(fields, sign.Pair{Name: name, Value: value})
		body = body[cdata+3+len(name)+3:]
		switch name {
		case "sign":
			got = value
		case "return_code":
			out.ReturnCode = value
		case "result_code":
			out.ResultCode = value
		case "appid":
			out.AppID = value
		case "mch_id":
			out.MchID = value
		case "trade_type":
			out.TradeType = value
		case "prepay_id":
			out.PrepayID = value
		case "code_url":
			out.CodeURL = value
		}
	}
	if subtle.ConstantTimeCompare([]byte(rawSum(fields)), []byte(got)) != 1 || out.ReturnCode != "SUCCESS" || out.ResultCode != "SUCCESS" {
		return errRawV2
	}
	return nil
}

func rawCall(carrier wechat.Transport) error {
	fields := append(rawFields(&sampleV2), sign.Pair{Name: "nonce_str", Value: rand.Text()}, sign.Pair{Name: "sign_type", Value: "MD5"})
	fields = append(fields, sign.Pair{Name: "sign", Value: rawSum(fields)})
	r, err := http.NewRequest("POST", "https://api.mch.weixin.qq.com/pay/unifiedorder", bytes.NewReader(rawWrite(fields)))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "text/xml")
	res, err := carrier.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return err
	}
	var out v2Prepay
	return rawRead(body, &out)
}

// BenchmarkV2 is P4 beside the signature, which stands in package sign.
func BenchmarkV2(b *testing.B) {
	answer := []byte(answerV2)
	carrier := doFunc(func(r *http.Request) (*http.Response, error) {
		_, _ = io.Copy(io.Discard, r.Body)
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(answer)), ContentLength: int64(len(answer))}, nil
	})
	m := newV2(b, sign.MD5, carrier)
	run := func(name string, f func() error) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := f(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	run("encode/raw", func() error { rawWrite(rawFields(&sampleV2)); return nil })
	run("encode/wire", func() error {
		pairs, err := wire.EncodePairs(&sampleV2)
		wire.AppendXML(make([]byte, 0, 1024), pairs)
		return err
	})
	run("read/raw", func() error { return rawRead(answer, &v2Prepay{}) })
	run("read/wire", func() error {
		pairs, err := wire.ParseXML(answer, "xml")
		if err == nil {
			err = m.Prove(pairs)
		}
		if err == nil {
			err = wire.DecodePairs(pairs, &v2Prepay{})
		}
		return err
	})
	run("call/raw", func() error { return rawCall(carrier) })
	run("call/wechat", func() error {
		_, err := wechat.Call[v2Prepay](b.Context(), m, opV2, &sampleV2)
		return err
	})
}
