package wechattest

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/gbk"
)

// api answers the calls that carry a token; l.mu is held.
func (l *Legacy) api(path, token string, body []byte) string {
	fail := func(code int, text string) string { return fmt.Sprintf(`{"errcode":%d,"errmsg":%q}`, code, text) }
	f := fieldsV2{}
	if json.Unmarshal(body, &f) != nil {
		return fail(47001, "data format error")
	}
	signature := f["app_signature"]
	method := f["sign_method"]
	delete(f, "app_signature")
	delete(f, "sign_method")
	switch {
	case token != l.token:
		return fail(40001, "invalid credential")
	case f["appid"] != l.AppID:
		return fail(49001, "not same appid with appid of access_token")
	case signature != l.sumLegacy(f) || !strings.EqualFold(method, "sha1"):
		return fail(49004, "not match signature")
	}
	switch path {
	case "/pay/genprepay":
		o, err := l.place(f["package"])
		if err != nil {
			return fail(49009, err.Error())
		}
		id := "1101000000" + randomText(22)
		l.prepaid[id] = o.OutTradeNo
		_ = l.keep() // answer looks whether it failed
		return fmt.Sprintf(`{"prepayid":%q,"errcode":0,"errmsg":"Success"}`, id)
	case "/pay/orderquery":
		return l.query(f["package"])
	case "/pay/delivernotify":
		if code, text := l.delivered(f); code != 0 {
			return fail(code, text)
		}
		return `{"errcode":0,"errmsg":"ok"}`
	}
	return fail(48009, "no such endpoint in the simulator")
}

func (l *Legacy) query(pack string) string {
	info := map[string]any{"ret_code": 0, "ret_msg": "", "input_charset": "GBK"}
	f, err := l.unpack(pack)
	if err != nil {
		return `{"errcode":49004,"errmsg":"not match signature of the package"}`
	}
	o := l.orders[f["out_trade_no"]]
	for _, other := range l.orders {
		if f["transaction_id"] != "" && other.TransactionID == f["transaction_id"] {
			o = other
		}
	}
	if o == nil || o.PaidAt.IsZero() {
		info["ret_code"], info["ret_msg"] = 88221009, "订单不存在"
	} else {
		for name, value := range map[string]string{"trade_state": "0", "trade_mode": "1", "partner": l.PartnerID, "bank_type": "CMB_FP", "bank_billno": "", "fee_type": "1",
			"total_fee": strconv.FormatInt(int64(o.Total), 10), "transaction_id": o.TransactionID, "out_trade_no": o.OutTradeNo, "is_split": "false",
			"is_refund": strconv.FormatBool(o.Refunded > 0), "attach": textOf(o.Attach), "time_end": stampLegacy(o.PaidAt), "transport_fee": "0",
			"product_fee": strconv.FormatInt(int64(o.Total), 10), "discount": "0", "rmb_total_fee": ""} {
			info[name] = value
		}
	}
	return string(mustJSON(map[string]any{"errcode": 0, "errmsg": "ok", "order_info": info}))
}

// textOf is a value of a package as UTF-8.
func textOf(s string) string {
	if t, err := gbk.Decode(s); err == nil && strings.ToValidUTF8(s, "") != s {
		return t
	}
	return s
}

type legacyRefund struct {
	order      *legacyOrder
	number, id string
	fee        wechat.Fen
	at, done   time.Time // asked for, arrived
}

// status is refund_status at a time: under way or done.
func (r *legacyRefund) status(now time.Time) string {
	if now.Before(r.done) {
		return "8"
	}
	return "4"
}

// gateway answers Tenpay's forms; l.mu is held. Codes that are not in the public
// documents are the simulator's own and begin with 9.
func (l *Legacy) gateway(path string, body []byte) (int, string) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return 400, ""
	}
	f := fieldsV2{}
	for name, values := range form {
		f[name] = values[0]
	}
	if path == "/cgi-bin/mchdown_real_new.cgi" {
		return 200, l.bill(f)
	}
	out := fieldsV2{"retcode": "0", "retmsg": "", "sign_type": "MD5", "input_charset": "UTF-8", "partner": l.PartnerID}
	switch {
	case f["partner"] != l.PartnerID || !strings.EqualFold(f["sign"], sumV2(f, l.PartnerKey, digestMD5)):
		return 200, string(writeV2("root", fieldsV2{"retcode": "90000001", "retmsg": "签名错误"})) // errors like this one are not signed
	case path == "/refundapi/gateway/refund.xml":
		l.refund(f, out)
	case path == "/gateway/normalrefundquery.xml":
		l.refundQuery(f, out)
	default:
		return 404, ""
	}
	out["sign"] = sumV2(out, l.PartnerKey, digestMD5)
	return 200, `<?xml version="1.0" encoding="UTF-8" ?>` + string(writeV2("root", out))
}

func (l *Legacy) refund(f, out fieldsV2) {
	no := func(code, text string) { out["retcode"], out["retmsg"] = code, text }
	o := l.orders[f["out_trade_no"]]
	for _, other := range l.orders {
		if f["transaction_id"] != "" && other.TransactionID == f["transaction_id"] {
			o = other
		}
	}
	fee, err := strconv.ParseInt(f["refund_fee"], 10, 64)
	switch {
	case o == nil || o.PaidAt.IsZero():
		no("88221009", "订单不存在")
		return
	case f["total_fee"] != strconv.FormatInt(int64(o.Total), 10) || err != nil || fee < 1:
		no("90000002", "金额错误")
		return
	case f["out_refund_no"] == "" || f["service_version"] != "1.1" || len(f["op_user_passwd"]) != 32:
		no("90000003", "参数错误")
		return
	}
	at := slices.IndexFunc(l.refunds, func(r *legacyRefund) bool { return r.number == f["out_refund_no"] })
	switch {
	case at >= 0 && (l.refunds[at].order != o || l.refunds[at].fee != wechat.Fen(fee)):
		no("90000004", "退款单号已使用")
		return
	case at < 0 && o.Refunded+wechat.Fen(fee) > o.Total:
		no("90000005", "退款金额超限")
		return
	case at < 0:
		now := l.clock.Now()
		o.Refunded += wechat.Fen(fee)
		l.refunds = append(l.refunds, &legacyRefund{o, f["out_refund_no"], fmt.Sprintf("111%s%s%07d", l.PartnerID, now.In(wechat.Beijing).Format("20060102"), len(l.refunds)+1), wechat.Fen(fee), now, now.Add(l.delay)})
		at = len(l.refunds) - 1
		_ = l.keep() // answer looks whether it failed
	}
	r := l.refunds[at]
	out["out_trade_no"], out["transaction_id"], out["out_refund_no"], out["refund_id"] = o.OutTradeNo, o.TransactionID, r.number, r.id
	out["refund_channel"], out["refund_fee"], out["refund_status"] = "1", f["refund_fee"], r.status(l.clock.Now())
}

func (l *Legacy) refundQuery(f, out fieldsV2) {
	n := 0
	for _, r := range l.refunds {
		o := r.order
		match := f["out_trade_no"] == o.OutTradeNo
		switch {
		case f["refund_id"] != "":
			match = f["refund_id"] == r.id
		case f["out_refund_no"] != "":
			match = f["out_refund_no"] == r.number
		case f["transaction_id"] != "":
			match = f["transaction_id"] == o.TransactionID
		}
		if !match {
			continue
		}
		i := "_" + strconv.Itoa(n)
		n++
		out["out_trade_no"], out["transaction_id"] = o.OutTradeNo, o.TransactionID
		out["out_refund_no"+i], out["refund_id"+i], out["refund_channel"+i], out["refund_state"+i] = r.number, r.id, "1", r.status(l.clock.Now())
		out["refund_fee"+i] = strconv.FormatInt(int64(r.fee), 10)
		out["refund_time_begin"+i], out["refund_time"+i] = stampLegacy(r.at), stampLegacy(r.done)
	}
	out["refund_count"] = strconv.Itoa(n)
	if n == 0 {
		out["retcode"], out["retmsg"] = "88222014", "没有退款"
	}
}

// bill is the day's bill in GBK, or the page that says why there is none.
func (l *Legacy) bill(f fieldsV2) string {
	text := ""
	for _, name := range []string{"spid", "trans_time", "stamp", "cft_signtype", "mchtype"} {
		text += name + "=" + f[name] + "&"
	}
	day, err := time.ParseInLocation(time.DateOnly, f["trans_time"], wechat.Beijing)
	switch {
	case f["sign"] != strings.ToLower(sumOrdered(text, l.PartnerKey)) || f["spid"] != l.PartnerID || err != nil:
		return "<html><body>03020001:sign error</body></html>"
	case l.clock.Now().Before(day.AddDate(0, 0, 1).Add(9*time.Hour + 30*time.Minute)):
		return "<html><body>03020003:bill not generated</body></html>"
	}
	var b strings.Builder
	b.WriteString("交易时间,财付通订单号,商户订单号,支付类型,银行订单号,交易状态,订单交易金额,退款单号,退款金额,退款状态,交易说明\n")
	rows, total, refunded := 0, int64(0), int64(0)
	row := func(at time.Time, o *legacyOrder, state, refund string, paid, back wechat.Fen, refundState string) {
		if at.In(wechat.Beijing).Format(time.DateOnly) != f["trans_time"] {
			return
		}
		rows, total, refunded = rows+1, total+int64(paid), refunded+int64(back)
		b.WriteString("`" + strings.Join([]string{at.In(wechat.Beijing).Format(time.DateTime), o.TransactionID, o.OutTradeNo, "微信支付", "", state,
			fenV2(int64(paid)), refund, fenV2(int64(back)), refundState, ""}, ",`") + "\n")
	}
	for _, number := range l.list {
		if o := l.orders[number]; !o.PaidAt.IsZero() && f["mchtype"] != "2" {
			row(o.PaidAt, o, "支付成功", "", o.Total, 0, "")
		}
	}
	for _, r := range l.refunds {
		if f["mchtype"] != "1" {
			row(r.at, r.order, "转入退款", r.id, 0, r.fee, "退款成功")
		}
	}
	b.WriteString("总笔数,订单总交易金额,退款总金额\r\n`" + strconv.Itoa(rows) + ",`" + fenV2(total) + ",`" + fenV2(refunded) + "\n")
	out, _ := gbk.Encode(b.String()) // nothing in it but what GBK has
	return out
}
