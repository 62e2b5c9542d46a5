package wire

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// Members reads the object in data once, strictly by RFC 8259, and calls f with
// each member: the key between its quotes, as written, and the value's own bytes.
// Nothing is copied. What is not one object, with nothing after it and depth
// within MaxDepth, is an error; f may have been called by then. An error of f
// ends the walk. Duplicate keys are CheckKeys' business.
func Members(data []byte, f func(key, value []byte) error) error {
	i := space(data, 0)
	if i == len(data) || data[i] != '{' {
		return ErrShape
	}
	end, err := members(data, i, 1, f)
	if err != nil {
		return err
	}
	if rest := space(data, end); rest != len(data) {
		return fmt.Errorf("%w: something follows it at byte %d", ErrShape, rest)
	}
	return nil
}

// String returns the text of a JSON string value, escapes resolved and invalid
// UTF-8 replaced as encoding/json does it. A value that is no string gives false.
func String(value []byte) (string, bool) {
	if len(value) < 2 || value[0] != '"' || value[len(value)-1] != '"' {
		return "", false
	}
	inner := value[1 : len(value)-1]
	if bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
		return string(inner), true
	}
	var s string
	if json.Unmarshal(value, &s) != nil {
		return "", false
	}
	return s, true
}

// Bytes is String without a copy: the result lies in value unless escapes had to be
// resolved.
func Bytes(value []byte) ([]byte, bool) {
	if len(value) < 2 || value[0] != '"' || value[len(value)-1] != '"' {
		return nil, false
	}
	if inner := value[1 : len(value)-1]; bytes.IndexByte(inner, '\\') < 0 {
		return inner, true
	}
	s, ok := String(value)
	return []byte(s), ok
}

func malformed(i int) error { return fmt.Errorf("%w: malformed at byte %d", ErrShape, i) }

// members reads the object that opens at i and returns the index after it.
func members(data []byte, i, depth int, f func(key, value []byte) error) (int, error) {
	i = space(data, i+1)
	if i < len(data) && data[i] == '}' {
		return i + 1, nil
	}
	for {
		if i >= len(data) || data[i] != '"' {
			return 0, malformed(i)
		}
		keyEnd, err := quoted(data, i)
		if err != nil {
			return 0, err
		}
		key := data[i+1 : keyEnd-1]
		if i = space(data, keyEnd); i == len(data) || data[i] != ':' {
			return 0, malformed(i)
		}
		i = space(data, i+1)
		end, err := value(data, i, depth)
		if err != nil {
			return 0, err
		}
		if f != nil {
			if err := f(key, data[i:end]); err != nil {
				return 0, err
			}
		}
		if i = space(data, end); i < len(data) && data[i] == '}' {
			return i + 1, nil
		}
		if i == len(data) || data[i] != ',' {
			return 0, malformed(i)
		}
		i = space(data, i+1)
	}
}

// elements is members for an array.
func elements(data []byte, i, depth int) (int, error) {
	i = space(data, i+1)
	if i < len(data) && data[i] == ']' {
		return i + 1, nil
	}
	for {
		end, err := value(data, i, depth)
		if err != nil {
			return 0, err
		}
		if i = space(data, end); i < len(data) && data[i] == ']' {
			return i + 1, nil
		}
		if i == len(data) || data[i] != ',' {
			return 0, malformed(i)
		}
		i = space(data, i+1)
	}
}

func value(data []byte, i, depth int) (int, error) {
	if i >= len(data) {
		return 0, malformed(i)
	}
	switch c := data[i]; {
	case c == '"':
		return quoted(data, i)
	case c == '{' || c == '[':
		if depth == MaxDepth {
			return 0, ErrDepth
		}
		if c == '{' {
			return members(data, i, depth+1, nil)
		}
		return elements(data, i, depth+1)
	case c == 't':
		return literal(data, i, "true")
	case c == 'f':
		return literal(data, i, "false")
	case c == 'n':
		return literal(data, i, "null")
	}
	return number(data, i)
}

func literal(data []byte, i int, want string) (int, error) {
	if !bytes.HasPrefix(data[i:], []byte(want)) {
		return 0, malformed(i)
	}
	return i + len(want), nil
}

// quoted reads the string that opens at i and returns the index after it.
func quoted(data []byte, i int) (int, error) {
	for i = ordinary(data, i+1); i < len(data); i = ordinary(data, i+1) {
		switch c := data[i]; {
		case c == '"':
			return i + 1, nil
		case c < ' ':
			return 0, malformed(i)
		case c == '\\':
			n := escape(data[i+1:])
			if n == 0 {
				return 0, malformed(i)
			}
			i += n
		}
	}
	return 0, malformed(i)
}

// ordinary skips what needs no look inside a string, eight bytes at a time: it
// stops at or before the next quote, backslash or control character. A byte minus
// one, and not itself, has its high bit set only if it was zero.
func ordinary(data []byte, i int) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(data); i += 8 {
		x := binary.LittleEndian.Uint64(data[i:])
		quote, slash := x^ones*'"', x^ones*'\\'
		if ((x-ones*' ')&^x|(quote-ones)&^quote|(slash-ones)&^slash)&highs != 0 {
			break
		}
	}
	return i
}

// escape returns the length of the escape after a backslash, 0 if it is none.
func escape(b []byte) int {
	if len(b) == 0 {
		return 0
	}
	switch b[0] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 1
	case 'u':
		if len(b) > 4 && hex(b[1]) && hex(b[2]) && hex(b[3]) && hex(b[4]) {
			return 5
		}
	}
	return 0
}

func hex(c byte) bool { return digit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }

func digit(c byte) bool { return '0' <= c && c <= '9' }

// number reads -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)? and returns the
// index after it.
func number(data []byte, i int) (int, error) {
	if i < len(data) && data[i] == '-' {
		i++
	}
	end := digits(data, i)
	if end == i || data[i] == '0' && end > i+1 {
		return 0, malformed(i)
	}
	if end < len(data) && data[end] == '.' {
		if i, end = end+1, digits(data, end+1); end == i {
			return 0, malformed(i)
		}
	}
	if end < len(data) && data[end]|0x20 == 'e' {
		i = end + 1
		if i < len(data) && (data[i] == '+' || data[i] == '-') {
			i++
		}
		if end = digits(data, i); end == i {
			return 0, malformed(i)
		}
	}
	return end, nil
}

func digits(data []byte, i int) int {
	for i < len(data) && digit(data[i]) {
		i++
	}
	return i
}

func space(data []byte, i int) int {
	for i < len(data) && (data[i] == ' ' || data[i] == '\n' || data[i] == '\r' || data[i] == '\t') {
		i++
	}
	return i
}
