package wire

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"sync"
)

// EncodePairs turns a struct into its fields tagged xml:"name", in declaration
// order, embedded structs included. Zero values are left out unless the field
// is also tagged zero:"true". Values are cleaned for XML.
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
	for i := range fields {
		f := &fields[i]
		fv := f.of(v)
		if f.plain {
			if s := fv.String(); s != "" || f.zero {
				pairs = append(pairs, Pair{Name: f.name, Value: CleanXML(s)})
			}
			continue
		}
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
	plain bool // a string and nothing more
}

// of is the field in v.
func (f *xmlField) of(v reflect.Value) reflect.Value {
	if len(f.index) == 1 {
		return v.Field(f.index[0])
	}
	return v.FieldByIndex(f.index)
}

var marshaler = reflect.TypeFor[encoding.TextMarshaler]()

func (f *xmlField) text(v reflect.Value) (string, error) {
	if !f.words && v.CanInt() {
		return strconv.FormatInt(v.Int(), 10), nil
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
		name := f.Tag.Get("xml")
		switch {
		case name == "" && f.Anonymous && f.Type.Kind() == reflect.Struct:
			p.add(f.Type, index)
		case name == "*" && f.Type == reflect.TypeFor[[]Pair]():
			p.all = index
		case name != "" && name != "-" && f.IsExported():
			p.byName[name] = len(p.fields)
			words := f.Type.Implements(marshaler)
			p.fields = append(p.fields, xmlField{name, index, f.Tag.Get("zero") == "true", words, !words && f.Type.Kind() == reflect.String})
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
