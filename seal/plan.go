package seal

import (
	"reflect"
	"strings"
	"sync"
)

// plan says where Secrets can be below a type. A nil plan means nowhere.
type plan struct {
	kind   kind
	fields []fieldPlan // of a struct, only those that lead to a Secret
}

type kind uint8

const (
	isSecret kind = iota + 1
	isStruct
	isPointer
	isSlice
	isArray
	isMap
	isInterface
)

type fieldPlan struct {
	index int
	name  string // as the official documents spell it, "" for an embedded struct
}

var (
	secretType = reflect.TypeFor[Secret]()
	plans      sync.Map // reflect.Type to *plan
)

// planOf returns the plan of a type, made once.
func planOf(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		return p.(*plan)
	}
	var p *plan
	if reaches(t, map[reflect.Type]bool{}) {
		p = newPlan(t)
	}
	plans.Store(t, p)
	return p
}

// reaches reports whether a Secret can be found below t. An interface may hold
// anything, so it counts as yes. A type met again on the way adds nothing new.
func reaches(t reflect.Type, met map[reflect.Type]bool) bool {
	if t == secretType {
		return true
	}
	if met[t] {
		return false
	}
	met[t] = true
	switch t.Kind() {
	case reflect.Interface:
		return true
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return reaches(t.Elem(), met)
	case reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); isOpen(f) && reaches(f.Type, met) {
				return true
			}
		}
	}
	return false
}

// isOpen reports whether encoders can see the field: exported, or an embedded struct,
// whose own exported fields count even if its type is unexported.
func isOpen(f reflect.StructField) bool {
	t := f.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return f.IsExported() || f.Anonymous && t.Kind() == reflect.Struct
}

func newPlan(t reflect.Type) *plan {
	if t == secretType {
		return &plan{kind: isSecret}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return &plan{kind: isPointer}
	case reflect.Slice:
		return &plan{kind: isSlice}
	case reflect.Array:
		return &plan{kind: isArray}
	case reflect.Map:
		return &plan{kind: isMap}
	case reflect.Interface:
		return &plan{kind: isInterface}
	}
	p := &plan{kind: isStruct}
	for i := range t.NumField() {
		if f := t.Field(i); isOpen(f) && planOf(f.Type) != nil {
			p.fields = append(p.fields, fieldPlan{i, wireName(f)})
		}
	}
	return p
}

// wireName is the name a reader of the official documents knows.
func wireName(f reflect.StructField) string {
	for _, tag := range []string{"json", "query", "path"} {
		if name, _, _ := strings.Cut(f.Tag.Get(tag), ","); name != "" && name != "-" {
			return name
		}
	}
	if f.Anonymous {
		return ""
	}
	return f.Name
}
