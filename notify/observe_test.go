package notify_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/notify"
)

func TestLogLevels(t *testing.T) {
	t.Parallel()
	m := merchant(t, mchID, nil)
	body := wrap(t, "EV-1", eventPaid, "transaction", paidSample)
	genuine := func() notify.Request { return signed(t, time.Now(), body) }
	for name, tt := range map[string]struct {
		level string
		req   notify.Request
		prep  func(*notify.Handler, *probe)
	}{
		"acknowledged": {level: "DEBUG", req: genuine()},
		"duplicate":    {level: "INFO", req: genuine(), prep: func(h *notify.Handler, _ *probe) { h.Handle(t.Context(), genuine()) }},
		"failed":       {level: "WARN", req: genuine(), prep: func(_ *notify.Handler, p *probe) { p.answer = errors.New("no") }},
		"stranger":     {level: "WARN", req: notify.Request{Method: "POST", Body: []byte("{}")}},
		"unknown":      {level: "ERROR", req: signed(t, time.Now(), wrap(t, "EV-1", "OTHER", "", paidSample))},
		"foreign":      {level: "ERROR", req: notice(t, strings.Replace(paidSample, mchID, "1900000009", 1))},
		"malformed":    {level: "ERROR", req: notice(t, `[]`)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			h, p := receiver(t, m, notify.WithSeen(notify.NewMemory(0, 0, nil)),
				notify.WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))))
			if tt.prep != nil {
				tt.prep(h, p)
			}
			log.Reset()
			h.Handle(t.Context(), tt.req)
			assert.Equal(t, 1, strings.Count(log.String(), "msg=\"wechat notice\""), log.String())
			assert.Contains(t, log.String(), "level="+tt.level)
			assert.Equal(t, name == "duplicate", strings.Contains(log.String(), "duplicate=true"))
		})
	}
}

// G15 for notices: neither logs nor answers nor records tell keys, signatures,
// payloads or what a panic carried.
func TestSecretsStayIn(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	var records []notify.Record
	h := notify.NewHandler(notify.V3(merchant(t, mchID, nil)), notify.WithLogger(slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))),
		notify.WithObserver(func(_ context.Context, r notify.Record) { records = append(records, r) }))
	const person = "o-canary-openid"
	plain := strings.Replace(paidSample, `"o1"`, `"`+person+`"`, 1)
	notify.On(h, paid, func(_ context.Context, e notify.Event[transaction]) error {
		if e.Data.Attach == "panic" {
			panic(e)
		}
		return nil
	})
	good := notice(t, plain)
	bad := notice(t, plain)
	bad.Body = bytes.Replace(bad.Body, []byte("EV-1"), []byte("EV-2"), 1)
	var said []string
	for _, r := range []notify.Request{good, bad, notice(t, strings.Replace(plain, `"total":100`, `"total":"x"`, 1)),
		notice(t, strings.Replace(plain, `"mchid"`, `"attach":"panic","mchid"`, 1)), notice(t, strings.Replace(plain, mchID, "1900000009", 1)),
		notice(t, plain+"x"), signed(t, time.Now(), string(good.Body[:400]))} {
		reply := h.Handle(t.Context(), r)
		said = append(said, string(reply.Body))
	}
	for _, r := range records {
		said = append(said, sprint("%+v", r), sprint("%#v", r))
	}
	all := log.String() + strings.Join(said, "\n")
	for _, secret := range []string{apiV3Key, person, good.Header.Get("Wechatpay-Signature"), bad.Header.Get("Wechatpay-Signature"), "1900000009", "wx1"} {
		assert.NotContains(t, all, secret)
	}
	require.Len(t, records, 7)
}

func TestObserversSeeEveryRequest(t *testing.T) {
	t.Parallel()
	now := time.Unix(1700000000, 0)
	m := merchant(t, mchID, func() time.Time { return now })
	h, p := receiver(t, m, notify.WithObserver(func(context.Context, notify.Record) { panic("observer") }))
	notify.On(h, notify.Of[transaction]("SLOW"), func(context.Context, notify.Event[transaction]) error {
		now = now.Add(3 * time.Second)
		return nil
	})
	assert.Equal(t, 200, h.Handle(t.Context(), signed(t, now, wrap(t, "EV-5", "SLOW", "", paidSample))).Status)
	assert.Empty(t, p.records, "an observer that panics does not hurt the answer")

	h, p = receiver(t, m)
	notify.On(h, notify.Of[transaction]("SLOW"), func(context.Context, notify.Event[transaction]) error {
		now = now.Add(3 * time.Second)
		return nil
	})
	h.Handle(t.Context(), signed(t, now, wrap(t, "EV-5", "SLOW", "", paidSample)))
	assert.Equal(t, notify.Record{Merchant: mchID, ID: "EV-5", Type: "SLOW", Key: mchID + "/SLOW/EV-5", Status: 200, Duration: 3 * time.Second}, p.last(t))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	assert.Equal(t, 405, p.last(t).Status)
	assert.ErrorIs(t, p.last(t).Err, notify.ErrMethod)
}

func TestReadRequest(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest("POST", "/notify?a=b&c", strings.NewReader("body"))
	r.Header.Set("X", "y")
	got, err := notify.ReadRequest(r, 0)
	require.NoError(t, err)
	assert.Equal(t, notify.Request{Method: "POST", RawQuery: "a=b&c", Header: r.Header, Body: []byte("body")}, got)
	for max, want := range map[int64]error{3: notify.ErrTooLarge, 4: nil, 1<<63 - 1: nil} {
		r := httptest.NewRequest("POST", "/", strings.NewReader("body"))
		_, err := notify.ReadRequest(r, max)
		assert.ErrorIs(t, err, want)
	}
	long := strings.Repeat("x", 600_000)
	r = httptest.NewRequest("POST", "/", strings.NewReader(long))
	r.URL = nil
	got, err = notify.ReadRequest(r, 0)
	require.NoError(t, err)
	assert.Equal(t, long, string(got.Body))
}
