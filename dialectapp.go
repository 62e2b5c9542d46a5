package wechat

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/wxcommerce/wechat/internal/wire"
	"github.com/wxcommerce/wechat/sign"
)

// appDialect speaks as api.weixin.qq.com does: the token in the query, JSON
// without HTML escapes, status 200 for refusals too, files that turn into JSON
// when something is wrong. What vouches for an answer is TLS alone.
type appDialect struct {
	src     TokenSource
	local   bool     // talks to a loopback host only
	sealing *sealing // nil unless WithAPISecurity
}

// Codes of the account side that any call may meet. Their names are the numbers.
const (
	ErrBusy           Code = "-1"
	ErrTokenInvalid   Code = "40001" // or a wrong AppSecret, when fetching a token
	ErrTokenMalformed Code = "40014"
	ErrTokenExpired   Code = "42001"
	ErrIPNotAllowed   Code = "40164" // the caller's address is not in the white list
	ErrAPISignature   Code = "40234" // the signature of an encrypted call is wrong; see WithAPISecurity
	ErrAPIEncryption  Code = "40235" // it is right, but the call cannot be decrypted
	ErrDailyQuota     Code = "45009" // until midnight in Beijing; of the minute only where the message says so
	ErrTooFrequent    Code = "45011" // this minute
	ErrUnauthorized   Code = "48001" // the account may not call this
)

var errTokenAbroad = errors.New("an access token travels to the App's own hosts only: mark an Op that is At another with NoToken")

var errNoTokenSource = errors.New("this call carries an access token, but the App was made without a TokenSource")

func (d *appDialect) encode(_ context.Context, op Op, in any) (*message, error) {
	if op.v2.host != "" && !op.noToken {
		return nil, errTokenAbroad
	}
	m, err := encode(op, false, in)
	if err == nil && !d.local {
		m.base = op.v2.host
	}
	return m, err
}

func (d *appDialect) authorize(ctx context.Context, op Op, r *http.Request, m *message) error {
	if d.sealing != nil && op.sealable {
		if err := d.sealing.seal(r, m); err != nil {
			return err
		}
	}
	if op.noToken {
		return nil
	}
	if d.src == nil {
		return errNoTokenSource
	}
	t, err := d.src.Token(ctx)
	if err != nil {
		return fmt.Errorf("no access token: %w", err)
	}
	m.token = t
	q := "access_token=" + url.QueryEscape(string(t.Bytes()))
	if r.URL.RawQuery != "" {
		q += "&" + r.URL.RawQuery
	}
	r.URL.RawQuery = q
	return nil
}

func (d *appDialect) prove(_ context.Context, op Op, res *http.Response, body []byte) (reply, error) {
	if d.sealing == nil || !op.sealable || !op.success(res.StatusCode) {
		return d.read(op, res, body, true)
	}
	plain, believe, err := d.sealing.open(sign.APIURL(res.Request.URL), res, body)
	if err != nil {
		return reply{}, fmt.Errorf("answer %d not proved: %w", res.StatusCode, err)
	}
	return d.read(op, res, plain, believe)
}

// read finds the error in an answer, if it is one.
func (d *appDialect) read(op Op, res *http.Response, body []byte, believe bool) (reply, error) {
	var b struct {
		Code    json.Number `json:"errcode"`
		Message string      `json:"errmsg"`
	}
	if !op.success(res.StatusCode) || len(bytes.TrimSpace(body)) == 0 || json.Unmarshal(body, &b) != nil {
		return reply{}, &APIError{Op: op, Status: res.StatusCode, again: res.StatusCode >= 500 || res.StatusCode == http.StatusTooManyRequests,
			Message: fmt.Sprintf("no JSON in an answer of %d bytes, Content-Type %q", len(body), oneLine(res.Header.Get("Content-Type"), 60))}
	}
	if b.Code == "" || b.Code == "0" {
		return reply{body: body}, nil
	}
	e := &APIError{Op: op, Status: res.StatusCode, Code: Code(b.Code), Message: b.Message, RequestID: ridOf(b.Message), Verified: believe}
	busy := errors.Is(e, ErrBusy)
	e.refused, e.again = !busy, busy
	return reply{}, e
}

// ridOf finds the request id that ends WeChat's message.
func ridOf(message string) string {
	_, rid, ok := strings.Cut(message, "rid: ")
	if !ok {
		return ""
	}
	return oneLine(strings.TrimSpace(rid), 60)
}

func (d *appDialect) decode(r reply, out any) error { return wire.Unmarshal(r.body, out) }

// streams looks at the first byte as well as the type: errors come as text/plain
// or application/json, and files sometimes under odd types.
func (d *appDialect) streams(op Op, res *http.Response, first []byte) bool {
	kind := res.Header.Get("Content-Type")
	return op.success(res.StatusCode) && len(first) > 0 && first[0] != '{' && !strings.HasPrefix(kind, jsonType)
}

func (d *appDialect) upload(File, string, int64) (upload, error) {
	return upload{field: "media"}, nil
}

func (d *appDialect) refused(ctx context.Context, m *message, err error) bool {
	if m.token.IsZero() || !errors.Is(err, ErrTokenInvalid) && !errors.Is(err, ErrTokenMalformed) && !errors.Is(err, ErrTokenExpired) {
		return false
	}
	return d.src.Refuse(ctx, m.token) == nil
}

// Errcode is the number of an account-side error, 0 if err carries none.
func Errcode(err error) int {
	var e *APIError
	if !errors.As(err, &e) {
		return 0
	}
	n, _ := strconv.Atoi(string(e.Code))
	return n
}
