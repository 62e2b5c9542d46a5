package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
	"github.com/wxcommerce/wechat/internal/wire"
)

// Grant is what a user's login gave.
type Grant struct {
	OpenID  string // the user, as this app knows them
	UnionID string // the user, as all apps of one open-platform account know them; may be empty
	Scopes  []Scope
	Token   Token
	Refresh RefreshToken
	Expires time.Time // end of Token, by our clock
	// Snapshot means that WeChat showed the user a mere picture of the page, and that
	// openid and all else are made up. Neither store it nor let it pay: treat it as
	// not logged in, and ask the user to open the full page.
	Snapshot bool
}

// Has reports whether the user granted scope.
func (g *Grant) Has(scope Scope) bool { return slices.Contains(g.Scopes, scope) }

type exchangeRequest struct {
	AppID  string `query:"appid"`
	Secret string `query:"secret"`
	Code   string `query:"code"`
	Type   string `query:"grant_type"`
}

// Validate checks the code's shape.
func (r exchangeRequest) Validate() error {
	var f check.Fields
	f.ID("code", r.Code, 512)
	return f.Err()
}

// Exchange turns the code that a browser came back with into a Grant. A code is good
// once and for five minutes: Restart tells about errors that another login cures. If
// an answer was lost on its way, the repeated question may meet ErrCodeUsed.
//
// 通过code换取网页授权access_token
func (s *Service) Exchange(ctx context.Context, code string) (*Grant, error) {
	at, secret := s.cfg.Now(), string(s.cfg.Secret.Bytes())
	a, err := call[grantAnswer](ctx, s.cfg.App, wechat.GET("/sns/oauth2/access_token").NoToken(),
		exchangeRequest{s.cfg.App.ID(), secret, code, "authorization_code"}, secret, code)
	return a.grant(at), err
}

type refreshRequest struct {
	AppID string `query:"appid"`
	Type  string `query:"grant_type"`
	Token string `query:"refresh_token"`
}

// Validate checks that there is a token.
func (r refreshRequest) Validate() error {
	var f check.Fields
	f.ID("refresh_token", r.Token, 4096)
	return f.Err()
}

// Refresh renews a Grant without asking the user. What comes back replaces the old
// one in the store, whatever of it is new; the union id is not repeated. Restart
// tells about errors that only another login cures.
//
// 刷新access_token
func (s *Service) Refresh(ctx context.Context, token RefreshToken) (*Grant, error) {
	at := s.cfg.Now()
	a, err := call[grantAnswer](ctx, s.cfg.App, wechat.GET("/sns/oauth2/refresh_token").NoToken(),
		refreshRequest{s.cfg.App.ID(), "refresh_token", token.Reveal()}, token.Reveal())
	return a.grant(at), err
}

type grantAnswer struct {
	Token    text            `json:"access_token"`
	Refresh  text            `json:"refresh_token"`
	Life     json.RawMessage `json:"expires_in"`
	OpenID   string          `json:"openid"`
	UnionID  string          `json:"unionid"`
	Scope    string          `json:"scope"`
	Snapshot int             `json:"is_snapshotuser"`
}

// Validate refuses an answer that logs nobody in.
func (a *grantAnswer) Validate() error {
	if a.Token == "" || a.OpenID == "" {
		return errors.New("the answer carries no access_token or no openid")
	}
	return nil
}

func (a *grantAnswer) grant(at time.Time) *Grant {
	if a == nil {
		return nil
	}
	return &Grant{OpenID: a.OpenID, UnionID: a.UnionID, Scopes: scopesOf(a.Scope), Token: NewToken(string(a.Token)),
		Refresh: NewRefreshToken(string(a.Refresh)), Expires: at.Add(lifeOf(a.Life)), Snapshot: a.Snapshot != 0}
}

func scopesOf(list string) (scopes []Scope) {
	for _, s := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' }) {
		scopes = append(scopes, Scope(s))
	}
	return scopes
}

// lifeOf reads expires_in, whole seconds. What makes no sense counts as over at once:
// refreshing is cheap.
func lifeOf(raw json.RawMessage) time.Duration {
	n, err := strconv.ParseInt(strings.Trim(string(raw), `"`), 10, 64)
	if err != nil {
		return 0
	}
	return time.Duration(min(max(n, 0), 24*60*60)) * time.Second
}

// saved is how a Grant lies in a store.
type saved struct {
	Version  int     `json:"v"`
	OpenID   string  `json:"openid"`
	UnionID  string  `json:"unionid,omitempty"`
	Scopes   []Scope `json:"scopes"`
	Token    text    `json:"token"`
	Refresh  text    `json:"refresh,omitempty"`
	Expires  int64   `json:"expires"` // Unix seconds
	Snapshot bool    `json:"snapshot,omitempty"`
}

const savedVersion = 1

// Save writes the Grant with its tokens in clear, for a store that is guarded like
// passwords. A later version of this package reads what this one wrote.
func (g *Grant) Save() ([]byte, error) {
	return json.Marshal(saved{savedVersion, g.OpenID, g.UnionID, g.Scopes, text(g.Token.Reveal()), text(g.Refresh.Reveal()), g.Expires.Unix(), g.Snapshot})
}

var errSaved = errors.New("oauth: this is not a grant that Save wrote")

// LoadGrant reads what Save wrote.
func LoadGrant(b []byte) (*Grant, error) {
	var s saved
	if wire.Unmarshal(b, &s) != nil || s.Version < 1 || s.OpenID == "" {
		return nil, errSaved
	}
	if s.Version > savedVersion {
		return nil, fmt.Errorf("%w: version %d is newer than this program", errSaved, s.Version)
	}
	return &Grant{OpenID: s.OpenID, UnionID: s.UnionID, Scopes: s.Scopes, Token: NewToken(string(s.Token)),
		Refresh: NewRefreshToken(string(s.Refresh)), Expires: time.Unix(s.Expires, 0), Snapshot: s.Snapshot}, nil
}
