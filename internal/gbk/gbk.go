// Package gbk turns GBK text, which the services of 2014 still write, into UTF-8
// and back. Nothing is ever replaced: text that does not fit is an error.
package gbk

import (
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/transform"
)

// ErrNotGBK means bytes that are not GBK text.
var ErrNotGBK = errors.New("gbk: the bytes are not GBK text")

// ErrNoRoom means a character that GBK has not.
var ErrNoRoom = errors.New("gbk: GBK has no such character")

// Encode is s, UTF-8, as GBK bytes. A character GBK lacks, such as an emoji, and
// broken UTF-8 are ErrNoRoom.
func Encode(s string) (string, error) {
	if !utf8.ValidString(s) {
		return "", fmt.Errorf("%w: the text is not valid UTF-8", ErrNoRoom)
	}
	out, err := simplifiedchinese.GBK.NewEncoder().String(s)
	if err != nil {
		return "", ErrNoRoom
	}
	return out, nil
}

// Decode is b, GBK bytes, as UTF-8.
func Decode(b string) (string, error) {
	out, _, err := transform.String(strict(), b)
	return out, err
}

// NewReader decodes what it reads from r; bytes that are not GBK are ErrNotGBK.
func NewReader(r io.Reader) io.Reader { return transform.NewReader(r, strict()) }

func strict() transform.Transformer {
	return transform.Chain(shape{}, simplifiedchinese.GBK.NewDecoder(), noReplacement{})
}

// shape lets through whole characters only: the decoder would read past a lead
// byte that stands alone.
type shape struct{ transform.NopResetter }

func (shape) Transform(dst, src []byte, atEOF bool) (n, read int, err error) {
	for read < len(src) {
		size := 1
		if src[read] > 0x80 {
			size = 2
		}
		switch {
		case size == 2 && read+1 == len(src) && !atEOF:
			return n, read, transform.ErrShortSrc
		case size == 2 && (read+1 == len(src) || src[read+1] < 0x40 || src[read+1] == 0x7F || src[read+1] == 0xFF || src[read] == 0xFF):
			return n, read, ErrNotGBK
		case n+size > len(dst):
			return n, read, transform.ErrShortDst
		}
		n += copy(dst[n:], src[read:read+size])
		read += size
	}
	return n, read, nil
}

// noReplacement refuses the character that the decoder writes for what it cannot
// read; GBK itself has no such character.
type noReplacement struct{ transform.NopResetter }

func (noReplacement) Transform(dst, src []byte, atEOF bool) (n, read int, err error) {
	for read < len(src) {
		size := 1
		if src[read] >= utf8.RuneSelf {
			if !utf8.FullRune(src[read:]) && !atEOF {
				return n, read, transform.ErrShortSrc
			}
			r, s := utf8.DecodeRune(src[read:])
			if r == utf8.RuneError {
				return n, read, ErrNotGBK
			}
			size = s
		}
		if n+size > len(dst) {
			return n, read, transform.ErrShortDst
		}
		n += copy(dst[n:], src[read:read+size])
		read += size
	}
	return n, read, nil
}
