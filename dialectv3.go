package wechat

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/wxcommerce/wechat/internal/wire"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
)

// v3 speaks APIv3: JSON, signed by the merchant's RSA key, answered under a key
// of the platform.
type v3 struct {
	id       sign.Identity
	keys     sign.KeySet
	verifier *sign.Verifier
	now      clock
	partner  bool
}

func (d *v3) encode(ctx context.Context, op Op, in any) (*message, error) {
	keyID := answerID(d.keys)
	if seal.Has(in) {
		id, k, err := d.keys.Preferred(ctx)
		if err != nil {
			return nil, fmt.Errorf("no platform key to seal personal data with: %w", err)
		}
		if in, err = seal.Copy(in, k); err != nil {
			return nil, err
		}
		keyID = id
	}
	m, err := encode(op, d.partner, in)
	if err != nil {
		return nil, err
	}
	m.signed, m.keyID = m.body, keyID
	return m, nil
}

// answerID is what Wechatpay-Serial asks the answer to be signed with: the
// public key's id, or nothing in certificate mode.
func answerID(keys sign.KeySet) string {
	if a, ok := keys.(sign.Announcer); ok {
		return a.AnswerID()
	}
	return ""
}

func (d *v3) authorize(_ context.Context, _ Op, r *http.Request, m *message) error {
	return d.id.Authorize(r, m.signed, d.now(), rand.Text())
}

func (d *v3) prove(ctx context.Context, op Op, res *http.Response, body []byte) (reply, error) {
	_, err := d.verifier.Verify(ctx, res.Header, body)
	if op.success(res.StatusCode) {
		if err != nil {
			return reply{}, fmt.Errorf("answer %d not proved: %w", res.StatusCode, err)
		}
		return reply{body: body}, nil
	}
	return reply{}, apiErrorOf(op, res, body, err == nil)
}

func (d *v3) decode(r reply, out any) error {
	if err := wire.Unmarshal(r.body, out); err != nil {
		return err
	}
	openSecrets(out, d.id.Key)
	return nil
}

func (d *v3) streams(op Op, res *http.Response, _ []byte) bool { return op.success(res.StatusCode) }

// upload puts the signed description in front of the file.
func (d *v3) upload(f File, sum string, size int64) (upload, error) {
	var meta any = fileMeta{f.Name, sum}
	if f.Meta != nil {
		meta = f.Meta(f.Name, sum, size)
	}
	text, err := wire.JSON(meta)
	return upload{signed: text, parts: []Part{{Name: "meta", ContentType: jsonType, Text: string(text)}}, field: "file"}, err
}

func (d *v3) refused(context.Context, *message, error) bool { return false }

// apiErrorOf reads an error body as far as it is one: gateways answer HTML or
// nothing at all.
func apiErrorOf(op Op, res *http.Response, body []byte, verified bool) *APIError {
	e := &APIError{Op: op, Status: res.StatusCode, RequestID: res.Header.Get("Request-ID"), Verified: verified}
	e.refused = e.Status >= 400 && e.Status < 500
	e.again = e.Status == http.StatusTooManyRequests || e.Status == http.StatusAccepted || e.Status >= 500
	var b struct {
		Code    Code            `json:"code"`
		Message string          `json:"message"`
		Detail  json.RawMessage `json:"detail"`
	}
	if err := wire.Unmarshal(body, &b); err != nil || b.Code == "" {
		e.Message = fmt.Sprintf("no error code in an answer of %d bytes, Content-Type %q", len(body), oneLine(res.Header.Get("Content-Type"), 60))
		return e
	}
	e.Code, e.Message, e.Detail = Code(oneLine(string(b.Code), 64)), b.Message, b.Detail
	if errors.Is(e, Code("OPENID_MISMATCH")) || errors.Is(e, Code("INVALID_TRANSACTIONID")) {
		e.again = false // old tables give these with status 500, yet repeating cannot help
	}
	return e
}
