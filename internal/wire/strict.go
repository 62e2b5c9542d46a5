package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
)

// MaxDepth is how deep a document may nest. Real ones stay below ten.
const MaxDepth = 100

// Causes of a refused document.
var (
	ErrDuplicate = errors.New("a key appears twice")           // in one object
	ErrCase      = errors.New("a key appears in another case") // than the known one, or than its twin
	ErrDepth     = errors.New("nested too deep")               // over MaxDepth
	ErrShape     = errors.New("not a JSON object")             // or not well-formed, or crowded
)

// Unmarshal decodes data into out, a pointer. It tolerates unknown fields and
// refuses what could make two readers see two documents: duplicate keys, keys
// that differ from a known one only by case, depth over MaxDepth, anything but
// an object where out is a struct, and trailing data.
func Unmarshal(data []byte, out any) error {
	t := reflect.TypeOf(out)
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t != nil && t.Kind() == reflect.Struct && !startsObject(data) {
		return ErrShape
	}
	if err := CheckKeys(data, namesOf(t)); err != nil {
		return err
	}
	return json.Unmarshal(data, out)
}

// UnmarshalObject is Unmarshal for documents that have to be an object whatever
// out is, with names in place of those known to out.
func UnmarshalObject(data []byte, out any, names Names) error {
	if !startsObject(data) {
		return ErrShape
	}
	if err := CheckKeys(data, names); err != nil {
		return err
	}
	return json.Unmarshal(data, out)
}

// Names holds the JSON names a type knows. It is immutable; the zero value knows
// none.
type Names struct {
	exact map[string][]string // folded form → exact spellings
	plain bool                // all of them are spelled in their folded form
}

// NamesOf returns the names known to T, kept by type.
func NamesOf[T any]() Names { return namesOf(reflect.TypeFor[T]()) }

// With returns a copy that also knows more.
func (n Names) With(more ...string) Names {
	out := Names{exact: make(map[string][]string, len(n.exact)+len(more)), plain: n.plain || n.exact == nil}
	for folded, exact := range n.exact {
		out.exact[folded] = slices.Clip(exact)
	}
	for _, name := range more {
		out.add(name)
	}
	return out
}

func (n *Names) add(name string) {
	folded := string(fold([]byte(name)))
	n.plain = n.plain && folded == name
	if !slices.Contains(n.exact[folded], name) {
		n.exact[folded] = append(n.exact[folded], name)
	}
}

// misspell reports whether raw, a key that folds to folded, is another spelling of
// a name.
func (n Names) misspell(raw, folded []byte) bool {
	if n.plain && len(raw) == len(folded) && bytes.Equal(raw, folded) {
		return false
	}
	exact := n.exact[string(folded)]
	for _, name := range exact {
		if name == string(raw) {
			return false
		}
	}
	return len(exact) > 0
}

func startsObject(data []byte) bool {
	b := bytes.TrimLeft(data, " \t\r\n")
	return len(b) > 0 && b[0] == '{'
}

// CheckKeys walks data once without building anything and refuses duplicate
// keys, case variants of names, and excessive depth. It does not otherwise
// validate the JSON; the decoder does.
func CheckKeys(data []byte, names Names) error {
	var (
		room   [32]key
		keys   = room[:0]      // of all open objects, innermost last
		starts [MaxDepth]int32 // where an object's keys begin; -1 for an array
		depth  int
	)
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '{', '[':
			if depth == MaxDepth {
				return ErrDepth
			}
			starts[depth] = -1
			if data[i] == '{' {
				starts[depth] = int32(len(keys))
			}
			depth++
		case '}', ']':
			if depth == 0 {
				return nil // malformed; the decoder says so
			}
			depth--
			if at := starts[depth]; at >= 0 {
				keys = keys[:at]
			}
		case '"':
			end := stringEnd(data, i+1)
			if end < 0 {
				return nil
			}
			if depth > 0 && starts[depth-1] >= 0 && isKey(data, end+1) {
				k, err := newKey(data[i+1:end], keys[starts[depth-1]:], names)
				if err != nil {
					return err
				}
				keys = append(keys, k)
			}
			i = end
		}
	}
	return nil
}

// key is one key of an object with the hash of its folded form.
type key struct {
	raw  []byte
	hash uint32
}

// crowd is the number of keys in one object past which comparing each with
// each would stop being cheap.
const crowd = 512

// newKey compares a key with the names and with its siblings so far.
func newKey(raw []byte, siblings []key, names Names) (key, error) {
	folded := fold(raw)
	if names.misspell(raw, folded) {
		return key{}, fmt.Errorf("%w: %s", ErrCase, show(folded))
	}
	if len(siblings) > crowd {
		return key{}, fmt.Errorf("%w: more than %d keys in one object", ErrShape, crowd)
	}
	h := hash(folded)
	for _, s := range siblings {
		if s.hash != h {
			continue
		}
		if bytes.Equal(s.raw, raw) {
			return key{}, fmt.Errorf("%w: %s", ErrDuplicate, show(folded))
		}
		if bytes.Equal(fold(s.raw), folded) {
			return key{}, fmt.Errorf("%w: %s", ErrCase, show(folded))
		}
	}
	return key{raw, h}, nil
}

// fold returns the key as encoding/json would compare it.
func fold(raw []byte) []byte {
	for _, c := range raw {
		if c >= 0x80 || c == '\\' || 'A' <= c && c <= 'Z' {
			return foldSlow(raw)
		}
	}
	return raw
}

func foldSlow(raw []byte) []byte {
	var s string
	if json.Unmarshal([]byte(`"`+string(raw)+`"`), &s) != nil {
		s = string(raw)
	}
	return []byte(strings.Map(func(r rune) rune {
		least := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			least = min(least, f)
		}
		return unicode.ToLower(least)
	}, s))
}

// The seed keeps a sender from choosing keys that collide.
var seed = maphash.MakeSeed()

func hash(b []byte) uint32 { return uint32(maphash.Bytes(seed, b)) }

func clip(b []byte) []byte { return b[:min(len(b), 40)] }

// show copies, so that what it shows need not live on the heap.
func show(b []byte) string { return strconv.Quote(string(clip(b))) }

func stringEnd(data []byte, i int) int {
	for i < len(data) {
		j := bytes.IndexByte(data[i:], '"')
		if j < 0 {
			return -1
		}
		end := i + j
		slashes := 0
		for k := end - 1; k >= i && data[k] == '\\'; k-- {
			slashes++
		}
		if slashes%2 == 0 {
			return end
		}
		i = end + 1
	}
	return -1
}

func isKey(data []byte, i int) bool {
	for ; i < len(data); i++ {
		switch data[i] {
		case ' ', '\t', '\r', '\n':
		case ':':
			return true
		default:
			return false
		}
	}
	return false
}

var nameSets sync.Map // reflect.Type → Names

func namesOf(t reflect.Type) Names {
	if t == nil {
		return Names{}
	}
	if n, ok := nameSets.Load(t); ok {
		return n.(Names)
	}
	names := Names{}.With()
	collect(t, &names, map[reflect.Type]bool{})
	actual, _ := nameSets.LoadOrStore(t, names)
	return actual.(Names)
}

func collect(t reflect.Type, names *Names, done map[reflect.Type]bool) {
	if done[t] {
		return
	}
	done[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		collect(t.Elem(), names, done)
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "-" || !f.IsExported() && !f.Anonymous {
				continue
			}
			if name != "" {
				names.add(name)
			}
			collect(f.Type, names, done)
		}
	}
}
