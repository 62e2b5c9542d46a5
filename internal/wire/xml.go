package wire

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Pair is one flat element: its name and its decoded text.
type Pair = struct{ Name, Value string }

// Causes of a refused XML document.
var (
	ErrXML     = errors.New("not the flat XML that WeChat sends")
	ErrDoctype = errors.New("a DOCTYPE, comment or processing instruction, which WeChat never sends")
	ErrNested  = errors.New("an element inside an element")
)

// maxElements is how many fields a flat document may have; real ones stay below
// a hundred.
const maxElements = 1000

// ParseXML reads one flat document, <root><a>…</a><b>…</b></root>, and returns
// its fields in order. Texts are decoded (entities, CDATA) and never trimmed. It
// refuses at the first sign: directives, comments, attributes, nesting, doubled
// fields, unknown entities, invalid UTF-8 and anything after the root.
func ParseXML(data []byte, root string) ([]Pair, error) {
	p := xmlScanner{data: bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))}
	if !utf8.Valid(p.data) {
		return nil, fmt.Errorf("%w: invalid UTF-8", ErrXML)
	}
	p.space()
	if err := p.declaration(); err != nil {
		return nil, err
	}
	p.space()
	if name, closing, err := p.tag(); err != nil || closing || name != root {
		return nil, p.because(err, "want <%s>", root)
	}
	pairs := make([]Pair, 0, 24)
	for {
		p.space()
		name, closing, err := p.tag()
		if err != nil {
			return nil, err
		}
		if closing {
			if name != root {
				return nil, p.because(nil, "closes what is not open")
			}
			break
		}
		value, err := p.text(name)
		if err != nil {
			return nil, err
		}
		if len(pairs) == maxElements {
			return nil, fmt.Errorf("%w: more than %d fields", ErrXML, maxElements)
		}
		pairs = append(pairs, Pair{Name: name, Value: value})
	}
	p.space()
	if p.at != len(p.data) {
		return nil, p.because(nil, "something follows the document")
	}
	return pairs, doubled(pairs)
}

func doubled(pairs []Pair) error {
	if len(pairs) <= 32 {
		for i, p := range pairs {
			for _, q := range pairs[:i] {
				if p.Name == q.Name {
					return fmt.Errorf("%w: %q", ErrDuplicate, clip([]byte(p.Name)))
				}
			}
		}
		return nil
	}
	seen := make(map[string]bool, len(pairs))
	for _, p := range pairs {
		if seen[p.Name] {
			return fmt.Errorf("%w: %q", ErrDuplicate, clip([]byte(p.Name)))
		}
		seen[p.Name] = true
	}
	return nil
}

type xmlScanner struct {
	data []byte
	at   int
}

func (p *xmlScanner) because(err error, format string, args ...any) error {
	if err != nil {
		return err
	}
	return fmt.Errorf("%w: byte %d: %s", ErrXML, p.at, fmt.Sprintf(format, args...))
}

func (p *xmlScanner) rest() []byte { return p.data[p.at:] }

func (p *xmlScanner) space() {
	for p.at < len(p.data) && (p.data[p.at] == ' ' || p.data[p.at] == '\n' || p.data[p.at] == '\r' || p.data[p.at] == '\t') {
		p.at++
	}
}

// declaration passes over <?xml …?>, which may only name UTF-8.
func (p *xmlScanner) declaration() error {
	if !bytes.HasPrefix(p.rest(), []byte("<?xml ")) {
		return nil
	}
	end := bytes.Index(p.rest(), []byte("?>"))
	if end < 0 || end > 200 {
		return p.because(nil, "an unfinished declaration")
	}
	d := bytes.ToLower(p.rest()[:end])
	if bytes.Contains(d, []byte("encoding")) && !bytes.Contains(d, []byte("utf-8")) {
		return p.because(nil, "an encoding other than UTF-8")
	}
	p.at += end + 2
	return nil
}

// tag reads <name> or </name>.
func (p *xmlScanner) tag() (name string, closing bool, err error) {
	r := p.rest()
	if len(r) < 3 || r[0] != '<' {
		return "", false, p.because(nil, "want a tag")
	}
	if r[1] == '!' || r[1] == '?' {
		return "", false, ErrDoctype
	}
	i := 1
	if closing = r[1] == '/'; closing {
		i = 2
	}
	start := i
	for i < len(r) && isNameByte(r[i]) {
		i++
	}
	if i == start || i-start > 64 || i == len(r) {
		return "", false, p.because(nil, "want a name of letters, digits and underscores")
	}
	name = string(r[start:i])
	if r[i] == ' ' {
		return "", false, p.because(nil, "attributes are not used here")
	}
	if r[i] != '>' {
		return "", false, p.because(nil, "an odd tag")
	}
	p.at += i + 1
	return name, closing, nil
}

func isNameByte(c byte) bool {
	return c == '_' || c == '-' || c == '.' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// text reads the content of name up to and including its closing tag.
func (p *xmlScanner) text(name string) (string, error) {
	var out []byte
	whole := "" // the content when it is in one piece, which is the rule
	for first := true; ; first = false {
		r := p.rest()
		i := bytes.IndexAny(r, "<&")
		if i < 0 {
			return "", p.because(nil, "unfinished")
		}
		piece := r[:i]
		if bytes.Contains(piece, []byte("]]>")) {
			return "", p.because(nil, "]]> outside CDATA")
		}
		p.at += i
		switch {
		case r[i] == '&':
			c, err := p.entity()
			if err != nil {
				return "", err
			}
			out = utf8.AppendRune(append(append(out, whole...), piece...), c)
			whole = ""
			continue
		case bytes.HasPrefix(r[i:], []byte("<![CDATA[")):
			end := bytes.Index(r[i:], []byte("]]>"))
			if end < 0 {
				return "", p.because(nil, "unfinished CDATA")
			}
			inner := r[i+9 : i+end]
			p.at += end + 3
			if first && i == 0 {
				whole = string(inner)
				continue
			}
			out = append(append(append(out, whole...), piece...), inner...)
			whole = ""
			continue
		}
		close, closing, err := p.tag()
		switch {
		case err != nil:
			return "", err
		case !closing:
			return "", ErrNested
		case close != name:
			return "", p.because(nil, "closes what is not open")
		case len(out) == 0 && len(piece) == 0:
			return whole, nil
		case len(out) == 0 && whole == "":
			return string(piece), nil
		}
		return string(append(append(out, whole...), piece...)), nil
	}
}

func (p *xmlScanner) entity() (rune, error) {
	r := p.rest()
	end := bytes.IndexByte(r[:min(len(r), 12)], ';')
	if end < 0 {
		return 0, p.because(nil, "an unfinished entity")
	}
	name := string(r[1:end])
	p.at += end + 1
	switch name {
	case "amp":
		return '&', nil
	case "lt":
		return '<', nil
	case "gt":
		return '>', nil
	case "quot":
		return '"', nil
	case "apos":
		return '\'', nil
	}
	digits, base := "", 10
	if len(name) > 1 && name[0] == '#' {
		if digits = name[1:]; digits[0] == 'x' || digits[0] == 'X' {
			digits, base = digits[1:], 16
		}
	}
	n, err := strconv.ParseUint(digits, base, 21)
	if err != nil || !xmlRune(rune(n)) {
		return 0, p.because(nil, "an unknown entity")
	}
	return rune(n), nil
}

// xmlRune reports whether XML 1.0 can hold r.
func xmlRune(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r >= 0x20 && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= 0x10FFFF
}

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
