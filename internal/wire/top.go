package wire

import (
	"bytes"
	"strings"
)

// Top finds the values of names at the top level of the object in data, in the
// order of names and without decoding anything else. A missing name, like
// malformed JSON, gives nil.
func Top(data []byte, names ...string) [][]byte {
	out := make([][]byte, len(names))
	i := bytes.IndexByte(data, '{') + 1
	for i > 0 && i < len(data) {
		i = skip(data, i, " \t\r\n,")
		if i >= len(data) || data[i] != '"' {
			return out
		}
		end := stringEnd(data, i+1)
		if end < 0 {
			return out
		}
		key := data[i+1 : end]
		start := skip(data, end+1, " \t\r\n:")
		i = valueEnd(data, start)
		if i < 0 {
			return out
		}
		for n, name := range names {
			if string(key) == name {
				out[n] = data[start:i]
			}
		}
	}
	return out
}

// Text returns the text of a JSON string value without escapes, as identifiers
// are written; anything else gives "".
func Text(value []byte) string {
	if len(value) < 2 || value[0] != '"' || bytes.IndexByte(value, '\\') >= 0 {
		return ""
	}
	return string(value[1 : len(value)-1])
}

func skip(data []byte, i int, over string) int {
	for i < len(data) && strings.IndexByte(over, data[i]) >= 0 {
		i++
	}
	return i
}

// valueEnd returns the index after the value that starts at i, or -1.
func valueEnd(data []byte, i int) int {
	depth := 0
	for ; i < len(data); i++ {
		switch data[i] {
		case '"':
			if i = stringEnd(data, i+1); i < 0 {
				return -1
			}
		case '{', '[':
			depth++
			continue
		case '}', ']':
			if depth == 0 {
				return i
			}
			depth--
		case ',':
			if depth == 0 {
				return i
			}
			continue
		default:
			continue
		}
		if depth == 0 {
			return i + 1
		}
	}
	return -1
}
