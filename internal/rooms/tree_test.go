package rooms

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/wxcommerce/wechat"

// source is one Go file, its name counted from the root of the project.
type source struct {
	name  string
	text  string
	fset  *token.FileSet
	file  *ast.File
	alien bool // belongs to a nested module
}

func (s source) dir() string   { return path.Dir(s.name) }
func (s source) isTest() bool  { return strings.HasSuffix(s.name, "_test.go") }
func (s source) library() bool { return !s.isTest() && !s.alien && s.file.Name.Name != "main" }

// at writes a finding the way a compiler does.
func (s source) at(n ast.Node, says string) string {
	return s.name + ":" + strconv.Itoa(s.fset.Position(n.Pos()).Line) + ": " + says
}

// imports maps the name each import goes by in the file to its path.
func (s source) imports() map[string]string {
	named := map[string]string{}
	for _, spec := range s.file.Imports {
		p, _ := strconv.Unquote(spec.Path.Value)
		name := path.Base(p)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		named[name] = p
	}
	return named
}

func parse(name, text string) (source, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, text, parser.ParseComments)
	return source{name: name, text: text, fset: fset, file: file}, err
}

// files makes sources out of names and texts, for the tests of the checks.
func files(t *testing.T, nameAndText ...string) (all []source) {
	t.Helper()
	for i := 0; i < len(nameAndText); i += 2 {
		s, err := parse(nameAndText[i], nameAndText[i+1])
		require.NoError(t, err)
		all = append(all, s)
	}
	return all
}

// tree is every Go file of the project, read once.
var tree = sync.OnceValues(func() (all []source, err error) {
	root := filepath.FromSlash("../..")
	err = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if n := d.Name(); p != root && (n == "testdata" || n[0] == '.' || n[0] == '_') {
				return fs.SkipDir
			}
			return nil
		}
		if filepath.Ext(p) != ".go" {
			return nil
		}
		text, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		s, err := parse(filepath.ToSlash(name), string(text))
		s.alien = nested(root, path.Dir(s.name))
		all = append(all, s)
		return err
	})
	return all, err
})

// nested reports whether dir or a folder above it, short of the root, has a
// go.mod of its own.
func nested(root, dir string) bool {
	for ; dir != "."; dir = path.Dir(dir) {
		if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(dir), "go.mod")); !errors.Is(err, fs.ErrNotExist) {
			return true
		}
	}
	return false
}

// project is the tree, with the certainty that it is the right one.
func project(t *testing.T) []source {
	t.Helper()
	all, err := tree()
	require.NoError(t, err)
	seen := map[string]source{}
	for _, s := range all {
		seen[s.name] = s
	}
	require.Contains(t, seen, "internal/rooms/tree_test.go")
	require.Contains(t, seen, "sign/identity.go")
	require.Contains(t, seen, "examples/qrcheck/doc.go")
	require.True(t, seen["examples/qrcheck/doc.go"].alien)
	require.False(t, seen["sign/identity.go"].alien)
	return all
}

// clean demands that a check of the project found nothing.
func clean(t *testing.T, findings []string) {
	t.Helper()
	for _, f := range findings {
		assert.Fail(t, f)
	}
}
