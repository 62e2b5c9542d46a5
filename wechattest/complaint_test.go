package wechattest_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/wechattest"
)

const complaintsPath = "/v3/merchant-service/complaints-v2"

var png = []byte("\x89PNG\r\n\x1a\n a picture")

// complained is a paid order and the complaint about it.
func (b by) complained(no string, g wechattest.Grievance) wechattest.Complaint {
	b.t.Helper()
	c, err := b.p.Complain(b.paid(no, nil).TransactionID, li, g)
	require.NoError(b.t, err)
	return c
}

// noContent asserts success without a body.
func (g got) noContent(t testing.TB) {
	t.Helper()
	assert.Equal(t, 204, g.status, "%s", g.body)
	assert.Empty(t, g.body)
}

func TestComplaintActions(t *testing.T) {
	t.Parallel()
	m, _ := newBy(t, wechattest.MerchantOptions{})
	other := by{t: t, p: m.p, a: newAccount(t, m.p, wechattest.MerchantOptions{})}
	c := m.complained("complain-1", wechattest.Grievance{Refund: 10, Immediate: true, Phone: "138"})
	plain := m.complained("complain-2", wechattest.Grievance{})
	at, about := complaintsPath+"/"+c.ID, js{"complainted_mchid": m.a.MchID}
	answer := with(about, js{"response_content": "好"})
	now := with(about, js{"message": js{"blocks": []js{{"type": "TEXT"}}}, "idempotent_id": "1"})
	tests := []struct {
		name, target string
		body         js
		status       int
		code         string
	}{
		{"complete unreplied", at + "/complete", about, 400, "INVALID_REQUEST"},
		{"no merchant", at + "/complete", js{}, 400, "PARAM_ERROR"},
		{"another merchant", at + "/complete", js{"complainted_mchid": other.a.MchID}, 400, "PARAM_ERROR"},
		{"no complaint", complaintsPath + "/2002/complete", about, 404, "RESOURCE_NOT_EXISTS"},
		{"unknown field", at + "/complete", with(about, js{"x": 1}), 400, "PARAM_ERROR"},
		{"empty reply", at + "/response", about, 400, "PARAM_ERROR"},
		{"five pictures", at + "/response", with(answer, js{"response_images": []string{"1", "2", "3", "4", "5"}}), 400, "PARAM_ERROR"},
		{"picture of nobody", at + "/response", with(answer, js{"response_images": []string{"1"}}), 400, "PARAM_ERROR"},
		{"link without text", at + "/response", with(answer, js{"jump_url": "https://a.example"}), 400, "PARAM_ERROR"},
		{"link without TLS", at + "/response", with(answer, js{"jump_url": "http://a.example", "jump_url_text": "x"}), 400, "PARAM_ERROR"},
		{"half a mini program", at + "/response", with(answer, js{"mini_program_jump_info": js{"appid": "wx1"}}), 400, "PARAM_ERROR"},
		{"no blocks", at + "/response-immediate-service", with(now, js{"message": js{"blocks": []js{}}}), 400, "PARAM_ERROR"},
		{"no idempotent id", at + "/response-immediate-service", with(now, js{"idempotent_id": nil}), 400, "PARAM_ERROR"},
		{"no hurry", complaintsPath + "/" + plain.ID + "/response-immediate-service", now, 400, "INVALID_REQUEST"},
		{"neither yes nor no", at + "/update-refund-progress", js{"action": "MAYBE"}, 400, "PARAM_ERROR"},
		{"a no with a day", at + "/update-refund-progress", js{"action": "REJECT", "launch_refund_day": 1}, 400, "PARAM_ERROR"},
		{"a no with pictures of nobody", at + "/update-refund-progress", js{"action": "REJECT", "reject_media_list": []string{"1"}}, 400, "PARAM_ERROR"},
		{"asks for no refund", complaintsPath + "/" + plain.ID + "/update-refund-progress", js{"action": "APPROVE"}, 400, "INVALID_REQUEST"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m.do("POST", tt.target, tt.body).want(t, tt.status, tt.code)
		})
	}
	other.do("GET", at, nil).want(t, 404, "RESOURCE_NOT_EXISTS")
	other.do("GET", at+"/negotiation-historys", nil).want(t, 404, "RESOURCE_NOT_EXISTS")
	still, err := m.p.Complaint(c.ID)
	require.NoError(t, err)
	assert.Len(t, still.Steps, 1, "nothing was done")

	assert.NotEmpty(t, m.do("POST", at+"/response-immediate-service", now).ok(t).text("log_id"))
	m.do("POST", at+"/response", answer).noContent(t)
	m.do("POST", at+"/update-refund-progress", js{"action": "REJECT", "reject_reason": "no"}).noContent(t)
	for _, target := range []string{"/response", "/complete", "/update-refund-progress"} {
		body := js{"action": "APPROVE"}
		if target != "/update-refund-progress" {
			body = with(about, js{"response_content": "好"})
		}
		if target == "/complete" {
			body = about
		}
		m.do("POST", at+target, body).want(t, 400, "INVALID_REQUEST")
	}
	assert.Len(t, m.a.Complaints(), 2)
	assert.Empty(t, other.a.Complaints())
}

func TestUsersWhoCannotComplain(t *testing.T) {
	t.Parallel()
	m, _ := newBy(t, wechattest.MerchantOptions{})
	unpaid, paid := m.place("grieve-001", nil), m.paid("grieve-002", nil).TransactionID
	tests := []struct {
		name, ref string
		by        wechattest.User
		g         wechattest.Grievance
		err       error
	}{
		{"no order", "4200", li, wechattest.Grievance{}, wechattest.ErrNoOrder},
		{"unpaid", unpaid, li, wechattest.Grievance{}, wechattest.ErrNotOpen},
		{"a stranger", paid, wechattest.User{Name: "wang"}, wechattest.Grievance{}, wechattest.ErrWrongUser},
		{"more than was paid", paid, li, wechattest.Grievance{Refund: 101}, wechattest.ErrComplaint},
		{"a picture that is none", paid, li, wechattest.Grievance{Pictures: [][]byte{[]byte("text")}}, wechattest.ErrComplaint},
		{"a large picture", paid, li, wechattest.Grievance{Pictures: [][]byte{append(png, make([]byte, 2<<20)...)}}, wechattest.ErrComplaint},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := m.p.Complain(tt.ref, tt.by, tt.g)
			require.ErrorIs(t, err, tt.err)
		})
	}
	c, err := m.p.Complain(paid, wechattest.User{}, wechattest.Grievance{Type: "SERVICE_NOT_WORK"})
	require.NoError(t, err)
	assert.Equal(t, "SERVICE_NOT_WORK", c.Type)
	_, err = m.p.Complain(paid, li, wechattest.Grievance{})
	require.ErrorIs(t, err, wechattest.ErrComplaint)
	_, err = m.p.RespondToComplaint("1", "x")
	require.ErrorIs(t, err, wechattest.ErrNoComplaint)
	_, err = m.p.Complaint("1")
	require.ErrorIs(t, err, wechattest.ErrNoComplaint)
	_, err = m.p.RespondToComplaint(c.ID, "x", []byte("text"))
	require.ErrorIs(t, err, wechattest.ErrComplaint)
	_, err = m.p.ContinueComplaint(c.ID, "x")
	require.ErrorIs(t, err, wechattest.ErrComplaint)
	_, err = m.p.ConfirmComplaint(c.ID)
	require.ErrorIs(t, err, wechattest.ErrComplaint)
	got, err := m.p.WithdrawComplaint(c.ID)
	require.NoError(t, err)
	assert.Equal(t, "PROCESSED", got.State)
	_, err = m.p.ContinueComplaint(c.ID, "x")
	require.ErrorIs(t, err, wechattest.ErrComplaint)
}

func TestComplaintLists(t *testing.T) {
	t.Parallel()
	m, _ := newBy(t, wechattest.MerchantOptions{})
	for n := range 3 {
		m.complained(fmt.Sprintf("list-0000%d", n), wechattest.Grievance{})
	}
	const day = "?begin_date=2026-01-05&end_date=2026-01-05"
	g := m.do("GET", complaintsPath+day+"&limit=2", nil).ok(t)
	assert.Len(t, g.field("data"), 2)
	assert.Equal(t, 3.0, g.field("total_count"))
	g = m.do("GET", complaintsPath+day+"&limit=2&offset=2&complainted_mchid="+m.a.MchID, nil).ok(t)
	assert.Len(t, g.field("data"), 1)
	assert.Nil(t, g.field("total_count"))
	assert.Empty(t, m.do("GET", complaintsPath+"?begin_date=2026-01-06&end_date=2026-02-05&offset=9", nil).ok(t).field("data"))
	for query, code := range map[string]string{"?begin_date=2026-01-05": "PARAM_ERROR", "?begin_date=5&end_date=2026-01-05": "PARAM_ERROR", "?begin_date=2026-01-05&end_date=5": "PARAM_ERROR",
		"?begin_date=2026-01-05&end_date=2026-01-04": "PARAM_ERROR", "?begin_date=2026-01-05&end_date=2026-02-05": "PARAM_ERROR", day + "&limit=51": "PARAM_ERROR",
		day + "&limit=0": "PARAM_ERROR", day + "&offset=-1": "PARAM_ERROR", day + "&x=1": "PARAM_ERROR", day + "&complainted_mchid=0000100009": "NO_AUTH"} {
		g := m.do("GET", complaintsPath+query, nil)
		assert.Equal(t, code, g.text("code"), query)
	}
	one := complaintsPath + "/" + m.a.Complaints()[0].ID + "/negotiation-historys"
	assert.Equal(t, 1.0, m.do("GET", one, nil).ok(t).field("total_count"))
	assert.Empty(t, m.do("GET", one+"?offset=1", nil).ok(t).field("data"))
	m.do("GET", one+"?limit=301", nil).want(t, 400, "PARAM_ERROR")
	m.do("GET", one+"?page=1", nil).want(t, 400, "PARAM_ERROR")
}

func TestPartnersSeeTheirMerchantsComplaints(t *testing.T) {
	t.Parallel()
	m, _ := newPartner(t)
	for n, sub := range m.a.Subs {
		id := m.do("POST", partnerPath+"/jsapi", m.partnerOrder(fmt.Sprintf("sp-00000%d", n), sub)).ok(t).text("prepay_id")
		_, err := m.p.Pay(id, li)
		require.NoError(t, err)
		c, err := m.p.Complain(id, li, wechattest.Grievance{})
		require.NoError(t, err)
		assert.Equal(t, sub.MchID, c.AccusedMchID)
		m.do("POST", complaintsPath+"/"+c.ID+"/response", js{"complainted_mchid": m.a.MchID, "response_content": "x"}).want(t, 400, "PARAM_ERROR")
		m.do("POST", complaintsPath+"/"+c.ID+"/response", js{"complainted_mchid": sub.MchID, "response_content": "x"}).noContent(t)
	}
	const day = "?begin_date=2026-01-05&end_date=2026-01-05"
	assert.Len(t, m.do("GET", complaintsPath+day, nil).ok(t).field("data"), 2)
	assert.Len(t, m.do("GET", complaintsPath+day+"&complainted_mchid="+m.a.Subs[1].MchID, nil).ok(t).field("data"), 1)
}

// A killed simulator knows its complaints, their pictures and deadlines again.
func TestComplaintsAreJournaled(t *testing.T) {
	t.Parallel()
	dir, clock := t.TempDir(), wechattest.NewClock(time.Time{})
	shop := &shopDesk{}
	start := func() *wechattest.Pay {
		p, err := wechattest.NewPay(wechattest.Config{Dir: dir, Clock: clock, Keys: wechattest.ReusedKeys(), Notify: shop})
		require.NoError(t, err)
		return p
	}
	p := start()
	m := by{t: t, p: p, a: newAccount(t, p, wechattest.MerchantOptions{})}
	m.do("POST", "/v3/merchant-service/complaint-notifications", js{"url": "http://127.0.0.1:1/c"}).ok(t)
	before := m.complained("kept-00001", wechattest.Grievance{Pictures: [][]byte{png}, Immediate: true})
	at := complaintsPath + "/" + before.ID
	now := js{"complainted_mchid": m.a.MchID, "message": js{"blocks": []js{{"type": "TEXT", "text": js{"text": "好"}}}}, "idempotent_id": "1"}
	said := m.do("POST", at+"/response-immediate-service", now).ok(t).text("log_id")
	before, err := p.RespondToComplaint(before.ID, "在吗")
	require.NoError(t, err)
	require.NoError(t, p.Close())

	p = start()
	t.Cleanup(func() { assert.NoError(t, p.Close()) })
	account, err := p.Account(m.a.MchID)
	require.NoError(t, err)
	m = by{t: t, p: p, a: account}
	after, err := p.Complaint(before.ID)
	require.NoError(t, err)
	assert.EqualExportedValues(t, before, after)
	assert.Equal(t, said, m.do("POST", at+"/response-immediate-service", now).ok(t).text("log_id"))
	g, err := m.raw("GET", "/v3/merchant-service/images/"+before.Steps[0].Pictures[0], nil)
	require.NoError(t, err)
	assert.Equal(t, string(png), string(g.body))
	assert.Empty(t, g.header.Get("Wechatpay-Signature"), "pictures are not signed")
	clock.Advance(24 * time.Hour)
	after, err = p.Complaint(before.ID)
	require.NoError(t, err)
	assert.Equal(t, "PLATFORM_HELP_APPLICATION", after.Steps[len(after.Steps)-1].Type)
	assert.Equal(t, 5, shop.count(), "paid, complained, replied, responded, urged")
}

// uploadPicture posts a picture as a form of two parts.
func (b by) uploadPicture(target, name, kind string, data []byte) got {
	b.t.Helper()
	sum := sha256.Sum256(data)
	meta := `{"filename":"` + name + `","sha256":"` + hex.EncodeToString(sum[:]) + `"}`
	form := "--b\r\nContent-Disposition: form-data; name=\"meta\"\r\nContent-Type: application/json\r\n\r\n" + meta +
		"\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + name + "\"\r\nContent-Type: " + kind + "\r\n\r\n" + string(data) + "\r\n--b--\r\n"
	signed := b.request("POST", target, []byte(meta)) // only the meta part is
	r, err := http.NewRequestWithContext(b.t.Context(), "POST", signed.URL.String(), strings.NewReader(form))
	require.NoError(b.t, err)
	r.Header = signed.Header
	r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	res, err := b.p.Transport().Do(r)
	require.NoError(b.t, err)
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	require.NoError(b.t, err)
	return got{res.StatusCode, res.Header, answer}
}

func TestComplaintPictures(t *testing.T) {
	t.Parallel()
	m, _ := newBy(t, wechattest.MerchantOptions{})
	const target = "/v3/merchant-service/images/upload"
	id := m.uploadPicture(target, "a.png", "image/png", png).ok(t).text("media_id")
	assert.Regexp(t, `^0000[0-9A-F]{28}\.png$`, id)
	assert.Equal(t, id, m.uploadPicture(target, "a.PNG", "image/png", png).ok(t).text("media_id"))
	m.uploadPicture(target, "a.jpeg", "image/jpeg", []byte("\xff\xd8\xff\xe0 x")).ok(t)
	m.uploadPicture(target, "a.jpg", "image/jpeg", png).want(t, 400, "PARAM_ERROR")
	m.uploadPicture(target, "a.png", "image/png", []byte("not a picture")).want(t, 400, "PARAM_ERROR")
	m.uploadPicture(target, "a.png", "image/png", append(append([]byte{}, png...), make([]byte, 2<<20)...)).want(t, 400, "PARAM_ERROR")
	m.uploadPicture(target, "a.gif", "image/gif", png).want(t, 400, "PARAM_ERROR")
	m.do("GET", "/v3/merchant-service/images/none.png", nil).want(t, 404, "RESOURCE_NOT_EXISTS")
	other := by{t: t, p: m.p, a: newAccount(t, m.p, wechattest.MerchantOptions{})}
	other.do("GET", "/v3/merchant-service/images/"+id, nil).want(t, 404, "RESOURCE_NOT_EXISTS")
}

func TestPunish(t *testing.T) {
	t.Parallel()
	m, _ := newPartner(t)
	_, err := m.p.Punish(m.a.MchID, wechattest.Violation{})
	require.ErrorContains(t, err, "no partner has a merchant")
	_, err = m.p.Punish(m.a.Subs[0].MchID, wechattest.Violation{Event: "PRAISE"})
	require.ErrorContains(t, err, "PRAISE")
	const target = "/v3/merchant-risk-manage/violation-notifications"
	m.do("POST", target, js{"notify_url": "http://127.0.0.1:1/v?x=1"}).want(t, 400, "PARAM_ERROR")
	m.do("POST", target, js{"url": "http://127.0.0.1:1/v"}).want(t, 400, "PARAM_ERROR")
	m.do("POST", target, js{"notify_url": "http://127.0.0.1:1/v"}).ok(t)
	id, err := m.p.Punish(m.a.Subs[0].MchID, wechattest.Violation{RiskType: "GAMBLE"})
	require.NoError(t, err)
	assert.Regexp(t, `^2000000020260105\d{12}$`, id)
	assert.Equal(t, 1, m.p.Pending())
}
