package wechat

import (
	"net/http"
	"sync"

	"github.com/wxcommerce/wechat/transport"
)

// lazyTransport makes the default transport when the first request needs it, so
// that thousands of idle merchants cost next to nothing.
type lazyTransport struct {
	options []transport.Option
	mu      sync.Mutex
	carrier *transport.Client
}

func (l *lazyTransport) Do(r *http.Request) (*http.Response, error) {
	t, err := l.get()
	if err != nil {
		return nil, err
	}
	return t.Do(r)
}

func (l *lazyTransport) get() (*transport.Client, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.carrier == nil {
		t, err := transport.New(l.options...)
		if err != nil {
			return nil, err
		}
		l.carrier = t
	}
	return l.carrier, nil
}

func (l *lazyTransport) CloseIdleConnections() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.carrier != nil {
		l.carrier.CloseIdleConnections()
	}
}
