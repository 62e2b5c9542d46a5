package notify_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/wxcommerce/wechat/notify"
)

func TestAdverse47_WrongMethod(t *testing.T) {
	t.Parallel()
	h, p := receiver(t, merchant(t, mchID, nil))
	for _, method := range []string{"GET", "HEAD", "PUT", "OPTIONS", "DELETE", "post", ""} {
		req := notice(t, paidSample)
		req.Method = method
		refused(t, p, h.Handle(t.Context(), req), 405, notify.ErrMethod, method)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/notify", nil))
	assert.Equal(t, 405, w.Code)
	assert.Equal(t, "POST", w.Header().Get("Allow"))
}

func TestAdverse47_Oversize(t *testing.T) {
	t.Parallel()
	h, p := receiver(t, merchant(t, mchID, nil), notify.WithMaxBody(2000), notify.WithMaxBody(0))
	req := notice(t, paidSample)
	req.Body = append(req.Body, make([]byte, 2000)...)
	refused(t, p, h.Handle(t.Context(), req), 413, notify.ErrTooLarge, "Handle")
	for name, r := range map[string]*http.Request{"declared": post(req), "not declared": post(req)} {
		if name == "not declared" {
			r.ContentLength = -1
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		assert.Equal(t, 413, w.Code, name)
		assert.ErrorIs(t, p.last(t).Err, notify.ErrTooLarge)
	}
	w := httptest.NewRecorder()
	http.MaxBytesHandler(h, 100).ServeHTTP(w, post(notice(t, paidSample)))
	assert.Equal(t, 413, w.Code, "a middleware's limit")

	exact := notice(t, paidSample)
	h, _ = receiver(t, merchant(t, mchID, nil), notify.WithMaxBody(int64(len(exact.Body))))
	w = httptest.NewRecorder()
	h.ServeHTTP(w, post(exact))
	assert.Equal(t, 200, w.Code, "a body of exactly the limit")
}

// broken is a body that fails.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

func TestAdverse47_BodyAlreadyReadOrBroken(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	h, p := receiver(t, merchant(t, mchID, nil), notify.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	req := notice(t, paidSample)
	for name, spoil := range map[string]func(*http.Request){
		"read by a middleware":                      func(r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) },
		"read by a middleware, length not declared": func(r *http.Request) { _, _ = io.Copy(io.Discard, r.Body); r.ContentLength = -1 },
		"closed":       func(r *http.Request) { r.Body = io.NopCloser(broken{http.ErrBodyReadAfterClose}) },
		"none":         func(r *http.Request) { r.Body = nil },
		"breaks off":   func(r *http.Request) { r.Body = io.NopCloser(broken{io.ErrUnexpectedEOF}) },
		"reads nought": func(r *http.Request) { r.Body = io.NopCloser(broken{}) },
	} {
		log.Reset()
		r := post(req)
		spoil(r)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		assert.Equal(t, 400, w.Code, name)
		assert.ErrorIs(t, p.last(t).Err, notify.ErrBody, name)
		if name != "breaks off" && name != "reads nought" {
			assert.Contains(t, log.String(), "a middleware has read the body before", name)
		}
	}
	req.Body = nil
	refused(t, p, h.Handle(t.Context(), req), 400, notify.ErrBody, "Handle")
}
