package bill

import (
	"errors"
	"strings"

	"github.com/wxcommerce/wechat"
)

// Fine is an exact amount in hundred-thousandths of a yuan: fees in bills go that
// far. Everything else in a bill is whole fen.
type Fine int64

const fineInFen = 1000 // 10^-5 yuan in a fen

// ErrAmount is an amount in a bill that is not plain decimal text, or finer than it may be.
var ErrAmount = errors.New("bill: not a plain decimal amount")

// parseFine reads plain decimal text of up to five places; zeros beyond are accepted.
func parseFine(s string) (Fine, error) {
	digits, negative := strings.CutPrefix(s, "-")
	if digits == "" || digits[0] == '.' || digits[len(digits)-1] == '.' {
		return 0, ErrAmount
	}
	var n int64
	places := -1
	for i := range len(digits) {
		c := digits[i]
		switch {
		case c == '.' && places < 0:
			places = 0
			continue
		case c < '0' || c > '9':
			return 0, ErrAmount
		case places == 5 && c != '0':
			return 0, ErrAmount
		case places == 5:
			continue
		case n > (1<<62)/10:
			return 0, ErrAmount
		}
		n = n*10 + int64(c-'0')
		if places >= 0 {
			places++
		}
	}
	for p := max(places, 0); p < 5; p++ {
		if n > (1<<62)/10 {
			return 0, ErrAmount
		}
		n *= 10
	}
	if negative {
		n = -n
	}
	return Fine(n), nil
}

// parseFen reads an amount that must be whole fen.
func parseFen(s string) (wechat.Fen, error) {
	if f, ok := plainFen(s); ok {
		return f, nil
	}
	n, err := parseFine(s)
	if err != nil || n%fineInFen != 0 {
		return 0, ErrAmount
	}
	return wechat.Fen(n / fineInFen), nil
}

// plainFen reads what nearly all amounts look like: digits and two places.
func plainFen(s string) (f wechat.Fen, ok bool) {
	point := len(s) - 3
	if point < 1 || point > 12 || s[point] != '.' {
		return 0, false
	}
	for i := range len(s) {
		c := s[i] - '0'
		if i == point {
			continue
		}
		if c > 9 {
			return 0, false
		}
		f = f*10 + wechat.Fen(c)
	}
	return f, true
}

// Fen is the amount in whole fen; exact is false if something was cut off.
func (f Fine) Fen() (amount wechat.Fen, exact bool) {
	return wechat.Fen(f / fineInFen), f%fineInFen == 0
}

// String is the amount in yuan with five places.
func (f Fine) String() string {
	sign, n := "", f
	if n < 0 {
		sign, n = "-", -n
	}
	whole := wechat.Fen(n / fineInFen).Yuan()
	rest := n % fineInFen
	return sign + whole + string([]byte{byte('0' + rest/100), byte('0' + rest/10%10), byte('0' + rest%10)})
}
