package rooms

import (
	"go/ast"
	"go/doc"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// checkExamples finds packages without an example that go test runs, which is
// one with an output comment. Packages that users cannot import need none.
func checkExamples(all []source) (found []string) {
	runs := map[string]bool{}
	for _, s := range all {
		if s.library() && !slices.Contains(strings.Split(s.dir(), "/"), "internal") {
			runs[s.dir()] = false
		}
	}
	for _, s := range all {
		if _, ours := runs[s.dir()]; ours && s.isTest() {
			runs[s.dir()] = runs[s.dir()] || slices.ContainsFunc(doc.Examples([]*ast.File{s.file}...), runnable)
		}
	}
	for dir, ok := range runs {
		if !ok {
			found = append(found, dir+": no Example function with an output comment")
		}
	}
	slices.Sort(found)
	return found
}

func runnable(e *doc.Example) bool { return e.Output != "" || e.EmptyOutput }

func TestPackagesHaveExamples(t *testing.T) {
	t.Parallel()
	clean(t, checkExamples(project(t)))
}

func TestCheckExamplesCanFail(t *testing.T) {
	t.Parallel()
	const (
		code  = "package menu\nfunc New() {}"
		print = "package menu_test\nimport \"fmt\"\nfunc ExampleNew() {\n\tfmt.Println(1)\n\t// Output: 1\n}"
		mute  = "package menu_test\nimport \"fmt\"\nfunc ExampleNew() {\n\tfmt.Println(1)\n}"
	)
	tests := []struct {
		name  string
		files []string
		want  []string
	}{
		{"runs", []string{"menu/a.go", code, "menu/a_test.go", print}, nil},
		{"none", []string{"menu/a.go", code}, []string{"menu: no Example function with an output comment"}},
		{"only compiled", []string{"menu/a.go", code, "menu/a_test.go", mute}, []string{"menu: no Example function with an output comment"}},
		{"in another package", []string{"menu/a.go", code, "user/a_test.go", print}, []string{"menu: no Example function with an output comment"}},
		{"internal", []string{"internal/wire/a.go", code}, nil},
		{"internal to one house", []string{"pay/internal/check/a.go", code}, nil},
		{"command", []string{"cmd/a/a.go", "package main"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, checkExamples(files(t, tt.files...)))
		})
	}
}
