package message

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wxcommerce/wechat/internal/check"
	"github.com/wxcommerce/wechat/internal/wire"
)

// Values fill the keywords of a template: "thing1" to what it says. The keywords
// are those of the template's text without {{ and .DATA}}, all of them are needed.
type Values map[string]string

type value struct {
	Value string `json:"value"`
}

// Format prints how many there are, whatever the verb, because they hold personal
// data.
func (v Values) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "%d values", len(v)) }

// MarshalJSON writes {"thing1":{"value":"…"}}.
func (v Values) MarshalJSON() ([]byte, error) {
	out := make(map[string]value, len(v))
	for key, text := range v {
		out[key] = value{text}
	}
	return wire.JSON(out)
}

// present checks what both kinds of template messages need.
func (v Values) present(f *check.Fields) {
	f.Must(len(v) > 0, "data", "is empty: a template needs its values")
	for _, key := range slices.Sorted(maps.Keys(v)) {
		f.Must(isKeyword(key), "data", "has a keyword that is not of letters, digits and underscores (%d bytes): leave {{ and .DATA}} out", len(key))
		f.Must(utf8.ValidString(v[key]), "data."+key, "is not valid UTF-8 (%d bytes): convert it first", len(v[key]))
	}
}

func isKeyword(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r != '_' && !isASCIILetter(r) && !isDigit(r) })
}

// Check tells which value does not fit the kind of its keyword, the letters before
// the number: a thing has up to 20 characters, a phrase up to 5 Chinese ones. The
// limits are documented for subscription messages and seem to bind template messages
// too; sending does not check them, because only WeChat knows them for sure. Kinds
// that are unknown or have a list of their own (const, enum) pass. The error is a
// *wechat.FieldError and does not hold the value.
func (v Values) Check() error {
	var f check.Fields
	v.present(&f)
	for _, key := range slices.Sorted(maps.Keys(v)) {
		rule, known := keywordRules[strings.TrimRightFunc(key, isDigit)]
		f.Must(v[key] != "", "data."+key, "is empty: every keyword needs a value")
		f.Must(!known || rule.fits(v[key]), "data."+key, "does not fit (%d characters): want %s", utf8.RuneCountInString(v[key]), rule.want)
	}
	return f.Err()
}

type keywordRule struct {
	want string
	fits func(string) bool
}

var keywordRules = map[string]keywordRule{
	"thing":            {"up to 20 characters", func(s string) bool { return utf8.RuneCountInString(s) <= 20 }},
	"number":           {"up to 32 digits, with a decimal point if need be", func(s string) bool { return isDecimal(s, 32) }},
	"letter":           {"up to 32 letters", func(s string) bool { return len(s) <= 32 && all(s, isASCIILetter) }},
	"symbol":           {"up to 5 symbols", func(s string) bool { return utf8.RuneCountInString(s) <= 5 && all(s, isSymbol) }},
	"character_string": {"up to 32 letters, digits and symbols", func(s string) bool { return len(s) <= 32 && all(s, isVisible) }},
	"time":             {"a time such as 15:01 or 2019年10月1日 15:01, or two with ~ in between", isMoment},
	"date":             {"a date such as 2019年10月1日, or two with ~ in between", isMoment},
	"amount":           {"a currency sign if need be, up to 10 digits, and 元 if need be", isAmount},
	"phone_number":     {"up to 17 digits and signs", func(s string) bool { return len(s) <= 17 && all(s, isVisible) && strings.ContainsFunc(s, isDigit) }},
	"car_number":       {"up to 8 characters", func(s string) bool { return utf8.RuneCountInString(s) <= 8 }},
	"name":             {"up to 10 Chinese characters or 20 letters", isName},
	"phrase":           {"up to 5 Chinese characters", func(s string) bool { return utf8.RuneCountInString(s) <= 5 && all(s, isHan) }},
}

func all(s string, ok func(rune) bool) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !ok(r) })
}

func isDigit(r rune) bool       { return r >= '0' && r <= '9' }
func isASCIILetter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }
func isVisible(r rune) bool     { return r > ' ' && r <= '~' }
func isHan(r rune) bool         { return unicode.Is(unicode.Han, r) }
func isSymbol(r rune) bool      { return unicode.IsSymbol(r) || unicode.IsPunct(r) }

// isDecimal reports whether s is at most limit digits with one point among them or none.
func isDecimal(s string, limit int) bool {
	whole, part, point := strings.Cut(s, ".")
	return whole != "" && len(whole)+len(part) <= limit && all(whole, isDigit) && all(part, isDigit) && point == (part != "")
}

func isAmount(s string) bool {
	s = strings.TrimSuffix(s, "元")
	if r, size := utf8.DecodeRuneInString(s); unicode.Is(unicode.Sc, r) {
		s = s[size:]
	}
	return isDecimal(s, 10)
}

// isMoment is lenient about how dates are written: sources differ.
func isMoment(s string) bool {
	return utf8.RuneCountInString(s) <= 50 && strings.ContainsFunc(s, isDigit) && all(s, func(r rune) bool {
		return isDigit(r) || strings.ContainsRune("年月日 :-/.~", r)
	})
}

func isName(s string) bool {
	if strings.ContainsFunc(s, isHan) {
		return utf8.RuneCountInString(s) <= 10 && !strings.ContainsFunc(s, isDigit)
	}
	return utf8.RuneCountInString(s) <= 20 && !strings.ContainsFunc(s, isDigit)
}
