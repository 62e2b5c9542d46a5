package main

import (
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
)

const (
	module = "github.com/wxcommerce/wechat"
	usual  = 85
	strict = 95
	loop   = "the loop" // the files of the root package that send, judge and repeat
)

// stricter are the groups that must be there and hold the higher gate.
var stricter = []string{"certs", loop, "notify", "seal", "sign"}

// ofLoop are the files that make up the loop. The dialects belong to it too.
var ofLoop = []string{"call.go", "errors.go", "exchange.go", "retry.go"}

// tally counts the statements of one group.
type tally struct{ statements, ran int }

// tenths is the share that ran, in tenths of a percent, rounded down: a gate is
// held, not nearly held.
func (t tally) tenths() int { return t.ran * 1000 / max(t.statements, 1) }

// groups sums up by package, "." being the root, and once more for the loop.
func groups(blocks map[block]hit) map[string]tally {
	sums := map[string]tally{}
	add := func(group string, h hit) {
		t := sums[group]
		t.statements += h.statements
		if h.ran {
			t.ran += h.statements
		}
		sums[group] = t
	}
	for b, h := range blocks {
		dir := strings.TrimPrefix(strings.TrimPrefix(path.Dir(b.file), module), "/")
		if dir == "" {
			dir = "."
			if name := path.Base(b.file); slices.Contains(ofLoop, name) || strings.HasPrefix(name, "dialect") {
				add(loop, h)
			}
		}
		add(dir, h)
	}
	return sums
}

// report prints the table and tells whether every gate holds.
func report(out io.Writer, sums map[string]tally) bool {
	held := true
	for _, group := range slices.Sorted(maps.Keys(sums)) {
		t, gate, verdict := sums[group], usual, "ok"
		if slices.Contains(stricter, group) {
			gate = strict
		}
		if t.statements > 0 && t.tenths() < gate*10 {
			held, verdict = false, "LOW"
		}
		fmt.Fprintf(out, "%-24s %5d of %5d statements  %3d.%d %%  gate %d %%  %s\n",
			group, t.ran, t.statements, t.tenths()/10, t.tenths()%10, gate, verdict)
	}
	for _, group := range stricter {
		if sums[group].statements == 0 {
			held = false
			fmt.Fprintf(out, "%-24s is not in the profile\n", group)
		}
	}
	return held
}
