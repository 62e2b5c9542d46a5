package wechattest

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"time"
)

const (
	scopeMini  = "wx.login"
	scopePhone = "getPhoneNumber"
	miniMinute = 100 // logins of one user a minute
)

func (a *App) routeMini() {
	a.route("GET", "/sns/jscode2session", (*App).miniSession).tokenless().only(MiniProgram)
	a.route("GET", "/wxa/checksession", (*App).checkSession).only(MiniProgram)
	a.route("GET", "/wxa/resetusersessionkey", (*App).resetSession).only(MiniProgram)
	a.route("POST", "/wxa/business/getuserphonenumber", (*App).phoneNumber).only(MiniProgram)
}

// WxLogin is wx.login() on the user's phone: a js_code, good once and for five
// minutes.
func (a *App) WxLogin(u User) string { return a.userCode(u, scopeMini) }

// PhoneCode is what the getPhoneNumber button gives the page when the user agrees.
func (a *App) PhoneCode(u User) string { return a.userCode(u, scopePhone) }

func (a *App) userCode(u User, scope string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.logins.newCode(loginCode{openID: a.meet(u).openID, scope: scope, until: a.clock.Now().Add(loginCodeLife)})
}

type sessionAnswer struct {
	Session string `json:"session_key"`
	OpenID  string `json:"openid"`
	UnionID string `json:"unionid,omitempty"`
}

func (a *App) miniSession(c *appCall) (any, *errcode) {
	if e := c.app(a, true); e != nil {
		return nil, e
	}
	if c.q.Get("grant_type") != "authorization_code" {
		return nil, wrong(40002, "invalid grant_type")
	}
	code, e := a.logins.take(c.q.Get("js_code"), c.now, scopeMini)
	if e != nil {
		return nil, e
	}
	p := a.people.all[code.openID]
	if p.profile.HighRisk {
		return nil, wrong(40226, "code blocked")
	}
	if c.now.Sub(p.minute) >= time.Minute {
		p.minute, p.logins = c.now, 0
	}
	if p.logins++; p.logins > miniMinute {
		return nil, wrong(45011, "api minute-quota reach limit, must slower, retry next minute")
	}
	p.session = newSession()
	return sessionAnswer{p.session, p.openID, p.user.UnionID(a.cfg.Union)}, nil
}

func newSession() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails, the documentation says
	return base64.StdEncoding.EncodeToString(b)
}

// session is the user whose session the query proves to know.
func (a *App) session(c *appCall) (*person, *errcode) {
	p := a.people.all[c.q.Get("openid")]
	if p == nil {
		return nil, wrong(40003, "invalid openid")
	}
	mac := hmac.New(sha256.New, []byte(p.session)) // the key is the text, not its bytes
	if c.q.Get("sig_method") != "hmac_sha256" || p.session == "" || c.q.Get("signature") != hex.EncodeToString(mac.Sum(nil)) {
		return nil, wrong(87009, "invalid signature")
	}
	return p, nil
}

func (a *App) checkSession(c *appCall) (any, *errcode) {
	_, e := a.session(c)
	return nil, e
}

func (a *App) resetSession(c *appCall) (any, *errcode) {
	p, e := a.session(c)
	if e != nil {
		return nil, e
	}
	p.session = newSession()
	return sessionAnswer{Session: p.session, OpenID: p.openID}, nil
}

type watermark struct {
	Time  int64  `json:"timestamp"`
	AppID string `json:"appid"`
}

func (a *App) phoneNumber(c *appCall) (any, *errcode) {
	var b struct {
		Code string `json:"code"`
	}
	if e := c.decode(&b); e != nil {
		return nil, e
	}
	code, e := a.logins.take(b.Code, c.now, scopePhone)
	if e != nil {
		return nil, wrong(40029, "invalid code")
	}
	number := a.people.all[code.openID].phone()
	type info struct {
		Phone   string    `json:"phoneNumber"`
		Pure    string    `json:"purePhoneNumber"`
		Country string    `json:"countryCode"`
		Mark    watermark `json:"watermark"`
	}
	return struct {
		Code int    `json:"errcode"`
		Text string `json:"errmsg"`
		Info info   `json:"phone_info"`
	}{0, "ok", info{number, number, "86", watermark{c.now.Unix(), a.AppID}}}, nil
}

// OpenData is what wx.getUserProfile and its kin give a mini program's page.
type OpenData struct {
	RawData       string `json:"rawData"`
	Signature     string `json:"signature"`
	EncryptedData string `json:"encryptedData"`
	IV            string `json:"iv"`
}

// ErrNoSession is a user who has no session yet: WxLogin and jscode2session come first.
var ErrNoSession = errors.New("wechattest: the user has no session")

// OpenData signs and encrypts the user's profile with his session_key. It fails
// with ErrNoSession.
func (a *App) OpenData(u User) (OpenData, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.meet(u)
	if p.session == "" {
		return OpenData{}, ErrNoSession
	}
	type public struct {
		Nickname string `json:"nickName"`
		Gender   int    `json:"gender"`
		Language string `json:"language"`
		City     string `json:"city"`
		Province string `json:"province"`
		Country  string `json:"country"`
		Avatar   string `json:"avatarUrl"`
	}
	raw := public{Nickname: p.nickname(), Avatar: a.avatar(p)}
	text := string(mustJSON(raw))
	full := mustJSON(struct {
		OpenID string `json:"openId"`
		public
		UnionID string    `json:"unionId,omitempty"`
		Mark    watermark `json:"watermark"`
	}{p.openID, raw, p.user.UnionID(a.cfg.Union), watermark{a.clock.Now().Unix(), a.AppID}})
	iv := newSession()
	sealed, err := sealOpenData(p.session, iv, full)
	return OpenData{RawData: text, Signature: hexSHA1(text + p.session), EncryptedData: sealed, IV: iv}, err
}

// sealOpenData is AES-128-CBC with PKCS#7; key and iv are base64.
func sealOpenData(key, iv string, plain []byte) (string, error) {
	k, err := base64.StdEncoding.DecodeString(key)
	if err != nil {
		return "", err
	}
	v, err := base64.StdEncoding.DecodeString(iv)
	if err != nil || len(v) != aes.BlockSize {
		return "", errors.New("wechattest: the iv is not 16 bytes")
	}
	block, err := aes.NewCipher(k)
	if err != nil {
		return "", err
	}
	pad := aes.BlockSize - len(plain)%aes.BlockSize
	b := append(bytes.Clone(plain), bytes.Repeat([]byte{byte(pad)}, pad)...)
	cipher.NewCBCEncrypter(block, v).CryptBlocks(b, b)
	return base64.StdEncoding.EncodeToString(b), nil
}

// Revoke is a user who withdraws from a mini program what it may know of him. The
// session is over and the event pushed.
func (a *App) Revoke(u User, info string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.meet(u)
	p.session = ""
	a.pushEvent(p.openID, "user_authorization_revoke", pushItem{"OpenID", p.openID}, pushItem{"AppID", a.AppID},
		pushItem{"RevokeInfo", info}, pushItem{"PluginID", ""}, pushItem{"OpenPID", ""})
}
