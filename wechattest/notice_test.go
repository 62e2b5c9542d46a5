package wechattest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/wechattest"
)

// sale is a paid order whose notice goes to desk.
func sale(t *testing.T, desk *shopDesk, o wechattest.MerchantOptions) (by, *wechattest.VirtualClock) {
	t.Helper()
	m, clock := newBy(t, o, func(c *wechattest.Config) { c.Notify = desk })
	m.paid("notice-001", nil)
	return m, clock
}

func always(status int) func(int) int { return func(int) int { return status } }

func TestNoticeOfAPayment(t *testing.T) {
	t.Parallel()
	desk := &shopDesk{}
	m, clock := sale(t, desk, wechattest.MerchantOptions{})
	assert.Zero(t, desk.count(), "a virtual clock delivers when it is told to")
	clock.Advance(0)
	require.Equal(t, 1, desk.count())
	n := desk.notice(0)
	require.NoError(t, n.proved(m.a))
	r := desk.got[0]
	assert.Equal(t, "POST", r.Method)
	assert.Equal(t, "http://127.0.0.1:1/notify", r.URL.String())
	assert.Equal(t, "application/json", r.Header.Get("Content-Type"))
	assert.Equal(t, "WECHATPAY2-SHA256-RSA2048", r.Header.Get("Wechatpay-Signature-Type"))
	assert.Regexp(t, `^EV-0000\d{26}$`, n.text("id"))
	assert.Equal(t, "2026-01-05T10:00:00+08:00", n.text("create_time"))
	assert.Equal(t, "TRANSACTION.SUCCESS", n.text("event_type"))
	assert.Equal(t, "encrypt-resource", n.text("resource_type"))
	assert.Equal(t, "AEAD_AES_256_GCM", n.text("resource.algorithm"))
	assert.Equal(t, "transaction", n.text("resource.original_type"))
	assert.Equal(t, "transaction", n.text("resource.associated_data"))
	assert.Len(t, n.text("resource.nonce"), 12)
	plain := openGCM(t, m.a.APIv3Key, n.field("resource").(js))
	var want, have js
	decode(t, m.query("notice-001").ok(t).body, &want)
	decode(t, plain, &have)
	assert.Equal(t, want, have)
	assert.Zero(t, m.p.Pending())

	d := m.p.Deliveries()
	require.Len(t, d, 1)
	d[0].KeyID = ""
	assert.Equal(t, wechattest.Delivery{NoticeID: n.text("id"), EventType: "TRANSACTION.SUCCESS", MchID: m.a.MchID, OutTradeNo: "notice-001",
		URL: "http://127.0.0.1:1/notify", Try: 1, At: m.p.Now(), Status: 204, Accepted: true}, d[0])
}

func TestNoticeSchedule(t *testing.T) {
	t.Parallel()
	desk := &shopDesk{status: always(500)}
	m, clock := sale(t, desk, wechattest.MerchantOptions{})
	start := m.p.Now()
	clock.Advance(24*time.Hour + 4*time.Minute - time.Nanosecond)
	assert.Equal(t, 15, desk.count())
	clock.Advance(time.Nanosecond)
	assert.Equal(t, 16, desk.count())
	assert.Zero(t, m.p.Pending())
	clock.Advance(48 * time.Hour)
	assert.Equal(t, 16, desk.count(), "then WeChat Pay gives up")

	at, waits := start, append([]time.Duration{0}, wechattest.Schedule()...)
	nonces := map[string]bool{}
	for i, d := range m.p.Deliveries() {
		at = at.Add(waits[i])
		assert.Equal(t, at, d.At)
		assert.Equal(t, i+1, d.Try)
		assert.False(t, d.Accepted)
		n := desk.notice(i)
		require.NoError(t, n.proved(m.a), "signed anew at its own time")
		assert.Equal(t, desk.notice(0).text("id"), n.text("id"))
		nonces[n.header.Get("Wechatpay-Nonce")] = true
		nonces[n.text("resource.nonce")] = true
	}
	assert.Len(t, nonces, 32)
}

func TestNoticeStopsWhenAnswered(t *testing.T) {
	t.Parallel()
	for status, tries := range map[int]int{200: 1, 204: 1, 201: 2, 302: 2, 400: 2, 500: 2} {
		desk := &shopDesk{}
		desk.status = func(n int) int {
			if n == 1 {
				return status
			}
			return 200
		}
		_, clock := sale(t, desk, wechattest.MerchantOptions{})
		clock.Advance(48 * time.Hour)
		assert.Equal(t, tries, desk.count(), status)
	}
}

func TestNoticesOfRefunds(t *testing.T) {
	t.Parallel()
	for _, state := range []string{"SUCCESS", "ABNORMAL", "CLOSED"} {
		desk := &shopDesk{}
		m, clock := sale(t, desk, wechattest.MerchantOptions{})
		g := m.refund("notice-001", "R1", 30, nil).ok(t)
		require.NoError(t, m.p.SettleRefund(m.a.MchID, "R1", state))
		clock.Advance(0)
		require.Equal(t, 2, desk.count())
		n := desk.notice(1)
		assert.Equal(t, "REFUND."+state, n.text("event_type"))
		var plain js
		decode(t, openGCM(t, m.a.APIv3Key, n.field("resource").(js)), &plain)
		assert.Equal(t, state, plain["refund_status"])
		assert.Equal(t, g.text("refund_id"), plain["refund_id"])
		assert.Equal(t, m.a.MchID, plain["mchid"])
		assert.Equal(t, state == "SUCCESS", plain["success_time"] != nil)
		assert.Nil(t, plain["status"])
		assert.Equal(t, js{"total": 100.0, "refund": 30.0, "payer_total": 100.0, "payer_refund": 30.0}, plain["amount"])
	}
}

func TestNoticeKeys(t *testing.T) {
	t.Parallel()
	desk := &shopDesk{status: always(500)}
	m, clock := sale(t, desk, wechattest.MerchantOptions{Mode: wechattest.Both})
	signer := func() string {
		n := desk.notice(desk.count() - 1)
		require.NoError(t, n.proved(m.a))
		return n.header.Get("Wechatpay-Serial")
	}
	clock.Advance(0)
	cert := signer()
	assert.Regexp(t, `^[0-9A-F]{40}$`, cert)
	require.NoError(t, m.a.SwitchNotices(m.a.PlatformKeyID))
	clock.Advance(15 * time.Second)
	assert.Equal(t, m.a.PlatformKeyID, signer())
	m.p.FaultNotice(wechattest.NoticeFault{Kind: wechattest.NoticeKeySwitch})
	clock.Advance(15 * time.Second)
	assert.Equal(t, cert, signer())
	clock.Advance(30 * time.Second)
	assert.Equal(t, m.a.PlatformKeyID, signer())
	require.Error(t, m.a.SwitchNotices("PUB_KEY_ID_1"))
}

func TestNoticeFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		fault   wechattest.NoticeFault
		status  int
		arrive  int // copies that reach the shop at once, and after two days
		after   int
		genuine []bool // by signature
	}{
		{wechattest.NoticeFault{Kind: wechattest.NoticeDuplicate}, 204, 2, 2, []bool{true, true}},
		{wechattest.NoticeFault{Kind: wechattest.NoticeDuplicate, Copies: 15}, 204, 16, 16, nil},
		{wechattest.NoticeFault{Kind: wechattest.NoticeDuplicate, Copies: 15, Together: true}, 204, 16, 16, nil},
		{wechattest.NoticeFault{Kind: wechattest.NoticeProbe}, 204, 1, 2, []bool{false, true}},
		{wechattest.NoticeFault{Kind: wechattest.NoticeProbe}, 401, 1, 17, []bool{false, true}},
		{wechattest.NoticeFault{Kind: wechattest.NoticeWrongSignature}, 401, 1, 16, []bool{false, true}},
		{wechattest.NoticeFault{Kind: wechattest.NoticeDrop}, 204, 0, 1, nil},
		{wechattest.NoticeFault{Kind: wechattest.NoticeDrop, Times: -1}, 204, 0, 0, nil},
		{wechattest.NoticeFault{Kind: wechattest.NoticeLose}, 204, 0, 0, nil},
		{wechattest.NoticeFault{Kind: wechattest.NoticeLostAck}, 204, 1, 2, []bool{true, true}},
		{wechattest.NoticeFault{Kind: wechattest.NoticeReorder}, 204, 0, 1, []bool{true}},
		{wechattest.NoticeFault{Kind: wechattest.NoticeKeySwitch}, 204, 1, 1, []bool{true}},
		{wechattest.NoticeFault{Kind: wechattest.NoticeDrop, Event: "REFUND."}, 204, 1, 1, nil},
		{wechattest.NoticeFault{Kind: wechattest.NoticeDrop, Event: "TRANSACTION."}, 204, 0, 1, nil},
		{wechattest.NoticeFault{Kind: wechattest.NoticeDrop, Event: "TRANSACTION.SUCCESS", MchID: "0000100001", OutTradeNo: "notice-001"}, 204, 0, 1, nil},
		{wechattest.NoticeFault{Kind: wechattest.NoticeDrop, MchID: "1"}, 204, 1, 1, nil},
		{wechattest.NoticeFault{Kind: wechattest.NoticeDrop, OutTradeNo: "1"}, 204, 1, 1, nil},
		{wechattest.NoticeFault{Kind: wechattest.NoticeDrop, Skip: 1}, 500, 1, 15, nil},
		{wechattest.NoticeFault{Kind: wechattest.NoticeDrop, Chance: 1}, 500, 0, 0, nil},
		{wechattest.NoticeFault{Kind: wechattest.NoticeDrop, Chance: 1e-9}, 500, 1, 16, nil},
	}
	for _, tt := range tests {
		t.Run(tt.fault.Kind.String(), func(t *testing.T) {
			t.Parallel()
			desk := &shopDesk{status: always(tt.status)}
			m, clock := sale(t, desk, wechattest.MerchantOptions{})
			m.p.FaultNotice(tt.fault)
			clock.Advance(0)
			assert.Equal(t, tt.arrive, desk.count(), "at once")
			clock.Advance(48 * time.Hour)
			assert.Equal(t, tt.after, desk.count(), "in the end")
			for i, genuine := range tt.genuine {
				n := desk.notice(i)
				assert.Equal(t, genuine, n.proved(m.a) == nil, i)
				if !genuine && tt.fault.Kind == wechattest.NoticeProbe {
					assert.Regexp(t, `^WECHATPAY/SIGNTEST/`, n.header.Get("Wechatpay-Signature"))
					assert.Len(t, n.header.Get("Wechatpay-Signature"), 344)
				}
			}
			assert.Zero(t, m.p.Pending())
		})
	}
	assert.Equal(t, "NoticeKind(99)", wechattest.NoticeKind(99).String())
}

func TestDisarmNoticeFault(t *testing.T) {
	t.Parallel()
	desk := &shopDesk{}
	m, clock := sale(t, desk, wechattest.MerchantOptions{})
	m.p.FaultNotice(wechattest.NoticeFault{Kind: wechattest.NoticeLose})()
	clock.Advance(0)
	assert.Equal(t, 1, desk.count())
}

// A refund's notice overtakes the payment's.
func TestReorderedNotices(t *testing.T) {
	t.Parallel()
	desk := &shopDesk{}
	m, clock := sale(t, desk, wechattest.MerchantOptions{})
	m.p.FaultNotice(wechattest.NoticeFault{Kind: wechattest.NoticeReorder, Delay: time.Hour})
	clock.Advance(0)
	m.refund("notice-001", "R1", 100, nil).ok(t)
	clock.Advance(5 * time.Second)
	require.Equal(t, 2, desk.count())
	assert.Equal(t, "REFUND.SUCCESS", desk.notice(0).text("event_type"))
	assert.Equal(t, "TRANSACTION.SUCCESS", desk.notice(1).text("event_type"))
}

func TestDefaultSenderStaysAtHome(t *testing.T) {
	t.Parallel()
	m, clock := newBy(t, wechattest.MerchantOptions{}, func(c *wechattest.Config) { c.NoticeTimeout = time.Minute })
	var paths []string
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if paths = append(paths, r.URL.Path); r.URL.Path == "/redirect" {
			http.Redirect(w, r, "/other", http.StatusFound)
		}
	}))
	defer shop.Close()
	m.paid("home-00001", js{"notify_url": "http://192.0.2.1/notify"})
	m.paid("home-00002", js{"notify_url": shop.URL + "/notify"})
	m.paid("home-00003", js{"notify_url": shop.URL + "/redirect"})
	clock.Advance(0)
	d := m.p.Deliveries()
	require.Len(t, d, 3)
	assert.Contains(t, d[0].Err, "loopback")
	assert.True(t, d[1].Accepted)
	assert.Equal(t, 302, d[2].Status)
	assert.Equal(t, []string{"/notify", "/redirect"}, paths)
}

func TestShopThatHangs(t *testing.T) {
	t.Parallel()
	m, clock := newBy(t, wechattest.MerchantOptions{}, func(c *wechattest.Config) { c.NoticeTimeout = 20 * time.Millisecond })
	stop := make(chan struct{})
	shop := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-stop }))
	defer shop.Close()
	defer close(stop)
	m.paid("hang-00001", js{"notify_url": shop.URL + "/hang"})
	clock.Advance(0)
	d := m.p.Deliveries()
	require.Len(t, d, 1)
	assert.Contains(t, d[0].Err, "deadline")
	assert.Equal(t, 1, m.p.Pending())
}

func TestEchoCallback(t *testing.T) {
	t.Parallel()
	desk := &shopDesk{}
	m, clock := newBy(t, wechattest.MerchantOptions{}, func(c *wechattest.Config) { c.Notify = desk })
	m.do("POST", "/v3/security/echo", js{"echo_message": "hi", "notify_url": "https://shop.example/n"}).ok(t)
	clock.Advance(0)
	require.Equal(t, 1, desk.count())
	n := desk.notice(0)
	require.NoError(t, n.proved(m.a))
	assert.JSONEq(t, `{"echo_message":"hi"}`, string(openGCM(t, m.a.APIv3Key, n.field("resource").(js))))
}

// The real clock delivers by itself, and Close ends its goroutine (see TestMain).
func TestRealClock(t *testing.T) {
	t.Parallel()
	came := make(chan string, 9)
	shop := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var n struct {
			EventType string `json:"event_type"`
		}
		_ = json.NewDecoder(r.Body).Decode(&n)
		came <- n.EventType
	}))
	defer shop.Close()
	m, _ := newBy(t, wechattest.MerchantOptions{}, func(c *wechattest.Config) { c.Clock, c.RefundDelay = nil, time.Millisecond })
	m.paid("real-00001", js{"notify_url": shop.URL + "/n"})
	assert.Equal(t, "TRANSACTION.SUCCESS", <-came)
	m.refund("real-00001", "R1", 1, js{"notify_url": shop.URL + "/n"}).ok(t)
	assert.Equal(t, "REFUND.SUCCESS", <-came)
	require.NoError(t, m.p.Close())
	_, err := m.p.Pay("x", li)
	require.Error(t, err)
}
