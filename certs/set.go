package certs

import (
	"context"
	"crypto"
	"crypto/rsa"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
)

const (
	maxAge  = 12 * time.Hour   // Preferred has an older list renewed
	rest    = time.Minute      // from the beginning of one download to the next
	longest = 20 * time.Second // one download, the standby host included
)

// Config is who downloads, and what is known beforehand.
type Config struct {
	MchID    string        // merchant number, digits; a partner's own number
	Serial   string        // serial number of the merchant API certificate, hex
	Key      crypto.Signer // private key of that certificate
	APIv3Key seal.Key      // 32 bytes; the list is encrypted with it

	// Seeds are platform certificates from an earlier download, in PEM, one each,
	// so that a start needs no network. Expired ones are passed over. Optional.
	Seeds [][]byte
	// Trust knows other keys that may sign the list: while a merchant moves to
	// public key mode, the Ring with its public key. Optional.
	Trust sign.KeySet
}

// Format prints number and serial, whatever the verb; never a key.
func (c Config) Format(s fmt.State, verb rune) { c.merchant(nil).Format(s, verb) }

// MarshalJSON gives number and serial, never a key.
func (c Config) MarshalJSON() ([]byte, error) { return c.merchant(nil).MarshalJSON() }

func (c Config) merchant(platform sign.KeySet) wechat.MerchantConfig {
	return wechat.MerchantConfig{ID: c.MchID, Serial: c.Serial, Key: c.Key, APIv3Key: c.APIv3Key, Platform: platform}
}

// Set is a sign.KeySet of downloaded platform certificates. It is safe for
// concurrent use, needs no closing and keeps no goroutine while nothing is being
// downloaded. Make one a merchant and share it.
type Set struct {
	cfg  Config
	opts []wechat.Option
	now  func() time.Time
	list atomic.Pointer[list]

	mu     sync.Mutex
	flight *flight   // the download going on, nil if none
	asked  time.Time // when the last one began
	failed error     // how it ended
}

// flight is one download that any number of callers may wait for.
type flight struct {
	done chan struct{}
	err  error // set before done is closed
}

// New checks cfg and opts, names what is wrong, and makes no network call. The
// options are those of wechat.NewMerchant; transport, hosts and clock matter here,
// the Backoff does not, because a download is never repeated at once.
func New(cfg Config, opts ...wechat.Option) (*Set, error) {
	m, err := wechat.NewMerchant(cfg.merchant(sign.Join()), opts...)
	if err != nil {
		return nil, fmt.Errorf("certs: %w", err)
	}
	first, err := seeded(cfg.Seeds, m.Now())
	if err != nil {
		return nil, err
	}
	s := &Set{cfg: cfg, now: m.Now, opts: append(slices.Clip(opts), wechat.WithBackoff(wechat.NoRetry))}
	s.list.Store(first)
	return s, nil
}

// Key returns the certificate's key with exactly this serial number. One that is
// known never waits. For another the list is downloaded, unless that was done less
// than a minute ago; all callers share the one download and each stops waiting when
// its own ctx ends. An error that wraps sign.ErrUnknownKey says that WeChat Pay does
// not list the number, or that it has expired or does not count yet; any other says
// that the list could not be had. Ids of public key mode are unknown here and
// download nothing.
func (s *Set) Key(ctx context.Context, id string) (*rsa.PublicKey, error) {
	k, worth, err := s.list.Load().find(id, s.now())
	if err == nil || !worth {
		return k, err
	}
	if err := s.refresh(ctx); err != nil {
		return nil, err
	}
	k, _, err = s.list.Load().find(id, s.now())
	return k, err
}

// Preferred returns the newest certificate that counts now, for sealing personal
// data. While there is one it never waits: a list over twelve hours old is renewed
// behind the caller's back, which sees the new list next time. Without any it
// downloads first, so a program may call it at its start to learn at once whether
// certificates can be had.
func (s *Set) Preferred(ctx context.Context) (id string, k *rsa.PublicKey, err error) {
	for try := range 2 {
		l, now := s.list.Load(), s.now()
		if best, ok := l.best(now); ok {
			if now.Sub(l.at) >= maxAge {
				_, _ = s.start(ctx) // what becomes of it shows at the next call
			}
			return best.ID(), best.Public(), nil
		}
		if try == 0 {
			if err := s.refresh(ctx); err != nil {
				return "", nil, err
			}
		}
	}
	return "", nil, fmt.Errorf("%w: none of the platform certificates counts at %s by this machine's clock",
		sign.ErrUnknownKey, s.now().UTC().Format(time.RFC3339))
}

// refresh waits for the download going on or a new one. Nil means that the list is
// as new as it may be.
func (s *Set) refresh(ctx context.Context) error {
	f, err := s.start(ctx)
	if f == nil {
		return err
	}
	select {
	case <-f.done:
		return f.err
	case <-ctx.Done():
		return fmt.Errorf("certs: gave up waiting for the platform certificates: %w", context.Cause(ctx))
	}
}

// start joins the download going on or begins one. It returns neither and how the
// last one ended while it is too early for another.
func (s *Set) start(ctx context.Context) (*flight, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flight != nil {
		return s.flight, nil
	}
	now := s.now()
	if age := now.Sub(s.asked); age >= 0 && age < rest { // a clock put back must not stop downloads
		if s.failed == nil {
			return nil, nil
		}
		return nil, fmt.Errorf("%w (no new attempt for %s)", s.failed, (rest - age).Round(time.Second))
	}
	s.flight, s.asked = &flight{done: make(chan struct{})}, now
	// A caller that gives up must not end it for the others.
	go s.fly(context.WithoutCancel(ctx), s.flight)
	return s.flight, nil
}

func (s *Set) fly(ctx context.Context, f *flight) {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	err := s.download(ctx)
	s.mu.Lock()
	s.flight, s.failed, f.err = nil, err, err
	s.mu.Unlock()
	close(f.done)
}

// download gets the list and puts it in place of the old one, if it is any better.
func (s *Set) download(ctx context.Context) (err error) {
	defer func() {
		if recover() != nil { // a signer or observer of the caller's, in a goroutine of ours
			err = errors.New("certs: downloading the platform certificates panicked")
		}
	}()
	trusted := sign.Join(s.cfg.Trust, known{s})
	got, err := wechat.FetchCertificates(ctx, s.cfg.merchant(trusted), s.opts...)
	switch {
	case errors.Is(err, wechat.ErrNotFound):
		return fmt.Errorf("certs: merchant %s has no platform certificates; it uses a WeChat Pay public key: "+
			"put that into a sign.Ring with sign.PublicKey and leave this set out: %w", s.cfg.MchID, err)
	case err != nil:
		return fmt.Errorf("certs: downloading the platform certificates: %w", err)
	}
	next, err := s.list.Load().renewed(got, s.now())
	if err != nil {
		return err
	}
	s.list.Store(next)
	return nil
}

// known is what the set has in memory, as a KeySet that downloads nothing.
type known struct{ s *Set }

func (k known) Key(_ context.Context, id string) (*rsa.PublicKey, error) {
	key, _, err := k.s.list.Load().find(id, k.s.now())
	return key, err
}

func (k known) Preferred(context.Context) (string, *rsa.PublicKey, error) {
	return "", nil, sign.ErrUnknownKey
}

// String names the merchant and nothing secret.
func (s *Set) String() string {
	return "platform certificates of merchant " + strings.ToValidUTF8(s.cfg.MchID, "")
}

// GoString is String.
func (s *Set) GoString() string { return s.String() }
