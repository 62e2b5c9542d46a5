package wechat

import (
	"net/http"
	"slices"
)

// Op names one endpoint: a method, a path template and how the endpoint treats
// repeats. A part in square brackets belongs to partners only, {name} is filled
// from the request's field tagged path:"name". An Op is a value; its methods
// return a changed copy. Two Ops with the same method and path print alike.
type Op struct {
	method, path string
	keyed, wary  bool
	noToken      bool
	sealable     bool
	asks         bool
	accepts      [2]int
	v2           v2Rules
}

// GET is the endpoint at path read with GET.
func GET(path string) Op { return Op{method: http.MethodGet, path: path} }

// POST is the endpoint at path written with POST.
func POST(path string) Op { return Op{method: http.MethodPost, path: path} }

// PUT is the endpoint at path written with PUT.
func PUT(path string) Op { return Op{method: http.MethodPut, path: path} }

// PATCH is the endpoint at path written with PATCH.
func PATCH(path string) Op { return Op{method: http.MethodPatch, path: path} }

// DELETE is the endpoint at path removed with DELETE.
func DELETE(path string) Op { return Op{method: http.MethodDelete, path: path} }

// Keyed marks a write that carries the merchant's own number, so that sending
// the identical request again is safe.
func (op Op) Keyed() Op { op.keyed = true; return op }

// Wary marks a write whose refusals prove nothing: after a 429 or any other
// non-2xx answer its outcome is Unknown until a query tells (refunds, transfers).
func (op Op) Wary() Op { op.wary = true; return op }

// NoToken marks an account-side call that carries no access token.
func (op Op) NoToken() Op { op.noToken = true; return op }

// Sealable marks an account-side POST whose documents say that it supports
// encryption and signing (服务端API签名); an App made WithAPISecurity then uses them.
func (op Op) Sealable() Op { op.sealable = true; return op }

// Accepts names up to two statuses, such as 202, that mean success here beside
// 200, 201 and 204.
func (op Op) Accepts(status ...int) Op { copy(op.accepts[:], status); return op }

// ReadOnly marks a POST that only asks, as all queries of APIv2 and many of the
// account side do: repeating it is safe, and a refusal changed nothing.
func (op Op) ReadOnly() Op { op.asks = true; return op }

// v2Rules are the ways in which some v2 endpoints differ from the rest.
type v2Rules struct {
	digest    string // forced sign_type; "" means the merchant's own
	silent    bool   // sign_type is not sent
	unsigned  bool   // the answer carries no signature
	certified bool   // a client certificate is required
	list      string // the one element of the answer that holds others
	host      string // scheme and host, where it is not the usual one
	escaped   string // the field that travels URL-encoded, though it is signed as it is
	ordered   bool   // Tenpay: signed in the order of the fields, answered with a file
}

// MD5Only marks a v2 endpoint that takes MD5 signatures and no sign_type field.
func (op Op) MD5Only() Op { op.v2.digest, op.v2.silent = "MD5", true; return op }

// HMACOnly marks a v2 endpoint that takes HMAC-SHA256 signatures only.
func (op Op) HMACOnly() Op { op.v2.digest = "HMAC-SHA256"; return op }

// Unsigned marks a v2 endpoint documented to answer without a signature: the
// TLS connection is all that vouches for the answer. An APIError of it counts as
// Verified only where a client certificate is demanded too.
func (op Op) Unsigned() Op { op.v2.unsigned = true; return op }

// Certified marks a v2 endpoint that demands the merchant's client certificate.
func (op Op) Certified() Op { op.v2.certified = true; return op }

// Listing names the one element of a v2 answer that holds others; its field gets
// the XML inside of it. It is for Unsigned endpoints, because nothing signs nests.
func (op Op) Listing(element string) Op { op.v2.list = element; return op }

// Escaping names the one field of a v2 request that is sent URL-encoded; what is
// signed is the value as it is.
func (op Op) Escaping(field string) Op { op.v2.escaped = field; return op }

// At moves a v2 or Tenpay endpoint, or one of the account side that is marked
// NoToken, to a host of its own, such as "https://fraud.mch.weixin.qq.com". A client
// whose base URL is a loopback one, as in tests, stays there.
func (op Op) At(base string) Op { op.v2.host = base; return op }

// InOrder marks the Tenpay endpoint of bills: its signature covers the fields in
// the order they are declared in, and it answers with a file or with a page that
// says why there is none.
func (op Op) InOrder() Op { op.v2.ordered = true; return op }

// String is the method and the path template, safe to log: it holds no value
// of any request.
func (op Op) String() string { return op.method + " " + op.path }

func (op Op) reads() bool { return op.method == http.MethodGet || op.asks }

func (op Op) repeatable() bool { return op.reads() || op.keyed }

func (op Op) success(status int) bool {
	return status == 200 || status == 201 || status == 204 || status != 0 && slices.Contains(op.accepts[:], status)
}

// None stands for an absent request or answer body.
type None struct{}
