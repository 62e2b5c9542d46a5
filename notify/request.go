package notify

import (
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
)

// Request is a callback as it arrived, detached from any HTTP framework. Body is
// the raw body: complete, and not re-encoded, trimmed or parsed by anything before.
type Request struct {
	Method   string
	RawQuery string // without the question mark
	Header   http.Header
	Body     []byte
}

// Reply is what to answer: write Status, Content-Type and Body as they are.
type Reply struct {
	Status      int
	ContentType string
	Body        []byte
}

const (
	defaultMaxBody = 1 << 20 // bytes; real notices stay below ten thousand
	firstBuffer    = 4 << 10
	growth         = 4 // few steps, so that a body at the limit costs little more than itself
)

// ReadRequest reads r, its body included but no more than max bytes of it; max
// below 1 means 1 MiB. A longer body gives ErrTooLarge, an empty or unreadable one
// ErrBody. What the Content-Length header promises beyond 4 KiB is never allocated in
// advance.
func ReadRequest(r *http.Request, max int64) (Request, error) {
	if max < 1 {
		max = defaultMaxBody
	}
	max = min(max, math.MaxInt64-1)
	out := Request{Method: r.Method, Header: r.Header}
	if r.URL != nil {
		out.RawQuery = r.URL.RawQuery
	}
	if r.ContentLength > max {
		return out, fmt.Errorf("%w: Content-Length is %d, the limit %d bytes", ErrTooLarge, r.ContentLength, max)
	}
	if r.Body == nil {
		return out, nil
	}
	first := int64(firstBuffer)
	if n := r.ContentLength; n >= 0 && n < first {
		first = n + 1 // and the end is seen without growing
	}
	body, err := readAll(r.Body, first, max)
	if err != nil {
		return out, err
	}
	if len(body) == 0 && r.ContentLength > 0 {
		return out, fmt.Errorf("%w: Content-Length is %d but nothing is left to read; %s", ErrBody, r.ContentLength, alreadyRead)
	}
	out.Body = body
	return out, nil
}

const alreadyRead = "a middleware has read the body before: put the handler in front of it, or keep the raw bytes and pass them to Handle"

func readAll(r io.Reader, first, max int64) ([]byte, error) {
	buf := make([]byte, 0, min(first, max+1))
	for idle := 0; ; {
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case int64(len(buf)) > max:
			return nil, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, max)
		case err == io.EOF:
			return buf, nil
		case err != nil:
			return nil, readError(err, len(buf))
		}
		if idle++; n > 0 {
			idle = 0
		} else if idle == 100 {
			return nil, readError(io.ErrNoProgress, len(buf))
		}
		if len(buf) == cap(buf) {
			size := growth * int64(cap(buf))
			if size > max/2 {
				size = max + 1 // not twice almost the same
			}
			buf = append(make([]byte, 0, size), buf...)
		}
	}
}

func readError(err error, after int) error {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return fmt.Errorf("%w: a middleware's limit of %d bytes", ErrTooLarge, tooLarge.Limit)
	case errors.Is(err, http.ErrBodyReadAfterClose):
		return fmt.Errorf("%w: it is closed; %s", ErrBody, alreadyRead)
	}
	return fmt.Errorf("%w after %d bytes: %w", ErrBody, after, err)
}

func (r Reply) writeTo(w http.ResponseWriter) {
	h := w.Header()
	if r.ContentType != "" {
		h.Set("Content-Type", r.ContentType)
	}
	if r.ContentType != jsonType {
		h.Set("X-Content-Type-Options", "nosniff") // older generations echo what they were sent
	}
	w.WriteHeader(r.Status)
	_, _ = w.Write(r.Body) // a sender that has gone sends again
}
