package wire

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
)

// Tree is a small nested document, XML or JSON alike: all nodes in their order,
// each followed by those inside of it. A JSON array is its elements one after
// another under the array's name, as XML repeats an element. null is an empty
// leaf.
type Tree []Node

// Node is one element or member.
type Node struct {
	Name string
	Text string // of a leaf: decoded text, or a number or word of JSON as it came
	Size int    // how many nodes are inside
}

const (
	maxNodes     = 2000 // of one tree; real ones stay below a hundred
	maxTreeDepth = 32
)

// ParseTree reads one document: XML under <xml> or a JSON object, told apart by
// its first byte. Elements may be repeated, JSON keys may not. Blanks around CDATA
// are dropped, and so is what no XML document can hold. Like ParseXML it refuses
// directives, comments, attributes, unknown entities and other encodings.
func ParseTree(data []byte) (Tree, error) {
	body := bytes.TrimPrefix(data, []byte("\uFEFF"))
	body = body[space(body, 0):]
	t := make(Tree, 0, 8)
	if len(body) > 0 && body[0] == '{' {
		err := t.object(body, 0, 1)
		return t, err
	}
	p := xmlScanner{data: string(body)}
	if !printable(body) && p.characters() != nil {
		p.data = CleanXML(p.data)
	}
	if err := p.declaration(); err != nil {
		return nil, err
	}
	p.space()
	if root, err := p.tag(); err != nil || root.kind != opening || root.name != "xml" {
		return nil, p.because(err, "want <xml>")
	}
	if err := p.children(&t, "xml", 1); err != nil {
		return nil, err
	}
	p.space()
	if p.at != len(p.data) {
		return nil, p.because(nil, "something follows the document")
	}
	return t, nil
}

// printable reports whether data is ASCII without control characters, eight bytes
// at a time: subtracting a blank from a smaller byte sets its high bit.
func printable(data []byte) bool {
	const blanks, highs = 0x2020202020202020, 0x8080808080808080
	for ; len(data) >= 8; data = data[8:] {
		if x := binary.LittleEndian.Uint64(data); (x|(x-blanks))&highs != 0 {
			return false
		}
	}
	for _, c := range data {
		if c < ' ' || c >= 0x80 {
			return false
		}
	}
	return true
}

// Text is the text of the first leaf called name at the top level, "" if there is
// none.
func (t Tree) Text(name string) string {
	for i := 0; i < len(t); i += 1 + t[i].Size {
		if t[i].Name == name {
			return t[i].Text
		}
	}
	return ""
}

// Count is how often name comes at the top level.
func (t Tree) Count(name string) int {
	n := 0
	for i := 0; i < len(t); i += 1 + t[i].Size {
		if t[i].Name == name {
			n++
		}
	}
	return n
}

// Inside is the tree below the first node called name, empty for a leaf.
func (t Tree) Inside(name string) Tree {
	for i := 0; i < len(t); i += 1 + t[i].Size {
		if t[i].Name == name {
			return t.below(i)
		}
	}
	return nil
}

// below is the tree inside of node i.
func (t Tree) below(i int) Tree { return t[i+1 : i+1+t[i].Size] }

// add appends a node and returns where it stands.
func (t *Tree) add(name, text string, depth int) (int, error) {
	switch {
	case len(*t) == maxNodes:
		return 0, fmt.Errorf("%w: more than %d nodes", ErrShape, maxNodes)
	case depth > maxTreeDepth:
		return 0, ErrDepth
	}
	*t = append(*t, Node{Name: name, Text: text})
	return len(*t) - 1, nil
}

// children reads what is inside of the open element name, up to its closing tag.
func (p *xmlScanner) children(t *Tree, name string, depth int) error {
	for {
		p.space()
		tag, err := p.tag()
		switch {
		case err != nil:
			return err
		case tag.kind == closing && tag.name != name:
			return p.because(nil, "closes what is not open")
		case tag.kind == closing:
			return nil
		}
		at, err := t.add(tag.name, "", depth)
		if err != nil {
			return err
		}
		if tag.kind == empty {
			continue
		}
		if err := p.content(t, at, depth); err != nil {
			return err
		}
	}
}

// content reads either elements or a text into the node at.
func (p *xmlScanner) content(t *Tree, at, depth int) error {
	start, name := p.at, (*t)[at].Name
	p.space()
	r := p.rest()
	if len(r) > 1 && r[0] == '<' && isNameByte(r[1]) {
		err := p.children(t, name, depth+1)
		(*t)[at].Size = len(*t) - at - 1
		return err
	}
	marked := strings.HasPrefix(r, "<![CDATA[")
	if !marked {
		p.at = start
	}
	text, err := p.text(name)
	if err == nil && marked {
		text = text[:len(text)-p.blanksAfterCDATA()]
	}
	(*t)[at].Text = text
	return err
}

// blanksAfterCDATA counts the blanks between the last CDATA section and the
// closing tag just read, which are no part of the text.
func (p *xmlScanner) blanksAfterCDATA() int {
	end := strings.LastIndexByte(p.data[:p.at], '<')
	i := end
	for p.data[i-1] == ' ' || p.data[i-1] == '\t' || p.data[i-1] == '\r' || p.data[i-1] == '\n' {
		i--
	}
	if strings.HasSuffix(p.data[:i], "]]>") {
		return end - i
	}
	return 0
}

// object adds the members of a JSON object to the tree, below the node whose
// first child would stand at from.
func (t *Tree) object(data []byte, from, depth int) error {
	return Members(data, func(key, value []byte) error {
		name, ok := string(key), true
		if bytes.IndexByte(key, '\\') >= 0 {
			name, ok = String([]byte(`"` + name + `"`))
		}
		if !ok {
			return fmt.Errorf("%w: a key that is no text", ErrShape)
		}
		if (*t)[from:].Count(name) > 0 {
			return fmt.Errorf("%w: %s", ErrDuplicate, show(key))
		}
		return t.member(name, value, depth)
	})
}

// member adds one well-formed JSON value under name.
func (t *Tree) member(name string, v []byte, depth int) error {
	switch v[0] {
	case '{':
		at, err := t.add(name, "", depth)
		if err != nil {
			return err
		}
		err = t.object(v, at+1, depth+1)
		(*t)[at].Size = len(*t) - at - 1
		return err
	case '[':
		return t.array(name, v, depth)
	case '"':
		text, _ := String(v)
		_, err := t.add(name, text, depth)
		return err
	}
	text := string(v)
	if text == "null" {
		text = ""
	}
	_, err := t.add(name, text, depth)
	return err
}

// array adds the elements of a JSON array, each under the name of the array.
func (t *Tree) array(name string, v []byte, depth int) error {
	if depth > maxTreeDepth {
		return ErrDepth
	}
	for i := space(v, 1); v[i] != ']'; {
		end, err := value(v, i, depth)
		if err != nil {
			return err
		}
		if err := t.member(name, v[i:end], depth+1); err != nil {
			return err
		}
		if i = space(v, end); v[i] == ',' {
			i = space(v, i+1)
		}
	}
	return nil
}
