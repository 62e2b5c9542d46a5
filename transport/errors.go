package transport

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// redact rebuilds a failure without the path, query and user of its URL. net/http and net/url print the whole URL, and
// WeChat puts access tokens, secrets and OpenIDs there. The cause stays reachable for errors.Is and errors.As.
func redact(req *http.Request, err error) error {
	cause := err
	var inner *url.Error
	for errors.As(cause, &inner) {
		cause = inner.Err
	}
	op := req.Method
	if op == "" {
		op = http.MethodGet
	}
	where := url.URL{Scheme: req.URL.Scheme, Host: req.URL.Host}
	return fmt.Errorf("transport: %w", &url.Error{Op: op, URL: where.String(), Err: cause})
}
