package wire

import (
	"strings"
	"unicode/utf8"
)

// AppendXML writes pairs as <xml>…</xml>, escaping what must be. Empty values are
// left out: nothing signs them. Values must be clean, as EncodePairs makes them.
func AppendXML(dst []byte, pairs []Pair) []byte {
	dst = append(dst, "<xml>"...)
	for _, p := range pairs {
		if p.Value == "" {
			continue
		}
		dst = append(append(append(dst, '<'), p.Name...), '>')
		dst = appendEscaped(dst, p.Value)
		dst = append(append(append(dst, "</"...), p.Name...), '>')
	}
	return append(dst, "</xml>"...)
}

func appendEscaped(dst []byte, s string) []byte {
	start := 0
	for i := range len(s) {
		esc := ""
		switch s[i] {
		case '&':
			esc = "&amp;"
		case '<':
			esc = "&lt;"
		case '>':
			esc = "&gt;"
		case '\r':
			esc = "&#13;" // a bare one would be read back as a line feed
		default:
			continue
		}
		dst = append(append(dst, s[start:i]...), esc...)
		start = i + 1
	}
	return append(dst, s[start:]...)
}

// CleanXML drops what XML 1.0 cannot hold: control characters, non-characters and
// invalid UTF-8. It must run before signing, so that what is signed is what is sent.
func CleanXML(s string) string {
	for i, r := range s {
		if !xmlRune(r) || r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD") {
			return cleaned(s)
		}
	}
	return s
}

func cleaned(s string) string {
	return strings.Map(func(r rune) rune {
		if !xmlRune(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
}
