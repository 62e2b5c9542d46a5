package oauth

import (
	"context"
	"errors"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

// Lang is the language of place names.
type Lang string

// The languages; Simplified is the default.
const (
	Simplified  Lang = "zh_CN"
	Traditional Lang = "zh_TW"
	English     Lang = "en"
)

// User is what a user shows of themselves. All of it is the user's own text: escape
// it in pages, and bound it before storing it.
type User struct {
	OpenID   string `json:"openid"`
	UnionID  string `json:"unionid"`
	Nickname string `json:"nickname"`
	// Sex and the places have been left empty by WeChat since 2021-10-20.
	Sex      int    `json:"sex"` // 0 unknown, 1 male, 2 female
	Province string `json:"province"`
	City     string `json:"city"`
	Country  string `json:"country"`
	// HeadImgURL is the user's picture, empty without one, and dead once the user
	// takes another. Its last segment is the size: 0 (640 pixels), 46, 64, 96 or 132.
	HeadImgURL string   `json:"headimgurl"`
	Privilege  []string `json:"privilege"`
}

// Validate refuses an answer about nobody.
func (u *User) Validate() error {
	if u.OpenID == "" {
		return errors.New("the answer carries no openid")
	}
	return nil
}

type userRequest struct {
	Token  string `query:"access_token"`
	OpenID string `query:"openid"`
	Lang   Lang   `query:"lang"`
}

// Validate checks the shapes.
func (r userRequest) Validate() error {
	var f check.Fields
	f.ID("access_token", r.Token, 4096)
	f.ID("openid", r.OpenID, 128)
	f.Must(r.Lang == "" || r.Lang == Simplified || r.Lang == Traditional || r.Lang == English, "lang", "want zh_CN, zh_TW or en")
	return f.Err()
}

// User asks for nickname and picture, which takes the scope UserInfo or SiteLogin.
// wechat.ErrUnauthorized means that the scope is missing or the user is a snapshot,
// wechat.ErrTokenExpired that Refresh comes first. lang may be empty.
//
// 拉取用户信息
func (s *Service) User(ctx context.Context, t Token, openID string, lang Lang) (*User, error) {
	return call[User](ctx, s.cfg.App, wechat.GET("/sns/userinfo").NoToken(), userRequest{t.Reveal(), openID, lang}, t.Reveal())
}

// Check asks whether a token is good for openID; nil means that it is.
//
// 检验授权凭证（access_token）是否有效
func (s *Service) Check(ctx context.Context, t Token, openID string) error {
	_, err := call[wechat.None](ctx, s.cfg.App, wechat.GET("/sns/auth").NoToken(), userRequest{Token: t.Reveal(), OpenID: openID}, t.Reveal())
	return err
}
