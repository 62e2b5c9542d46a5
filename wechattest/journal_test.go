package wechattest_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/wechattest"
)

// start opens a simulator in a folder, at a time.
func start(t *testing.T, dir string, at time.Time, desk *shopDesk) (*wechattest.Pay, *wechattest.VirtualClock) {
	t.Helper()
	clock := wechattest.NewClock(at)
	p, err := wechattest.NewPay(wechattest.Config{Dir: dir, Clock: clock, Keys: wechattest.ReusedKeys(), Notify: desk})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, p.Close()) })
	return p, clock
}

// kill copies a journal as it is at this moment, as a crash leaves it behind.
func kill(t *testing.T, dir string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "wechattest.journal"))
	require.NoError(t, err)
	other := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(other, "wechattest.journal"), b, 0o600))
	return other
}

func TestRestartAfterEveryStep(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	desk := &shopDesk{status: always(500)}
	p, clock := start(t, dir, time.Time{}, desk)
	a := newAccount(t, p, wechattest.MerchantOptions{Name: "tea", Mode: wechattest.Both})
	m := by{t: t, p: p, a: a, keyID: a.PlatformKeyID}

	// again restarts at the same time, without Close, and goes on there.
	again := func() {
		t.Helper()
		dir = kill(t, dir)
		p, clock = start(t, dir, clock.Now(), desk)
		a, err := p.Account(a.MchID)
		require.NoError(t, err)
		m.p, m.a = p, a
	}
	again()
	assert.Equal(t, "tea", m.a.Name)
	id := m.place("restart-01", nil)
	again()
	assert.Equal(t, id, m.a.Orders()[0].PrepayID)
	assert.Equal(t, "NOTPAY", m.query("restart-01").ok(t).text("trade_state"))
	_, err := p.Pay(id, li)
	require.NoError(t, err)
	again() // after the payment, before its notice
	clock.Advance(0)
	require.Equal(t, 1, desk.count())
	require.NoError(t, desk.notice(0).proved(m.a))
	again() // between two tries
	assert.Equal(t, 1, p.Pending())
	clock.Advance(15 * time.Second)
	require.Equal(t, 2, desk.count())
	assert.Equal(t, desk.notice(0).text("id"), desk.notice(1).text("id"))
	m.refund("restart-01", "R1", 40, nil).ok(t)
	again() // while the refund is under way
	assert.Equal(t, wechat.Fen(100), wechattest.Balance(p.Ledger(a.MchID)))
	clock.Advance(5 * time.Second)
	again() // after it ended, before its notice is acknowledged
	assert.Equal(t, wechat.Fen(60), wechattest.Balance(p.Ledger(a.MchID)))
	m.refund("restart-01", "R1", 40, nil).ok(t)
	m.refund("restart-01", "R2", 61, nil).want(t, 400, "INVALID_REQUEST")
	assert.Equal(t, 2, p.Pending())
	desk.status = always(200)
	clock.Advance(time.Minute)
	again()
	assert.Zero(t, p.Pending())
	clock.Advance(48 * time.Hour)
	assert.Equal(t, 5, desk.count())

	code := authCode(t, p, true)
	again()
	m.do("POST", directPath+"/codepay", m.codepay("restart-02", code)).want(t, 202, "USERPAYING")
	again()
	_, err = p.Pay(code, li)
	require.NoError(t, err)
	serial, err := m.a.AddCertificate()
	require.NoError(t, err)
	require.NoError(t, m.a.SwitchNotices(serial))
	again()
	assert.Len(t, m.a.PlatformCertificates(), 2)
	b := newAccount(t, p, wechattest.MerchantOptions{})
	assert.NotEqual(t, a.MchID, b.MchID)
}

// A restart long after the crash delivers what became due meanwhile.
func TestRestartLater(t *testing.T) {
	t.Parallel()
	dir, desk := t.TempDir(), &shopDesk{}
	p, clock := start(t, dir, time.Time{}, desk)
	m := by{t: t, p: p, a: newAccount(t, p, wechattest.MerchantOptions{})}
	m.paid("later-0001", nil)
	m.refund("later-0001", "R1", 100, nil).ok(t)
	require.NoError(t, p.Close())
	assert.Zero(t, desk.count())
	p, clock = start(t, dir, clock.Now().Add(time.Hour), desk)
	clock.Advance(0)
	assert.Equal(t, 2, desk.count())
	assert.Zero(t, wechattest.Balance(p.Ledger(m.a.MchID)))
}

func TestTornJournal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, clock := start(t, dir, time.Time{}, &shopDesk{})
	m := by{t: t, p: p, a: newAccount(t, p, wechattest.MerchantOptions{})}
	m.paid("torn-00001", nil)
	m.paid("torn-00002", nil)
	name := filepath.Join(dir, "wechattest.journal")
	whole, err := os.ReadFile(name)
	require.NoError(t, err)
	require.NoError(t, p.Close())
	last := bytes.LastIndexByte(whole[:len(whole)-1], '\n') + 1

	// Cut anywhere in the last line, the payment it holds did not happen.
	for _, cut := range []int{last, last + 1, (last + len(whole)) / 2, len(whole) - 2, len(whole) - 1} {
		torn := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(torn, "wechattest.journal"), whole[:cut], 0o600))
		p, _ := start(t, torn, clock.Now(), &shopDesk{})
		assert.Equal(t, wechat.Fen(100), wechattest.Balance(p.Ledger(m.a.MchID)), cut)
		a, err := p.Account(m.a.MchID)
		require.NoError(t, err)
		o, err := a.Order("torn-00002")
		require.NoError(t, err)
		assert.Equal(t, "NOTPAY", o.State)
		_, err = p.Pay(o.PrepayID, li) // and can happen now
		require.NoError(t, err)
		require.NoError(t, p.Close())
		p, _ = start(t, torn, clock.Now(), &shopDesk{})
		assert.Equal(t, wechat.Fen(200), wechattest.Balance(p.Ledger(m.a.MchID)), cut)
	}

	// A last line of rubbish that has its line end is torn as well.
	rubbish := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(rubbish, "wechattest.journal"), append(bytes.Clone(whole), "\x00\x00\x00\n"...), 0o600))
	p, _ = start(t, rubbish, clock.Now(), &shopDesk{})
	assert.Equal(t, wechat.Fen(200), wechattest.Balance(p.Ledger(m.a.MchID)))

	// Damage in the middle is not passed over.
	damaged := t.TempDir()
	bad := bytes.Replace(whole, []byte(`{"put"`), []byte(`{"pot`), 1)
	require.NoError(t, os.WriteFile(filepath.Join(damaged, "wechattest.journal"), bad, 0o600))
	_, err = wechattest.NewPay(wechattest.Config{Dir: damaged, Clock: clock})
	require.ErrorContains(t, err, "line 1 is damaged")
	assert.NotContains(t, err.Error(), m.a.APIv3Key)
}

func TestJournalThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := wechattest.NewPay(wechattest.Config{Dir: filepath.Join(file, "sub")})
	require.Error(t, err)
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "wechattest.journal"), 0o700))
	_, err = wechattest.NewPay(wechattest.Config{Dir: dir})
	require.Error(t, err)
}

func TestClosedPay(t *testing.T) {
	t.Parallel()
	desk := &shopDesk{}
	p, clock := start(t, t.TempDir(), time.Time{}, desk)
	m := by{t: t, p: p, a: newAccount(t, p, wechattest.MerchantOptions{})}
	id := m.place("closed-001", nil)
	m.paid("closed-002", nil)
	require.NoError(t, p.Close())
	require.NoError(t, p.Close())
	m.do("POST", directPath+"/jsapi", m.order("closed-003")).want(t, 500, "SYSTEM_ERROR")
	m.do("POST", directPath+"/out-trade-no/closed-001/close", js{"mchid": m.a.MchID}).want(t, 500, "SYSTEM_ERROR")
	m.refund("closed-002", "R", 1, nil).want(t, 500, "SYSTEM_ERROR")
	_, err := p.Pay(id, li)
	require.Error(t, err)
	_, err = p.Expire(id)
	require.Error(t, err)
	_, err = p.NewAuthCode(li)
	require.Error(t, err)
	_, err = p.NewMerchant(wechattest.MerchantOptions{})
	require.Error(t, err)
	_, err = m.a.AddCertificate()
	require.Error(t, err)
	clock.Advance(time.Hour)
	assert.Zero(t, desk.count())
}

// Many merchants' worth of lines, to see that replay keeps order and ids unique.
func TestIDsStayUniqueOverRestarts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	seen := map[string]bool{}
	mchID := ""
	for round := range 3 {
		p, _ := start(t, dir, time.Time{}, &shopDesk{})
		if round == 0 {
			mchID = newAccount(t, p, wechattest.MerchantOptions{}).MchID
		}
		a, err := p.Account(mchID)
		require.NoError(t, err)
		m := by{t: t, p: p, a: a}
		for n := range 5 {
			o := m.paid(fmt.Sprintf("unique-%d-%d", round, n), nil)
			id := m.refund(o.OutTradeNo, fmt.Sprintf("R-%d-%d", round, n), 1, nil).ok(t).text("refund_id")
			for _, id := range []string{o.TransactionID, o.PrepayID, id} {
				assert.False(t, seen[id], id)
				seen[id] = true
			}
		}
		require.NoError(t, p.Close())
	}
}

// hanging is a shop that does not answer until it is hung up on.
type hanging chan struct{}

func (h hanging) Do(r *http.Request) (*http.Response, error) {
	h <- struct{}{}
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// A try that Close interrupts does not count: it is made again after the restart.
func TestCloseDuringADelivery(t *testing.T) {
	t.Parallel()
	dir, came := t.TempDir(), make(hanging, 1)
	p, err := wechattest.NewPay(wechattest.Config{Dir: dir, Keys: wechattest.ReusedKeys(), Notify: came, NoticeTimeout: time.Hour})
	require.NoError(t, err)
	m := by{t: t, p: p, a: newAccount(t, p, wechattest.MerchantOptions{})}
	m.paid("during-001", nil)
	<-came
	require.NoError(t, p.Close())

	desk := &shopDesk{}
	p, clock := start(t, dir, time.Now(), desk)
	clock.Advance(0)
	require.Equal(t, 1, desk.count())
	assert.Equal(t, 1, p.Deliveries()[0].Try)
}
