package notify

import (
	"fmt"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/wire"
)

// envelope is what surrounds an encrypted payload. The ciphertext is base64 text
// and lies in the memory of the body whenever JSON allows it.
type envelope struct {
	id, kind, summary, original string
	created                     wechat.Time
	algorithm, nonce, extra     string
	ciphertext                  []byte
}

const resourceType = "encrypt-resource"

var envelopeNames = wire.Names{}.With("id", "create_time", "event_type", "resource_type", "summary", "resource",
	"original_type", "algorithm", "ciphertext", "associated_data", "nonce")

// parseEnvelope reads the body in one pass and copies only the short fields. It
// refuses doubled keys and other spellings of known ones, tolerates unknown
// fields, and takes null for absent as encoding/json does.
func parseEnvelope(body []byte) (envelope, error) {
	var e envelope
	if err := wire.CheckKeys(body, envelopeNames); err != nil {
		return e, malformed(err)
	}
	var kind string
	err := wire.Members(body, func(key, value []byte) error {
		switch string(key) {
		case "id":
			return text(key, value, &e.id)
		case "event_type":
			return text(key, value, &e.kind)
		case "summary":
			return text(key, value, &e.summary)
		case "resource_type":
			return text(key, value, &kind)
		case "create_time":
			e.created = moment(value)
		case "resource":
			return e.resource(value)
		}
		return nil
	})
	if err != nil {
		return e, malformed(err)
	}
	return e, e.check(kind)
}

func (e *envelope) resource(value []byte) error {
	if isNull(value) {
		return nil // check says what is missing
	}
	return wire.Members(value, func(key, value []byte) error {
		switch string(key) {
		case "original_type":
			return text(key, value, &e.original)
		case "algorithm":
			return text(key, value, &e.algorithm)
		case "associated_data":
			return text(key, value, &e.extra)
		case "nonce":
			return text(key, value, &e.nonce)
		case "ciphertext":
			return cipherText(key, value, &e.ciphertext)
		}
		return nil
	})
}

func (e *envelope) check(kind string) error {
	for _, f := range []struct {
		name    string
		missing bool
	}{
		{"id", e.id == ""},
		{"event_type", e.kind == ""},
		{"resource.algorithm", e.algorithm == ""},
		{"resource.ciphertext", len(e.ciphertext) == 0},
		{"resource.nonce", e.nonce == ""},
	} {
		if f.missing {
			return fmt.Errorf("%w: %s is missing", ErrMalformed, f.name)
		}
	}
	if kind != resourceType {
		return fmt.Errorf("%w: resource_type is not %s", ErrMalformed, resourceType)
	}
	return nil
}

func malformed(err error) error { return fmt.Errorf("%w: %w", ErrMalformed, err) }

func isNull(value []byte) bool { return string(value) == "null" }

func text(key, value []byte, out *string) error {
	if isNull(value) {
		return nil
	}
	switch string(value) { // spare the copy where the text is known
	case `"` + resourceType + `"`:
		*out = resourceType
		return nil
	case `"AEAD_AES_256_GCM"`:
		*out = "AEAD_AES_256_GCM"
		return nil
	case `"transaction"`:
		*out = "transaction"
		return nil
	}
	s, ok := wire.String(value)
	if !ok {
		return fmt.Errorf("%s is not a string", key)
	}
	*out = s
	return nil
}

// cipherText leaves base64 where it is, unless somebody escaped its slashes.
func cipherText(key, value []byte, out *[]byte) error {
	if isNull(value) {
		return nil
	}
	inner, ok := wire.Bytes(value)
	if !ok {
		return fmt.Errorf("%s is not a string", key)
	}
	*out = inner
	return nil
}

// moment reads the time of creation. It is told to the shop and decides nothing,
// so one that cannot be read is zero rather than a reason to lose a payment.
func moment(value []byte) wechat.Time {
	s, _ := wire.String(value)
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return wechat.Time{}
	}
	return wechat.Time{Time: at}
}
