// Package check holds the rules that the fields of requests share. A problem names
// the field, the limit, the shape of the value and what to do about it; it never
// holds the value.
package check

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wxcommerce/wechat"
)

// Fields checks one field after another and keeps the first problem. The zero
// value is ready; it is not safe for concurrent use.
type Fields struct{ err error }

// Err is the first problem as a *wechat.FieldError, or nil.
func (f *Fields) Err() error { return f.err }

// Fail records a problem unless there is one already.
func (f *Fields) Fail(field, format string, args ...any) {
	if f.err == nil {
		f.err = wechat.Invalid(field, fmt.Sprintf(format, args...))
	}
}

// Must records a problem unless ok.
func (f *Fields) Must(ok bool, field, format string, args ...any) {
	if !ok {
		f.Fail(field, format, args...)
	}
}

// Text is free text of at most limit characters, as WeChat Pay counts them. ""
// is fine. Characters of four UTF-8 bytes are refused, as WeChat Pay does.
func (f *Fields) Text(field, value string, limit int) {
	if !utf8.ValidString(value) {
		f.Fail(field, "is not valid UTF-8 (%d bytes): convert it first", len(value))
		return
	}
	n, wide := 0, 0
	for _, r := range value {
		n++
		if r > 0xFFFF && wide == 0 {
			wide = n
		}
	}
	if n > limit {
		f.Fail(field, "has %d characters, the limit is %d: shorten it", n, limit)
	}
	if wide > 0 {
		f.Fail(field, "character %d of %d takes four bytes in UTF-8 (an emoji, or a rare ideograph), which WeChat Pay refuses: leave it out", wide, n)
	}
}

// Words is free text of at most limit characters for api.weixin.qq.com, which takes
// characters of four UTF-8 bytes too. "" is fine.
func (f *Fields) Words(field, value string, limit int) {
	if !utf8.ValidString(value) {
		f.Fail(field, "is not valid UTF-8 (%d bytes): convert it first", len(value))
		return
	}
	if n := utf8.RuneCountInString(value); n > limit {
		f.Fail(field, "has %d characters, the limit is %d: shorten it", n, limit)
	}
}

// Required is Text that must not be empty.
func (f *Fields) Required(field, value string, limit int) {
	f.Must(value != "", field, "is empty but required")
	f.Text(field, value, limit)
}

// Line is Required text without control characters: the user sees it in one line.
func (f *Fields) Line(field, value string, limit int) {
	f.Required(field, value, limit)
	if at := strings.IndexFunc(value, unicode.IsControl); at >= 0 {
		f.Fail(field, "byte %d of %d is a control character, such as a line break or a tab: leave it out", at+1, len(value))
	}
}

// ID is a required identifier of at most limit characters: visible ASCII, as all
// that WeChat Pay and its apps give out.
func (f *Fields) ID(field, value string, limit int) {
	f.Must(value != "", field, "is empty but required")
	f.OptionalID(field, value, limit)
}

// OptionalID is an ID that may be empty.
func (f *Fields) OptionalID(field, value string, limit int) {
	f.Must(len(value) <= limit, field, "has %d bytes, the limit is %d", len(value), limit)
	for i := range len(value) {
		if value[i] <= ' ' || value[i] > '~' {
			f.Fail(field, "byte %d of %d is not a visible ASCII character: copy the identifier as it was given", i+1, len(value))
			return
		}
	}
}

// Number is a merchant's own number: least to most characters out of letters,
// digits and the ASCII characters in others.
func (f *Fields) Number(field, value string, least, most int, others string) {
	if value == "" {
		f.Fail(field, "is empty but required")
		return
	}
	if len(value) < least || len(value) > most {
		f.Fail(field, "has %d bytes, want %d to %d", len(value), least, most)
		return
	}
	for i := range len(value) {
		if c := value[i]; !isAlnum(c) && strings.IndexByte(others, c) < 0 {
			f.Fail(field, "byte %d of %d is not a letter, a digit or one of %s", i+1, len(value), others)
			return
		}
	}
}

// OutTradeNo is the number of a new order: 6 to 32 of letters, digits and _-|*.
func (f *Fields) OutTradeNo(value string) { f.Number("out_trade_no", value, 6, 32, "_-|*") }

// OldOutTradeNo is the number of an order that exists. It is checked less
// strictly, for other systems had other rules when they made it.
func (f *Fields) OldOutTradeNo(value string) { f.Number("out_trade_no", value, 1, 32, "_-|*@") }

// OutRefundNo is the number of a refund: 1 to 64 of letters, digits and _-|*@.
func (f *Fields) OutRefundNo(value string) { f.Number("out_refund_no", value, 1, 64, "_-|*@") }

// NotifyURL is an absolute http or https address without a query. Whether
// WeChat Pay can reach it is not checked. "" is fine.
func (f *Fields) NotifyURL(field, value string, limit int) {
	if value == "" {
		return
	}
	f.Text(field, value, limit)
	u, err := url.Parse(value)
	switch {
	case err != nil:
		f.Fail(field, "is not a URL (%d bytes)", len(value))
	case u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "":
		f.Fail(field, "must be a whole address that begins with https://")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.HasSuffix(value, "#"):
		f.Fail(field, "must not have a query or a fragment: put what you need into the path")
	case u.User != nil:
		f.Fail(field, "must not hold a user name: WeChat Pay does not log in")
	}
}

// Address is an IPv4 or IPv6 address. "" is fine.
func (f *Fields) Address(field, value string) {
	if value == "" {
		return
	}
	ip, err := netip.ParseAddr(value)
	f.Must(err == nil && ip.Zone() == "" && len(value) <= 45, field, "is not an IPv4 or IPv6 address (%d bytes): leave out port and brackets", len(value))
}

// Positive is an amount of at least one fen.
func (f *Fields) Positive(field string, fen wechat.Fen) {
	f.Must(fen >= 1, field, "must be at least 1 fen")
}

// NotNegative is an amount that may be absent.
func (f *Fields) NotNegative(field string, fen wechat.Fen) {
	f.Must(fen >= 0, field, "must not be negative")
}

// Currency is a currency code or "".
func (f *Fields) Currency(field, value string) { f.OptionalID(field, value, 16) }

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
