package wechattest

import (
	"context"
	"crypto/rsa"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/wxcommerce/wechat/sign"
)

// TestKeySet checks the rules every sign.KeySet has to keep. known are keys the set
// must know, at least one of them. It calls the set from many goroutines at once,
// so run it with -race.
//
// The rules: a known id gives exactly its key, every time, without waiting once it
// was seen; ids are compared as they are, without trimming or folding case; an
// unknown id gives an error that wraps sign.ErrUnknownKey and no key; Preferred
// gives an id with the key that Key gives for it; and a sign.Announcer announces
// nothing or the preferred id.
func TestKeySet(t testing.TB, ks sign.KeySet, known ...sign.Key) {
	t.Helper()
	if ks == nil || len(known) == 0 {
		t.Fatal("TestKeySet: give it a key set and at least one key it must know")
		return
	}
	for _, k := range known {
		if k.Public() == nil {
			t.Fatal("TestKeySet: key " + strconv.Quote(k.ID()) + " is not a usable one")
			return
		}
	}
	c := keySetCheck{t, ks}
	for _, k := range known {
		c.knows(k)
		c.exact(k.ID())
	}
	c.unknown()
	c.preferred()
	c.together(known)
}

type keySetCheck struct {
	t  testing.TB
	ks sign.KeySet
}

// knows asks for a key, and then once more with a context that ended.
func (c keySetCheck) knows(k sign.Key) {
	c.t.Helper()
	got, err := c.ks.Key(context.Background(), k.ID())
	if err != nil {
		c.t.Errorf("Key(%q): %v, want the key", k.ID(), err)
		return
	}
	c.same(k.ID(), got, k.Public())
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if got, err = c.ks.Key(ended, k.ID()); err != nil {
		c.t.Errorf("Key(%q) with an ended context, after it was seen: %v, want the key without waiting", k.ID(), err)
		return
	}
	c.same(k.ID(), got, k.Public())
}

func (c keySetCheck) same(id string, got, want *rsa.PublicKey) {
	c.t.Helper()
	if got == nil || !got.Equal(want) {
		c.t.Errorf("Key(%q) gave another key", id)
	}
}

// exact tries spellings that are almost the id.
func (c keySetCheck) exact(id string) {
	c.t.Helper()
	for _, other := range []string{"", id + " ", " " + id, id[:len(id)-1], id + "0", swapCase(id), "0" + id} {
		if other != id {
			c.refuses(other)
		}
	}
}

func (c keySetCheck) unknown() {
	c.t.Helper()
	for _, id := range []string{"PUB_KEY_ID_0000999999999999999999999999", strings.Repeat("F", 40), "../key", "\n", strings.Repeat("9", 5000)} {
		c.refuses(id)
	}
}

func (c keySetCheck) refuses(id string) {
	c.t.Helper()
	k, err := c.ks.Key(context.Background(), id)
	switch {
	case err == nil:
		c.t.Errorf("Key(%.80q) gave a key, want an error that wraps sign.ErrUnknownKey", id)
	case !errors.Is(err, sign.ErrUnknownKey):
		c.t.Errorf("Key(%.80q): %v, want an error that wraps sign.ErrUnknownKey", id, err)
	case k != nil:
		c.t.Errorf("Key(%.80q) gave a key beside its error", id)
	}
}

func (c keySetCheck) preferred() {
	c.t.Helper()
	id, k, err := c.ks.Preferred(context.Background())
	if err != nil || k == nil || id == "" {
		c.t.Errorf("Preferred: %q, %v, want an id and its key", id, err)
		return
	}
	got, err := c.ks.Key(context.Background(), id)
	if err != nil {
		c.t.Errorf("Key(%q), the preferred id: %v", id, err)
		return
	}
	c.same(id, got, k)
	if a, ok := c.ks.(sign.Announcer); ok {
		if said := a.AnswerID(); said != "" && said != id {
			c.t.Errorf("AnswerID() = %q, want %q or nothing", said, id)
		}
	}
}

// together asks from many goroutines.
func (c keySetCheck) together(known []sign.Key) {
	c.t.Helper()
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			for _, k := range known {
				if got, err := c.ks.Key(context.Background(), k.ID()); err != nil || !got.Equal(k.Public()) {
					c.t.Errorf("Key(%q) from several goroutines: %v", k.ID(), err)
				}
			}
			if _, _, err := c.ks.Preferred(context.Background()); err != nil {
				c.t.Errorf("Preferred from several goroutines: %v", err)
			}
		})
	}
	group.Wait()
}

func swapCase(s string) string {
	if l := strings.ToLower(s); l != s {
		return l
	}
	return strings.ToUpper(s)
}
