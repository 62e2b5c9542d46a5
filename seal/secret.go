package seal

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

type state uint8

const (
	empty state = iota
	plain
	sealed
)

// Secret is a piece of personal data: a name, an id number, a phone or card number.
// It is empty, plain (made by Plain or opened) or sealed (as received, encrypted).
// It prints as *** in every verb of fmt, in text and slog, and never enters JSON in
// plain: a sealed one marshals as its ciphertext, a plain one as "***". Give optional
// fields the option omitzero, not omitempty. A Secret is a small immutable value;
// only UnmarshalJSON and Open change one in place. == does not compile.
type Secret struct {
	// See Key for why this is a pointer to a string.
	_     [0]func()
	text  *string
	state state
}

// Plain makes a Secret of a text to be sent; "" gives the empty Secret.
func Plain(s string) Secret { return secretOf(plain, s) }

func secretOf(st state, s string) Secret {
	if s == "" {
		return Secret{}
	}
	return Secret{text: &s, state: st}
}

// Reveal returns the plain text, "" for an empty Secret, and ErrSealed for one that
// was received encrypted and could not be opened.
func (s Secret) Reveal() (string, error) {
	switch s.state {
	case plain:
		return *s.text, nil
	case sealed:
		return "", ErrSealed
	}
	return "", nil
}

// IsZero reports whether the Secret is empty; encoding/json asks it for omitzero.
func (s Secret) IsZero() bool { return s.state == empty }

// MarshalJSON returns the ciphertext of a sealed Secret, "" for an empty one and
// "***" for everything else, also for a received text that cannot be a ciphertext.
func (s Secret) MarshalJSON() ([]byte, error) {
	switch {
	case s.state == empty:
		return []byte(`""`), nil
	case s.state == sealed && isCiphertext(*s.text):
		return json.Marshal(*s.text)
	}
	return []byte(`"***"`), nil
}

// UnmarshalJSON takes a string as ciphertext, to be opened later; "" and null give
// the empty Secret. Anything else is an error that does not repeat the input.
func (s *Secret) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*s = Secret{}
		return nil
	}
	var text string
	if len(data) == 0 || data[0] != '"' || json.Unmarshal(data, &text) != nil {
		return errors.New("seal: a secret must be a JSON string")
	}
	*s = secretOf(sealed, text)
	return nil
}

// Format prints *** whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { io.WriteString(f, stars) }

// String returns ***.
func (s Secret) String() string { return stars }

// GoString returns ***.
func (s Secret) GoString() string { return stars }

// LogValue makes slog print ***.
func (s Secret) LogValue() slog.Value { return slog.StringValue(stars) }

// MarshalText returns ***; it serves encoders other than encoding/json.
func (s Secret) MarshalText() ([]byte, error) { return []byte(stars), nil }

// isCiphertext reports whether s can be what an RSA key of 2048 bits or more made.
func isCiphertext(s string) bool {
	if len(s) < base64.StdEncoding.EncodedLen(minBits/8) || strings.ContainsAny(s, "\r\n") {
		return false
	}
	_, err := base64.StdEncoding.Strict().DecodeString(s)
	return err == nil
}
