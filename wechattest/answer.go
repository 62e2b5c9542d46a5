package wechattest

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// reply is what an endpoint says, before it is signed.
type reply struct {
	status int
	body   []byte // JSON, or nothing
	number string // after the last dash of Request-ID
	kind   string // Content-Type
	bare   bool   // not signed
	keyID  string // signed with this key whatever the request asks for
	digest string // the Digest header of a file
}

func replyJSON(status int, v any) reply {
	return reply{status: status, body: mustJSON(v), number: numSuccess}
}

// answer is the whole way of a request: proved, routed, signed, spoiled.
func (p *Pay) answer(ctx context.Context, in *inbound, no *refusal) *answer {
	if realHost(in.host) {
		return p.plain(http.StatusMisdirectedRequest, "INVALID_REQUEST",
			"this is a simulator, and the request was meant for "+in.host+": point the client at the simulator's own address")
	}
	f := p.faults.pick(in)
	if a := f.before(p, in); a != nil {
		return f.delayed(ctx, p.clock, a)
	}
	r := p.process(in, no)
	return f.delayed(ctx, p.clock, f.after(p, in, p.sign(in, r, signature{})))
}

// process finds out what to say.
func (p *Pay) process(in *inbound, no *refusal) reply {
	if no != nil {
		return p.refused(no)
	}
	if serve := tableV2[in.path]; serve != nil {
		return p.serveV2(in, serve)
	}
	rt, vars, no := p.find(in)
	if no == nil {
		no = p.prepare(in, rt)
	}
	if no != nil {
		return p.refused(no)
	}
	r, no := rt.serve(p, in, vars)
	if no != nil {
		return p.refused(no)
	}
	return r
}

// prepare does what every endpoint wants done first. A request for an unknown
// path is authenticated too, as the 401 comes first in life.
func (p *Pay) prepare(in *inbound, rt *route) *refusal {
	var meta *refusal
	if rt.upload {
		meta = in.readMeta()
	}
	if no := p.authenticate(in); no != nil {
		return no
	}
	if meta != nil {
		return meta
	}
	if no := in.checkHeaders(rt.upload); no != nil {
		return no
	}
	if id := in.platformKeyID(); id != "" {
		if _, ok := in.account.platformKey(id); !ok {
			return badParam("header", "Wechatpay-Serial", "is not the id of a platform key of this merchant").with(id)
		}
	}
	return nil
}

func (p *Pay) refused(no *refusal) reply {
	return reply{status: no.status, body: no.body(), number: no.number, bare: no.status == 401 || no.status >= 400 && p.unsignedErrors}
}

// signature says how to sign, or how to get it wrong.
type signature struct {
	keyID string // zero: the one asked for, or the account's
	wrong bool   // proper form, wrong mathematics
	probe bool   // WECHATPAY/SIGNTEST/…
	bare  bool   // none at all
	age   time.Duration
}

// sign turns a reply into an answer.
func (p *Pay) sign(in *inbound, r reply, s signature) *answer {
	h := http.Header{}
	h.Set("Date", p.clock.Now().UTC().Format(http.TimeFormat))
	h.Set("Request-ID", requestID(r.number))
	if r.kind == "" {
		r.kind = "application/json; charset=utf-8"
	}
	if len(r.body) > 0 {
		h.Set("Content-Type", r.kind)
	}
	if r.digest != "" {
		h.Set("Digest", r.digest)
	}
	a := &answer{status: r.status, header: h, body: r.body, cut: -1}
	if r.bare || s.bare || in.account == nil {
		return a
	}
	s.keyID = cmp.Or(s.keyID, r.keyID, in.platformKeyID())
	acc := p.account(in.account.MchID) // the keys may have changed meanwhile
	k, ok := acc.platformKey(s.keyID)
	if !ok {
		if k, ok = acc.platformKey(acc.Answers); !ok {
			return a
		}
	}
	p.signHeaders(h, k, r.body, s)
	return a
}

// signHeaders adds the five signature headers for body.
func (p *Pay) signHeaders(h http.Header, k platformKey, body []byte, s signature) {
	stamp, nonce := strconv.FormatInt(p.clock.Now().Add(-s.age).Unix(), 10), randomText(32)
	lines := []string{stamp, nonce, string(body)}
	if s.wrong {
		lines[1] = randomText(32)
	}
	text, err := signLines(k.Key.PrivateKey, lines...)
	if err != nil {
		return // unsigned, which no client accepts; cannot happen with our own keys
	}
	if s.probe {
		text = probePrefix + text[:len(text)-len(probePrefix)]
	}
	h.Set("Wechatpay-Timestamp", stamp)
	h.Set("Wechatpay-Nonce", nonce)
	h.Set("Wechatpay-Serial", k.ID)
	h.Set("Wechatpay-Signature", text)
	h.Set("Wechatpay-Signature-Type", scheme)
}

// plain is an answer nobody signs, in the form of an error.
func (p *Pay) plain(status int, code, message string) *answer {
	r := p.refused(refuse(status, code, numParam, "%s", message))
	r.bare = true
	return p.sign(&inbound{}, r, signature{})
}

// requestID looks like 08F7BDB2C0051040…-268498688.
func requestID(number string) string {
	b := make([]byte, 20)
	_, _ = rand.Read(b) // never fails, the documentation says
	if number == "" {
		number = numSuccess
	}
	return "08" + strings.ToUpper(hex.EncodeToString(b)) + "-" + number
}

// htmlPage is what a gateway in trouble says.
func htmlPage(status int) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "<html>\r\n<head><title>%d %s</title></head>\r\n<body><center><h1>%d %s</h1></center></body>\r\n</html>\r\n",
		status, http.StatusText(status), status, http.StatusText(status))
	return b.Bytes()
}
