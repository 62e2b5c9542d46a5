package notify_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/wxcommerce/wechat/notify"
)

func TestRouterServesManyMerchants(t *testing.T) {
	t.Parallel()
	const second = "1900000002"
	first, p1 := receiver(t, merchant(t, mchID, nil))
	other, p2 := receiver(t, merchant(t, second, nil))
	var seen []notify.Record
	router := notify.Router(func(_ context.Context, merchant string) (*notify.Handler, error) {
		assert.NotEmpty(t, merchant)
		switch merchant {
		case mchID:
			return first, nil
		case second:
			return other, nil
		case "closed":
			return nil, notify.ErrMerchant
		case "broken":
			return nil, errors.New("database is down")
		case "panic":
			panic("database")
		}
		return nil, nil
	}, notify.WithObserver(func(_ context.Context, r notify.Record) { seen = append(seen, r) }))
	mux := http.NewServeMux()
	mux.Handle("/notify/", router)
	mux.Handle("/pay/{merchant}/notices", router)
	for _, tt := range []struct {
		path   string
		status int
		cause  error
	}{
		{"/notify/" + mchID, 200, nil},
		{"/pay/" + mchID + "/notices", 200, nil},
		{"/notify/a/b/" + mchID, 200, nil},
		{"/notify/" + second, 403, nil},
		{"/notify/", 404, notify.ErrMerchant},
		{"/notify/nobody", 404, notify.ErrMerchant},
		{"/notify/closed", 404, notify.ErrMerchant},
		{"/notify/broken", 500, nil},
		{"/notify/panic", 500, notify.ErrPanic},
		{"/notify/" + strings.Repeat("9", 5000), 404, notify.ErrMerchant},
	} {
		seen = nil
		r := post(notice(t, paidSample))
		r.URL.Path = tt.path
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		assert.Equal(t, tt.status, w.Code, tt.path)
		if tt.status != 200 {
			assert.NotContains(t, w.Body.String(), "SUCCESS")
		}
		if tt.cause != nil {
			assert.ErrorIs(t, seen[0].Err, tt.cause)
		}
	}
	assert.Equal(t, 3, p1.calls())
	assert.Zero(t, p2.calls(), "a notice for the first is nothing to the second")
	assert.ErrorIs(t, p2.last(t).Err, notify.ErrOwner)
}

func TestAdverse48_WrongMerchantRoute(t *testing.T) {
	t.Parallel()
	m := merchant(t, mchID, nil)
	other, p := receiver(t, merchant(t, "1900000002", nil))
	router := notify.Router(func(context.Context, string) (*notify.Handler, error) { return other, nil })
	w := httptest.NewRecorder()
	router.ServeHTTP(w, post(notice(t, paidSample)))
	assert.Equal(t, 403, w.Code)
	assert.Zero(t, p.calls())
	assert.Equal(t, mchID, m.ID())
}

func TestRouterWaitsNoLongerThanTheDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var log bytes.Buffer
		h, _ := receiver(t, merchant(t, mchID, nil))
		slow := notify.NewHandler(notify.V3(merchant(t, mchID, nil)), notify.WithDeadline(time.Hour))
		notify.On(slow, paid, func(ctx context.Context, _ notify.Event[transaction]) error { return hang(ctx) })
		router := notify.Router(func(ctx context.Context, name string) (*notify.Handler, error) {
			switch name {
			case "hangs":
				<-release
			case "thinks":
				<-time.After(3 * time.Second)
				return slow, nil
			}
			return h, ctx.Err()
		}, notify.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
		for _, name := range []string{"hangs", "thinks"} {
			r := post(notice(t, paidSample))
			r.URL.Path = "/" + name
			w := httptest.NewRecorder()
			start := time.Now()
			router.ServeHTTP(w, r)
			assert.Equal(t, 500, w.Code, name)
			assert.Equal(t, 4500*time.Millisecond, time.Since(start), "%s: picking counts", name)
		}
		assert.Contains(t, log.String(), "choosing the merchant")
		close(release)
		synctest.Wait()
	})
}
