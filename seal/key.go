package seal

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// stars is what every key and every secret prints.
const stars = "***"

// Key is a symmetric key such as the APIv3 key. It prints as *** in every verb of
// fmt, in JSON, text and slog. It is immutable and safe for concurrent use; the
// zero value is the empty key. Compare keys with Equal, == does not compile.
type Key struct {
	// A pointer to a string, because fmt cannot call methods on a Key that lies in
	// an unexported field; it then prints this address and follows it nowhere.
	_    [0]func()
	text *string
}

// NewKey copies the key from s. Any length is accepted here; NewAEAD checks.
func NewKey(s string) Key {
	if s == "" {
		return Key{}
	}
	s = strings.Clone(s)
	return Key{text: &s}
}

// Len returns the length in bytes.
func (k Key) Len() int { return len(k.value()) }

// IsZero reports whether the key is empty.
func (k Key) IsZero() bool { return k.text == nil }

// Equal reports whether both keys are the same, in a time that depends only on
// their lengths.
func (k Key) Equal(other Key) bool {
	return subtle.ConstantTimeCompare([]byte(k.value()), []byte(other.value())) == 1
}

// Bytes returns a copy of the key.
func (k Key) Bytes() []byte { return []byte(k.value()) }

// Format prints *** whatever the verb.
func (k Key) Format(f fmt.State, _ rune) { io.WriteString(f, stars) }

// String returns ***.
func (k Key) String() string { return stars }

// GoString returns ***.
func (k Key) GoString() string { return stars }

// LogValue makes slog print ***.
func (k Key) LogValue() slog.Value { return slog.StringValue(stars) }

// MarshalText returns ***.
func (k Key) MarshalText() ([]byte, error) { return []byte(stars), nil }

// MarshalJSON returns "***".
func (k Key) MarshalJSON() ([]byte, error) { return []byte(`"***"`), nil }

func (k Key) value() string {
	if k.text == nil {
		return ""
	}
	return *k.text
}
