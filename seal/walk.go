package seal

import (
	"errors"
	"fmt"
	"reflect"
)

const (
	maxDepth = 100     // deeper than any document WeChat Pay knows
	maxNodes = 1 << 20 // a value that points to itself would never end
)

type mode uint8

const (
	reading  mode = iota // look only
	changing             // change Secrets where they are
	copying              // detach everything on the way to a Secret first
)

// walker visits every Secret below a value.
type walker struct {
	mode  mode
	visit func(s reflect.Value) error
	nodes int
}

var errBottomless = errors.New("seal: value is nested too deeply or points to itself")

func (w *walker) walk(v reflect.Value, depth int) error {
	p := planOf(v.Type())
	if p == nil {
		return nil
	}
	if w.nodes++; depth > maxDepth || w.nodes > maxNodes {
		return errBottomless
	}
	switch p.kind {
	case isSecret:
		return w.visit(v)
	case isStruct:
		return w.walkStruct(v, p, depth+1)
	case isPointer:
		return w.walkPointer(v, depth+1)
	case isSlice, isArray:
		return w.walkList(v, p, depth+1)
	case isMap:
		return w.walkMap(v, depth+1)
	default:
		return w.walkInterface(v, depth+1)
	}
}

func (w *walker) walkStruct(v reflect.Value, p *plan, depth int) error {
	for _, f := range p.fields {
		if err := w.walk(v.Field(f.index), depth); err != nil {
			return at(f.name, err)
		}
	}
	return nil
}

func (w *walker) walkPointer(v reflect.Value, depth int) error {
	if v.IsNil() {
		return nil
	}
	if w.mode == copying {
		if !v.CanSet() {
			return errors.New("seal: a Secret behind an embedded pointer to an unexported struct cannot be copied")
		}
		c := reflect.New(v.Type().Elem())
		c.Elem().Set(v.Elem())
		v.Set(c)
	}
	return w.walk(v.Elem(), depth)
}

func (w *walker) walkList(v reflect.Value, p *plan, depth int) error {
	if w.mode == copying && p.kind == isSlice && !v.IsNil() {
		c := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(c, v)
		v.Set(c)
	}
	for i := range v.Len() {
		if err := w.walk(v.Index(i), depth); err != nil {
			return at(fmt.Sprintf("[%d]", i), err)
		}
	}
	return nil
}

// walkMap works on a copy of each element, because a map's own cannot be changed.
func (w *walker) walkMap(v reflect.Value, depth int) error {
	if v.IsNil() {
		return nil
	}
	into := v
	if w.mode == copying {
		into = reflect.MakeMapWithSize(v.Type(), v.Len())
	}
	for entry := v.MapRange(); entry.Next(); {
		e := entry.Value()
		if w.mode != reading {
			e = detach(e)
		}
		if err := w.walk(e, depth); err != nil {
			return at("[…]", err) // a key may be personal as well
		}
		if w.mode != reading {
			into.SetMapIndex(entry.Key(), e)
		}
	}
	if w.mode == copying {
		v.Set(into)
	}
	return nil
}

// walkInterface does the same with what the interface holds.
func (w *walker) walkInterface(v reflect.Value, depth int) error {
	if v.IsNil() || planOf(v.Elem().Type()) == nil {
		return nil
	}
	if w.mode == reading || !v.CanSet() {
		return w.walk(v.Elem(), depth)
	}
	e := detach(v.Elem())
	if err := w.walk(e, depth); err != nil {
		return err
	}
	v.Set(e)
	return nil
}

// detach returns a copy of v that can be changed.
func detach(v reflect.Value) reflect.Value {
	c := reflect.New(v.Type()).Elem()
	c.Set(v)
	return c
}

// fieldError says where in a value something is wrong.
type fieldError struct {
	path string
	err  error
}

func (e *fieldError) Error() string { return e.path + ": " + e.err.Error() }

func (e *fieldError) Unwrap() error { return e.err }

// at puts one step of the way in front of an error.
func at(step string, err error) error {
	inner, ok := err.(*fieldError)
	switch {
	case step == "" || err == errStop:
		return err
	case !ok:
		return &fieldError{step, err}
	case inner.path[0] == '[':
		return &fieldError{step + inner.path, inner.err}
	}
	return &fieldError{step + "." + inner.path, inner.err}
}
