package pay

// SignJSAPI makes JSAPIParams out of given parts, so that a published vector can
// be replayed.
func SignJSAPI(k interface {
	PaySign(lines ...string) (string, error)
}, app, time, nonce, prepayID string) (*JSAPIParams, error) {
	return jsapiParams(k, ground{app, time, nonce, prepayID})
}
