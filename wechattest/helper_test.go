package wechattest_test

import "net/http"

// roundTrip makes a Transport of a RoundTripper.
type roundTrip struct{ http.RoundTripper }

func (t roundTrip) Do(r *http.Request) (*http.Response, error) { return t.RoundTrip(r) }
