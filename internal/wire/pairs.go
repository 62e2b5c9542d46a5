package wire

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
)

// EncodePairs turns a struct into its fields tagged xml:"name", in declaration
// order, embedded structs included. Zero values are left out unless the tag ends
// in ",zero". Values are cleaned for XML.
func EncodePairs(in any) ([]Pair, error) {
	v := reflect.ValueOf(in)
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		return nil, nil
	}
	fields := xmlPlanOf(v.Type()).fields
	pairs := make([]Pair, 0, len(fields)+4)
	for _, f := range fields {
		fv := v.FieldByIndex(f.index)
		if fv.IsZero() && !f.zero {
			continue
		}
		s, err := f.text(fv)
		if err != nil {
			return nil, &FieldError{f.name, err.Error()}
		}
		pairs = append(pairs, Pair{Name: f.name, Value: s})
	}
	return pairs, nil
}

// DecodePairs fills the fields of out, a pointer to a struct, from pairs. Unknown
// pairs are passed over; a field of type []Pair tagged xml:"*" gets all of them.
// An empty value leaves its field zero.
func DecodePairs(pairs []Pair, out any) error {
	v := reflect.ValueOf(out)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		return fmt.Errorf("cannot decode fields into a %T", out)
	}
	v = v.Elem()
	plan := xmlPlanOf(v.Type())
	if plan.all != nil {
		v.FieldByIndex(plan.all).Set(reflect.ValueOf(pairs))
	}
	for _, p := range pairs {
		i, known := plan.byName[p.Name]
		if !known || p.Value == "" {
			continue
		}
		if err := setText(v.FieldByIndex(plan.fields[i].index), p.Value); err != nil {
			return &FieldError{p.Name, err.Error()}
		}
	}
	return nil
}

type xmlField struct {
	name  string
	index []int
	zero  bool
	words bool // the type has a text form of its own
}

var marshaler = reflect.TypeFor[encoding.TextMarshaler]()

func (f xmlField) text(v reflect.Value) (string, error) {
	if !f.words {
		switch {
		case v.Kind() == reflect.String:
			return CleanXML(v.String()), nil
		case v.CanInt():
			return strconv.FormatInt(v.Int(), 10), nil
		}
	}
	s, err := text(v)
	return CleanXML(s), err
}

type xmlPlan struct {
	fields []xmlField
	byName map[string]int
	all    []int
}

var xmlPlans sync.Map // reflect.Type → *xmlPlan

func xmlPlanOf(t reflect.Type) *xmlPlan {
	if p, ok := xmlPlans.Load(t); ok {
		return p.(*xmlPlan)
	}
	p := &xmlPlan{byName: map[string]int{}}
	p.add(t, nil)
	actual, _ := xmlPlans.LoadOrStore(t, p)
	return actual.(*xmlPlan)
}

func (p *xmlPlan) add(t reflect.Type, at []int) {
	for i := range t.NumField() {
		f := t.Field(i)
		index := append(append([]int(nil), at...), i)
		name, opts, _ := strings.Cut(f.Tag.Get("xml"), ",")
		switch {
		case name == "" && f.Anonymous && f.Type.Kind() == reflect.Struct:
			p.add(f.Type, index)
		case name == "*" && f.Type == reflect.TypeFor[[]Pair]():
			p.all = index
		case name != "" && name != "-" && f.IsExported():
			p.byName[name] = len(p.fields)
			p.fields = append(p.fields, xmlField{name, index, opts == "zero", f.Type.Implements(marshaler)})
		}
	}
}

func setText(v reflect.Value, s string) error {
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return u.UnmarshalText([]byte(s))
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(s)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, err := strconv.ParseInt(s, 10, v.Type().Bits())
		if err != nil || s[0] == '+' {
			return fmt.Errorf("want a whole number, got %d bytes of something else", len(s))
		}
		v.SetInt(n)
	default:
		return fmt.Errorf("type %s cannot hold a field", v.Type())
	}
	return nil
}
