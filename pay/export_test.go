package pay

import "github.com/wxcommerce/wechat"

// SignJSAPI makes JSAPIParams out of given parts, so that a published vector can
// be replayed.
func SignJSAPI(m *wechat.Merchant, app, time, nonce, prepayID string) (*JSAPIParams, error) {
	return jsapiParams(m, ground{app, time, nonce, prepayID})
}
