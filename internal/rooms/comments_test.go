package rooms

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// checkComments finds packages without a package comment, and exported names of
// the library without a comment that begins with the name. A constant or
// variable inside of a group may instead carry any comment at the end of its
// line, or be named in the comment of the group; for constants, which mostly
// repeat the words of the wire, any comment of the group will do.
func checkComments(all []source) (found []string) {
	described := map[string]bool{}
	for _, s := range all {
		if s.isTest() || s.alien {
			continue
		}
		begins := "Package " + s.file.Name.Name
		if s.file.Name.Name == "main" {
			begins = "Command "
		}
		described[s.dir()] = described[s.dir()] || strings.HasPrefix(s.file.Doc.Text(), begins)
		if s.library() {
			for _, d := range s.file.Decls {
				found = append(found, s.uncommented(d)...)
			}
		}
	}
	for dir, ok := range described {
		if !ok {
			found = append(found, dir+": no comment that begins with Package and its name")
		}
	}
	slices.Sort(found)
	return found
}

var words = regexp.MustCompile(`\w+`)

func begins(doc *ast.CommentGroup, name string) bool {
	at := words.FindStringIndex(doc.Text())
	return at != nil && at[0] == 0 && doc.Text()[:at[1]] == name
}

func (s source) uncommented(d ast.Decl) (found []string) {
	missing := func(n *ast.Ident) {
		found = append(found, s.at(n, n.Name+" needs a comment that begins with "+n.Name))
	}
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && reachable(d.Recv) && !begins(d.Doc, d.Name.Name) {
			missing(d.Name)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				if spec.Name.IsExported() && !begins(spec.Doc, spec.Name.Name) && (grouped(d) || !begins(d.Doc, spec.Name.Name)) {
					missing(spec.Name)
				}
			case *ast.ValueSpec:
				for _, n := range spec.Names {
					if n.IsExported() && !describes(d, spec, n.Name) {
						missing(n)
					}
				}
			}
		}
	}
	return found
}

// describes reports whether the constant or variable name has its comment.
func describes(d *ast.GenDecl, spec *ast.ValueSpec, name string) bool {
	if grouped(d) {
		group := d.Doc.Text()
		return begins(spec.Doc, name) || spec.Comment.Text() != "" ||
			d.Tok == token.CONST && group != "" || slices.Contains(words.FindAllString(group, -1), name)
	}
	return begins(d.Doc, name) || len(spec.Names) > 1 && d.Doc.Text() != ""
}

func grouped(d *ast.GenDecl) bool { return d.Lparen != token.NoPos }

// reachable reports whether a method with this receiver shows in the
// documentation; a function always does.
func reachable(recv *ast.FieldList) bool {
	if recv == nil {
		return true
	}
	on := recv.List[0].Type
	for {
		switch x := on.(type) {
		case *ast.StarExpr:
			on = x.X
		case *ast.IndexExpr:
			on = x.X
		case *ast.IndexListExpr:
			on = x.X
		case *ast.Ident:
			return x.IsExported()
		default:
			return true
		}
	}
}

func TestExportedNamesHaveComments(t *testing.T) {
	t.Parallel()
	clean(t, checkComments(project(t)))
}

func TestCheckCommentsCanFail(t *testing.T) {
	t.Parallel()
	const head = "// Package pay takes money.\npackage pay\n"
	tests := []struct{ name, text, says string }{
		{"fine", head + "// Close cancels.\nfunc Close() {}", ""},
		{"no package comment", "package pay", "pay: no comment that begins with Package"},
		{"a package comment with another name", "// Package order takes money.\npackage pay", "pay: no comment"},
		{"function", head + "func Close() {}", "pay/a.go:3: Close needs a comment"},
		{"the comment begins with another word", head + "// Closes cancels.\nfunc Close() {}", "Close needs"},
		{"a comment apart from the name", head + "// Close cancels.\n\nfunc Close() {}", "Close needs"},
		{"unexported", head + "func closed() {}", ""},
		{"method", head + "type s struct{}\n// T is one.\ntype T[A any] struct{}\nfunc (*T[A]) Close() {}", "Close needs"},
		{"method nobody can reach", head + "type s struct{}\nfunc (s) Close() {}", ""},
		{"type", head + "type T int", "T needs"},
		{"type in a group", head + "// T and U are two.\ntype (\n\tT int\n\t// U is the other.\n\tU int\n)", "T needs"},
		{"variable", head + "var ErrGone error", "ErrGone needs"},
		{"two variables, one comment", head + "// The errors.\nvar ErrA, ErrB error", ""},
		{"two variables, no comment", head + "var ErrA, errB error", "ErrA needs"},
		{"constants of a group with a comment", head + "// The states.\nconst (\n\tA = 1\n\tB = 2\n)", ""},
		{"constants of a group without", head + "const (\n\tA = 1\n\tb = 2\n)", "A needs"},
		{"variables of a group with a comment", head + "// The errors.\nvar (\n\tErrA error\n\terrB error\n)", "ErrA needs"},
		{"variables that the group's comment names", head + "// ErrA comes first, ErrB last.\nvar (\n\tErrA error\n\tErrB error\n\tErrAB error\n)", "ErrAB needs"},
		{"constant with a comment on its line", head + "const (\n\tA = 1 // the first\n)", ""},
		{"constant with its own comment", head + "const (\n\t// A is the first.\n\tA = 1\n)", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			found := checkComments(files(t, "pay/a.go", tt.text))
			if tt.says == "" {
				assert.Empty(t, found)
				return
			}
			assert.Len(t, found, 1)
			assert.Contains(t, strings.Join(found, "\n"), tt.says)
		})
	}
}
