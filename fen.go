package wechat

import (
	"errors"
	"strings"
)

// Fen is an amount of money in fen (分), a hundredth of a yuan. It travels as a
// JSON integer.
type Fen int64

// Errors of ParseYuan.
var (
	// ErrNotDecimal is text that is more or less than a plain decimal number.
	ErrNotDecimal = errors.New("wechat: not a plain decimal amount of yuan")
	// ErrFraction is an amount that no number of fen is equal to.
	ErrFraction = errors.New("wechat: an amount of yuan finer than one fen")
	// ErrRange is an amount that int64 fen cannot hold.
	ErrRange = errors.New("wechat: an amount of yuan out of range")
)

// ParseYuan reads plain decimal text such as "12", "0.1" or "-3.05" exactly.
// Zeros past the second decimal are accepted; other digits there give
// ErrFraction. Signs other than one leading minus, exponents, spaces and
// separators give ErrNotDecimal.
func ParseYuan(s string) (Fen, error) {
	digits, negative := strings.CutPrefix(s, "-")
	whole, frac, dot := strings.Cut(digits, ".")
	if whole == "" || dot && frac == "" || !allDigits(whole) || !allDigits(frac) {
		return 0, ErrNotDecimal
	}
	for len(frac) < 2 {
		frac += "0"
	}
	if strings.Trim(frac[2:], "0") != "" {
		return 0, ErrFraction
	}
	var n int64
	for _, c := range []byte(whole + frac[:2]) {
		d := int64(c - '0')
		if n > (1<<63-1-d)/10 {
			return 0, ErrRange
		}
		n = n*10 + d
	}
	if negative {
		n = -n
	}
	return Fen(n), nil
}

// Yuan is the amount as decimal text with two places, such as "12.05".
func (f Fen) Yuan() string {
	var b [24]byte
	i := len(b)
	n, places := uint64(f), 0
	if f < 0 {
		n = -n
	}
	for n > 0 || places < 3 {
		if places == 2 {
			i--
			b[i] = '.'
		}
		i--
		b[i] = byte('0' + n%10)
		n /= 10
		places++
	}
	if f < 0 {
		i--
		b[i] = '-'
	}
	return string(b[i:])
}

// Add returns f+g, and false when the sum does not fit.
func (f Fen) Add(g Fen) (Fen, bool) {
	s := f + g
	return s, (s > f) == (g > 0)
}

func allDigits(s string) bool {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
