package token

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/seal"
)

// answer holds the raw values of a token or ticket answer: a decoder's complaint
// about a typed field might quote it.
type answer struct {
	Token  json.RawMessage `json:"access_token"`
	Ticket json.RawMessage `json:"ticket"`
	Life   json.RawMessage `json:"expires_in"`
}

var errEmpty = errors.New("the answer carries neither a token nor an error; is the address that of WeChat?")

// read makes a grant of what was answered to a question asked at.
func read(value, life json.RawMessage, at time.Time) (*grant, error) {
	var text string
	if len(value) == 0 || json.Unmarshal(value, &text) != nil || text == "" {
		return nil, errEmpty
	}
	if err := checkToken(text); err != nil {
		return nil, err
	}
	return &grant{seal.NewKey(text), at, lifeOf(life)}, nil
}

// checkToken accepts any opaque text that can travel.
func checkToken(s string) error {
	if s == "" || len(s) > 4096 || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return fmt.Errorf("the token of %d bytes is empty, over 4096 bytes, or not printable ASCII", len(s))
	}
	return nil
}

// lifeOf reads expires_in, whole seconds. What makes no sense counts as the shortest
// life: the token may well be good, but nothing says for how long.
func lifeOf(raw json.RawMessage) time.Duration {
	n, err := strconv.ParseInt(strings.Trim(string(raw), `"`), 10, 64)
	if err != nil {
		return shortest
	}
	return time.Duration(min(max(n, 1), int64(longest/time.Second))) * time.Second
}

const tooMany = "too many fetches this minute: share one Store among all processes"

// advice says what to do about err, and how long to leave WeChat alone: 0 for the
// usual growing pause.
func advice(err error) (string, time.Duration) {
	var api *wechat.APIError
	if !errors.As(err, &api) || !api.Verified {
		return "is the network, the name resolution and the way out to api.weixin.qq.com all right?", 0
	}
	switch api.Code {
	case "40001", "40125":
		return "the AppSecret is wrong for this AppID, or was reset: copy it anew from the console", time.Minute
	case "40013", "41002":
		return "the AppID is wrong", time.Minute
	case "40243":
		return "the AppSecret is frozen: unfreeze it in the console", time.Minute
	case "40164", "61004", "45035":
		return "add this machine's outgoing address to the account's IP white list", time.Minute
	case "89501", "89503":
		return "the account's administrator has to confirm in WeChat", time.Minute
	case "89506", "89507":
		return "the account's administrator refused this machine; ask, and wait", time.Minute
	case "50004", "50007":
		return "the account is frozen", time.Minute
	case "45009":
		if strings.Contains(api.Message, "minute") {
			return tooMany, time.Minute
		}
		return "the quota of the day is used up: share one Store among all processes, or use stable tokens", 10 * time.Minute
	case "45011":
		return tooMany, time.Minute
	case "-1":
		return "WeChat is busy", 0
	}
	return "", time.Minute
}

// describe words a failed fetch without anything secret. The answer's raw body is
// let go, and if any error of the chain quotes the secret only its code stays.
func describe(what string, err error, secret seal.Key) *failure {
	var call *wechat.CallError
	if errors.As(err, &call) {
		err = call.Err
	}
	tip, pause := advice(err)
	if inner := (*failure)(nil); errors.As(err, &inner) {
		tip, pause = "", inner.pause // a ticket without a token, which said it all
	}
	if quotes(err, secret) {
		var api *wechat.APIError
		if errors.As(err, &api) {
			err = fmt.Errorf("%w: the message quotes the AppSecret and is left out", api.Code)
		} else {
			err = errors.New("the message quotes the AppSecret and is left out")
		}
	}
	if tip != "" {
		err = fmt.Errorf("%w (%s)", err, tip)
	}
	return &failure{fmt.Errorf("token: fetching the %s: %w", what, err), pause}
}

// failure is a fetch that failed, with the pause it calls for.
type failure struct {
	error
	pause time.Duration
}

// Unwrap returns the worded error.
func (f *failure) Unwrap() error { return f.error }

// quotes reports whether err or an error inside of it holds the secret.
func quotes(err error, secret seal.Key) bool {
	if err == nil || secret.IsZero() {
		return false
	}
	text := err.Error()
	var api *wechat.APIError
	if errors.As(err, &api) {
		text += api.Message + string(api.Detail)
	}
	plain := string(secret.Bytes())
	if strings.Contains(text, plain) || strings.Contains(text, url.QueryEscape(plain)) {
		return true
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		return quotes(e.Unwrap(), secret)
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			if quotes(inner, secret) {
				return true
			}
		}
	}
	return false
}
