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
	set   func(*T, string) error
}

// bound is a column found in a bill.
type bound[T any] struct {
	at   int
	name string
	set  func(*T, string) error
}

func bind[T any](table []column[T], cols *columns) []bound[T] {
	out := make([]bound[T], 0, len(table))
	for _, c := range table {
		for _, name := range c.names {
			if i, ok := cols.index[plainName(name)]; ok {
				out = append(out, bound[T]{i, name, c.set})
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
	for _, f := range fields {
		if err := f.set(t, values[f.at]); err != nil {
			return fmt.Errorf("%w: %w", ErrFormat, row.wrong(f.name, err))
		}
	}
	return nil
}

// The ways a field is set.
func text[T any](at func(*T) *string) func(*T, string) error {
	return func(t *T, s string) error { *at(t) = s; return nil }
}

func fen[T any](at func(*T) *wechat.Fen) func(*T, string) error {
	return func(t *T, s string) (err error) {
		if s != "" {
			*at(t), err = parseFen(s)
		}
		return err
	}
}

func fine[T any](at func(*T) *Fine) func(*T, string) error {
	return func(t *T, s string) (err error) {
		if s != "" {
			*at(t), err = parseFine(s)
		}
		return err
	}
}

func when[T any](at func(*T) *wechat.Time) func(*T, string) error {
	return func(t *T, s string) (err error) { *at(t), err = moment(s); return err }
}

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
