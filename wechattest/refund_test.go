package wechattest_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/wechattest"
)

func decode(t testing.TB, b []byte, v any) {
	t.Helper()
	require.NoError(t, json.Unmarshal(b, v), "%s", b)
}

const refundPath = "/v3/refund/domestic/refunds"

func TestLifeOfARefund(t *testing.T) {
	t.Parallel()
	m, clock := newBy(t, wechattest.MerchantOptions{})
	o := m.paid("refund-001", nil)
	g := m.refund("refund-001", "R|*@-_1", 30, js{"reason": "cold"}).ok(t)
	assert.Equal(t, "PROCESSING", g.text("status"))
	assert.Regexp(t, `^5030000020260105\d{12}$`, g.text("refund_id"))
	assert.Equal(t, o.TransactionID, g.text("transaction_id"))
	assert.Equal(t, 30.0, g.field("amount.refund"))
	assert.Equal(t, "AVAILABLE", g.text("funds_account"))
	assert.Nil(t, g.field("success_time"))
	assert.Equal(t, "REFUND", m.query("refund-001").ok(t).text("trade_state"))
	assert.Equal(t, wechat.Fen(100), wechattest.Balance(m.p.Ledger(m.a.MchID)), "it has not succeeded yet")

	again := m.refund("refund-001", "R|*@-_1", 30, js{"reason": "cold"}).ok(t)
	assert.Equal(t, g.text("refund_id"), again.text("refund_id"))
	changed := m.refund("refund-001", "R|*@-_1", 31, js{"reason": "cold"}).want(t, 400, "INVALID_REQUEST")
	assert.Equal(t, "268498688", changed.number())

	clock.Advance(5 * time.Second)
	g = m.do("GET", refundPath+"/R%7C*%40-_1", nil).ok(t)
	assert.Equal(t, "SUCCESS", g.text("status"))
	assert.Equal(t, "2026-01-05T10:00:05+08:00", g.text("success_time"))
	entries := m.p.Ledger(m.a.MchID)
	require.Len(t, entries, 2)
	assert.Equal(t, wechattest.Refund, entries[1].Kind)
	assert.Equal(t, wechat.Fen(-30), entries[1].Amount)
	assert.Equal(t, "R|*@-_1", entries[1].OutRefundNo)
	assert.Equal(t, wechat.Fen(70), wechattest.Balance(entries))
	found, err := m.a.Order("refund-001")
	require.NoError(t, err)
	assert.Equal(t, wechat.Fen(30), found.Refunded)
}

func TestRefundRules(t *testing.T) {
	t.Parallel()
	m, clock := newBy(t, wechattest.MerchantOptions{})
	other := by{t: t, p: m.p, a: newAccount(t, m.p, wechattest.MerchantOptions{})}
	o := m.paid("rules-0001", nil)
	m.place("rules-0002", nil)
	tests := []struct {
		name, no string
		fen      int
		changes  js
		status   int
		code     string
	}{
		{"no such order", "rules-0009", 1, nil, 404, "RESOURCE_NOT_EXISTS"},
		{"unpaid", "rules-0002", 1, nil, 400, "INVALID_REQUEST"},
		{"both numbers", "rules-0001", 1, js{"transaction_id": o.TransactionID}, 400, "PARAM_ERROR"},
		{"neither number", "rules-0001", 1, js{"out_trade_no": nil}, 400, "PARAM_ERROR"},
		{"prepay_id for transaction_id", "", 1, js{"out_trade_no": nil, "transaction_id": o.PrepayID}, 400, "PARAM_ERROR"},
		{"no such transaction", "", 1, js{"out_trade_no": nil, "transaction_id": "4200"}, 404, "RESOURCE_NOT_EXISTS"},
		{"more than paid", "rules-0001", 101, nil, 400, "PARAM_ERROR"},
		{"nothing", "rules-0001", 0, nil, 400, "PARAM_ERROR"},
		{"other total", "rules-0001", 1, js{"amount": js{"refund": 1, "total": 101, "currency": "CNY"}}, 400, "INVALID_REQUEST"},
		{"no currency", "rules-0001", 1, js{"amount": js{"refund": 1, "total": 100}}, 400, "PARAM_ERROR"},
		{"from does not add up", "rules-0001", 2, js{"amount": js{"refund": 2, "total": 100, "currency": "CNY",
			"from": []js{{"account": "AVAILABLE", "amount": 1}}}}, 400, "PARAM_ERROR"},
		{"wrong account", "rules-0001", 1, js{"funds_account": "BASIC"}, 400, "PARAM_ERROR"},
		{"long reason", "rules-0001", 1, js{"reason": fmt.Sprintf("%081d", 0)}, 400, "PARAM_ERROR"},
		{"sub of nobody", "rules-0001", 1, js{"sub_mchid": "0000100009"}, 403, "NO_AUTH"},
		{"unknown field", "rules-0001", 1, js{"notify": "x"}, 400, "PARAM_ERROR"},
	}
	for _, tt := range tests {
		m.refund(tt.no, "R-"+fmt.Sprint(len(tt.name)), tt.fen, tt.changes).want(t, tt.status, tt.code)
	}
	other.do("POST", refundPath, js{"transaction_id": o.TransactionID, "out_refund_no": "X", "amount": js{"refund": 1, "total": 100, "currency": "CNY"}}).
		want(t, 404, "RESOURCE_NOT_EXISTS")
	m.do("GET", refundPath+"/R-none", nil).want(t, 404, "RESOURCE_NOT_EXISTS")
	m.do("GET", refundPath+"/R-none?x=1", nil).want(t, 400, "PARAM_ERROR")
	assert.Equal(t, wechat.Fen(100), wechattest.Balance(m.p.Ledger(m.a.MchID)))

	m.refund("rules-0001", "full", 60, js{"out_trade_no": nil, "transaction_id": o.TransactionID}).ok(t)
	m.refund("rules-0001", "over", 41, nil).want(t, 400, "INVALID_REQUEST")
	m.refund("rules-0001", "rest", 40, nil).ok(t)
	m.refund("rules-0001", "more", 1, nil).want(t, 400, "INVALID_REQUEST")
	m.paid("rules-0003", nil)
	clock.Advance(365*24*time.Hour + time.Second)
	m.refund("rules-0003", "late", 1, nil).want(t, 400, "INVALID_REQUEST")
}

func TestFiftyRefunds(t *testing.T) {
	t.Parallel()
	m, clock := newBy(t, wechattest.MerchantOptions{}, func(c *wechattest.Config) { c.RefundGap = time.Minute })
	m.paid("fifty-0001", nil)
	for n := range 50 {
		m.refund("fifty-0001", fmt.Sprintf("R%d", n), 1, nil).ok(t)
		if n == 0 {
			g := m.refund("fifty-0001", "soon", 1, nil).want(t, 429, "FREQUENCY_LIMITED")
			assert.Equal(t, "268447840", g.number())
		}
		clock.Advance(time.Minute)
	}
	m.refund("fifty-0001", "R50", 1, nil).want(t, 400, "INVALID_REQUEST")
	assert.Equal(t, wechat.Fen(50), wechattest.Balance(m.p.Ledger(m.a.MchID)))
}

func TestRefundsAtOnce(t *testing.T) {
	t.Parallel()
	m, _ := newBy(t, wechattest.MerchantOptions{}, func(c *wechattest.Config) { c.RefundDelay = -1 })
	m.paid("once-00001", nil)
	assert.Equal(t, "SUCCESS", m.refund("once-00001", "R1", 1, nil).ok(t).text("status"))
	assert.Equal(t, 2, m.p.Pending())
}

func TestRefundsThatEndOtherwise(t *testing.T) {
	t.Parallel()
	m, clock := newBy(t, wechattest.MerchantOptions{})
	m.paid("other-0001", nil)
	m.refund("other-0001", "C", 100, nil).ok(t)
	require.Error(t, m.p.SettleRefund(m.a.MchID, "C", "LOST"))
	require.Error(t, m.p.SettleRefund(m.a.MchID, "none", "CLOSED"))
	require.NoError(t, m.p.SettleRefund(m.a.MchID, "C", "CLOSED"))
	require.Error(t, m.p.SettleRefund(m.a.MchID, "C", "SUCCESS"))
	assert.Equal(t, "CLOSED", m.do("GET", refundPath+"/C", nil).ok(t).text("status"))
	m.refund("other-0001", "C", 100, nil).ok(t) // the same number stays closed

	id := m.refund("other-0001", "A", 100, nil).ok(t).text("refund_id") // its amount is free again
	require.NoError(t, m.p.SettleRefund(m.a.MchID, "A", "ABNORMAL"))
	clock.Advance(time.Hour)
	assert.Equal(t, "ABNORMAL", m.do("GET", refundPath+"/A", nil).ok(t).text("status"))
	m.refund("other-0001", "B", 1, nil).want(t, 400, "INVALID_REQUEST") // but not of an abnormal one

	rescue := refundPath + "/" + id + "/apply-abnormal-refund"
	card := func() js {
		return js{"out_refund_no": "A", "type": "USER_BANK_CARD", "bank_type": "ICBC_DEBIT",
			"bank_account": seal(t, m.a.PlatformKey, "6222"), "real_name": seal(t, m.a.PlatformKey, "李")}
	}
	for field, changes := range map[string]js{"/bank_type": {"bank_type": nil}, "/bank_account": {"bank_account": "6222"}, "/real_name": {"real_name": nil},
		"/type": {"type": "CASH"}, "/out_refund_no": {"out_refund_no": "C"}} {
		g := m.do("POST", rescue, with(card(), changes)).want(t, 400, "PARAM_ERROR")
		assert.Equal(t, field, g.text("detail.field"))
	}
	m.do("POST", refundPath+"/1/apply-abnormal-refund", card()).want(t, 404, "RESOURCE_NOT_EXISTS")
	m.do("POST", rescue, with(card(), js{"sub_mchid": "0000100009"})).want(t, 403, "NO_AUTH")
	assert.Equal(t, "PROCESSING", m.do("POST", rescue, card()).ok(t).text("status"))
	assert.Equal(t, "PROCESSING", m.do("POST", rescue, card()).ok(t).text("status")) // the same again
	m.do("POST", rescue, js{"out_refund_no": "A", "type": "MERCHANT_BANK_CARD"}).want(t, 400, "INVALID_REQUEST")
	clock.Advance(5 * time.Second)
	g := m.do("GET", refundPath+"/A", nil).ok(t)
	assert.Equal(t, "SUCCESS", g.text("status"))
	assert.Equal(t, "OTHER_BANKCARD", g.text("channel"))
	assert.Zero(t, wechattest.Balance(m.p.Ledger(m.a.MchID)))
}

func TestAbnormalRefundAtOnce(t *testing.T) {
	t.Parallel()
	m, _ := newBy(t, wechattest.MerchantOptions{RefundNotifyURL: "http://127.0.0.1:1/all"})
	m.paid("now-000001", nil)
	m.refund("now-000001", "R", 1, js{"notify_url": nil}).ok(t)
	require.NoError(t, m.p.SettleRefund(m.a.MchID, "R", "ABNORMAL"))
	assert.Equal(t, 2, m.p.Pending(), "the notice goes to the address on the merchant platform")
}
