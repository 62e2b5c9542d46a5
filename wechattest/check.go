package wechattest

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	timeWindow = 5 * time.Minute
	maxRequest = 8 << 20
)

// inbound is a request as it arrived.
type inbound struct {
	method, target string // target is the request line's path and query
	path, query    string
	host           string
	header         http.Header
	body           []byte
	signed         []byte // what the signature covers: body, or an upload's meta part
	auth           authorization
	account        *account // who signed, after authenticate
}

// authorization is the content of the Authorization header.
type authorization struct{ mchID, nonce, timestamp, serial, signature string }

var authItem = regexp.MustCompile(`^\s*([a-z_]+)="([^"]*)"\s*$`)

func parseAuthorization(h http.Header) (a authorization, issue string) {
	all := h.Values("Authorization")
	if len(all) != 1 {
		return a, "want exactly one Authorization header"
	}
	word, rest, _ := strings.Cut(all[0], " ")
	if word != scheme {
		return a, "the Authorization scheme must be " + scheme
	}
	fields := map[string]*string{"mchid": &a.mchID, "nonce_str": &a.nonce, "timestamp": &a.timestamp,
		"serial_no": &a.serial, "signature": &a.signature}
	for item := range strings.SplitSeq(rest, ",") {
		m := authItem.FindStringSubmatch(item)
		if m == nil {
			return a, `an Authorization item is not of the form key="value"`
		}
		f, ok := fields[m[1]]
		if !ok {
			return a, "Authorization item " + m[1] + " is unknown or there twice"
		}
		*f = m[2]
		delete(fields, m[1])
	}
	for name, value := range fields {
		if value != nil {
			return a, "Authorization lacks " + name
		}
	}
	return a, ""
}

// authenticate proves who sent the request and that it is fresh and new.
func (p *Pay) authenticate(in *inbound) *refusal {
	a, issue := parseAuthorization(in.header)
	in.auth = a
	if issue != "" {
		return unsigned(in, issue, "Authorization cannot be read: "+issue)
	}
	now := p.clock.Now()
	switch at, ok := unixSeconds(a.timestamp); {
	case !ok:
		return unsigned(in, "timestamp is not Unix seconds", "the timestamp in Authorization is not Unix seconds in plain digits")
	case now.Sub(at).Abs() > timeWindow:
		return unsigned(in, "timestamp out of window", "the timestamp in Authorization is more than 5 minutes off")
	}
	if a.nonce == "" || len(a.nonce) > 32 || !alphanumeric(a.nonce) {
		return unsigned(in, "nonce_str must be 1 to 32 letters and digits", "nonce_str in Authorization has a wrong form")
	}
	acc := p.account(a.mchID)
	if acc == nil {
		return unsigned(in, "mchid unknown", "mchid in Authorization is not a merchant number here")
	}
	if a.serial != acc.Serial {
		return unsigned(in, "serial_no unknown", "the merchant has no certificate with this serial_no")
	}
	if !verifyLines(&acc.Key.PublicKey, a.signature, in.method, in.target, a.timestamp, a.nonce, string(in.signed)) {
		return unsigned(in, "sign not match", "the signature is wrong: compare the message byte by byte")
	}
	if !p.allowReplay && !p.nonces.fresh(a.mchID+" "+a.nonce, now) {
		return unsigned(in, "nonce_str was used before", "this nonce_str was used before: sign every attempt anew")
	}
	in.account = acc
	return nil
}

// unixSeconds reads plain decimal digits. Today they are ten; nine reach back to
// the year 2000, where testing/synctest begins.
func unixSeconds(s string) (time.Time, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || len(s) < 9 || len(s) > 10 || s[0] < '1' || s[0] > '9' {
		return time.Time{}, false
	}
	return time.Unix(n, 0), true
}

// checkHeaders refuses what WeChat Pay's front would refuse after the signature.
func (in *inbound) checkHeaders(upload bool) *refusal {
	h := in.header
	if strings.TrimSpace(h.Get("User-Agent")) == "" {
		return badParam("header", "User-Agent", "must not be empty")
	}
	if a := h.Get("Accept"); !strings.Contains(a, "application/json") && !strings.Contains(a, "*/*") {
		r := badParam("header", "Accept", "must allow application/json")
		r.status = http.StatusNotAcceptable
		return r
	}
	kind := strings.ToLower(strings.TrimSpace(strings.SplitN(h.Get("Content-Type"), ";", 2)[0]))
	want := "application/json"
	if upload {
		want = "multipart/form-data"
	}
	if len(in.body) > 0 && kind != want {
		r := badParam("header", "Content-Type", "must be "+want)
		r.status = http.StatusUnsupportedMediaType
		return r
	}
	if in.method == http.MethodGet && len(in.body) > 0 {
		return badParam("body", "", "a GET request has no body")
	}
	return nil
}

// platformKeyID is the key the merchant asks answers in, or encrypted with.
func (in *inbound) platformKeyID() string { return in.header.Get("Wechatpay-Serial") }

func alphanumeric(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) < 0
}

// nonceLog remembers nonces as long as their timestamps are fresh.
type nonceLog struct {
	mu    sync.Mutex
	until map[string]time.Time
	sweep time.Time
}

func newNonceLog() *nonceLog {
	return &nonceLog{until: map[string]time.Time{}}
}

func (l *nonceLog) fresh(nonce string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.After(l.sweep) {
		for n, t := range l.until {
			if now.After(t) {
				delete(l.until, n)
			}
		}
		l.sweep = now.Add(timeWindow)
	}
	if _, used := l.until[nonce]; used {
		return false
	}
	l.until[nonce] = now.Add(2 * timeWindow)
	return true
}

// realHost tells whether a request was meant for WeChat itself.
func realHost(host string) bool {
	host, _, _ = strings.Cut(strings.ToLower(strings.TrimSuffix(host, ".")), ":")
	for _, name := range []string{"weixin.qq.com", "wechatpay.cn", "tenpay.com"} {
		if host == name || strings.HasSuffix(host, "."+name) {
			return true
		}
	}
	return false
}
