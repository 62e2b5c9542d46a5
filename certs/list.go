package certs

import (
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/sign"
)

// list is one state of the set; it never changes, it is replaced.
type list struct {
	entries map[string]entry
	at      time.Time // when it was downloaded; zero for seeds
}

// entry is a certificate; listed tells whether WeChat Pay named it in the last list.
type entry struct {
	sign.Key
	listed bool
}

func (e entry) expired(now time.Time) bool { return now.After(e.NotAfter()) }

func (e entry) counts(now time.Time) bool { return !now.Before(e.NotBefore()) && !e.expired(now) }

// seeded makes the first list.
func seeded(seeds [][]byte, now time.Time) (*list, error) {
	l := &list{entries: map[string]entry{}}
	for i, text := range seeds {
		c, err := wechat.LoadCertificate(text)
		if err != nil {
			return nil, fmt.Errorf("certs: Config.Seeds[%d]: %w", i, err)
		}
		k := sign.Certificate(c)
		if _, err := sign.NewRing(k); err != nil {
			return nil, fmt.Errorf("certs: Config.Seeds[%d]: %w", i, err)
		}
		if e := (entry{Key: k}); !e.expired(now) {
			l.entries[k.ID()] = e
		}
	}
	return l, nil
}

// find looks id up. worth tells, of an id that is not there, whether a newer list
// could have it.
func (l *list) find(id string, now time.Time) (k *rsa.PublicKey, worth bool, err error) {
	e, ok := l.entries[id]
	switch {
	case ok && e.counts(now):
		return e.Public(), false, nil
	case ok && !e.expired(now):
		return nil, false, fmt.Errorf("%w: platform certificate %s does not count before %s; this machine's clock says %s",
			sign.ErrUnknownKey, id, e.NotBefore().UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	case ok:
		return nil, true, fmt.Errorf("%w: platform certificate %s expired on %s", sign.ErrUnknownKey, id, e.NotAfter().UTC().Format(time.RFC3339))
	case strings.HasPrefix(id, "PUB_KEY_ID_"):
		return nil, false, fmt.Errorf("%w: this is the id of a WeChat Pay public key, and there are only certificates here: "+
			"join a sign.Ring that holds the public key", sign.ErrUnknownKey)
	case !isSerial(id):
		return nil, false, fmt.Errorf("%w: %d bytes that are no certificate's serial number", sign.ErrUnknownKey, len(id))
	}
	return nil, true, fmt.Errorf("%w: WeChat Pay lists no platform certificate %s for this merchant", sign.ErrUnknownKey, id)
}

// best is the certificate that began last among those that count now; one that
// WeChat Pay no longer lists is used only when there is no other.
func (l *list) best(now time.Time) (best entry, ok bool) {
	for _, e := range l.entries {
		if e.counts(now) && (!ok || e.better(best)) {
			best, ok = e, true
		}
	}
	return best, ok
}

func (e entry) better(than entry) bool {
	if e.listed != than.listed {
		return e.listed
	}
	if c := e.NotBefore().Compare(than.NotBefore()); c != 0 {
		return c > 0
	}
	return e.ID() > than.ID()
}

// renewed is the list with what was downloaded. Certificates that are missing from
// the download stay until they expire; a download that brings none that counts now
// changes nothing.
func (l *list) renewed(got []*x509.Certificate, now time.Time) (*list, error) {
	next, useful := &list{entries: map[string]entry{}, at: now}, false
	for _, c := range got {
		if e := (entry{sign.Certificate(c), true}); !e.expired(now) {
			next.entries[e.ID()] = e
			useful = useful || e.counts(now)
		}
	}
	if !useful {
		return nil, errors.New("certs: no certificate in the downloaded list counts now; compare this machine's clock; the keys known before stay")
	}
	for id, e := range l.entries {
		if _, again := next.entries[id]; !again && !e.expired(now) {
			next.entries[id] = entry{Key: e.Key}
		}
	}
	return next, nil
}

// isSerial reports whether id could name a certificate: upper-case hex.
func isSerial(id string) bool {
	return id != "" && len(id) <= 64 && strings.Trim(id, "0123456789ABCDEF") == ""
}
