package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"

	"github.com/wxcommerce/wechat"
)

// Codes that logging in may be answered with. Compare with errors.Is.
const (
	ErrCodeInvalid      wechat.Code = "40029" // used, expired, or given to another app id: WeChat says this for all three
	ErrCodeUsed         wechat.Code = "40163"
	ErrCodeExpired      wechat.Code = "42003" // after five minutes
	ErrOpenID           wechat.Code = "40003" // the token belongs to somebody else
	ErrRefreshInvalid   wechat.Code = "40030"
	ErrRefreshExpired   wechat.Code = "42002" // after 30 days
	ErrRevoked          wechat.Code = "42007" // the user changed the password
	ErrRisky            wechat.Code = "40226" // WeChat holds the user for risky and blocks the login
	ErrFrozen           wechat.Code = "50002" // the user's account is limited
	ErrAppID            wechat.Code = "40013"
	ErrSecret           wechat.Code = "40125"
	ErrSessionSignature wechat.Code = "87009" // the session key is not, or no longer, the user's
)

// What is wrong with data that a mini program's page sent.
var (
	// ErrSignature means that rawData and its signature do not belong together.
	ErrSignature = errors.New("oauth: the signature does not belong to the data and the session key")
	// ErrData means that encrypted data does not open to what was expected.
	ErrData = errors.New("oauth: unreadable encrypted data")
	// ErrWatermark means that encrypted data was made for another app.
	ErrWatermark = errors.New("oauth: the data was made for another app")
	// ErrStale means that encrypted data is too old, or from the future.
	ErrStale = errors.New("oauth: the data is too old")
)

// Restart reports whether the only cure of err is to send the user through the login
// again: the code or the refresh token is used, expired, invalid or revoked.
func Restart(err error) bool {
	for _, c := range []wechat.Code{ErrCodeInvalid, ErrCodeUsed, ErrCodeExpired, ErrRefreshInvalid, ErrRefreshExpired, ErrRevoked} {
		if errors.Is(err, c) {
			return true
		}
	}
	return false
}

// call is wechat.Call whose errors keep neither the raw answer, which may hold a
// token, nor any of the words that were sent.
func call[Out any](ctx context.Context, app *wechat.App, op wechat.Op, in any, words ...string) (*Out, error) {
	out, err := wechat.Call[Out](ctx, app, op, in)
	var failed *wechat.CallError
	if !errors.As(err, &failed) {
		return out, err
	}
	kept := *failed
	kept.Body = nil
	if quotes(kept.Err, words) {
		kept.Err = unquoted(kept.Err)
	}
	return nil, &kept
}

const leftOut = "the message quotes a secret and is left out"

func unquoted(err error) error {
	var api *wechat.APIError
	if !errors.As(err, &api) {
		return errors.New(leftOut)
	}
	kept := *api
	kept.Message, kept.RequestID, kept.Detail = leftOut, "", nil
	return &kept
}

// quotes reports whether err holds one of the words, as it is or escaped.
func quotes(err error, words []string) bool {
	text := err.Error()
	var api *wechat.APIError
	if errors.As(err, &api) {
		text += api.Message
	}
	for _, w := range words {
		if len(w) >= 4 && (strings.Contains(text, w) || strings.Contains(text, url.QueryEscape(w))) {
			return true
		}
	}
	return false
}

// text is a secret inside of an answer. Its complaint does not quote what it is about.
type text string

var errNoText = errors.New("a token or key that is not a text")

// UnmarshalJSON reads a string, or null as "".
func (t *text) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) != nil {
		return errNoText
	}
	*t = text(s)
	return nil
}
