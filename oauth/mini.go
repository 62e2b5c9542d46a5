package oauth

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

// Mini logs in the users of a mini program. It is immutable and safe for concurrent
// use.
type Mini struct{ cfg Config }

// NewMini is for mini programs. It makes no network call. For CheckSession,
// ResetSession and PhoneNumber the App needs a TokenSource.
func NewMini(cfg Config) (*Mini, error) {
	cfg, err := cfg.checked()
	if err != nil {
		return nil, err
	}
	return &Mini{cfg}, nil
}

// String names the app and nothing secret.
func (m *Mini) String() string { return m.cfg.text() }

// Format is String whatever the verb.
func (m *Mini) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, m.String()) }

// Session is a user of a mini program. Keep Key on the server; what the mini program
// gets is a session token of the shop's own.
type Session struct {
	OpenID  string
	UnionID string // may be empty
	Key     SessionKey
}

type loginRequest struct {
	AppID  string `query:"appid"`
	Secret string `query:"secret"`
	Code   string `query:"js_code"`
	Type   string `query:"grant_type"`
}

// Validate checks the code's shape.
func (r loginRequest) Validate() error {
	var f check.Fields
	f.ID("js_code", r.Code, 512)
	return f.Err()
}

type sessionAnswer struct {
	OpenID  string `json:"openid"`
	UnionID string `json:"unionid"`
	Key     text   `json:"session_key"`
}

// Validate refuses an answer that logs nobody in.
func (a *sessionAnswer) Validate() error {
	if a.OpenID == "" || a.Key == "" {
		return errors.New("the answer carries no openid or no session_key")
	}
	return nil
}

func (a *sessionAnswer) session() *Session {
	if a == nil {
		return nil
	}
	return &Session{a.OpenID, a.UnionID, NewSessionKey(string(a.Key))}
}

// Login turns the code of wx.login into a Session. A code is good once and for about
// five minutes: Restart tells about errors that another wx.login cures.
// wechat.ErrTooFrequent is about one user, 100 logins a minute.
//
// 小程序登录凭证校验
func (m *Mini) Login(ctx context.Context, jsCode string) (*Session, error) {
	secret := string(m.cfg.Secret.Bytes())
	a, err := call[sessionAnswer](ctx, m.cfg.App, wechat.GET("/sns/jscode2session").NoToken(),
		loginRequest{m.cfg.App.ID(), secret, jsCode, "authorization_code"}, secret, jsCode)
	return a.session(), err
}

type sessionRequest struct {
	OpenID    string `query:"openid"`
	Signature string `query:"signature"`
	Method    string `query:"sig_method"`
}

// Validate checks the openid's shape.
func (r sessionRequest) Validate() error {
	var f check.Fields
	f.ID("openid", r.OpenID, 128)
	return f.Err()
}

// CheckSession asks whether the session key is still the user's; nil means that it
// is, ErrSessionSignature that it is not. The key itself does not travel.
//
// 检验登录态
func (m *Mini) CheckSession(ctx context.Context, openID string, key SessionKey) error {
	_, err := call[wechat.None](ctx, m.cfg.App, wechat.GET("/wxa/checksession"), sessionRequest{openID, key.Sign(""), signMethod})
	return err
}

// ResetSession replaces a session key that leaked; the old one is dead from then on.
// If the answer is lost, so is the new key, and the user has to wx.login again.
//
// 重置登录态
func (m *Mini) ResetSession(ctx context.Context, openID string, key SessionKey) (*Session, error) {
	a, err := call[sessionAnswer](ctx, m.cfg.App, wechat.GET("/wxa/resetusersessionkey"), sessionRequest{openID, key.Sign(""), signMethod})
	return a.session(), err
}

const signMethod = "hmac_sha256"

// Sign is the user-state signature over a text, such as the body of a call that
// demands one: lower-case hex HMAC-SHA-256 under the session key as it is written,
// not decoded.
func (k SessionKey) Sign(body string) string {
	h := hmac.New(sha256.New, k.key.Bytes())
	_, _ = io.WriteString(h, body) // a hash never fails
	return hex.EncodeToString(h.Sum(nil))
}

// Verify checks rawData as wx.getUserProfile and its kind hand it out, with its
// signature, in constant time. The error is ErrSignature. It proves that WeChat gave
// the data to this user's mini program, not when.
func (k SessionKey) Verify(rawData, signature string) error {
	sum := sha1.Sum(append([]byte(rawData), k.key.Bytes()...))
	if k.IsZero() || subtle.ConstantTimeCompare([]byte(hex.EncodeToString(sum[:])), []byte(signature)) != 1 {
		return ErrSignature
	}
	return nil
}
