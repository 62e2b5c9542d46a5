package wechattest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// PushMode is how messages and events travel to the app's server.
type PushMode int

// The modes: readable, readable and encrypted side by side, encrypted.
const (
	PushPlain PushMode = iota
	PushCompatible
	PushSafe
)

// AppPush is the server that an app has set up for messages and events.
type AppPush struct {
	URL            string // nothing is pushed if empty
	Token          string // 3 to 32 letters and digits; made if empty
	EncodingAESKey string // 43 letters and digits; made if empty
	Mode           PushMode
	JSON           bool // instead of XML; mini programs may choose
}

// Format prints the address, whatever the verb; never the token or the key.
func (p AppPush) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "push settings for "+p.URL) }

// MarshalJSON writes what Format prints.
func (p AppPush) MarshalJSON() ([]byte, error) { return mustJSON("push settings for " + p.URL), nil }

// SetPush changes where and how messages are pushed from now on, also those that
// are under way. Unlike the console it does not ask the server first; see VerifyPush.
func (a *App) SetPush(p AppPush) error {
	if p.Token == "" {
		p.Token = randomText(32)
	}
	if p.EncodingAESKey == "" {
		p.EncodingAESKey = randomText(43)
	}
	if _, err := pushKey(p.EncodingAESKey); err != nil {
		return err
	}
	u, err := url.Parse(p.URL)
	switch {
	case err != nil || p.URL != "" && (u.Host == "" || u.Scheme != "http" && u.Scheme != "https"):
		return errors.New("wechattest: push settings: URL: want a full address")
	case len(p.Token) < 3 || len(p.Token) > 32 || !alphanumeric(p.Token):
		return errors.New("wechattest: push settings: Token: want 3 to 32 letters and digits")
	case p.Mode < PushPlain || p.Mode > PushSafe:
		return fmt.Errorf("wechattest: push settings: mode %d is none of PushPlain, PushCompatible, PushSafe", p.Mode)
	case p.JSON && a.cfg.Kind != MiniProgram:
		return errors.New("wechattest: push settings: only mini programs may choose JSON")
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.pushes.set = p
	return nil
}

// Push is the settings of now, with the token and the key that were made.
func (a *App) Push() AppPush {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.pushes.set
}

// VerifyPush asks the server to prove that it knows the token, as the console does
// before it saves the settings.
func (a *App) VerifyPush(ctx context.Context) error {
	p := a.Push()
	echo := "4" + randomDigits(18)
	ctx, cancel := context.WithTimeout(ctx, a.cfg.PushTimeout)
	defer cancel()
	q := a.pushQuery(p)
	q.Set("echostr", echo)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, withQuery(p.URL, q), nil)
	if err != nil {
		return errors.New("wechattest: the push settings have no usable URL")
	}
	res, err := a.sender.Do(r)
	if err != nil {
		return fmt.Errorf("wechattest: 请求URL超时: the server does not answer: %w", err)
	}
	body, err := readSome(res.Body)
	switch err := errors.Join(err, res.Body.Close()); {
	case err != nil:
		return fmt.Errorf("wechattest: the answer to the URL check broke off: %w", err)
	case res.StatusCode != http.StatusOK || string(body) != echo:
		return fmt.Errorf("wechattest: token验证失败: status %d and %d bytes, want 200 and the echostr alone", res.StatusCode, len(body))
	}
	return nil
}

// pushQuery is the signed part that every request to the server carries.
func (a *App) pushQuery(p AppPush) url.Values {
	stamp, nonce := seconds(a.clock.Now()), randomDigits(9)
	return url.Values{"timestamp": {stamp}, "nonce": {nonce}, "signature": {sumPush(p.Token, stamp, nonce)}}
}

func withQuery(address string, q url.Values) string {
	joint := "?"
	if strings.Contains(address, "?") {
		joint = "&"
	}
	return address + joint + q.Encode()
}

// randomDigits does not begin with 0.
func randomDigits(n int) string {
	var b strings.Builder
	for i := range n {
		d := randomText(1)[0] % 10
		if i == 0 && d == 0 {
			d = 7
		}
		b.WriteByte('0' + d)
	}
	return b.String()
}

// request is one try of a push.
func (a *App) pushRequest(ctx context.Context, p AppPush, m *pushed) (*http.Request, error) {
	q := a.pushQuery(p)
	q.Set("openid", m.openID)
	body, err := a.pushBody(p, m, q)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, withQuery(p.URL, q), strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "text/xml")
	if p.JSON {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("User-Agent", "Mozilla/4.0")
	return r, nil
}

// pushBody writes the message in the mode of p and adds to the query what belongs
// to it.
func (a *App) pushBody(p AppPush, m *pushed, q url.Values) (string, error) {
	text := m.write(p.JSON)
	if p.Mode == PushPlain {
		return text, nil
	}
	key, err := pushKey(p.EncodingAESKey)
	if err != nil {
		return "", err
	}
	sealed, err := sealPush(key, randomText(16), text, a.AppID)
	if err != nil {
		return "", err
	}
	q.Set("encrypt_type", "aes")
	q.Set("msg_signature", sumPush(p.Token, q.Get("timestamp"), q.Get("nonce"), sealed))
	out := &pushed{items: []pushItem{{"ToUserName", a.UserName}, {"Encrypt", sealed}}}
	if p.Mode == PushCompatible {
		out.items = append(append([]pushItem{}, m.items...), pushItem{"Encrypt", sealed})
	}
	return out.write(p.JSON), nil
}
