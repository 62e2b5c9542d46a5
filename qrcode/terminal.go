package qrcode

import (
	"fmt"
	"io"
	"strings"
)

// Terminal writes the code as lines of half blocks, two rows of modules to a
// line, with its margin. It is drawn for light letters on a dark ground unless
// [WithLightTerminal] says otherwise, uses no escape sequences and shows no logo.
func (c *Code) Terminal(w io.Writer) error {
	var b strings.Builder
	m := c.set.margin
	for y := -m; y < c.side+m; y += 2 {
		for x := -m; x < c.side+m; x++ {
			b.WriteRune(c.halves(x, y))
		}
		b.WriteByte('\n')
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("qrcode: write to terminal: %w", err)
	}
	return nil
}

// halves returns the block for the modules at x, y and below it. What a letter
// paints is the light modules on a dark ground and the dark ones on a light.
func (c *Code) halves(x, y int) rune {
	upper := c.Dark(x, y) == c.set.lightTerminal
	lower := c.Dark(x, y+1) == c.set.lightTerminal
	if y+1 >= c.side+c.set.margin {
		lower = false // an odd number of rows: nothing is painted below the last
	}
	switch {
	case upper && lower:
		return '█'
	case upper:
		return '▀'
	case lower:
		return '▄'
	}
	return ' '
}
