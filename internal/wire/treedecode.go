package wire

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
)

// Decode fills the fields of out, a pointer to a struct, from the nodes that bear
// their names in json tags; a field without a tag is passed over, an embedded
// struct without one is part of its parent. Names are exact. Unknown nodes are
// passed over, an empty leaf leaves its field zero, numbers may be texts. A slice
// takes every node of its name, and if such a node holds nothing but nodes called
// item, those instead. Any other field must not come twice.
func (t Tree) Decode(out any) error {
	v := reflect.ValueOf(out)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		return fmt.Errorf("cannot decode a document into a %T", out)
	}
	return t.fill(v.Elem())
}

func (t Tree) fill(v reflect.Value) error {
	plan := treePlanOf(v.Type())
	var seen uint64
	for i := 0; i < len(t); i += 1 + t[i].Size {
		f, known := plan[t[i].Name]
		if !known {
			continue
		}
		target := v.FieldByIndex(f.index)
		if target.Kind() == reflect.Slice {
			if err := t.appendTo(target, i); err != nil {
				return err
			}
			continue
		}
		if seen&f.bit != 0 {
			return fmt.Errorf("%w: %q", ErrDuplicate, clip([]byte(t[i].Name)))
		}
		seen |= f.bit
		if err := t.set(target, i); err != nil {
			return err
		}
	}
	return nil
}

// appendTo adds node i, or the items in it, to a slice.
func (t Tree) appendTo(slice reflect.Value, i int) error {
	inside := t.below(i)
	switch {
	case len(inside) == 0 && strings.TrimSpace(t[i].Text) == "":
		return nil
	case !inside.onlyItems():
		return t.appendOne(slice, i)
	}
	for j := 0; j < len(inside); j += 1 + inside[j].Size {
		if err := inside.appendOne(slice, j); err != nil {
			return err
		}
	}
	return nil
}

func (t Tree) onlyItems() bool {
	for i := 0; i < len(t); i += 1 + t[i].Size {
		if t[i].Name != "item" {
			return false
		}
	}
	return len(t) > 0
}

func (t Tree) appendOne(slice reflect.Value, i int) error {
	one := reflect.New(slice.Type().Elem()).Elem()
	if err := t.set(one, i); err != nil {
		return err
	}
	slice.Set(reflect.Append(slice, one))
	return nil
}

// set reads node i into v.
func (t Tree) set(v reflect.Value, i int) error {
	n := &t[i]
	if n.Size > 0 || v.Kind() == reflect.Struct && !words(v) {
		if v.Kind() != reflect.Struct || n.Size == 0 && strings.TrimSpace(n.Text) != "" {
			return &FieldError{n.Name, "is not what it should be: a text in place of an object, or the reverse"}
		}
		return t.below(i).fill(v)
	}
	if v.Kind() == reflect.String && !words(v) {
		v.SetString(n.Text)
		return nil
	}
	text := strings.TrimSpace(n.Text)
	if text == "" {
		return nil
	}
	if err := setScalar(v, text); err != nil {
		return &FieldError{n.Name, err.Error()}
	}
	return nil
}

// words reports whether v reads itself from a text.
func words(v reflect.Value) bool {
	_, ok := v.Addr().Interface().(encoding.TextUnmarshaler)
	return ok
}

func setScalar(v reflect.Value, s string) error {
	switch v.Kind() {
	case reflect.Bool:
		b, err := strconv.ParseBool(s)
		if err != nil {
			return fmt.Errorf("want true or false, got %d bytes of something else", len(s))
		}
		v.SetBool(b)
		return nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n, err := strconv.ParseUint(s, 10, v.Type().Bits())
		if err != nil {
			return fmt.Errorf("want a whole number, got %d bytes of something else", len(s))
		}
		v.SetUint(n)
		return nil
	}
	return setText(v, s)
}

type treeField struct {
	index []int
	bit   uint64 // its place among the fields seen; past the 64th none is remembered
}

var treePlans sync.Map // reflect.Type → map[string]treeField

func treePlanOf(t reflect.Type) map[string]treeField {
	if p, ok := treePlans.Load(t); ok {
		return p.(map[string]treeField)
	}
	p := map[string]treeField{}
	addTreeFields(p, t, nil)
	actual, _ := treePlans.LoadOrStore(t, p)
	return actual.(map[string]treeField)
}

func addTreeFields(p map[string]treeField, t reflect.Type, at []int) {
	for i := range t.NumField() {
		f := t.Field(i)
		index := append(append([]int(nil), at...), i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "" && f.Anonymous && f.Type.Kind() == reflect.Struct:
			addTreeFields(p, f.Type, index)
		case name != "" && name != "-" && f.IsExported():
			p[name] = treeField{index, 1 << len(p)}
		}
	}
}
