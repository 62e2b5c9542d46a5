package wechattest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// launch is one run of the check.
type launch struct {
	targets Targets
	client  *http.Client
	report  *LaunchReport
}

// parcel is a request as it goes to the shop.
type parcel struct {
	method, url string
	header      http.Header
	body        []byte
}

// heard is what came back; err says why nothing did.
type heard struct {
	status int
	body   []byte
	took   time.Duration
	err    error
}

func (h heard) String() string {
	switch {
	case errors.Is(h.err, context.DeadlineExceeded):
		return fmt.Sprintf("no answer within %v", h.took.Round(100*time.Millisecond))
	case h.err != nil:
		return "no answer, the connection ended"
	}
	text := strings.Join(strings.Fields(string(h.body[:min(len(h.body), 200)])), " ")
	if text == "" {
		text = "(empty)"
	}
	return fmt.Sprintf("%d %s after %v: %s", h.status, http.StatusText(h.status), h.took.Round(time.Millisecond), text)
}

// mayCall keeps the check on machines that are made for it.
func (t Targets) mayCall(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil:
		return errors.New("want a whole address, such as http://127.0.0.1:8080/notify")
	case realHost(u.Host):
		return errors.New("is a host of WeChat's; give the shop's own address")
	case t.Public, isLoopback(u.Hostname()), slices.Contains(t.Hosts, u.Hostname()):
		return nil
	}
	return fmt.Errorf("%s is neither loopback nor one of Targets.Hosts; a check sends forged and oversize requests, so name the test host, or set Public if you are sure", u.Hostname())
}

// post sends p and waits as long as WeChat would.
func (l *launch) post(ctx context.Context, p parcel) heard {
	return l.send(ctx, p, bytes.NewReader(p.body), answerTime)
}

func (l *launch) send(ctx context.Context, p parcel, body io.Reader, patience time.Duration) (h heard) {
	begun := time.Now()
	defer func() { h.took = time.Since(begun) }()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, p.method, p.url, body)
	if err != nil {
		return heard{err: err}
	}
	if p.header != nil {
		r.Header = p.header.Clone()
	}
	r.Header.Set("User-Agent", "Mozilla/4.0")
	res, err := l.client.Do(r)
	if err != nil {
		return heard{err: err}
	}
	h.status = res.StatusCode
	h.body, h.err = io.ReadAll(io.LimitReader(res.Body, 1<<16))
	h.err = errors.Join(h.err, res.Body.Close())
	return h
}

// count asks the shop how often an order was fulfilled; ok is false where it cannot tell.
func (l *launch) count(ctx context.Context, number string) (n int, ok bool, err error) {
	switch {
	case l.targets.Count != nil:
		n, err = l.targets.Count(ctx, number)
		return n, true, err
	case l.targets.CountURL == "":
		return 0, false, nil
	}
	joint := "?"
	if strings.Contains(l.targets.CountURL, "?") {
		joint = "&"
	}
	h := l.post(ctx, parcel{method: http.MethodGet, url: l.targets.CountURL + joint + "out_trade_no=" + url.QueryEscape(number)})
	if h.err == nil && h.status == http.StatusOK {
		n, h.err = strconv.Atoi(strings.TrimSpace(string(h.body)))
	}
	if h.err != nil || h.status != http.StatusOK {
		return 0, true, fmt.Errorf("the count of an order: %v", h)
	}
	return n, true, nil
}

// trickle is a body that comes a byte at a time until its context ends.
type trickle struct {
	ctx  context.Context
	left []byte
}

func (t *trickle) Read(p []byte) (int, error) {
	select {
	case <-t.ctx.Done():
		return 0, t.ctx.Err()
	case <-time.After(slowPause):
	}
	if len(t.left) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:1], t.left)
	t.left = t.left[n:]
	return n, nil
}
