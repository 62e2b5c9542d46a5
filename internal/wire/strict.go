package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"reflect"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// MaxDepth is how deep a document may nest. Real ones stay below ten.
const MaxDepth = 100

// Causes of a refused document.
var (
	ErrDuplicate = errors.New("a key appears twice")
	ErrCase      = errors.New("a key appears in another case")
	ErrDepth     = errors.New("nested too deep")
	ErrShape     = errors.New("not a JSON object")
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

// Names holds the JSON names a type knows: folded form → exact spellings. It is
// shared and must not be changed; With makes a larger copy.
type Names map[string][]string

// NamesOf returns the names known to T, kept by type.
func NamesOf[T any]() Names { return namesOf(reflect.TypeFor[T]()) }

// With returns a copy that also knows more.
func (n Names) With(more ...string) Names {
	out := make(Names, len(n)+len(more))
	for folded, exact := range n {
		out[folded] = slices.Clip(exact)
	}
	for _, name := range more {
		out.add(name)
	}
	return out
}

func (n Names) add(name string) {
	folded := fold([]byte(name))
	if !slices.Contains(n[string(folded)], name) {
		n[string(folded)] = append(n[string(folded)], name)
	}
}

// spells reports whether raw is one of the exact spellings.
func spells(exact []string, raw []byte) bool {
	for _, name := range exact {
		if name == string(raw) {
			return true
		}
	}
	return false
}

func startsObject(data []byte) bool {
	b := bytes.TrimLeft(data, " \t\r\n")
	return len(b) > 0 && b[0] == '{'
}

// CheckKeys walks data once without building anything and refuses duplicate
// keys, case variants of names, and excessive depth. It does not otherwise
// validate the JSON; the decoder does.
func CheckKeys(data []byte, names Names) error {
	var w walker
	return w.run(data, names)
}

type walker struct {
	hashes [64]uint32 // keys of the open objects, innermost last
	seen   []uint32
	texts  [][]byte
	spots  [64][]byte
	starts [MaxDepth]int // where an object's keys begin in seen; -1 for an array
	depth  int
}

func (w *walker) run(data []byte, names Names) error {
	w.seen, w.texts = w.hashes[:0], w.spots[:0]
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '{', '[':
			if w.depth == MaxDepth {
				return ErrDepth
			}
			w.starts[w.depth] = -1
			if data[i] == '{' {
				w.starts[w.depth] = len(w.seen)
			}
			w.depth++
		case '}', ']':
			if w.depth == 0 {
				return nil // malformed; the decoder says so
			}
			w.depth--
			if at := w.starts[w.depth]; at >= 0 {
				w.seen, w.texts = w.seen[:at], w.texts[:at]
			}
		case '"':
			end := stringEnd(data, i+1)
			if end < 0 {
				return nil
			}
			if w.depth > 0 && w.starts[w.depth-1] >= 0 && isKey(data, end+1) {
				if err := w.key(data[i+1:end], names); err != nil {
					return err
				}
			}
			i = end
		}
	}
	return nil
}

// crowd is the number of keys in one object past which comparing each with
// each would stop being cheap.
const crowd = 512

func (w *walker) key(raw []byte, names Names) error {
	folded := fold(raw)
	if exact := names[string(folded)]; len(exact) > 0 && !spells(exact, raw) {
		return fmt.Errorf("%w: %q", ErrCase, clip(folded))
	}
	h := hash(folded)
	at := w.starts[w.depth-1]
	if len(w.seen)-at > crowd {
		return fmt.Errorf("%w: more than %d keys in one object", ErrShape, crowd)
	}
	for i := at; i < len(w.seen); i++ {
		if w.seen[i] != h {
			continue
		}
		if bytes.Equal(w.texts[i], raw) {
			return fmt.Errorf("%w: %q", ErrDuplicate, clip(folded))
		}
		if bytes.Equal(fold(w.texts[i]), folded) {
			return fmt.Errorf("%w: %q", ErrCase, clip(folded))
		}
	}
	w.seen, w.texts = append(w.seen, h), append(w.texts, raw)
	return nil
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
		return nil
	}
	if n, ok := nameSets.Load(t); ok {
		return n.(Names)
	}
	names := Names{}
	collect(t, names, map[reflect.Type]bool{})
	actual, _ := nameSets.LoadOrStore(t, names)
	return actual.(Names)
}

func collect(t reflect.Type, names Names, done map[reflect.Type]bool) {
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
