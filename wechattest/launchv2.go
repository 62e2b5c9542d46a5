package wechattest

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// senderV2 makes the notices of the XML generation.
type senderV2 struct {
	t   *V2Target
	now func() time.Time
}

func (t *V2Target) channels(now func() time.Time) (all []*channel, err error) {
	if t == nil {
		return nil, nil
	}
	if len(t.Key) != 32 {
		return nil, fmt.Errorf("V2Target.Key: want 32 bytes, got %d", len(t.Key))
	}
	s := &senderV2{t, now}
	if t.PayURL != "" && len(t.Samples) > 0 {
		o := t.Samples[0].numbered()
		c := s.channel("v2 payment notice", t.PayURL, s.paid(o), "total_fee")
		c.order = o.OutTradeNo
		pack := func(change func(fieldsV2)) func(Sample) (parcel, error) {
			return func(o Sample) (parcel, error) {
				f := s.paid(o)
				change(f)
				return s.pack(t.PayURL, s.sign(f, s.digest())), nil
			}
		}
		c.rules = []rule{
			oddity{1, "amount", otherAmount, "a genuine notice of one fen less", compare, 0, pack(func(f fieldsV2) {
				n, _ := strconv.ParseInt(f["total_fee"], 10, 64)
				f["total_fee"], f["cash_fee"] = strconv.FormatInt(n-1, 10), strconv.FormatInt(n-1, 10)
			})}.rule(t.Samples),
			oddity{1, "failed payment", "A notice whose result_code is FAIL fulfils nothing", "a genuine notice with result_code FAIL", "Look at return_code and result_code.", 0,
				pack(func(f fieldsV2) { f["result_code"], f["err_code"] = "FAIL", "NOTENOUGH" })}.rule(t.Samples),
			unknownOrder(pack(func(fieldsV2) {})),
		}
		all = append(all, c)
	}
	if t.RefundURL != "" && len(t.Refunds) > 0 {
		all = append(all, s.refund(t.Refunds[0]))
	}
	if t.NativeURL != "" && t.ProductID != "" {
		f := fieldsV2{"appid": t.AppID, "openid": t.OpenID, "mch_id": t.MchID, "is_subscribe": "Y", "nonce_str": randomText(32), "product_id": t.ProductID}
		c := s.channel("v2 native callback", t.NativeURL, f, "product_id")
		c.answer, c.right = "return_code and result_code SUCCESS with a prepay_id, signed afresh", s.scanned
		all = append(all, c)
	}
	return all, nil
}

func (s *senderV2) digest() string {
	if s.t.HMAC {
		return digestHMAC
	}
	return digestMD5
}

func (s *senderV2) paid(o Sample) fieldsV2 {
	f := fieldsV2{"return_code": "SUCCESS", "result_code": "SUCCESS", "appid": s.t.AppID, "mch_id": s.t.MchID, "nonce_str": randomText(32), "openid": o.OpenID,
		"is_subscribe": "Y", "trade_type": kindJSAPI, "bank_type": "OTHERS", "total_fee": strconv.FormatInt(int64(o.Total), 10), "fee_type": "CNY",
		"cash_fee": strconv.FormatInt(int64(o.Total), 10), "transaction_id": o.TransactionID, "out_trade_no": o.OutTradeNo, "attach": o.Attach,
		"time_end": s.now().In(beijing).Format("20060102150405")}
	if s.t.HMAC {
		f["sign_type"] = digestHMAC
	}
	maps.DeleteFunc(f, func(_, value string) bool { return value == "" })
	return f
}

// sign is a signed copy of f.
func (s *senderV2) sign(f fieldsV2, digest string) fieldsV2 {
	f = maps.Clone(f)
	f["sign"] = sumV2(f, s.t.Key, digest)
	return f
}

func (s *senderV2) pack(url string, f fieldsV2) parcel { return packXML(url, writeV2("xml", f)) }

func packXML(url string, body []byte) parcel {
	return parcel{method: http.MethodPost, url: url, body: body, header: http.Header{"Content-Type": {kindXML}}}
}

// heedsXML: WeChat takes an answer for success by its return_code alone.
func heedsXML(h heard) bool {
	f, err := readV2(h.body, "xml")
	return h.err == nil && h.status == http.StatusOK && err == nil && f["return_code"] == "SUCCESS" && (f["result_code"] == "" || f["result_code"] == "SUCCESS")
}

// xmlForgeries break the document itself; a genuine one has a first element after <xml>.
func xmlForgeries(make func() (parcel, error)) []forgery {
	const mend = "Parse with a strict reader: no DOCTYPE, no element twice, nothing nested."
	with := func(old, new string) func() (parcel, error) {
		return func() (parcel, error) {
			p, err := make()
			p.body = bytes.Replace(p.body, []byte(old), []byte(new), 1)
			return p, err
		}
	}
	return []forgery{
		{"doctype", "A document with a DOCTYPE is refused", "the genuine notice behind an entity declaration", mend, with("<xml>", `<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml>`)},
		{"element twice", "An element that comes twice is refused", "the genuine notice with two nonces", mend, with("</xml>", "<nonce_str>a</nonce_str><nonce_str>b</nonce_str></xml>")},
		{"extra field", "A field added after signing is refused", "the genuine notice with one element more", "Every element that comes is part of the signature, known or not.", with("</xml>", "<added>1</added></xml>")},
	}
}

func (s *senderV2) channel(name, url string, f fieldsV2, tampered string) *channel {
	const verify = "Sign all fields that came, except sign and empty ones, with your key, and compare in constant time."
	made := func(f fieldsV2) func() (parcel, error) {
		return func() (parcel, error) { return s.pack(url, f), nil }
	}
	good := s.sign(f, s.digest())
	changed := func(name, value string) fieldsV2 {
		c := maps.Clone(good)
		c[name] = value
		return c
	}
	unsigned := maps.Clone(f)
	delete(unsigned, "sign")
	foreign := maps.Clone(f)
	foreign["mch_id"] = "0000999999"
	c := &channel{name: name, url: url, answer: "return_code SUCCESS in XML", heeds: heedsXML, genuine: made(good), secrets: []string{s.t.Key}, forged: []forgery{
		{"unsigned", "A notice without sign is refused", "the notice without its sign", verify, made(unsigned)},
		{"empty sign", "An empty sign is refused", "the notice with <sign></sign>", verify, made(changed("sign", ""))},
		{"missigned", "A signature by another key is refused", "the notice, signed with another key", verify, made(changed("sign", sumV2(f, randomText(32), s.digest())))},
		{"tampered", "A field changed after signing is refused", "another " + tampered + " under the old sign", verify, made(changed(tampered, good[tampered]+"0"))},
		{"foreign", "A notice of another merchant is refused", "the notice with another mch_id, signed with our key", "Compare mch_id and appid with your own.", made(s.sign(foreign, s.digest()))},
	}}
	if s.t.HMAC {
		weak := maps.Clone(f)
		weak["sign_type"] = digestMD5
		c.forged = append(c.forged, forgery{"downgraded", "A weaker digest than the configured one is refused", "the notice, signed with MD5", "Fix the digest by configuration, never by the notice's sign_type.", made(s.sign(weak, digestMD5))})
	}
	c.forged = append(c.forged, xmlForgeries(c.genuine)...)
	return c
}

// refund makes the channel of refund notices, which are encrypted instead of signed.
func (s *senderV2) refund(r RefundSample) *channel {
	t := s.t
	r.Sample = r.numbered()
	inner := writeV2("root", fieldsV2{"out_trade_no": r.OutTradeNo, "transaction_id": r.TransactionID, "out_refund_no": r.OutRefundNo,
		"refund_id": cmp.Or(r.RefundID, "50000000"+digitsOf(r.OutRefundNo)), "total_fee": strconv.FormatInt(int64(r.Total), 10), "refund_fee": strconv.FormatInt(int64(r.Refund), 10),
		"settlement_refund_fee": strconv.FormatInt(int64(r.Refund), 10), "refund_status": refundSuccess, "success_time": s.now().In(beijing).Format(plainV2),
		"refund_recv_accout": "支付用户零钱", "refund_account": "REFUND_SOURCE_UNSETTLED_FUNDS", "refund_request_source": "API"})
	pack := func(mchID, info string) func() (parcel, error) {
		return func() (parcel, error) {
			return s.pack(t.RefundURL, fieldsV2{"return_code": "SUCCESS", "appid": t.AppID, "mch_id": mchID, "nonce_str": randomText(32), "req_info": info}), nil
		}
	}
	const mend = "A refund notice is only as good as its req_info: refuse it unless that opens with your key."
	c := &channel{name: "v2 refund notice", url: t.RefundURL, answer: "return_code SUCCESS in XML", heeds: heedsXML, secrets: []string{t.Key},
		genuine: pack(t.MchID, sealECB(t.Key, inner)), forged: []forgery{
			{"sealed elsewhere", "Content that our key does not open is refused", "req_info under another key", mend, pack(t.MchID, sealECB(randomText(32), inner))},
			{"no content", "A refund notice without content is refused", "no req_info", mend, pack(t.MchID, "")},
			{"half a block", "Content of a wrong length is refused", "req_info cut by a byte", mend, pack(t.MchID, "QUJD")},
			{"foreign", "A notice of another merchant is refused", "the notice with another mch_id", "Compare mch_id and appid with your own.", pack("0000999999", sealECB(t.Key, inner))},
		}}
	c.forged = append(c.forged, slices.DeleteFunc(xmlForgeries(c.genuine), func(f forgery) bool { return f.rule == "extra field" })...)
	return c
}

// scanned looks at the answer to a native callback.
func (s *senderV2) scanned(h heard) error {
	f, err := readV2(h.body, "xml")
	switch {
	case err != nil:
		return err
	case f["result_code"] != "SUCCESS" || f["prepay_id"] == "":
		return errors.New("result_code SUCCESS and prepay_id are needed")
	case f["sign"] != sumV2(f, s.t.Key, s.digest()):
		return errors.New("its sign does not fit; sign the answer's own fields afresh")
	}
	return nil
}
