package wechattest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A disk that takes no more: nothing becomes true that is not written, and the
// clock does not spin on work that cannot be kept.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	clock := NewClock(time.Time{})
	p, err := NewPay(Config{Dir: t.TempDir(), Clock: clock, Keys: ReusedKeys()})
	require.NoError(t, err)
	a, err := p.NewMerchant(MerchantOptions{})
	require.NoError(t, err)
	p.mu.Lock()
	r := &refund{MchID: a.MchID, OutRefundNo: "R", RefundID: "1", Status: refundProcessing, Due: clock.Now().Add(time.Second)}
	require.NoError(t, p.commit(true, record{Refund: r}))
	require.NoError(t, p.journal.file.Close())
	p.mu.Unlock()

	_, err = p.NewMerchant(MerchantOptions{})
	require.ErrorContains(t, err, "writing the journal")
	assert.Len(t, p.Accounts(), 1)
	clock.Advance(time.Hour)
	p.mu.Lock()
	assert.Equal(t, refundProcessing, p.state.refunds[r.key()].Status)
	p.mu.Unlock()
	require.Error(t, p.Close())
}

func TestReplayOfAFailingDisk(t *testing.T) {
	t.Parallel()
	s := newState()
	_, err := replay(failing{}, &s)
	require.ErrorContains(t, err, "reading the journal")
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("bad block") }

func TestClockThatEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []Clock{RealClock(), NewClock(time.Time{})} {
		require.ErrorIs(t, c.wait(ctx, time.Hour), context.Canceled)
		require.NoError(t, c.wait(t.Context(), 0))
	}
}

func TestRawBodies(t *testing.T) {
	t.Parallel()
	assert.Nil(t, rawBody(nil))
	for _, body := range []any{`{"a":"<"}`, []byte(`{"a":"<"}`), map[string]string{"a": "<"}} {
		assert.Equal(t, `{"a":"<"}`, string(rawBody(body)))
	}
	assert.Contains(t, string(mustJSON(func() {})), "SYSTEM_ERROR")
	assert.True(t, strings.HasPrefix(requestID(""), "08"))
}
