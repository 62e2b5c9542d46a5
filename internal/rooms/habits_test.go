package rooms

import (
	"fmt"
	"go/ast"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

const mostLines = 400

// checkSizes finds files, tests aside, in which a second subject may be hiding.
func checkSizes(all []source) (found []string) {
	for _, s := range all {
		if n := strings.Count(s.text, "\n"); n > mostLines && !s.isTest() {
			found = append(found, fmt.Sprintf("%s: %d lines, at most %d", s.name, n, mostLines))
		}
	}
	return found
}

// floats names the files of the library that may use floating point, and why.
// Money never does.
var floats = map[string]string{
	"retry.go":                  "the retry budget, no money",
	"wechattest/fault.go":       "the chance that a fault strikes, no money",
	"wechattest/noticefault.go": "the chance that a fault strikes, no money",
}

// checkFloats finds floating point outside of the allowed files, and allowed
// files that do without.
func checkFloats(all []source, allowed map[string]string) (found []string) {
	used := map[string]bool{}
	for _, s := range all {
		if !s.library() {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if !ok || !slices.Contains([]string{"float32", "float64", "ParseFloat", "FormatFloat", "NewFloat", "ParseRat"}, id.Name) {
				return true
			}
			used[s.name] = true
			if allowed[s.name] == "" {
				found = append(found, s.at(id, id.Name+" in the library"))
			}
			return true
		})
	}
	for name := range allowed {
		if !used[name] {
			found = append(found, name+": allowed to use floating point, but does not")
		}
	}
	return found
}

// checkPanics finds calls of panic in the library. The simulator is for tests,
// which a panic stops as well as anything.
func checkPanics(all []source) (found []string) {
	for _, s := range all {
		if !s.library() || under(s.dir(), simulator) {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if c, ok := n.(*ast.CallExpr); ok {
				if id, ok := c.Fun.(*ast.Ident); ok && id.Name == "panic" {
					found = append(found, s.at(c, "panic in the library"))
				}
			}
			return true
		})
	}
	return found
}

// checkSleeps finds tests that wait for the real clock. Inside of
// synctest.Test a sleep costs nothing and is allowed.
func checkSleeps(all []source) (found []string) {
	for _, s := range all {
		if !s.isTest() {
			continue
		}
		named := s.imports()
		calls := func(e ast.Expr, pkg, name string) bool {
			sel, ok := e.(*ast.SelectorExpr)
			if !ok || sel.Sel.Name != name {
				return false
			}
			x, ok := sel.X.(*ast.Ident)
			return ok && named[x.Name] == pkg
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			c, ok := n.(*ast.CallExpr)
			if ok && calls(c.Fun, "testing/synctest", "Test") {
				return false
			}
			if sel, ok := n.(*ast.SelectorExpr); ok && calls(sel, "time", "Sleep") {
				found = append(found, s.at(sel, "a test that sleeps"))
			}
			return true
		})
	}
	return found
}

func TestFilesAreShort(t *testing.T) {
	t.Parallel()
	clean(t, checkSizes(project(t)))
}

func TestLibraryAvoidsFloats(t *testing.T) {
	t.Parallel()
	clean(t, checkFloats(project(t), floats))
}

func TestLibraryDoesNotPanic(t *testing.T) {
	t.Parallel()
	clean(t, checkPanics(project(t)))
}

func TestTestsDoNotSleep(t *testing.T) {
	t.Parallel()
	clean(t, checkSleeps(project(t)))
}

func TestCheckHabitsCanFail(t *testing.T) {
	t.Parallel()
	long := func(lines int) string { return "package pay\n" + strings.Repeat("\n", lines-1) }
	noFloats := func(all []source) []string { return checkFloats(all, nil) }
	retryFloats := func(all []source) []string { return checkFloats(all, map[string]string{"retry.go": "waiting"}) }
	tests := []struct {
		name, file, text string
		check            func([]source) []string
		want             []string
	}{
		{"400 lines", "pay/a.go", long(400), checkSizes, nil},
		{"401 lines", "pay/a.go", long(401), checkSizes, []string{"pay/a.go: 401 lines, at most 400"}},
		{"401 lines of tests", "pay/a_test.go", long(401), checkSizes, nil},
		{"float64", "pay/a.go", "package pay\nvar a float64", noFloats, []string{"pay/a.go:2: float64 in the library"}},
		{"float32", "pay/a.go", "package pay\nvar a []float32", noFloats, []string{"pay/a.go:2: float32 in the library"}},
		{"ParseFloat", "pay/a.go", "package pay\nvar a, _ = strconv.ParseFloat(\"1\", 64)", noFloats, []string{"pay/a.go:2: ParseFloat in the library"}},
		{"a float in a test", "pay/a_test.go", "package pay\nvar a float64", noFloats, nil},
		{"an allowed float", "retry.go", "package wechat\nvar a float64", retryFloats, nil},
		{"an idle permission", "retry.go", "package wechat\nvar a int", retryFloats, []string{"retry.go: allowed to use floating point, but does not"}},
		{"panic", "pay/a.go", "package pay\nfunc f() {\n\tgo func() { panic(1) }()\n}", checkPanics, []string{"pay/a.go:3: panic in the library"}},
		{"the word panic", "pay/a.go", "package pay\n// panic(1)\nvar a = \"panic(1)\"", checkPanics, nil},
		{"panic in the simulator", "wechattest/a.go", "package wechattest\nfunc f() { panic(1) }", checkPanics, nil},
		{"panic in a test", "pay/a_test.go", "package pay\nfunc f() { panic(1) }", checkPanics, nil},
		{"sleep", "pay/a_test.go", "package pay\nimport \"time\"\nfunc f() { time.Sleep(1) }", checkSleeps, []string{"pay/a_test.go:3: a test that sleeps"}},
		{"sleep under another name", "pay/a_test.go", "package pay\nimport clock \"time\"\nvar nap = clock.Sleep", checkSleeps, []string{"pay/a_test.go:3: a test that sleeps"}},
		{"sleep in virtual time", "pay/a_test.go", "package pay\nimport (\n\"time\"\n\"testing/synctest\"\n)\nfunc f() { synctest.Test(nil, func() { time.Sleep(1) }) }", checkSleeps, nil},
		{"sleep after virtual time", "pay/a_test.go", "package pay\nimport (\n\"time\"\n\"testing/synctest\"\n)\nfunc f() { synctest.Test(nil, nil); time.Sleep(1) }", checkSleeps, []string{"pay/a_test.go:6: a test that sleeps"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, tt.check(files(t, tt.file, tt.text)))
		})
	}
}
