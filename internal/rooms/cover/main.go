// Command cover reads a coverage profile and holds every package against its
// gate: 95 % of the statements where a mistake costs money or keys, 85 %
// elsewhere. It prints a line for each and fails if one is below.
//
//	go test -coverprofile=cover.out ./...
//	go run ./internal/rooms/cover cover.out
package main

import (
	"fmt"
	"io"
	"os"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout)) }

// run returns the exit code: 0 if all gates hold, 1 if not, 2 if it cannot tell.
func run(args []string, out io.Writer) int {
	if len(args) != 1 {
		fmt.Fprintln(out, "usage: cover PROFILE")
		return 2
	}
	f, err := os.Open(args[0])
	if err != nil {
		fmt.Fprintln(out, "cover:", err)
		return 2
	}
	defer f.Close()
	blocks, err := read(f)
	if err != nil {
		fmt.Fprintln(out, "cover:", err)
		return 2
	}
	if !report(out, groups(blocks)) {
		return 1
	}
	return 0
}
