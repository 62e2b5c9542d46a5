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

// escapes are the bytes that cannot stand in a text as they are; a bare return
// would be read back as a line feed.
var escapes = [64]string{'&': "&amp;", '<': "&lt;", '>': "&gt;", '\r': "&#13;"}

const escaped uint64 = 1<<'&' | 1<<'<' | 1<<'>' | 1<<'\r' // the same, as a set

func appendEscaped(dst []byte, s string) []byte {
	start := 0
	for i := range len(s) {
		if c := s[i]; c < 64 && escaped>>c&1 != 0 {
			dst = append(append(dst, s[start:i]...), escapes[c]...)
			start = i + 1
		}
	}
	return append(dst, s[start:]...)
}

// CleanXML drops what XML 1.0 cannot hold: control characters, non-characters and
// invalid UTF-8. It must run before signing, so that what is signed is what is sent.
func CleanXML(s string) string {
	plain := 0
	for plain < len(s) && s[plain]-' ' < utf8.RuneSelf-' ' { // of one byte, and no control character
		plain++
	}
	if plain == len(s) {
		return s
	}
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
