package wechattest

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// delivered takes the shop's delivery notice, whose signature is proved; l.mu is
// held. What comes last counts.
func (l *Legacy) delivered(f fieldsV2) (code int, text string) {
	if f["openid"] == "" || f["transid"] == "" {
		return 49002, "empty openid or transid"
	}
	var o *legacyOrder
	for _, number := range l.list {
		if other := l.orders[number]; other.TransactionID == f["transid"] && !other.PaidAt.IsZero() {
			o = other
		}
	}
	at, err := strconv.ParseInt(f["deliver_timestamp"], 10, 40)
	switch {
	case o == nil || o.OutTradeNo != f["out_trade_no"]:
		return 49005, "no such transaction"
	case o.OpenID != f["openid"]:
		return 49003, "not match openid with appid"
	case err != nil || at <= 0 || f["deliver_status"] != "0" && f["deliver_status"] != "1" || f["deliver_msg"] == "" || !utf8.ValidString(f["deliver_msg"]):
		return 40097, "invalid args" // the documents name no code for these
	}
	o.DeliveredAt, o.DeliveryFailed, o.DeliveryMessage = time.Unix(at, 0).In(beijing), f["deliver_status"] == "0", f["deliver_msg"]
	_ = l.keep() // answer looks whether it failed
	return 0, ""
}
