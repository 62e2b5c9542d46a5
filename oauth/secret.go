package oauth

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/wxcommerce/wechat/seal"
)

// hidden is what the secrets of a user have in common: they print as *** in every
// verb of fmt, in JSON, text and slog, and come out by Reveal alone.
type hidden struct{ key seal.Key }

// Reveal returns the secret in clear, to be stored. Guard it like a password.
func (h hidden) Reveal() string { return string(h.key.Bytes()) }

// IsZero reports whether there is none.
func (h hidden) IsZero() bool { return h.key.IsZero() }

// Format prints *** whatever the verb.
func (h hidden) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, h.String()) }

// String returns ***.
func (h hidden) String() string { return "***" }

// GoString returns ***.
func (h hidden) GoString() string { return h.String() }

// LogValue makes slog print ***.
func (h hidden) LogValue() slog.Value { return slog.StringValue(h.String()) }

// MarshalText returns ***.
func (h hidden) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// MarshalJSON returns "***".
func (h hidden) MarshalJSON() ([]byte, error) { return []byte(`"***"`), nil }

// Token is the access token of one user, good for two hours. It has nothing to do
// with the account's access token, a wechat.Token, and the compiler keeps the two
// apart. It prints as ***; Reveal gives it in clear. == does not compile.
type Token struct{ hidden }

// NewToken makes a Token of what Reveal gave.
func NewToken(s string) Token { return Token{hidden{seal.NewKey(s)}} }

// Equal compares in a time that depends only on the lengths.
func (t Token) Equal(other Token) bool { return t.key.Equal(other.key) }

// RefreshToken buys a new Token without asking the user, for 30 days. It prints as
// ***; Reveal gives it in clear.
type RefreshToken struct{ hidden }

// NewRefreshToken makes a RefreshToken of what Reveal gave.
func NewRefreshToken(s string) RefreshToken { return RefreshToken{hidden{seal.NewKey(s)}} }

// SessionKey is the key that a mini program's user and its server share with WeChat.
// It must never reach the mini program. It prints as ***; Reveal gives it in clear.
type SessionKey struct{ hidden }

// NewSessionKey makes a SessionKey of what Reveal gave, or of a session_key as
// WeChat writes it: the base64 text of 16 bytes.
func NewSessionKey(s string) SessionKey { return SessionKey{hidden{seal.NewKey(s)}} }
