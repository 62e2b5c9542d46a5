package wechat

import (
	"context"

	"github.com/wxcommerce/wechat/seal"
)

// Token is an access token as a TokenSource gives it. It redacts itself.
type Token = seal.Key

// TokenSource gives the access token that account-side calls carry. It must be
// safe for concurrent use; package token has the usual one.
type TokenSource interface {
	// Token returns a token that is good now.
	Token(ctx context.Context) (Token, error)
	// Refuse is told that WeChat refused bad; it replaces that token and never a newer one.
	Refuse(ctx context.Context, bad Token) error
}
