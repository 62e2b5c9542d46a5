package wechattest

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// LaunchTarget is this merchant as Launch wants it; addresses and samples are the
// caller's to fill in.
func (l *Legacy) LaunchTarget() *LegacyTarget {
	return &LegacyTarget{AppID: l.AppID, PaySignKey: l.PaySignKey, PartnerID: l.PartnerID, PartnerKey: l.PartnerKey}
}

// senderLegacy makes what shops of 2014 are sent.
type senderLegacy struct {
	*Legacy // for its signatures
	t       *LegacyTarget
	now     func() time.Time
}

func (t *LegacyTarget) channels(now func() time.Time) (all []*channel, _ error) {
	if t == nil {
		return nil, nil
	}
	if t.PaySignKey == "" || t.PartnerKey == "" {
		return nil, fmt.Errorf("LegacyTarget: PaySignKey has %d bytes and PartnerKey %d; both are required", len(t.PaySignKey), len(t.PartnerKey))
	}
	s := &senderLegacy{&Legacy{AppID: t.AppID, PartnerID: t.PartnerID, PaySignKey: t.PaySignKey, PartnerKey: t.PartnerKey}, t, now}
	if t.PayURL != "" && len(t.Samples) > 0 {
		all = append(all, s.payments())
	}
	common := func(more fieldsV2) fieldsV2 {
		f := fieldsV2{"AppId": t.AppID, "OpenId": cmp.Or(t.OpenID, "oLaunch"), "TimeStamp": seconds(now())}
		maps.Copy(f, more)
		return f
	}
	if t.NativeURL != "" && t.ProductID != "" {
		f := common(fieldsV2{"IsSubscribe": "0", "NonceStr": randomText(16), "ProductId": t.ProductID})
		c := s.channel("2014 native callback", t.NativeURL, f, slices.Collect(maps.Keys(f)), "ProductId")
		c.answer, c.heeds, c.right = "a signed package with RetCode 0", heedsPackage, s.scanned
		all = append(all, c)
	}
	if t.RightsURL != "" {
		for _, kind := range []string{"request", "confirm", "reject"} {
			f := common(fieldsV2{"MsgType": kind, "FeedBackId": "13221000000000000001", "Reason": "质量问题"})
			if kind == "request" {
				f["TransId"], f["Solution"], f["ExtInfo"] = "1900000109201401010000000001", "退款", "我是备注 13800000000"
			}
			all = append(all, s.channel("2014 rights callback ("+kind+")", t.RightsURL, f, []string{"AppId", "OpenId", "TimeStamp"}, "OpenId"))
		}
	}
	if t.AlarmURL != "" {
		f := fieldsV2{"AppId": t.AppID, "ErrorType": "1001", "Description": "错误描述", "AlarmContent": "transaction_id=1900000109201401010000000001", "TimeStamp": seconds(now())}
		all = append(all, s.channel("2014 alarm callback", t.AlarmURL, f, slices.Collect(maps.Keys(f)), "Description"))
	}
	return all, nil
}

func heedsSuccess(h heard) bool {
	return h.err == nil && h.status == http.StatusOK && strings.TrimSpace(string(h.body)) == "success"
}

func heedsPackage(h heard) bool {
	f, err := readV2(h.body, "xml")
	return h.err == nil && h.status == http.StatusOK && err == nil && f["RetCode"] == "0"
}

// channel is a callback in XML of which the fields in signed are signed.
func (s *senderLegacy) channel(name, address string, f fieldsV2, signed []string, tampered string) *channel {
	const verify = "Compute AppSignature over the fields this callback signs, with paySignKey, and compare in constant time."
	sum := func(f fieldsV2) string {
		part := fieldsV2{}
		for _, name := range signed {
			part[name] = f[name]
		}
		return s.sumLegacy(part)
	}
	made := func(f fieldsV2, signature string) func() (parcel, error) {
		return func() (parcel, error) {
			c := maps.Clone(f)
			c["SignMethod"] = "sha1"
			if signature != "" {
				c["AppSignature"] = signature
			}
			return packXML(address, writeV2("xml", c)), nil
		}
	}
	with := func(name, value string) fieldsV2 {
		c := maps.Clone(f)
		c[name] = value
		return c
	}
	foreign := with("AppId", "wx0000999999999999")
	c := &channel{name: name, url: address, answer: "the bare word success", heeds: heedsSuccess, genuine: made(f, sum(f)),
		secrets: []string{s.t.PaySignKey, s.t.PartnerKey}, forged: []forgery{
			{"unsigned", "A callback without AppSignature is refused", "the callback without its signature", verify, made(f, "")},
			{"missigned", "A signature by another key is refused", "the callback, signed with another key", verify, made(f, strings.Repeat("0", 40))},
			{"tampered", "A signed field changed afterwards is refused", "another " + tampered + " under the old signature", verify, made(with(tampered, f[tampered]+"0"), sum(f))},
			{"foreign", "A callback for another account is refused", "the callback with another AppId, signed with our key", "Compare AppId with your own.", made(foreign, sum(foreign))},
		}}
	c.forged = append(c.forged, slices.DeleteFunc(xmlForgeries(c.genuine), func(f forgery) bool { return f.rule == "extra field" })...)
	return c
}

// scanned looks at the answer to a native callback.
func (s *senderLegacy) scanned(h heard) error {
	a, err := readV2(h.body, "xml")
	if err != nil {
		return err
	}
	signed := fieldsV2{}
	for _, name := range []string{"AppId", "NonceStr", "Package", "RetCode", "RetErrMsg", "TimeStamp"} {
		signed[name] = a[name]
	}
	if a["AppSignature"] != s.sumLegacy(signed) {
		return errors.New("its AppSignature does not fit")
	}
	_, err = s.unpack(a["Package"])
	return err
}

// payments is the channel of payment notices: a signed query and a signed body.
func (s *senderLegacy) payments() *channel {
	t := s.t
	pack := func(o Sample, query, body func(fieldsV2)) (parcel, error) {
		q := fieldsV2{"sign_type": "MD5", "service_version": "1.0", "input_charset": "UTF-8", "sign_key_index": "1", "trade_mode": "1", "trade_state": "0",
			"partner": t.PartnerID, "bank_type": "CMB_FP", "total_fee": strconv.FormatInt(int64(o.Total), 10), "fee_type": "1", "notify_id": randomText(40),
			"transaction_id": o.TransactionID, "out_trade_no": o.OutTradeNo, "attach": o.Attach, "time_end": stampLegacy(s.now()),
			"transport_fee": "0", "product_fee": strconv.FormatInt(int64(o.Total), 10), "discount": "0"}
		q["sign"] = sumV2(q, t.PartnerKey, digestMD5)
		b := fieldsV2{"AppId": t.AppID, "IsSubscribe": "0", "NonceStr": randomText(16), "OpenId": o.OpenID, "TimeStamp": seconds(s.now())}
		b["AppSignature"] = s.sumLegacy(b)
		b["SignMethod"] = "sha1"
		if query != nil {
			query(q)
		}
		if body != nil {
			body(b)
		}
		address := t.PayURL
		for i, name := range slices.Sorted(maps.Keys(q)) {
			joint := "&"
			if i == 0 && !strings.Contains(address, "?") {
				joint = "?"
			}
			address += joint + name + "=" + url.QueryEscape(q[name])
		}
		return packXML(address, writeV2("xml", b)), nil
	}
	o := t.Samples[0].numbered()
	made := func(query, body func(fieldsV2)) func() (parcel, error) {
		return func() (parcel, error) { return pack(o, query, body) }
	}
	drop := func(name string) func(fieldsV2) { return func(f fieldsV2) { delete(f, name) } }
	set := func(name, value string) func(fieldsV2) { return func(f fieldsV2) { f[name] = value } }
	signed := func(change func(fieldsV2)) func(fieldsV2) {
		return func(f fieldsV2) {
			change(f)
			delete(f, "sign")
			f["sign"] = sumV2(f, t.PartnerKey, digestMD5)
		}
	}
	const query, body = "Verify the query's sign over all its parameters with partnerKey.", "Verify the body's AppSignature with paySignKey, too: both must fit."
	c := &channel{name: "2014 payment notice", url: t.PayURL, answer: "the bare word success", heeds: heedsSuccess, order: o.OutTradeNo, genuine: made(nil, nil),
		secrets: []string{t.PaySignKey, t.PartnerKey}, forged: []forgery{
			{"unsigned query", "A query without sign is refused", "the notice without its sign", query, made(drop("sign"), nil)},
			{"missigned query", "A query signed with another key is refused", "a sign of zeros", query, made(set("sign", strings.Repeat("0", 32)), nil)},
			{"tampered", "An amount changed after signing is refused", "another total_fee under the old sign", query, made(set("total_fee", "1"), nil)},
			{"unsigned body", "A body without AppSignature is refused", "the notice without it", body, made(nil, drop("AppSignature"))},
			{"missigned body", "A body signed with another key is refused", "an AppSignature of zeros", body, made(nil, set("AppSignature", strings.Repeat("0", 40)))},
			{"other buyer", "An OpenId changed after signing is refused", "another OpenId under the old AppSignature", body, made(nil, set("OpenId", "oSomebodyElse"))},
			{"foreign", "A notice of another partner is refused", "the notice with another partner, signed with our key", "Compare partner and AppId with your own.", made(signed(set("partner", "0000999999")), nil)},
		}}
	doctype := func() (parcel, error) {
		p, err := pack(o, nil, nil)
		p.body = bytes.Replace(p.body, []byte("<xml>"), []byte(`<!DOCTYPE xml [<!ENTITY a "b">]><xml>`), 1)
		return p, err
	}
	c.forged = append(c.forged, forgery{"doctype", "A document with a DOCTYPE is refused", "the genuine notice behind an entity declaration", "Parse with a strict reader.", doctype})
	c.rules = []rule{
		oddity{1, "amount", otherAmount, "a genuine notice of one fen less", compare, 0, func(o Sample) (parcel, error) { o.Total--; return pack(o, nil, nil) }}.rule(t.Samples),
		oddity{1, "state", "A notice whose trade_state is not 0 fulfils nothing", "a genuine notice with trade_state 1", "Look at trade_state.", 0,
			func(o Sample) (parcel, error) { return pack(o, signed(set("trade_state", "1")), nil) }}.rule(t.Samples),
		unknownOrder(func(o Sample) (parcel, error) { return pack(o, nil, nil) }),
	}
	return c
}
