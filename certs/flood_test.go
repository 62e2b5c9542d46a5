package certs_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/sign"
)

func serialOf(n int) string { return fmt.Sprintf("%040X", n) }

// Promise G10 and adverse input 27: whoever can post to a notify URL can make up
// serial numbers. That must not turn into a flood towards WeChat Pay, and must not
// hold up messages signed with a certificate that is known.
func TestAdverse27_UnknownSerialsDownloadOnceAMinute(t *testing.T) {
	t.Parallel()
	answers := map[string]func(*http.Request) (*http.Response, error){
		"a good list": nil,
		"status 500": func(*http.Request) (*http.Response, error) {
			return respond(500, []byte(`{"code":"SYSTEM_ERROR"}`)), nil
		},
		"status 429":     func(*http.Request) (*http.Response, error) { return respond(429, nil), nil },
		"garbage":        func(*http.Request) (*http.Response, error) { return respond(200, []byte(`{"data":`)), nil },
		"no network":     func(*http.Request) (*http.Response, error) { return nil, errors.New("connection reset") },
		"no certificate": func(*http.Request) (*http.Response, error) { return respond(404, nil), nil },
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { flood(t, answer) })
		})
	}
}

func flood(t *testing.T, answer func(*http.Request) (*http.Response, error)) {
	good := issue(t, keys()[1], 1<<40, time.Now(), year)
	p := newPlatform(good)
	s := newSet(t, p)
	_, err := s.Key(t.Context(), good.serial)
	require.NoError(t, err)
	require.EqualValues(t, 1, p.hits.Load())

	gate := make(chan struct{})
	p.mu.Lock()
	p.answer, p.gate = answer, gate
	p.mu.Unlock()
	<-time.After(time.Minute)
	var refused atomic.Int32
	var wg sync.WaitGroup
	for n := range 1000 {
		wg.Go(func() {
			if _, err := s.Key(t.Context(), serialOf(n)); err != nil {
				refused.Add(1)
			}
		})
	}
	synctest.Wait() // all of them wait for one answer
	assert.EqualValues(t, 2, p.hits.Load())
	began := time.Now()
	for range 100 {
		_, err := s.Key(t.Context(), good.serial)
		require.NoError(t, err)
	}
	assert.Zero(t, time.Since(began), "a known serial waits for nobody")
	<-time.After(2 * time.Second)
	close(gate)
	wg.Wait()
	assert.EqualValues(t, 1000, refused.Load())
	assert.EqualValues(t, 2, p.hits.Load(), "1,000 at once are one download")

	for n := range 1000 {
		_, err := s.Key(t.Context(), serialOf(n))
		require.Error(t, err)
		_, err = s.Key(t.Context(), good.serial)
		require.NoError(t, err)
	}
	assert.EqualValues(t, 2, p.hits.Load(), "1,000 one after the other are none")

	first := time.Now()
	for time.Since(first) < 10*time.Minute {
		_, err := s.Key(t.Context(), serialOf(7))
		require.Error(t, err)
		<-time.After(time.Second)
	}
	assert.LessOrEqual(t, p.hits.Load(), int32(2+10), "one a minute over ten minutes")
	assert.GreaterOrEqual(t, p.hits.Load(), int32(2+9), "and not fewer")
}

func TestAnImpatientWaiterLeavesAloneAndEndsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		good := issue(t, keys()[1], 1, time.Now(), year)
		p := newPlatform(good)
		gate := make(chan struct{})
		p.gate = gate
		s := newSet(t, p)
		var wg sync.WaitGroup
		for n := range 100 {
			wg.Go(func() {
				if n%10 != 0 {
					_, err := s.Key(t.Context(), good.serial)
					assert.NoError(t, err)
					return
				}
				patience := time.Duration(n+1) * 10 * time.Millisecond
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				began := time.Now()
				_, err := s.Key(ctx, good.serial)
				assert.ErrorIs(t, err, context.DeadlineExceeded)
				assert.NotErrorIs(t, err, sign.ErrUnknownKey)
				assert.InDelta(t, patience, time.Since(began), float64(10*time.Millisecond))
			})
		}
		synctest.Wait()
		time.Sleep(2 * time.Second) // the ten have gone, whoever began the download among them
		close(gate)
		wg.Wait()
		assert.EqualValues(t, 1, p.hits.Load())
	})
}

func TestTheFirstWaiterMayLeaveToo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		good := issue(t, keys()[1], 1, time.Now(), year)
		p := newPlatform(good)
		gate := make(chan struct{})
		p.gate = gate
		s := newSet(t, p)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { time.Sleep(time.Second); cancel() }()
		_, _, err := s.Preferred(ctx)
		require.ErrorIs(t, err, context.Canceled)
		close(gate)
		synctest.Wait()
		_, err = s.Key(t.Context(), good.serial)
		require.NoError(t, err, "its download went on for the next")
		assert.EqualValues(t, 1, p.hits.Load())
	})
}

func TestADownloadIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform()
		p.gate = make(chan struct{}) // WeChat Pay never answers
		s := newSet(t, p)
		began := time.Now()
		_, err := s.Key(t.Context(), serialOf(1))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.LessOrEqual(t, time.Since(began), 20*time.Second)
		synctest.Wait() // no goroutine is left: the bubble would not end
	})
}
