package wechattest

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// LegacyDelivery is one try to bring a notice to a shop.
type LegacyDelivery struct {
	OutTradeNo string
	EventType  string // 2014.PAID, 2014.RIGHTS or 2014.ALARM
	Try        int    // 1 for the first
	At         time.Time
	Status     int // of the answer, 0 if there was none
	Accepted   bool
	Fault      NoticeKind // 0: none
}

// legacyGaps are the waits between the tries, in seconds.
var legacyGaps = []time.Duration{8, 10, 10, 30, 30, 60, 120, 360, 1000}

type legacyNotice struct {
	number, address string
	body            []byte
	at              time.Time
	try             int
	over            bool
	held            bool   // it was held back once
	kind            string // event type
	late            bool   // an alarm, if the order is not delivered by then
}

// notice is what a payment says; l.mu is held.
func (l *Legacy) notice(o *legacyOrder) *legacyNotice {
	q := fieldsV2{"sign_type": "MD5", "service_version": "1.0", "input_charset": o.fields["input_charset"], "sign_key_index": "1", "trade_mode": "1", "trade_state": "0",
		"partner": l.PartnerID, "bank_type": "CMB_FP", "total_fee": strconv.FormatInt(int64(o.Total), 10), "fee_type": "1", "notify_id": randomText(40),
		"transaction_id": o.TransactionID, "out_trade_no": o.OutTradeNo, "attach": o.fields["attach"], "time_end": stampLegacy(o.PaidAt),
		"transport_fee": "0", "product_fee": strconv.FormatInt(int64(o.Total), 10), "discount": "0"}
	q["sign"] = sumV2(q, l.PartnerKey, digestMD5)
	address, joint := o.fields["notify_url"], "?"
	if u, err := url.Parse(address); err == nil && u.RawQuery != "" {
		joint = "&"
	}
	for _, name := range slices.Sorted(maps.Keys(q)) {
		address += joint + name + "=" + url.QueryEscape(q[name])
		joint = "&"
	}
	b := fieldsV2{"AppId": l.AppID, "IsSubscribe": "0", "NonceStr": randomText(16), "OpenId": o.OpenID, "TimeStamp": seconds(o.PaidAt)}
	b["AppSignature"] = l.sumLegacy(b)
	b["SignMethod"] = "sha1"
	return &legacyNotice{kind: "2014.PAID", number: o.OutTradeNo, address: address, body: writeV2("xml", b), at: l.clock.Now()}
}

// Deliveries are all tries so far, oldest first.
func (l *Legacy) Deliveries() []LegacyDelivery {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.deliveries)
}

func (l *Legacy) wake() {
	select {
	case l.moved <- struct{}{}:
	default:
	}
}

func (l *Legacy) changed() <-chan struct{} { return l.moved }

func (l *Legacy) next() (at time.Time, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := l.first(); n != nil {
		return n.at, true
	}
	return at, false
}

// first is the notice that is due first, if any; l.mu is held.
func (l *Legacy) first() (first *legacyNotice) {
	for _, n := range l.due {
		if !n.over && !l.closed && (first == nil || n.at.Before(first.at)) {
			first = n
		}
	}
	return first
}

func (l *Legacy) runDue(ctx context.Context) {
	for ctx.Err() == nil {
		l.mu.Lock()
		n := l.first()
		if n == nil || n.at.After(l.clock.Now()) {
			l.mu.Unlock()
			return
		}
		if l.moot(n) {
			l.mu.Unlock()
			continue
		}
		f := l.spoil(n)
		l.mu.Unlock()
		l.deliver(ctx, n, f)
	}
}
