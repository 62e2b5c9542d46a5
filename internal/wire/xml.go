package wire

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Pair is one flat element: its name and its decoded text.
type Pair = struct{ Name, Value string }

// ErrXML, ErrDoctype and ErrNested are the causes of a refused XML document,
// beside ErrDuplicate.
var (
	ErrXML     = errors.New("not the flat XML that WeChat sends")
	ErrDoctype = errors.New("a DOCTYPE, comment or processing instruction, which WeChat never sends")
	ErrNested  = errors.New("an element inside an element")
)

// maxElements is how many fields a flat document may have; real ones stay below
// a hundred.
const maxElements = 1000

// ParseXML reads one flat document, <root><a>…</a><b>…</b></root>, and returns
// its fields in order. Texts are decoded (entities, CDATA) and never trimmed; <a/>
// is an empty text. It refuses at the first sign: directives, comments,
// attributes, nesting, doubled fields, unknown entities, other encodings, invalid
// UTF-8, characters that XML cannot hold and anything after the root.
func ParseXML(data []byte, root string) ([]Pair, error) { return ParseXMLWith(data, root, "") }

// ParseXMLWith is ParseXML for documents of which one element, list, holds others:
// its value is the XML inside of it, as it came. SplitXML reads that.
func ParseXMLWith(data []byte, root, list string) ([]Pair, error) {
	p := xmlScanner{data: strings.TrimPrefix(string(data), "\uFEFF"), list: list}
	if err := p.characters(); err != nil {
		return nil, err
	}
	p.space()
	if err := p.declaration(); err != nil {
		return nil, err
	}
	p.space()
	pairs, err := p.document(root)
	if err != nil {
		return nil, err
	}
	p.space()
	if p.at != len(p.data) {
		return nil, p.because(nil, "something follows the document")
	}
	return pairs, nil
}

// SplitXML reads what ParseXMLWith passed on: flat elements named item, one after
// another.
func SplitXML(data, item string) ([][]Pair, error) {
	p := xmlScanner{data: data}
	var out [][]Pair
	for p.space(); p.at != len(p.data); p.space() {
		pairs, err := p.document(item)
		if err != nil {
			return nil, err
		}
		if len(out) == maxElements {
			return nil, p.because(nil, "more than %d items", maxElements)
		}
		out = append(out, pairs)
	}
	return out, nil
}

// document reads one flat element and the fields in it.
func (p *xmlScanner) document(root string) ([]Pair, error) {
	if t, err := p.tag(); err != nil || t.kind != opening || t.name != root {
		return nil, p.because(err, "want <%s>", root)
	}
	pairs := make([]Pair, 0, 24)
	for {
		p.space()
		t, err := p.tag()
		switch {
		case err != nil:
			return nil, err
		case t.kind == closing && t.name != root:
			return nil, p.because(nil, "closes what is not open")
		case t.kind == closing:
			return pairs, doubled(pairs)
		case len(pairs) == maxElements:
			return nil, p.because(nil, "more than %d fields", maxElements)
		}
		value := ""
		switch {
		case t.kind == empty:
		case p.list != "" && t.name == p.list:
			value, err = p.inside(t.name)
		default:
			value, err = p.text(t.name)
		}
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, Pair{Name: t.name, Value: value})
	}
}

// inside returns what stands before the closing tag of name, unread.
func (p *xmlScanner) inside(name string) (string, error) {
	end := "</" + name + ">"
	i := strings.Index(p.rest(), end)
	if i < 0 {
		return "", p.because(nil, "unfinished")
	}
	value := p.rest()[:i]
	p.at += i + len(end)
	return value, nil
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
	data string // in one piece: names and most values are parts of it
	at   int
	list string // the element that may hold others, "" for none
}

// characters refuses what no XML document can hold.
func (p *xmlScanner) characters() error {
	if !utf8.ValidString(p.data) {
		return fmt.Errorf("%w: invalid UTF-8", ErrXML)
	}
	for i := range len(p.data) {
		c := p.data[i]
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' || c == 0xEF && i+2 < len(p.data) && p.data[i+1] == 0xBF && p.data[i+2] >= 0xBE {
			return fmt.Errorf("%w: byte %d: a character that XML cannot hold", ErrXML, i)
		}
	}
	return nil
}

func (p *xmlScanner) because(err error, format string, args ...any) error {
	if err != nil {
		return err
	}
	return fmt.Errorf("%w: byte %d: %s", ErrXML, p.at, fmt.Sprintf(format, args...))
}

func (p *xmlScanner) rest() string { return p.data[p.at:] }

func (p *xmlScanner) space() {
	for p.at < len(p.data) && (p.data[p.at] == ' ' || p.data[p.at] == '\n' || p.data[p.at] == '\r' || p.data[p.at] == '\t') {
		p.at++
	}
}

// declarations are the forms of <?xml …?> accepted, without their blanks.
var declarations = []string{
	`<?xmlversion="1.0"`, `<?xmlversion="1.0"encoding="utf-8"`, `<?xmlversion="1.0"encoding="utf8"`,
}

// declaration passes over <?xml …?>, which may only name UTF-8.
func (p *xmlScanner) declaration() error {
	if !strings.HasPrefix(p.rest(), "<?xml ") {
		return nil
	}
	end := strings.Index(p.rest(), "?>")
	if end < 0 || end > 200 {
		return p.because(nil, "an unfinished declaration")
	}
	d := strings.NewReplacer(" ", "", "'", `"`).Replace(strings.ToLower(p.rest()[:end]))
	d = strings.TrimSuffix(strings.TrimSuffix(d, `standalone="yes"`), `standalone="no"`)
	if !slices.Contains(declarations, d) {
		return p.because(nil, "a declaration of anything but XML 1.0 in UTF-8")
	}
	p.at += end + 2
	return nil
}

// The kinds of tags.
const (
	opening = iota // <a>
	closing        // </a>
	empty          // <a/>
)

type xmlTag struct {
	name string
	kind int
}

// tag reads one tag.
func (p *xmlScanner) tag() (xmlTag, error) {
	r := p.rest()
	if len(r) < 3 || r[0] != '<' {
		return xmlTag{}, p.because(nil, "want a tag")
	}
	if r[1] == '!' || r[1] == '?' {
		return xmlTag{}, ErrDoctype
	}
	t := xmlTag{kind: opening}
	i := 1
	if r[1] == '/' {
		i, t.kind = 2, closing
	}
	start := i
	for i < len(r) && isNameByte(r[i]) {
		i++
	}
	if i == start || i-start > 64 || i == len(r) {
		return xmlTag{}, p.because(nil, "want a name of letters, digits and underscores")
	}
	t.name = r[start:i]
	blank := r[i] == ' '
	if blank {
		i++
	}
	if t.kind == opening && strings.HasPrefix(r[i:], "/>") {
		t.kind = empty
		i++
	}
	if i == len(r) || r[i] != '>' {
		if blank {
			return xmlTag{}, p.because(nil, "attributes are not used here")
		}
		return xmlTag{}, p.because(nil, "an odd tag")
	}
	p.at += i + 1
	return t, nil
}

func isNameByte(c byte) bool {
	return c == '_' || c == '-' || c == '.' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// text reads the content of name up to and including its closing tag. It is
// copied only if it comes in several pieces, which is rare.
func (p *xmlScanner) text(name string) (string, error) {
	var text string
	var joined []byte // in place of text, once there are several pieces
	add := func(piece string) {
		switch {
		case piece == "":
		case joined != nil:
			joined = append(joined, piece...)
		case text == "":
			text = piece
		default:
			joined = append(append(joined, text...), piece...)
		}
	}
	for {
		piece, r := p.plain()
		add(piece)
		switch {
		case r == "":
			return "", p.because(nil, "unfinished")
		case strings.Contains(piece, "]]>"):
			return "", p.because(nil, "]]> outside CDATA")
		case r[0] == '&':
			c, err := p.entity()
			if err != nil {
				return "", err
			}
			add(string(c))
		case strings.HasPrefix(r, "<![CDATA["):
			end := strings.Index(r, "]]>")
			if end < 0 {
				return "", p.because(nil, "unfinished CDATA")
			}
			add(r[len("<![CDATA["):end])
			p.at += end + len("]]>")
		default:
			if joined != nil {
				text = string(joined)
			}
			return text, p.closes(name)
		}
	}
}

// plain passes over text without markup and returns it with what follows.
func (p *xmlScanner) plain() (piece, rest string) {
	r := p.rest()
	i := strings.IndexByte(r, '<')
	if i < 0 {
		i = len(r)
	}
	if amp := strings.IndexByte(r[:i], '&'); amp >= 0 {
		i = amp
	}
	p.at += i
	return r[:i], r[i:]
}

// closes reads the tag that closes name.
func (p *xmlScanner) closes(name string) error {
	t, err := p.tag()
	switch {
	case err != nil:
		return err
	case t.kind != closing:
		return ErrNested
	case t.name != name:
		return p.because(nil, "closes what is not open")
	}
	return nil
}

func (p *xmlScanner) entity() (rune, error) {
	r := p.rest()
	end := strings.IndexByte(r[:min(len(r), 12)], ';')
	if end < 0 {
		return 0, p.because(nil, "an unfinished entity")
	}
	name := r[1:end]
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
