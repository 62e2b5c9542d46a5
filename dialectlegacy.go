package wechat

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/wxcommerce/wechat/internal/wire"
	"github.com/wxcommerce/wechat/sign"
)

// tenpay speaks as Tenpay's gateways of 2014 do: a form with an MD5 digest in it,
// XML with one in the answer, in UTF-8 or GBK, and status 200 for refusals too.
type tenpay struct {
	partnerID string
	key       func() string
	bare      bool // no client certificate will be presented
	gbk       func(string) (string, error)
	local     bool // talks to a loopback host only
}

var errNoTenpayCertificate = errors.New("this endpoint demands Tenpay's client certificate: set MerchantLegacyConfig.Certificate")

func (d *tenpay) encode(_ context.Context, op Op, in any) (*message, error) {
	if op.v2.certified && d.bare {
		return nil, errNoTenpayCertificate
	}
	pairs, err := encodeFields(in)
	if err != nil {
		return nil, err
	}
	m := &message{method: op.method, target: op.path, fields: pairs, contentType: "application/x-www-form-urlencoded", accept: "*/*"}
	if !d.local {
		m.base = op.v2.host
	}
	return m, nil
}

// authorize signs the fields and makes them the body.
func (d *tenpay) authorize(_ context.Context, op Op, r *http.Request, m *message) error {
	pairs := append(make([]sign.Pair, 0, len(m.fields)+4), m.fields...)
	if op.v2.ordered {
		pairs = append(pairs, sign.Pair{Name: "sign", Value: sign.Ordered(pairs, d.key())})
	} else {
		pairs = append(pairs, sign.Pair{Name: "sign_type", Value: "MD5"}, sign.Pair{Name: "input_charset", Value: "UTF-8"}, sign.Pair{Name: "sign_key_index", Value: "1"})
		pairs = append(pairs, sign.Pair{Name: "sign", Value: sign.APIv2(pairs, d.key(), sign.MD5)})
	}
	var body []byte
	for i, p := range pairs {
		if i > 0 {
			body = append(body, '&')
		}
		body = append(append(append(body, p.Name...), '='), url.QueryEscape(p.Value)...)
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	r.Header["Content-Type"] = []string{m.contentType}
	return nil
}

func (d *tenpay) prove(_ context.Context, op Op, res *http.Response, body []byte) (reply, error) {
	if op.v2.ordered && op.success(res.StatusCode) {
		return reply{}, d.noBill(op, res, body)
	}
	pairs, proof, err := d.read(body)
	code, message := "", ""
	for _, p := range pairs {
		switch p.Name {
		case "retcode":
			code = p.Value
		case "retmsg":
			message = p.Value
		}
	}
	switch {
	case err != nil, !op.success(res.StatusCode), code == "":
		return reply{}, strayTenpay(op, res, body, err)
	case code == "0" && proof != nil:
		return reply{}, fmt.Errorf("answer not proved: %w", proof)
	case code == "0":
		return reply{body: body, fields: pairs}, nil
	}
	return reply{}, &APIError{Op: op, Status: res.StatusCode, Code: Code(oneLine(code, 64)), Message: message, Verified: proof == nil, refused: true}
}

// read takes an answer apart and says whether it is signed. What is signed are
// the bytes as they came, so they are decoded only after that.
func (d *tenpay) read(body []byte) (pairs []sign.Pair, proof, err error) {
	text, isGBK := undeclared(body)
	if isGBK {
		text = widened(text)
	}
	if pairs, err = wire.ParseXML([]byte(text), "root"); err != nil {
		return nil, nil, err
	}
	for i, p := range pairs {
		if isGBK {
			pairs[i].Value, err = narrowed(p.Value)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	proof = sign.CheckTenpay(pairs, d.key())
	for i, p := range pairs {
		if isGBK {
			pairs[i].Value, err = d.gbk(p.Value)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return pairs, proof, nil
}

// undeclared cuts off a declaration that names GBK, which the parser of XML does
// not know; without any declaration what is not UTF-8 must be GBK.
func undeclared(body []byte) (text string, isGBK bool) {
	text = string(body)
	d, rest, ok := strings.Cut(text, "?>")
	if !ok || !strings.HasPrefix(d, "<?xml ") {
		return text, !utf8.ValidString(text)
	}
	d = strings.ToLower(d)
	for _, name := range []string{"gbk", "gb2312", "gb18030"} {
		if strings.Contains(d, `encoding="`+name+`"`) || strings.Contains(d, `encoding='`+name+`'`) {
			return rest, true
		}
	}
	return text, false
}

// widened makes a character of every byte, so that any bytes are text; markup is
// ASCII and stays what it is. narrowed undoes it.
func widened(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteRune(rune(s[i]))
	}
	return b.String()
}

func narrowed(s string) (string, error) {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xFF {
			return "", wire.ErrXML // an entity for a character beyond a byte
		}
		b = append(b, byte(r))
	}
	return string(b), nil
}

// noBill makes an error of the page that comes in place of a bill:
// <html><body>code:message</body></html>.
func (d *tenpay) noBill(op Op, res *http.Response, body []byte) *APIError {
	text := string(body)
	if !utf8.ValidString(text) {
		if decoded, err := d.gbk(text); err == nil {
			text = decoded
		}
	}
	if _, after, ok := strings.Cut(text, "<body>"); ok {
		text, _, _ = strings.Cut(after, "</body>")
	}
	code, message, ok := strings.Cut(strings.TrimSpace(text), ":")
	if !ok || code == "" || len(code) > 20 || !allDigits(code) {
		return strayTenpay(op, res, body, nil)
	}
	return &APIError{Op: op, Status: res.StatusCode, Code: Code(code), Message: strings.ToValidUTF8(message, ""), refused: true}
}

// strayTenpay makes an error of what no Tenpay endpoint answers.
func strayTenpay(op Op, res *http.Response, body []byte, cause error) *APIError {
	e := &APIError{Op: op, Status: res.StatusCode, again: res.StatusCode >= 500 || res.StatusCode == http.StatusTooManyRequests,
		Message: fmt.Sprintf("no Tenpay answer in %d bytes, Content-Type %q", len(body), oneLine(res.Header.Get("Content-Type"), 60))}
	if cause != nil {
		e.Message += ": " + cause.Error()
	}
	return e
}

func (d *tenpay) decode(r reply, out any) error { return wire.DecodePairs(r.fields, out) }

// streams takes anything that is not a page or XML for the bill that was asked for.
func (d *tenpay) streams(op Op, res *http.Response, first []byte) bool {
	return op.success(res.StatusCode) && len(first) > 0 && first[0] != '<'
}

func (d *tenpay) upload(File, string, int64) (upload, error) {
	return upload{}, Invalid("file", "Tenpay takes no uploads; use Merchant")
}

func (d *tenpay) refused(context.Context, *message, error) bool { return false }
