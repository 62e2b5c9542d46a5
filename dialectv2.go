package wechat

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/wxcommerce/wechat/internal/wire"
	"github.com/wxcommerce/wechat/sign"
)

// v2 speaks APIv2: flat XML with a keyed digest in it, status 200 for refusals
// too, and text in place of XML when a bill is downloaded.
type v2 struct {
	mchID  string
	key    func() string // a function, because fmt looks into everything else
	digest sign.Digest
	bare   bool // no client certificate will be presented
	local  bool // talks to a loopback host only
}

var errNoCertificate = errors.New("this endpoint demands the API certificate (apiclient_cert.p12): set MerchantV2Config.Certificate")

func (d *v2) encode(_ context.Context, op Op, in any) (*message, error) {
	if op.v2.certified && d.bare {
		return nil, errNoCertificate
	}
	pairs, err := encodeFields(in)
	if err != nil {
		return nil, err
	}
	m := &message{method: op.method, target: op.path, fields: pairs, contentType: "text/xml; charset=utf-8", accept: "*/*"}
	if !d.local {
		m.base = op.v2.host
	}
	return m, nil
}

// authorize signs the fields with a fresh nonce and makes them the body.
func (d *v2) authorize(_ context.Context, op Op, r *http.Request, m *message) error {
	digest := d.digestOf(op)
	pairs := append(make([]sign.Pair, 0, len(m.fields)+3), m.fields...)
	pairs = append(pairs, sign.Pair{Name: "nonce_str", Value: Nonce()})
	if !op.v2.silent {
		pairs = append(pairs, sign.Pair{Name: "sign_type", Value: digest.String()})
	}
	pairs = append(pairs, sign.Pair{Name: "sign", Value: sign.APIv2(pairs, d.key(), digest)})
	if op.v2.escaped != "" {
		escape(pairs, op.v2.escaped)
	}
	body := wire.AppendXML(make([]byte, 0, 1024), pairs)
	// Without GetBody net/http never repeats the request by itself; the loop does.
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	r.Header["Content-Type"] = []string{m.contentType}
	return nil
}

// escape encodes the value of name, which is signed by now.
func escape(pairs []sign.Pair, name string) {
	for i, p := range pairs {
		if p.Name == name {
			pairs[i].Value = wire.EscapeQuery(p.Value)
		}
	}
}

func (d *v2) digestOf(op Op) sign.Digest {
	switch op.v2.digest {
	case "MD5":
		return sign.MD5
	case "HMAC-SHA256":
		return sign.HMACSHA256
	}
	return d.digest
}

// head is what every v2 answer begins with.
type head struct{ returnCode, returnMsg, resultCode, errCode, errText, errorCode, retMsg string }

func headOf(pairs []sign.Pair) (h head) {
	for _, p := range pairs {
		switch p.Name {
		case "return_code":
			h.returnCode = p.Value
		case "return_msg":
			h.returnMsg = p.Value
		case "result_code":
			h.resultCode = p.Value
		case "err_code":
			h.errCode = p.Value
		case "err_code_des":
			h.errText = p.Value
		case "error_code": // downloads
			h.errorCode = p.Value
		case "retmsg": // gateways in front
			h.retMsg = p.Value
		}
	}
	return h
}

func (d *v2) prove(_ context.Context, op Op, res *http.Response, body []byte) (reply, error) {
	pairs, err := wire.ParseXMLWith(body, "xml", op.v2.list)
	if err != nil || !op.success(res.StatusCode) {
		return reply{}, d.stray(op, res, body, err)
	}
	h := headOf(pairs)
	if h.returnCode == "SUCCESS" && !op.v2.unsigned {
		if err := sign.CheckAPIv2(pairs, d.key(), d.digestOf(op)); err != nil {
			return reply{}, fmt.Errorf("answer not proved: %w", err)
		}
	}
	if h.returnCode == "SUCCESS" && (h.resultCode == "SUCCESS" || h.resultCode == "" && h.errCode == "") {
		return reply{body: body, fields: pairs}, nil
	}
	return reply{}, h.refusal(op, res)
}

// refusal makes an error of an answer that says no.
func (h head) refusal(op Op, res *http.Response) *APIError {
	e := &APIError{Op: op, Status: res.StatusCode, RequestID: res.Header.Get("Request-ID")}
	if h.returnCode != "SUCCESS" { // such an answer is never signed
		e.Code, e.Message = Code(oneLine(cmp.Or(h.errorCode, h.errCode), 64)), cmp.Or(h.returnMsg, h.retMsg)
		e.refused = h.returnCode == "FAIL"
		return e
	}
	e.Code, e.Message = Code(oneLine(h.errCode, 64)), h.errText
	e.Verified = !op.v2.unsigned || op.v2.certified
	e.again = errors.Is(e, ErrSystem) || errors.Is(e, Code("BIZERR_NEED_RETRY"))
	e.refused = h.resultCode == "FAIL" || h.resultCode == "" // any other word says neither yes nor no
	e.refused = e.refused && !e.again && !unclearV2[e.Code.canonical()]
	return e
}

// stray makes an error of what no v2 endpoint answers: gateways have HTML for it.
func (d *v2) stray(op Op, res *http.Response, body []byte, cause error) *APIError {
	e := &APIError{Op: op, Status: res.StatusCode, again: res.StatusCode >= 500 || res.StatusCode == http.StatusTooManyRequests,
		Message: fmt.Sprintf("no APIv2 answer in %d bytes, Content-Type %q", len(body), oneLine(res.Header.Get("Content-Type"), 60))}
	switch {
	case bytes.Contains(body, []byte("SSL certificate")):
		e.Message += ": the host saw no client certificate; see MerchantV2Config.Certificate"
	case cause != nil:
		e.Message += ": " + cause.Error()
	}
	return e
}

// unclearV2 are the codes after which the order may still go through.
var unclearV2 = map[string]bool{
	"BANKERROR": true, "USERPAYING": true, "ERROR": true, "PROCESSING": true, "SENDFAILED": true,
	"INVALIDREQTOOMUCH": true, "FREQUENCYLIMITED": true,
}

func (d *v2) decode(r reply, out any) error { return wire.DecodePairs(r.fields, out) }

// streams takes anything that is not XML for the bill that was asked for.
func (d *v2) streams(op Op, res *http.Response, first []byte) bool {
	return op.success(res.StatusCode) && len(first) > 0 && first[0] != '<'
}

func (d *v2) upload(f File, _ string, _ int64) (upload, error) {
	return upload{}, Invalid("file", "APIv2 uploads are not supported; use Merchant")
}

func (d *v2) refused(context.Context, *message, error) bool { return false }
