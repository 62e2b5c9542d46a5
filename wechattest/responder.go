package wechattest

import (
	"encoding/json"
	"net/http"
)

// Responder answers every request with status and body, signed as WeChat Pay
// would sign it for this account; it fits httpmock.Responder. The request has to
// be properly signed by the account: otherwise the answer is 401 SIGN_ERROR with
// the reason. A body of type string, []byte or json.RawMessage is sent as it is,
// nil sends none, anything else is sent as JSON.
func (a *Account) Responder(status int, body any) func(*http.Request) (*http.Response, error) {
	return a.RawResponder(status, body, Fault{})
}

// RawResponder is Responder whose answers suffer f, of which only Kind, Delay,
// Status, Code and Header count. The zero Fault does nothing.
func (a *Account) RawResponder(status int, body any, f Fault) func(*http.Request) (*http.Response, error) {
	f.After = true
	text := rawBody(body)
	return func(r *http.Request) (*http.Response, error) {
		p := a.pay
		in, no := receive(r, r.URL.RequestURI())
		closeBody(r)
		if no == nil {
			no = in.checkOnly(p)
		}
		out := reply{status: status, body: text, number: numSuccess}
		if no != nil {
			out = p.refused(no)
		} else if status >= 400 {
			out.number = numParam
		}
		fault := &armed{Fault: f}
		ans := fault.delayed(r.Context(), p.clock, fault.after(p, in, p.sign(in, out, signature{})))
		if err := r.Context().Err(); err != nil {
			return nil, err
		}
		return ans.response(r)
	}
}

// checkOnly proves a request without answering it.
func (in *inbound) checkOnly(p *Pay) *refusal {
	rt := route{upload: in.isMultipart()}
	return p.prepare(in, &rt)
}

func rawBody(body any) []byte {
	switch b := body.(type) {
	case nil:
		return nil
	case string:
		return []byte(b)
	case []byte:
		return append([]byte(nil), b...)
	case json.RawMessage:
		return append([]byte(nil), b...)
	}
	return mustJSON(body)
}
