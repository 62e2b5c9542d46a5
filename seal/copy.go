package seal

import (
	"crypto"
	"crypto/rsa"
	"errors"
	"fmt"
	"reflect"
)

// Copy returns v with every plain Secret in it encrypted for the holder of k, ready
// to be marshalled. It looks through structs, embedded ones too, pointers, slices,
// arrays, maps and interfaces, and copies only what leads to a Secret: the rest is
// shared with v, and v itself is never changed. Without Secrets the result is v. The
// result has the type of v.
//
// Errors name the field. A Secret that is still encrypted from an earlier answer
// gives ErrSealed: it was sealed for us, not for WeChat Pay. A text that is too
// long gives ErrTooLong.
func Copy(v any, k *rsa.PublicKey) (any, error) {
	if v == nil || planOf(reflect.TypeOf(v)) == nil || !Has(v) {
		return v, nil
	}
	w := walker{mode: copying, visit: func(s reflect.Value) error {
		secret := s.Addr().Interface().(*Secret)
		switch secret.state {
		case empty:
			return nil
		case sealed:
			return fmt.Errorf("%w: this value came with an answer and was not opened", ErrSealed)
		}
		text, err := Encrypt(k, *secret.text)
		if err != nil {
			return err
		}
		*secret = secretOf(sealed, text)
		return nil
	}}
	c := reflect.New(reflect.TypeOf(v)).Elem()
	c.Set(reflect.ValueOf(v))
	if err := w.walk(c, 0); err != nil {
		return nil, err
	}
	return c.Interface(), nil
}

// Has reports whether v contains a Secret that is not empty, and so needs Copy.
func Has(v any) bool {
	if v == nil || planOf(reflect.TypeOf(v)) == nil {
		return false
	}
	w := walker{mode: reading, visit: func(s reflect.Value) error {
		if s.Field(stateField).Uint() != uint64(empty) {
			return errStop
		}
		return nil
	}}
	return w.walk(reflect.ValueOf(v), 0) != nil
}

// Open decrypts in place every sealed Secret below v, which has to be a pointer, map
// or slice. Those that cannot be opened stay sealed, so that Reveal says so.
func Open(v any, k crypto.Decrypter) {
	if v == nil || isNil(k) || planOf(reflect.TypeOf(v)) == nil {
		return
	}
	w := walker{mode: changing, visit: func(s reflect.Value) error {
		if !s.CanAddr() {
			return nil
		}
		secret := s.Addr().Interface().(*Secret)
		if secret.state != sealed {
			return nil
		}
		if text, err := Decrypt(k, *secret.text); err == nil {
			*secret = Plain(text)
		}
		return nil
	}}
	_ = w.walk(reflect.ValueOf(v), 0) // only a bottomless value ends it early
}

var (
	stateField = mustIndex("state")
	errStop    = errors.New("stop")
)

func mustIndex(name string) int {
	f, _ := secretType.FieldByName(name)
	return f.Index[0]
}
