package sign

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"time"
)

// KeySet finds platform keys. Implementations are safe for concurrent use.
//
// Key returns the key with exactly this id, to check a signature with; an error
// that wraps ErrUnknownKey says that there is none. Preferred returns the key to
// encrypt sensitive fields with and its id, which then goes into Wechatpay-Serial.
// Both may wait for a download, no longer than ctx allows.
type KeySet interface {
	Key(ctx context.Context, id string) (*rsa.PublicKey, error)
	Preferred(ctx context.Context) (id string, k *rsa.PublicKey, err error)
}

// Announcer is a KeySet that knows, without waiting, which id to send in
// Wechatpay-Serial with every request so that answers are signed with that key.
// In certificate mode there is none and AnswerID returns "".
type Announcer interface {
	AnswerID() string
}

// Ring is a fixed set of platform keys: public keys and certificates side by side,
// as a merchant needs them while moving from one mode to the other. It is
// immutable and safe for concurrent use.
type Ring struct {
	preferred Key
	keys      map[string]Key
	now       func() time.Time
}

// NewRing makes a Ring. The preferred key is the one to encrypt with and to ask
// answers in; signatures of all of them are accepted. It refuses keys that are
// missing, not RSA, shorter than 2048 bits, named wrongly or named twice, and says
// which. Validity of certificates is looked at when they are used.
func NewRing(preferred Key, others ...Key) (*Ring, error) {
	r := &Ring{preferred: preferred, keys: make(map[string]Key, 1+len(others)), now: time.Now}
	for n := range 1 + len(others) {
		k := preferred
		if n > 0 {
			k = others[n-1]
		}
		if k.problem != nil {
			return nil, k.problem
		}
		if k.key == nil {
			return nil, errors.New("sign: platform key is empty: make it with PublicKey or Certificate")
		}
		if _, twice := r.keys[k.id]; twice {
			return nil, fmt.Errorf("sign: key %s was given twice", show(k.id))
		}
		r.keys[k.id] = k
	}
	return r, nil
}

// WithClock returns a copy of the Ring that asks now for the time, to judge
// certificates with; nil means time.Now.
func (r *Ring) WithClock(now func() time.Time) *Ring {
	if now == nil {
		now = time.Now
	}
	return &Ring{preferred: r.preferred, keys: r.keys, now: now}
}

// Key returns the key with exactly this id. An unknown id, an expired and a not yet
// valid certificate give an error that wraps ErrUnknownKey. It never waits.
func (r *Ring) Key(_ context.Context, id string) (*rsa.PublicKey, error) {
	k, ok := r.keys[id]
	if !ok {
		return nil, because(ErrUnknownKey, "%s: compare it with the ids you configured; a merchant that moves from certificates to a public key needs both for a while", show(id))
	}
	if err := k.validAt(r.now()); err != nil {
		return nil, err
	}
	return k.key, nil
}

// Preferred returns the first key given to NewRing, or an error that wraps
// ErrUnknownKey while that certificate is not valid. It never waits.
func (r *Ring) Preferred(context.Context) (id string, k *rsa.PublicKey, err error) {
	if r.preferred.key == nil {
		return "", nil, errNoKeys
	}
	if err := r.preferred.validAt(r.now()); err != nil {
		return "", nil, err
	}
	return r.preferred.id, r.preferred.key, nil
}

// AnswerID returns the preferred key's id in public key mode and "" when the
// preferred key is a certificate.
func (r *Ring) AnswerID() string {
	if r.preferred.announced {
		return r.preferred.id
	}
	return ""
}

// Join makes one KeySet of several, for example a Ring with the public key and a
// set that downloads certificates. An id is looked up in order; the next set is
// asked only if the one before wraps ErrUnknownKey, so a failed download is
// reported as such. Preferred and AnswerID are those of the first set. Nil sets are
// left out; with none at all every id is unknown.
func Join(sets ...KeySet) KeySet {
	j := make(joined, 0, len(sets))
	for _, s := range sets {
		if !isNil(s) {
			j = append(j, s)
		}
	}
	return j
}

type joined []KeySet

func (j joined) Key(ctx context.Context, id string) (*rsa.PublicKey, error) {
	if len(j) == 0 {
		return nil, errNoKeys
	}
	var unknown error
	for _, s := range j {
		k, err := s.Key(ctx, id)
		if err == nil {
			return k, nil
		}
		if !errors.Is(err, ErrUnknownKey) {
			return nil, err
		}
		unknown = err
	}
	return nil, unknown
}

func (j joined) Preferred(ctx context.Context) (string, *rsa.PublicKey, error) {
	if len(j) == 0 {
		return "", nil, errNoKeys
	}
	return j[0].Preferred(ctx)
}

func (j joined) AnswerID() string {
	if len(j) == 0 {
		return ""
	}
	if a, ok := j[0].(Announcer); ok {
		return a.AnswerID()
	}
	return ""
}

var errNoKeys = because(ErrUnknownKey, "no platform keys are configured: give the merchant a WeChat Pay public key or its platform certificates")
