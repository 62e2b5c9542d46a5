package notify

import (
	"slices"
	"strings"

	"github.com/wxcommerce/wechat/internal/wire"
)

// Kind describes one sort of notice: how to tell it from others, what its payload
// is, whom it is about and what its business key is. It is an immutable value; the
// packages that own the payloads declare theirs, such as pay.Paid. Each method
// returns a changed copy.
type Kind[T any] struct {
	selector selector
	owner    owner
	key      func(T) string
	each     bool
}

// Of begins a Kind: payloads of type T that come with one of these event types.
// Without any event type it stands for all of them.
func Of[T any](eventTypes ...string) Kind[T] {
	return Kind[T]{selector: selector{types: slices.Clone(eventTypes)}}
}

// Original narrows the kind to notices whose resource says this original_type.
func (k Kind[T]) Original(original string) Kind[T] {
	k.selector.original = original
	return k
}

// Having narrows the kind to payloads that have this top-level field, other than
// null. A dot leads into an object.
func (k Kind[T]) Having(field string) Kind[T] {
	k.selector.having = append(slices.Clip(k.selector.having), field)
	return k
}

// Without narrows the kind to payloads that lack this field, or have it null.
func (k Kind[T]) Without(field string) Kind[T] {
	k.selector.without = append(slices.Clip(k.selector.without), field)
	return k
}

// Owner says which fields name the merchant: every one of them has to be in the
// payload and to hold our own number, those that begin with sub_ the number of the
// sub-merchant a handler was made for. A dot leads into an object, as in
// "receiver.account". Owner without fields means that the payload names nobody.
// When Owner is not called, the usual fields (mchid, sp_mchid, combine_mchid,
// sub_mchid and their older spellings) are compared as far as they are there.
func (k Kind[T]) Owner(fields ...string) Kind[T] {
	k.owner = owner{declared: true, fields: slices.Clone(fields)}
	return k
}

// Keyed says how to read, from a payload, the number WeChat gave to the business
// the notice is about: a transaction or refund id, with the state if one id passes
// through several under one event type. A payload for which f returns "" is
// refused. Without Keyed the id of the notice serves, which is the same whenever
// that notice is sent again.
func (k Kind[T]) Keyed(f func(T) string) Kind[T] {
	k.key = f
	return k
}

// Each says that one business is reported many times in the same words, every one
// of which counts: the id of the notice joins what Keyed reads, with a slash.
func (k Kind[T]) Each() Kind[T] {
	k.each = true
	return k
}

// known are the names whose other spellings are refused in a payload: those of T,
// and those that decide about kind and owner.
func (k Kind[T]) known() wire.Names {
	names := slices.Concat(usualNames, k.selector.having, k.selector.without, k.owner.fields)
	for i, name := range names {
		names[i] = name[strings.LastIndexByte(name, '.')+1:]
	}
	return wire.NamesOf[T]().With(names...)
}

// selector tells notices apart.
type selector struct {
	types           []string
	original        string
	having, without []string
}

func (s selector) matches(d Dialect, n *notice) bool {
	if len(s.types) > 0 && !slices.Contains(s.types, n.kind) || s.original != "" && s.original != n.original {
		return false
	}
	for _, field := range s.having {
		if !d.has(n, field) {
			return false
		}
	}
	for _, field := range s.without {
		if d.has(n, field) {
			return false
		}
	}
	return true
}

func (s selector) equal(o selector) bool {
	return s.original == o.original && slices.Equal(s.types, o.types) &&
		slices.Equal(s.having, o.having) && slices.Equal(s.without, o.without)
}
