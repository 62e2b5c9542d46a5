package wechattest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"
)

// shape is what a field of a request may look like.
type shape struct {
	name     string
	kind     kind
	need     bool
	min, max int64 // characters of a text, value of an integer, items of a list
	valid    func(string) string
	fields   []shape // of an object, or of every item of a list
}

type kind int

const (
	aText kind = iota
	anInteger
	aBool
	anObject
	aList    // of objects
	someText // list of texts
	anything // passed over unread
)

func text(name string, max int64) shape    { return shape{name: name, max: max} }
func boolean(name string) shape            { return shape{name: name, kind: aBool} }
func object(name string, f ...shape) shape { return shape{name: name, kind: anObject, fields: f} }
func opaque(name string) shape             { return shape{name: name, kind: anything} }
func number(name string, min, max int64) shape {
	return shape{name: name, kind: anInteger, min: min, max: max}
}
func list(name string, max int64, f ...shape) shape {
	return shape{name: name, kind: aList, max: max, fields: f}
}

// must makes the field required.
func (s shape) must() shape { s.need = true; return s }

// that adds a check, which returns what is wrong or "".
func (s shape) that(valid func(string) string) shape { s.valid = valid; return s }

func oneOf(name string, values ...string) shape {
	return text(name, 64).that(func(v string) string {
		if slices.Contains(values, v) {
			return ""
		}
		return "is none of the values allowed"
	})
}

// check compares a value with its shape; at is its JSON pointer.
func (s shape) check(at string, v any) *refusal {
	switch s.kind {
	case anything:
		return nil
	case aText:
		return s.checkText(at, v)
	case anInteger:
		return s.checkInteger(at, v)
	case aBool:
		if _, ok := v.(bool); !ok {
			return badParam("body", at, "must be true or false")
		}
		return nil
	case anObject:
		return s.checkObject(at, v)
	}
	return s.checkList(at, v)
}

func (s shape) checkText(at string, v any) *refusal {
	t, ok := v.(string)
	switch n := int64(utf8.RuneCountInString(t)); {
	case !ok:
		return badParam("body", at, "must be a string")
	case t == "":
		return badParam("body", at, "is empty; leave it out instead")
	case n > s.max:
		return badParam("body", at, fmt.Sprintf("has %d characters, at most %d are allowed", n, s.max)).with(t)
	}
	for _, r := range t {
		if r > 0xFFFF {
			return badParam("body", at, "holds a character of four bytes, such as an emoji")
		}
		if r < ' ' {
			return badParam("body", at, "holds a control character")
		}
	}
	if s.valid != nil {
		if issue := s.valid(t); issue != "" {
			return badParam("body", at, issue).with(t)
		}
	}
	return nil
}

func (s shape) checkInteger(at string, v any) *refusal {
	t, ok := v.(json.Number)
	n, err := strconv.ParseInt(string(t), 10, 64)
	switch {
	case !ok || err != nil:
		return badParam("body", at, "must be an integer")
	case n < s.min || n > s.max:
		return badParam("body", at, fmt.Sprintf("must be from %d to %d", s.min, s.max)).with(n).numbered(numRange)
	}
	return nil
}

func (s shape) checkObject(at string, v any) *refusal {
	m, ok := v.(map[string]any)
	if !ok {
		return badParam("body", at, "must be an object")
	}
	for _, f := range s.fields {
		value, there := m[f.name]
		if !there {
			if f.need {
				return badParam("body", at+"/"+f.name, "is missing")
			}
			continue
		}
		if value == nil {
			return badParam("body", at+"/"+f.name, "is null; leave it out instead")
		}
		if no := f.check(at+"/"+f.name, value); no != nil {
			return no
		}
	}
	for _, name := range sortedKeys(m) {
		if !slices.ContainsFunc(s.fields, func(f shape) bool { return f.name == name }) {
			return badParam("body", at+"/"+name, "is not a parameter of this interface").numbered(numUnknownField)
		}
	}
	return nil
}

func (s shape) checkList(at string, v any) *refusal {
	items, ok := v.([]any)
	switch {
	case !ok:
		return badParam("body", at, "must be an array")
	case len(items) == 0:
		return badParam("body", at, "is an empty array; leave it out instead")
	case int64(len(items)) > s.max:
		return badParam("body", at, fmt.Sprintf("has %d items, at most %d are allowed", len(items), s.max))
	}
	item := shape{kind: anObject, fields: s.fields}
	if s.kind == someText {
		item = shape{max: 64, valid: s.valid}
	}
	for i, it := range items {
		if no := item.check(fmt.Sprintf("%s/%d", at, i), it); no != nil {
			return no
		}
	}
	return nil
}

// parse reads a body of this shape into out and returns it as a tree too.
func (s shape) parse(body []byte, out any) (map[string]any, *refusal) {
	tree, err := readTree(body)
	if err != nil {
		return nil, badParam("body", "", "the body "+err.Error())
	}
	if no := s.check("", tree); no != nil {
		return nil, no
	}
	if err := json.Unmarshal(body, out); err != nil {
		return nil, badParam("body", "", "the body does not fit this interface")
	}
	return tree.(map[string]any), nil // check saw an object
}
