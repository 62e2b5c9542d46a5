package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// block is one stretch of statements: the file it is in, as the profile names
// it, and where.
type block struct{ file, span string }

// hit says how many statements a block has and whether a test ran them.
type hit struct {
	statements int
	ran        bool
}

// read takes a profile apart. A block that several test programs report counts
// once, and as run if one of them ran it.
func read(r io.Reader) (map[block]hit, error) {
	lines := bufio.NewScanner(r)
	if !lines.Scan() || !strings.HasPrefix(lines.Text(), "mode: ") {
		return nil, errors.New("not a coverage profile")
	}
	blocks := map[block]hit{}
	for lines.Scan() {
		b, h, err := line(lines.Text())
		if err != nil {
			return nil, err
		}
		h.ran = h.ran || blocks[b].ran
		blocks[b] = h
	}
	if len(blocks) == 0 {
		return nil, errors.New("the profile is empty")
	}
	return blocks, lines.Err()
}

// line reads "path/file.go:10.2,12.3 2 1".
func line(s string) (block, hit, error) {
	bad := fmt.Errorf("not a line of a coverage profile: %q", s)
	words := strings.Fields(s)
	if len(words) != 3 {
		return block{}, hit{}, bad
	}
	file, span, ok := strings.Cut(words[0], ".go:")
	n, err := strconv.Atoi(words[1])
	count, err2 := strconv.Atoi(words[2])
	if !ok || err != nil || err2 != nil || n < 0 || count < 0 {
		return block{}, hit{}, bad
	}
	return block{file + ".go", span}, hit{n, count > 0}, nil
}
