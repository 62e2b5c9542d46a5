package wechat_test

import (
	"context"
	"crypto"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/sign"
)

// expect is what one class of operation does about one fault.
type expect struct {
	attempts int
	outcome  wechat.Outcome
}

var errReset = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}

// cutBody breaks off like a connection that was lost.
type cutBody struct{ io.Reader }

func (cutBody) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
func (cutBody) Close() error             { return nil }

func cut(res *http.Response) *http.Response {
	res.Body = cutBody{}
	return res
}

func bySomebodyElse(res *http.Response, key *rsa.PrivateKey, id string, body string) *http.Response {
	(&platform{key: key, id: id}).sign(res.Header, body, time.Now())
	return res
}

func header(res *http.Response, name, value string) *http.Response {
	res.Header.Set(name, value)
	return res
}

// fault is one way a trip can end and what follows for reads, plain writes, Keyed
// writes and Wary (and Keyed) ones.
type fault struct {
	name                     string
	answer                   func() (*http.Response, error)
	read, write, keyed, wary expect
	check                    func(t *testing.T, err error)
}

func says(res func() *http.Response) func() (*http.Response, error) {
	return func() (*http.Response, error) { return res(), nil }
}

func fails(err error) func() (*http.Response, error) {
	return func() (*http.Response, error) { return nil, err }
}

// api expects an *APIError.
func api(status int, verified bool) func(*testing.T, error) {
	return func(t *testing.T, err error) {
		var e *wechat.APIError
		require.ErrorAs(t, err, &e)
		assert.Equal(t, status, e.Status)
		assert.Equal(t, verified, e.Verified)
	}
}

func is(target error) func(*testing.T, error) {
	return func(t *testing.T, err error) {
		require.ErrorIs(t, err, target)
		var e *wechat.APIError
		assert.False(t, errors.As(err, &e), "no error of WeChat's")
	}
}

const (
	unknown = wechat.Unknown
	notDone = wechat.NotDone
	done    = wechat.Done
)

var once = expect{1, unknown}

func faults() []fault {
	thrice := expect{3, unknown}
	again := func(f fault) fault { // may be repeated where repeating is safe
		f.read, f.write, f.keyed, f.wary = thrice, once, thrice, thrice
		return f
	}
	never := func(f fault) fault {
		f.read, f.write, f.keyed, f.wary = once, once, once, once
		return f
	}
	happened := func(f fault) fault {
		e := expect{1, done}
		f.read, f.write, f.keyed, f.wary = e, e, e, e
		return f
	}
	all := []fault{
		happened(fault{name: "200", answer: says(func() *http.Response { return proved(200, prepayBody) })}),
		happened(fault{name: "201", answer: says(func() *http.Response { return proved(201, prepayBody) })}),
		happened(fault{name: "200 that is no JSON", answer: says(func() *http.Response { return proved(200, "<ok/>") }), check: unreadable("<ok/>")}),
		happened(fault{name: "200 without a body", answer: says(func() *http.Response { return proved(200, "") }), check: unreadable("")}),
		happened(fault{name: "200 with a doubled key", answer: says(func() *http.Response { return proved(200, `{"prepay_id":"a","prepay_id":"b"}`) }), check: unreadable(`{"prepay_id":"a","prepay_id":"b"}`)}),
		again(fault{name: "202 signed", answer: says(func() *http.Response { return proved(202, `{"code":"USERPAYING"}`) }), check: api(202, true)}),
		again(fault{name: "202 unsigned", answer: says(func() *http.Response { return plain(202, "") }), check: api(202, false)}),
		never(fault{name: "206", answer: says(func() *http.Response { return proved(206, prepayBody) }), check: api(206, true)}),
		never(fault{name: "200 unsigned", answer: says(func() *http.Response { return plain(200, prepayBody) }), check: is(sign.ErrUnsigned)}),
		never(fault{name: "200 signed by a stranger", answer: says(func() *http.Response {
			return bySomebodyElse(plain(200, prepayBody), strangerKey(), publicID, prepayBody)
		}), check: is(sign.ErrMismatch)}),
		never(fault{name: "200 signed with an unknown key", answer: says(func() *http.Response {
			return bySomebodyElse(plain(200, prepayBody), strangerKey(), "PUB_KEY_ID_1", prepayBody)
		}), check: is(sign.ErrUnknownKey)}),
		never(fault{name: "200 with another body", answer: says(func() *http.Response {
			return bySomebodyElse(plain(200, prepayBody+" "), platformKey(), publicID, prepayBody)
		}), check: is(sign.ErrMismatch)}),
		never(fault{name: "200 from an hour ago", answer: says(func() *http.Response {
			return header(proved(200, prepayBody), "Wechatpay-Timestamp", fmt.Sprint(time.Now().Add(-time.Hour).Unix()))
		}), check: is(sign.ErrStale)}),
		again(fault{name: "200 with a probe", answer: says(func() *http.Response {
			return header(proved(200, prepayBody), "Wechatpay-Signature", "WECHATPAY/SIGNTEST/abc")
		}), check: is(sign.ErrProbe)}),
		again(fault{name: "reset", answer: fails(errReset), check: is(syscall.ECONNRESET)}),
		again(fault{name: "end of file", answer: fails(io.EOF), check: is(io.EOF)}),
		again(fault{name: "cut answer", answer: says(func() *http.Response { return cut(proved(200, prepayBody)) }), check: is(io.ErrUnexpectedEOF)}),
		again(fault{name: "cut error", answer: says(func() *http.Response { return cut(proved(404, prepayBody)) }), check: is(io.ErrUnexpectedEOF)}),
		never(fault{name: "answer over the cap", answer: says(func() *http.Response { return proved(200, strings.Repeat(" ", 2000)) }), check: is(wechat.ErrTooLong)}),
		again(fault{name: "neither answer nor error", answer: func() (*http.Response, error) { return nil, nil }}),
		{name: "500 that repeating cannot help", answer: says(func() *http.Response { return proved(500, `{"code":"OPENID_MISMATCH"}`) }),
			read: once, write: once, keyed: once, wary: once, check: api(500, true)},
	}
	for _, refused := range []error{
		&net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED},
		&net.DNSError{Err: "no such host", Name: "api.mch.weixin.qq.com", IsNotFound: true},
	} { // nothing left: the standby host at once, and then again only where that is safe
		all = append(all, fault{name: fmt.Sprintf("%T", refused), answer: fails(refused),
			read: expect{3, notDone}, write: expect{2, notDone}, keyed: expect{3, notDone}, wary: expect{3, notDone}, check: is(refused)})
	}
	for _, status := range []int{301, 302, 303, 307, 308, 304} {
		all = append(all, never(fault{name: fmt.Sprint(status), check: api(status, false),
			answer: says(func() *http.Response { return header(plain(status, ""), "Location", "https://example.com/") })}))
	}
	for _, status := range []int{400, 401, 403, 404, 405, 406, 409, 412, 413, 415} {
		no := expect{1, notDone}
		all = append(all,
			fault{name: fmt.Sprint(status, " signed"), check: api(status, true), read: no, write: no, keyed: no, wary: once,
				answer: says(func() *http.Response { return proved(status, `{"code":"PARAM_ERROR","message":"m"}`) })},
			fault{name: fmt.Sprint(status, " unsigned"), check: api(status, false), read: no, write: once, keyed: once, wary: once,
				answer: says(func() *http.Response { return plain(status, `{"code":"PARAM_ERROR","message":"m"}`) })})
	}
	all = append(all,
		fault{name: "429 signed", check: api(429, true), read: expect{3, notDone}, write: expect{1, notDone}, keyed: expect{3, notDone}, wary: once,
			answer: says(func() *http.Response { return proved(429, `{"code":"FREQUENCY_LIMITED"}`) })},
		fault{name: "429 unsigned", check: api(429, false), read: expect{3, notDone}, write: once, keyed: thrice, wary: once,
			answer: says(func() *http.Response { return plain(429, "") })})
	for _, status := range []int{500, 502, 503, 504} {
		all = append(all,
			again(fault{name: fmt.Sprint(status, " signed"), check: api(status, true),
				answer: says(func() *http.Response { return proved(status, `{"code":"SYSTEM_ERROR"}`) })}),
			again(fault{name: fmt.Sprint(status, " HTML"), check: api(status, false),
				answer: says(func() *http.Response {
					return header(plain(status, "<html>Bad Gateway</html>"), "Content-Type", "text/html")
				})}))
	}
	return all
}

func unreadable(body string) func(*testing.T, error) {
	return func(t *testing.T, err error) {
		var e *wechat.CallError
		require.ErrorAs(t, err, &e)
		assert.Equal(t, body, string(e.Body), "the raw answer is kept")
		assert.Contains(t, err.Error(), "unreadable answer")
		if body != "" {
			assert.NotContains(t, err.Error(), body, "and not printed")
		}
	}
}

// The outcome table, promise G12: for every fault and every class of operation, how
// often it is tried, what is certain afterwards, and which error tells. Attempts
// carry the same body under a fresh nonce and signature.
func TestG12_OutcomeMatrix(t *testing.T) {
	t.Parallel()
	for _, f := range faults() {
		classes := []struct {
			op   wechat.Op
			want expect
		}{{opRead, f.read}, {opWrite, f.write}, {opKeyed, f.keyed}, {opWary, f.wary}}
		for _, class := range classes {
			t.Run(f.name+"/"+class.op.String(), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { tryFault(t, f, class.op, class.want) })
			})
		}
	}
}

func tryFault(t *testing.T, f fault, op wechat.Op, want expect) {
	seen, bodies, attempts := map[string]bool{}, map[string]bool{}, 0
	m := newMerchant(t, doFunc(func(r *http.Request) (*http.Response, error) {
		attempts++
		body := bodyOf(r)
		c, err := authorized(r, body)
		assert.NoError(t, err)
		assert.False(t, seen[c.nonce] || seen[c.signature], "nonce and signature are fresh")
		seen[c.nonce], seen[c.signature], bodies[string(body)] = true, true, true
		assert.Equal(t, publicID, r.Header.Get("Wechatpay-Serial"))
		return f.answer()
	}), wechat.WithMaxResponse(1000))
	began := time.Now()
	_, err := wechat.Call[prepay](t.Context(), m, op, inputOf(op))
	assert.Equal(t, want.attempts, attempts)
	assert.Equal(t, want.outcome, wechat.OutcomeOf(err))
	assert.Len(t, bodies, 1, "the body never changes")
	assert.Less(t, time.Since(began), 30*time.Second, "one deadline for all attempts")
	if err != nil {
		var e *wechat.CallError
		require.ErrorAs(t, err, &e)
		assert.Equal(t, op, e.Op)
	}
	if f.check != nil {
		f.check(t, err)
	} else if want.outcome == done {
		require.NoError(t, err)
	}
}

type failingSigner struct{ cheapSigner }

func (failingSigner) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("the HSM is asleep")
}

type wrongRequest struct{ order }

func (wrongRequest) Validate() error { return wechat.Invalid("total", "must be positive") }

// What fails before sending certainly did not happen, and nothing is sent.
func TestNothingIsSentWhenARequestCannotBeMade(t *testing.T) {
	t.Parallel()
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	tests := []struct {
		name  string
		ctx   context.Context
		key   any
		op    wechat.Op
		in    any
		field string
		is    error
	}{
		{name: "validation", op: opKeyed, in: wrongRequest{}, field: "total"},
		{name: "no value for the path", op: opRead, in: someOrder, field: "out_trade_no"},
		{name: "empty value for the path", op: opRead, in: orderNumber{}, field: "out_trade_no"},
		{name: "no request at all", op: opRead, in: nil, field: "out_trade_no"},
		{name: "not encodable", op: opKeyed, in: struct{ F func() }{}},
		{name: "signing", op: opKeyed, in: someOrder, key: failingSigner{}},
		{name: "cancelled before", ctx: cancelled, op: opKeyed, in: someOrder, is: context.Canceled},
		{name: "cancelled before a read", ctx: cancelled, op: opRead, in: inputOf(opRead), is: context.Canceled},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg := config(t)
			if k, ok := tt.key.(failingSigner); ok {
				cfg.Key = k
			}
			m, err := wechat.NewMerchant(cfg, wechat.WithTransport(doFunc(func(*http.Request) (*http.Response, error) {
				t.Error("something was sent")
				return nil, io.EOF
			})))
			require.NoError(t, err)
			if tt.ctx == nil {
				tt.ctx = t.Context()
			}
			_, err = wechat.Call[prepay](tt.ctx, m, tt.op, tt.in)
			require.Error(t, err)
			assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
			if tt.field != "" {
				var f *wechat.FieldError
				require.ErrorAs(t, err, &f)
				assert.Equal(t, tt.field, f.Field)
			}
			if tt.is != nil {
				require.ErrorIs(t, err, tt.is)
			}
		})
	}
}
