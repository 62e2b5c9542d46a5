package wechattest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// LaunchTarget is this app's message address as Launch wants it.
func (a *App) LaunchTarget() *PushTarget {
	p := a.Push()
	t := &PushTarget{URL: p.URL, AppID: a.AppID, UserName: a.UserName, Token: p.Token}
	if p.Mode != PushPlain {
		t.EncodingAESKey = p.EncodingAESKey
	}
	return t
}

// senderPush makes messages of one user.
type senderPush struct {
	t   *PushTarget
	now func() time.Time
	key []byte // nil in plain mode
}

// envelopePush is how a push is signed and encrypted. Its zero value is right.
type envelopePush struct {
	token    string // another one signs
	appID    string // another one inside
	unsigned bool
	shortSum bool // signature, but no msg_signature
	tampered bool
	inClear  bool // readable although there is a key
}

func (t *PushTarget) channels(now func() time.Time) ([]*channel, error) {
	if t == nil || t.URL == "" {
		return nil, nil
	}
	s := &senderPush{t: t, now: now}
	if t.EncodingAESKey != "" {
		key, err := pushKey(t.EncodingAESKey)
		if err != nil {
			return nil, fmt.Errorf("PushTarget.EncodingAESKey: want 43 letters and digits, got %d bytes", len(t.EncodingAESKey))
		}
		s.key = key
	}
	return []*channel{s.channel()}, nil
}

func (s *senderPush) text(id int64) *pushed {
	t := s.t
	return &pushed{items: []pushItem{{"ToUserName", cmp.Or(t.UserName, "gh_000000000001")}, {"FromUserName", cmp.Or(t.OpenID, "oLaunch")},
		{"CreateTime", s.now().Unix()}, {"MsgType", "text"}, {"Content", cmp.Or(t.Text, "hello")}, {"MsgId", id}}}
}

func (s *senderPush) pack(m *pushed, how envelopePush) (parcel, error) {
	token := cmp.Or(how.token, s.t.Token)
	stamp, nonce := seconds(s.now()), randomDigits(9)
	q := url.Values{"timestamp": {stamp}, "nonce": {nonce}, "signature": {sumPush(token, stamp, nonce)}, "openid": {cmp.Or(s.t.OpenID, "oLaunch")}}
	body := m.write(false)
	if s.key != nil && !how.inClear {
		sealed, err := sealPush(s.key, randomText(16), body, cmp.Or(how.appID, s.t.AppID))
		if err != nil {
			return parcel{}, err
		}
		q.Set("encrypt_type", "aes")
		q.Set("msg_signature", sumPush(token, stamp, nonce, sealed))
		if how.tampered {
			other := "A"
			if sealed[0] == 'A' {
				other = "B"
			}
			sealed = other + sealed[1:]
		}
		body = (&pushed{items: []pushItem{{"ToUserName", cmp.Or(s.t.UserName, "gh_000000000001")}, {"Encrypt", sealed}}}).write(false)
	}
	if how.unsigned {
		q.Del("signature")
		q.Del("msg_signature")
	}
	if how.shortSum {
		q.Del("msg_signature")
	}
	return parcel{method: http.MethodPost, url: withQuery(s.t.URL, q), body: []byte(body), header: http.Header{"Content-Type": {"text/xml"}}}, nil
}

func (s *senderPush) channel() *channel {
	m := s.text(s.now().UnixNano())
	forge := func(rule, says, sent, mend string, how envelopePush) forgery {
		return forgery{rule, says, sent, mend, func() (parcel, error) { return s.pack(m, how) }}
	}
	const verify = "Compare the signature over token, time and nonce (and Encrypt, in safe mode) in constant time before reading the body."
	name := "message push (plain)"
	if s.key != nil {
		name = "message push (safe)"
	}
	c := &channel{name: name, url: s.t.URL, answer: "200 with success, nothing, or a reply in XML", secrets: []string{s.t.Token, s.t.EncodingAESKey},
		genuine: func() (parcel, error) { return s.pack(m, envelopePush{}) },
		heeds:   func(h heard) bool { return h.err == nil && h.status == http.StatusOK }, right: s.readable,
		forged: []forgery{
			forge("unsigned", "A message without a signature is refused", "the message without its signature", verify, envelopePush{unsigned: true}),
			forge("missigned", "A message signed with another token is refused", "the message, signed with another token", verify, envelopePush{token: "another" + randomText(9)}),
		},
		rules: []rule{s.verification(true), s.verification(false)}}
	if s.key != nil {
		c.forged = append(c.forged,
			forge("short signature", "A message without msg_signature is refused", "the message with the short signature only", "The short signature does not cover the body: require msg_signature.", envelopePush{shortSum: true}),
			forge("in clear", "A readable message is refused in safe mode", "the message in clear, with a good short signature", "With a key configured, believe nothing readable.", envelopePush{inClear: true}),
			forge("tampered", "A changed ciphertext is refused", "another first character under the old msg_signature", verify, envelopePush{tampered: true}),
			forge("foreign", "A message for another app is refused", "a message with another app id inside", "Compare the app id behind the message with your own.", envelopePush{appID: "wx0000999999999999"}))
	}
	return c
}

// readable looks at what the shop answers to a message.
func (s *senderPush) readable(h heard) error {
	body := h.body
	if text := string(body); text == "" || text == "success" {
		return nil
	}
	if s.key != nil {
		f, err := readV2(body, "xml")
		if err != nil {
			return errors.New("the reply is not a sealed XML document")
		}
		if f["MsgSignature"] != sumPush(s.t.Token, f["TimeStamp"], f["Nonce"], f["Encrypt"]) {
			return errors.New("the reply's MsgSignature does not fit")
		}
		if body, err = openPush(s.key, f["Encrypt"], s.t.AppID); err != nil {
			return errors.New("the reply cannot be decrypted")
		}
	}
	if !strings.Contains(string(body), "<ToUserName>") || !strings.Contains(string(body), "<MsgType>") {
		return errors.New("the reply is neither success nor a message")
	}
	return nil
}

// verification asks what the console asks before it saves the address.
func (s *senderPush) verification(good bool) rule {
	r := rule{name: "address check", says: "The address check is answered with the echo alone", sent: "GET with a good signature and echostr", mend: "Answer echostr as text/plain: no quotes, no line break."}
	if !good {
		r = rule{name: "address check forged", says: "A forged address check is not echoed", sent: "GET with a wrong signature and echostr", mend: "Compare the signature before echoing."}
	}
	r.try = func(ctx context.Context, l *launch) (Verdict, string) {
		token, echo := s.t.Token, strconv.FormatInt(s.now().UnixNano(), 10)
		if !good {
			token = "another" + randomText(9)
		}
		stamp, nonce := seconds(s.now()), randomDigits(9)
		q := url.Values{"timestamp": {stamp}, "nonce": {nonce}, "signature": {sumPush(token, stamp, nonce)}, "echostr": {echo}}
		h := l.post(ctx, parcel{method: http.MethodGet, url: withQuery(s.t.URL, q)})
		echoed := h.err == nil && h.status == http.StatusOK && string(h.body) == echo
		if echoed != good || !good && (h.err != nil || strings.Contains(string(h.body), echo)) {
			return Failed, h.String()
		}
		return Passed, h.String()
	}
	return r
}
