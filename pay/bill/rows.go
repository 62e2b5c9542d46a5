package bill

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/wxcommerce/wechat"
)

// Causes of an unreadable bill.
var (
	// ErrFormat is text that cannot be taken apart as a bill.
	ErrFormat = errors.New("bill: not the format of a WeChat Pay bill")
	// ErrTotals is a bill whose rows and totals differ.
	ErrTotals = errors.New("bill: the totals do not agree with the rows")
	// ErrColumn is a name the header of the bill does not have.
	ErrColumn = errors.New("bill: no such column")
)

// maxLine bounds one row; real ones stay below a few thousand bytes.
const maxLine = 1 << 20

// Row is one detail row, or the totals. Its values live as long as the caller keeps them.
type Row struct {
	cols *columns
	text string // the line without its first back-tick
	line int
}

// Line is the number of the row's line in the file, from 1.
func (r Row) Line() int { return r.line }

// Columns are the names in the header, in order. Do not change the slice.
func (r Row) Columns() []string { return r.cols.names }

// Value is the text under the column of that name, and whether there is such a
// column. Parentheses may be written full width or not.
func (r Row) Value(name string) (string, bool) {
	i, ok := r.cols.index[plainName(name)]
	if !ok {
		return "", false
	}
	rest := r.text
	for ; i > 0; i-- {
		_, rest, _ = strings.Cut(rest, between)
	}
	value, _, _ := strings.Cut(rest, between)
	return value, true
}

// between separates values: they may hold commas of their own.
const between = ",`"

// Fen is the amount of yuan under name, in fen. An empty value is zero.
func (r Row) Fen(name string) (wechat.Fen, error) {
	s, ok := r.Value(name)
	if !ok {
		return 0, fmt.Errorf("%w %q", ErrColumn, name)
	}
	if s == "" {
		return 0, nil
	}
	f, err := parseFen(s)
	if err != nil {
		return 0, r.wrong(name, err)
	}
	return f, nil
}

func (r Row) wrong(name string, err error) error {
	return fmt.Errorf("line %d, column %s: %w", r.line, name, err)
}

type columns struct {
	names []string
	index map[string]int
}

func plainName(s string) string { return strings.NewReplacer("（", "(", "）", ")").Replace(s) }

func header(line string) *columns {
	c := &columns{index: map[string]int{}}
	for i, name := range strings.Split(line, ",") {
		c.names = append(c.names, name)
		c.index[plainName(strings.TrimSpace(name))] = i
	}
	return c
}

// reader takes a bill apart: header, details, header of the totals, totals.
type reader struct {
	src    *bufio.Reader
	line   int
	detail *columns
	totals *Row
	count  int64
	values []string // of the row last read
	long   []byte
}

// Read walks the detail rows of any bill text: today's, APIv2's, or Tenpay's once
// it is decoded. The walk ends after the first error. Damage is an error: a row
// with too few or too many values, a missing totals row, a count that does not
// agree, anything after the totals.
func Read(text io.Reader) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		r := newReader(text)
		for {
			row, err := r.next()
			if err == io.EOF {
				return
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

// next returns a detail row, or io.EOF after the totals were read and checked.
func (r *reader) next() (Row, error) {
	if r.detail == nil {
		line, err := r.read()
		if err != nil {
			return Row{}, r.bad(err, "no header row")
		}
		line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
		if len(line) == 0 || line[0] == '`' || line[0] == '<' {
			return Row{}, r.bad(nil, "no header row")
		}
		r.detail = header(string(line))
	}
	line, err := r.read()
	if err != nil {
		return Row{}, r.bad(err, "the totals row is missing")
	}
	if len(line) > 0 && line[0] == '`' {
		r.count++
		return r.row(line, r.detail)
	}
	return Row{}, r.finish(line)
}

// finish reads the totals whose header is line.
func (r *reader) finish(line []byte) error {
	if !bytes.Contains(line, []byte("总")) && !bytes.Contains(line, []byte("笔数")) {
		return r.bad(nil, "neither a row nor the header of the totals")
	}
	cols := header(string(line))
	line, err := r.read()
	if err != nil || len(line) == 0 || line[0] != '`' {
		return r.bad(err, "the totals row is missing")
	}
	row, err := r.row(line, cols)
	if err != nil {
		return err
	}
	for {
		rest, err := r.read()
		if err == io.EOF {
			break
		}
		if err != nil || len(rest) > 0 {
			return r.bad(err, "something follows the totals")
		}
	}
	r.totals = &row
	return r.checkCount()
}

func (r *reader) checkCount() error {
	n, err := parseFine(r.values[0])
	if err != nil || n%(100*fineInFen) != 0 {
		return r.bad(nil, "the number of rows in the totals is not a number")
	}
	if int64(n)/(100*fineInFen) != r.count {
		return fmt.Errorf("%w: they count %s rows, the bill has %d", ErrTotals, r.values[0], r.count)
	}
	return io.EOF
}

// row takes a line apart and checks that it has a value for each column. The
// values stay in r until the next row.
func (r *reader) row(line []byte, cols *columns) (Row, error) {
	row := Row{cols: cols, text: string(line[1:]), line: r.line}
	r.values = r.values[:0]
	rest := row.text
	for at := 0; ; {
		i := strings.IndexByte(rest[at:], '`')
		if i < 0 {
			break
		}
		if at += i; at == 0 || rest[at-1] != ',' {
			at++
			continue
		}
		r.values, rest, at = append(r.values, rest[:at-1]), rest[at+1:], 0
	}
	r.values = append(r.values, rest)
	if len(r.values) != len(cols.names) {
		return Row{}, r.bad(nil, fmt.Sprintf("%d values under %d columns", len(r.values), len(cols.names)))
	}
	return row, nil
}

// read returns a line without its end; it is valid until the next read.
func (r *reader) read() ([]byte, error) {
	r.line++
	line, err := r.src.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		r.long = append(r.long[:0], line...)
		for err == bufio.ErrBufferFull && len(r.long) <= maxLine {
			line, err = r.src.ReadSlice('\n')
			r.long = append(r.long, line...)
		}
		line = r.long
	}
	if len(line) > maxLine {
		return nil, fmt.Errorf("a line over %d bytes", maxLine)
	}
	if err == io.EOF && len(line) > 0 {
		err = nil
	}
	end := len(line)
	for end > 0 && (line[end-1] == '\n' || line[end-1] == '\r') {
		end--
	}
	return line[:end], err
}

func (r *reader) bad(err error, what string) error {
	if err != nil && err != io.EOF {
		return fmt.Errorf("%w: line %d: %s: %w", ErrFormat, r.line, what, err)
	}
	return fmt.Errorf("%w: line %d: %s", ErrFormat, r.line, what)
}

// moment reads yyyy-MM-dd HH:mm:ss in Beijing time; empty is the zero time.
func moment(s string) (wechat.Time, error) {
	if s == "" {
		return wechat.Time{}, nil
	}
	if len(s) != len(time.DateTime) || s[4] != '-' || s[7] != '-' || s[10] != ' ' || s[13] != ':' || s[16] != ':' {
		return wechat.Time{}, ErrFormat
	}
	var n [6]int
	for i, at := range [6][2]int{{0, 4}, {5, 7}, {8, 10}, {11, 13}, {14, 16}, {17, 19}} {
		for _, c := range []byte(s[at[0]:at[1]]) {
			if c < '0' || c > '9' {
				return wechat.Time{}, ErrFormat
			}
			n[i] = n[i]*10 + int(c-'0')
		}
	}
	if n[1] < 1 || n[1] > 12 || n[2] < 1 || n[2] > 31 || n[3] > 23 || n[4] > 59 || n[5] > 59 {
		return wechat.Time{}, ErrFormat
	}
	return wechat.Time{Time: time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], 0, wechat.Beijing)}, nil
}

func newReader(text io.Reader) *reader {
	return &reader{src: bufio.NewReaderSize(text, buffer)}
}
