package wire

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"sync"
)

// Encoded is a request as it will travel: an escaped path, a query without the
// question mark, and the exact body bytes (nil when there is none).
type Encoded struct {
	Path  string
	Query string
	Body  []byte
}

// FieldError says which wire field could not be encoded and why; it never
// carries the value.
type FieldError struct{ Field, Problem string }

// Error is "field: problem".
func (e *FieldError) Error() string { return e.Field + ": " + e.Problem }

// Encode fills template from the fields of in. A field tagged path:"x" replaces
// {x}; one tagged query:"x" goes into the query of GET and DELETE requests, and
// of other requests only when it is kept out of the JSON by json:"-"; all other
// JSON fields form the body. A part of template in square brackets is kept for
// partners and dropped otherwise. in may be nil.
func Encode(method, template string, partner bool, in any) (Encoded, error) {
	v := reflect.ValueOf(in)
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	var p *plan
	if v.Kind() == reflect.Struct {
		p = planOf(v.Type())
	}
	path, err := fillPath(template, partner, p, v)
	if err != nil {
		return Encoded{}, err
	}
	out := Encoded{Path: path}
	bodyless := method == http.MethodGet || method == http.MethodDelete
	if v.Kind() == reflect.Pointer {
		in = nil // a nil pointer of some type: there is nothing to send
	}
	if p != nil {
		if out.Query, err = p.query(v, bodyless); err != nil {
			return Encoded{}, err
		}
	}
	if bodyless || in == nil || (p != nil && !p.body) {
		return out, nil
	}
	out.Body, err = JSON(in)
	return out, err
}

// JSON marshals v without HTML escaping and without a trailing newline.
func JSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("encoding the body: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'}), nil
}

func fillPath(template string, partner bool, p *plan, v reflect.Value) (string, error) {
	if i := strings.IndexByte(template, '['); i >= 0 {
		j := strings.IndexByte(template, ']')
		if j < i {
			return "", fmt.Errorf("path template %q: unbalanced bracket", template)
		}
		part := ""
		if partner {
			part = template[i+1 : j]
		}
		template = template[:i] + part + template[j+1:]
	}
	if !strings.Contains(template, "{") {
		return template, nil
	}
	var b strings.Builder
	for {
		before, rest, more := strings.Cut(template, "{")
		b.WriteString(before)
		if !more {
			return b.String(), nil
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			return "", fmt.Errorf("path template %q: unbalanced brace", template)
		}
		value, err := p.pathValue(name, v)
		if err != nil {
			return "", err
		}
		b.WriteString(value)
		template = after
	}
}

// EscapeSegment escapes one path segment by RFC 3986, leaving the asterisk as
// it is because order numbers may hold one.
func EscapeSegment(s string) string {
	return strings.ReplaceAll(url.PathEscape(s), "%2A", "*")
}

type field struct {
	name   string
	index  []int
	noJSON bool
}

// plan is what reflection learned about a request type, kept by type.
type plan struct {
	paths   map[string]field
	queries []field
	body    bool // some field is part of the JSON body
}

var plans sync.Map // reflect.Type → *plan

func planOf(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		return p.(*plan)
	}
	p := &plan{paths: map[string]field{}}
	p.add(t, nil)
	actual, _ := plans.LoadOrStore(t, p)
	return actual.(*plan)
}

func (p *plan) add(t reflect.Type, at []int) {
	for i := range t.NumField() {
		f := t.Field(i)
		index := append(append([]int(nil), at...), i)
		tag, hasTag := f.Tag.Lookup("json")
		if f.Anonymous && f.Type.Kind() == reflect.Struct && (!hasTag || strings.HasPrefix(tag, ",")) {
			p.add(f.Type, index)
			continue
		}
		if !f.IsExported() {
			continue
		}
		noJSON := tag == "-"
		if name := f.Tag.Get("path"); name != "" {
			p.paths[name] = field{name: name, index: index}
		}
		if name := f.Tag.Get("query"); name != "" {
			p.queries = append(p.queries, field{name: name, index: index, noJSON: noJSON})
		}
		p.body = p.body || !noJSON
	}
}

func (p *plan) pathValue(name string, v reflect.Value) (string, error) {
	if p == nil {
		return "", &FieldError{name, "no value for the path"}
	}
	f, ok := p.paths[name]
	if !ok {
		return "", &FieldError{name, "no value for the path"}
	}
	s, err := text(v.FieldByIndex(f.index))
	switch {
	case err != nil:
		return "", &FieldError{name, err.Error()}
	case s == "":
		return "", &FieldError{name, "is empty; an empty path segment would reach another endpoint"}
	case s == "." || s == "..":
		return "", &FieldError{name, "must not be a dot segment"}
	}
	return EscapeSegment(s), nil
}

func (p *plan) query(v reflect.Value, bodyless bool) (string, error) {
	var b strings.Builder
	for _, f := range p.queries {
		if !bodyless && !f.noJSON {
			continue
		}
		fv := v.FieldByIndex(f.index)
		if fv.IsZero() {
			continue
		}
		s, err := text(fv)
		if err != nil {
			return "", &FieldError{f.name, err.Error()}
		}
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(f.name)
		b.WriteByte('=')
		b.WriteString(EscapeQuery(s))
	}
	return b.String(), nil
}

// EscapeQuery escapes a query value with %20 for a space.
func EscapeQuery(s string) string {
	return strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
}

func text(v reflect.Value) (string, error) {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return "", nil
		}
		v = v.Elem()
	}
	if m, ok := v.Interface().(encoding.TextMarshaler); ok {
		b, err := m.MarshalText()
		return string(b), err
	}
	switch v.Kind() {
	case reflect.String:
		return v.String(), nil
	case reflect.Bool:
		return strconv.FormatBool(v.Bool()), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.FormatInt(v.Int(), 10), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return strconv.FormatUint(v.Uint(), 10), nil
	}
	return "", fmt.Errorf("type %s cannot travel in a path or query", v.Type())
}
