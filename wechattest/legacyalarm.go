package wechattest

import "time"

// deliverWithin is how long a shop of 2014 had to deliver goods that are not
// virtual.
const deliverWithin = 72 * time.Hour

// watch makes an alarm due for the moment when o is late; l.mu is held.
func (l *Legacy) watch(o *legacyOrder) {
	if l.alarmURL != "" {
		l.due = append(l.due, &legacyNotice{number: o.OutTradeNo, kind: "2014.ALARM", address: l.alarmURL, at: o.PaidAt.Add(l.within), late: true})
	}
}

// moot tells whether n is an alarm about an order that was delivered meanwhile, and
// otherwise gives it its words; l.mu is held.
func (l *Legacy) moot(n *legacyNotice) bool {
	if !n.late {
		return false
	}
	o := l.orders[n.number]
	if o == nil || !o.DeliveredAt.IsZero() && !o.DeliveryFailed {
		n.over = true
		_ = l.keep() // a failure ends the deliveries
		return true
	}
	n.body, n.late = l.alarm("1001", "发货超时", "transaction_id="+o.TransactionID), false
	return false
}

func (l *Legacy) alarm(code, description, content string) []byte {
	b := fieldsV2{"AppId": l.AppID, "ErrorType": code, "Description": description, "AlarmContent": content, "TimeStamp": seconds(l.clock.Now())}
	b["AppSignature"] = l.sumLegacy(b)
	b["SignMethod"] = "sha1"
	return writeV2("xml", b)
}

// Alarm sends the shop an alarm of any code. An order that is paid and not delivered
// raises 1001 by itself.
func (l *Legacy) Alarm(code, description, content string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.alarmURL == "" {
		return ErrNoAddress
	}
	l.due = append(l.due, &legacyNotice{kind: "2014.ALARM", address: l.alarmURL, body: l.alarm(code, description, content), at: l.clock.Now()})
	l.wake()
	return l.keep()
}
