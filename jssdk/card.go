package jssdk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

// CardRequest is a coupon or card to be added by a page.
type CardRequest struct {
	CardID string
	Code   string // where the shop gives out the codes, else empty
	OpenID string // where the card is for one user only, else empty
}

// CardExt is the cardExt of a card, given to wx.addCard as a JSON text.
type CardExt struct {
	Code      string `json:"code,omitempty"`
	OpenID    string `json:"openid,omitempty"`
	Timestamp string `json:"timestamp"` // Unix seconds
	NonceStr  string `json:"nonce_str"`
	Signature string `json:"signature"`
}

// Card signs a card with a ticket of Config.Cards. The rule for it, SHA-1 over the
// sorted values, is unconfirmed: no published example recomputes it here.
func (s *Signer) Card(ctx context.Context, in CardRequest) (*CardExt, error) {
	if s.cfg.Cards == nil {
		return nil, errors.New("jssdk: cards need tickets of their own: set Config.Cards")
	}
	if err := in.Validate(); err != nil {
		return nil, fmt.Errorf("jssdk: %w", err)
	}
	ticket, err := ticketOf(ctx, s.cfg.Cards)
	if err != nil {
		return nil, err
	}
	at, nonce := strconv.FormatInt(s.cfg.Now().Unix(), 10), wechat.Nonce()
	return &CardExt{in.Code, in.OpenID, at, nonce, CardSignature(string(ticket.Bytes()), at, in.CardID, nonce, in.Code, in.OpenID)}, nil
}

// Validate checks the shapes.
func (r CardRequest) Validate() error {
	var f check.Fields
	f.ID("card_id", r.CardID, 64)
	f.OptionalID("code", r.Code, 64)
	f.OptionalID("openid", r.OpenID, 128)
	return f.Err()
}

// CardSignature is lower-case hex SHA-1 over the values, sorted and joined without
// their names. Empty ones make no difference.
func CardSignature(values ...string) string {
	return sha1Of(strings.Join(slices.Sorted(slices.Values(values)), ""))
}
