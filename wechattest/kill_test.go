package wechattest_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/wechattest"
)

const childFolder = "WECHATTEST_CHILD_FOLDER"

// TestChildPays is the process that TestKilledProcess kills: it pays one order
// after the other and says so on its output, until it dies.
func TestChildPays(t *testing.T) {
	dir := os.Getenv(childFolder)
	if dir == "" {
		t.Skip("only as a child of TestKilledProcess")
	}
	p, err := wechattest.NewPay(wechattest.Config{Dir: dir, Clock: wechattest.NewClock(time.Time{}), RefundDelay: -1})
	require.NoError(t, err)
	m := by{t: t, p: p, a: newAccount(t, p, wechattest.MerchantOptions{MchID: "0000100001"})}
	for n := range 10_000 {
		no := fmt.Sprintf("kill-%05d", n)
		m.paid(no, nil)
		fmt.Println("did pay", no)
		m.refund(no, "R-"+no, 30, nil).ok(t)
		fmt.Println("did refund", no)
	}
}

// What a killed process has said it did is there after a restart, to the fen, and
// at most the step it was in the middle of besides.
func TestKilledProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChildPays$")
	child.Env = append(os.Environ(), childFolder+"="+dir)
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	var did []string
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if what, ok := strings.CutPrefix(lines.Text(), "did "); ok {
			did = append(did, what)
		}
		if len(did) == 41 {
			require.NoError(t, child.Process.Kill())
		}
	}
	require.Error(t, child.Wait())
	require.GreaterOrEqual(t, len(did), 41)

	p, clock := start(t, dir, time.Time{}, &shopDesk{})
	a, err := p.Account("0000100001")
	require.NoError(t, err)
	var sum wechat.Fen
	for _, what := range did {
		kind, no, _ := strings.Cut(what, " ")
		o, err := a.Order(no)
		require.NoError(t, err)
		assert.False(t, o.PaidAt.IsZero(), no)
		if sum += 100; kind == "refund" {
			sum -= 130
			assert.Equal(t, wechat.Fen(30), o.Refunded, no)
		}
	}
	assert.Contains(t, []wechat.Fen{sum, sum + 100, sum - 30}, wechattest.Balance(p.Ledger(a.MchID)))
	clock.Advance(time.Minute)
	assert.Zero(t, p.Pending(), "what was due is delivered")
}
