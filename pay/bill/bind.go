package bill

import (
	"fmt"
	"io"
	"iter"

	"github.com/wxcommerce/wechat"
)

// column tells where a field of a T comes from: the first of names that the bill
// has. A bill without any of them leaves the field zero.
type column[T any] struct {
	names []string
	place place[T]
}

// place is the field a value goes to: one of these is set. A row has dozens of
// values, so each costs one indirect call and no more.
type place[T any] struct {
	text func(*T) *string
	fen  func(*T) *wechat.Fen
	fine func(*T) *Fine
	when func(*T) *wechat.Time
}

// put reads s into the field. Empty amounts and times are zero.
func (p *place[T]) put(t *T, s string) (err error) {
	switch {
	case p.text != nil:
		*p.text(t) = s
	case s == "":
	case p.fen != nil:
		*p.fen(t), err = parseFen(s)
	case p.when != nil:
		*p.when(t), err = moment(s)
	default:
		*p.fine(t), err = parseFine(s)
	}
	return err
}

// bound is a column found in a bill.
type bound[T any] struct {
	at   int
	name string
	place[T]
}

func bind[T any](table []column[T], cols *columns) []bound[T] {
	out := make([]bound[T], 0, len(table))
	for _, c := range table {
		for _, name := range c.names {
			if i, ok := cols.index[plainName(name)]; ok {
				out = append(out, bound[T]{i, name, c.place})
				break
			}
		}
	}
	return out
}

// typed walks text as rows of T and, after the last, lets check compare the totals.
func typed[T any](text io.Reader, table []column[T], wrap func(Row) T, add func(*T), check func(Row) error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		r := newReader(text)
		var fields []bound[T]
		var t, zero T // one t for all rows: yield gets a copy
		for {
			row, err := r.next()
			if err == io.EOF {
				if err := check(*r.totals); err != nil {
					yield(zero, err)
				}
				return
			}
			t = wrap(row)
			if err == nil {
				if fields == nil {
					fields = bind(table, row.cols)
				}
				err = fill(&t, row, r.values, fields)
			}
			if err == nil {
				add(&t)
			}
			if !yield(t, err) || err != nil {
				return
			}
		}
	}
}

func fill[T any](t *T, row Row, values []string, fields []bound[T]) error {
	for i := range fields {
		f := &fields[i]
		if err := f.put(t, values[f.at]); err != nil {
			return fmt.Errorf("%w: %w", ErrFormat, row.wrong(f.name, err))
		}
	}
	return nil
}

// The kinds of fields.
func text[T any](at func(*T) *string) place[T]      { return place[T]{text: at} }
func fen[T any](at func(*T) *wechat.Fen) place[T]   { return place[T]{fen: at} }
func fine[T any](at func(*T) *Fine) place[T]        { return place[T]{fine: at} }
func when[T any](at func(*T) *wechat.Time) place[T] { return place[T]{when: at} }

// agrees compares a sum with the total under one of names. Totals may be written
// with fewer places than the rows; then the last place may be rounded or cut.
func agrees(totals Row, sum Fine, names ...string) error {
	for _, name := range names {
		s, ok := totals.Value(name)
		if !ok {
			continue
		}
		want, err := parseFine(s)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrTotals, totals.wrong(name, err))
		}
		if diff := want - sum; diff <= -grain(s) || diff >= grain(s) {
			return fmt.Errorf("%w: %s is %s, the rows add up to %s", ErrTotals, name, want, sum)
		}
		return nil
	}
	return nil
}

// grain is the size of the last place that s shows: what rounding may hide stays
// below it. Whole fen are never hidden.
func grain(s string) Fine {
	places := 0
	for i := range len(s) {
		if s[i] == '.' {
			places = len(s) - i - 1
		}
	}
	switch places {
	case 3:
		return 100
	case 4:
		return 10
	}
	if places >= 5 {
		return 1
	}
	return fineInFen // totals drop zeros: "0.0" is exact to the fen
}
