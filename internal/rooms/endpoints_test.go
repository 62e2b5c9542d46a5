package rooms

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
)

var methods = []string{"GET", "POST", "PUT", "PATCH", "DELETE"}

// call is one place that names an endpoint.
type call struct {
	Endpoint
	where string
	doc   string // of the exported function around it
	inDoc bool   // there is such a function, and it must carry the title
}

// calls finds wechat.GET("…") and its kin in the library, and GET("…") in the
// root package. A path that is not written out cannot be listed and is a finding,
// except in the root, whose machinery passes on what it got.
func calls(all []source) (list []call, found []string) {
	for _, s := range all {
		if !s.library() || under(s.dir(), simulator) {
			continue
		}
		for _, d := range s.file.Decls {
			ast.Inspect(d, func(n ast.Node) bool {
				c, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				method := s.names(c.Fun)
				if method == "" || len(c.Args) != 1 {
					return true
				}
				p, ok := text(c.Args[0])
				if !ok && s.dir() != "." {
					found = append(found, s.at(c, method+" of a path that is not written out"))
				} else if strings.HasPrefix(p, "/") && p != "/" { // anything else names no endpoint
					list = append(list, s.call(c, d, method, p))
				}
				return true
			})
		}
	}
	return list, found
}

func (s source) call(c ast.Node, d ast.Decl, method, path string) call {
	found := call{Endpoint: Endpoint{Method: method, Path: path, Dir: s.dir()}, where: s.at(c, method+" "+path)}
	if f, ok := d.(*ast.FuncDecl); ok && f.Name.IsExported() && reachable(f.Recv) && s.dir() != "." {
		found.doc, found.inDoc = f.Doc.Text(), true
	}
	return found
}

// names returns the method if f is one of the root's functions for it.
func (s source) names(f ast.Expr) string {
	var id *ast.Ident
	switch f := f.(type) {
	case *ast.SelectorExpr:
		if x, ok := f.X.(*ast.Ident); ok && s.imports()[x.Name] == module {
			id = f.Sel
		}
	case *ast.Ident:
		if s.dir() == "." {
			id = f
		}
	}
	if id == nil || !slices.Contains(methods, id.Name) {
		return ""
	}
	return id.Name
}

// text returns the value of a string literal.
func text(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}

func inOrder(a, b Endpoint) int {
	return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Method, b.Method), cmp.Compare(a.Dir, b.Dir))
}

// checkEndpoints compares the list with the source, both ways.
func checkEndpoints(all []source, list []Endpoint) (found []string) {
	used, found := calls(all)
	uses := map[string]int{}
	for _, c := range used {
		name := c.Method + " " + c.Path
		i := slices.IndexFunc(list, func(e Endpoint) bool { return e.Method == c.Method && e.Path == c.Path && e.Dir == c.Dir })
		if i < 0 { // the same path may be called by two packages, at two hosts
			i = slices.IndexFunc(list, func(e Endpoint) bool { return e.Method == c.Method && e.Path == c.Path })
		}
		if i >= 0 {
			uses[name+" "+list[i].Dir]++
		}
		switch {
		case i < 0:
			found = append(found, c.where+" is not in the list of endpoints")
		case list[i].Dir != c.Dir:
			found = append(found, c.where+" is listed for "+list[i].Dir)
		case c.inDoc && !strings.Contains(c.doc, list[i].Title):
			found = append(found, c.where+": the comment of the method lacks the title "+list[i].Title)
		}
	}
	for _, e := range list {
		if n := uses[e.Method+" "+e.Path+" "+e.Dir]; n != max(e.Uses, 1) {
			found = append(found, fmt.Sprintf("%s %s: called in %d places, listed for %d", e.Method, e.Path, n, max(e.Uses, 1)))
		}
	}
	return append(found, checkList(list)...)
}

// checkList finds lines that are incomplete, doubled or out of order.
func checkList(list []Endpoint) (found []string) {
	for i, e := range list {
		name := e.Method + " " + e.Path
		if !slices.Contains(methods, e.Method) || !strings.HasPrefix(e.Path, "/") || e.Dir == "" {
			found = append(found, name+": not a whole line")
		}
		if !strings.ContainsFunc(e.Title, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
			found = append(found, name+": the title is not in Chinese")
		}
		if i > 0 && inOrder(list[i-1], e) >= 0 {
			found = append(found, name+": out of order or listed twice")
		}
	}
	return found
}

func TestEndpointsAreListed(t *testing.T) {
	t.Parallel()
	clean(t, checkEndpoints(project(t), Endpoints))
}

func TestCheckEndpointsCanFail(t *testing.T) {
	t.Parallel()
	const head = "package pay\nimport \"github.com/wxcommerce/wechat\"\n"
	const method = "// Close cancels.\n//\n// 关闭订单\nfunc (s *Service) Close() { "
	line := Endpoint{"POST", "/v3/pay/{id}/close", "pay", "关闭订单", 0}
	list := []Endpoint{line}
	good := head + method + `use(wechat.POST("/v3/pay/{id}/close").Keyed()) }`
	tests := []struct {
		name, file, text string
		list             []Endpoint
		says             string
	}{
		{"listed", "pay/a.go", good, list, ""},
		{"under another name", "pay/a.go", "package pay\nimport w \"" + module + "\"\nvar op = w.POST(`/v3/pay/{id}/close`)", list, ""},
		{"in the root", "a.go", "package wechat\nvar op = POST(\"/v3/pay/{id}/close\")", []Endpoint{{"POST", "/v3/pay/{id}/close", ".", "关闭订单", 0}}, ""},
		{"not listed", "pay/a.go", good, nil, "pay/a.go:6: POST /v3/pay/{id}/close is not in the list"},
		{"another method", "pay/a.go", head + `var op = wechat.PUT("/v3/pay/{id}/close")`, append([]Endpoint{line}, Endpoint{"PUT", "/v3/pay/{id}/close", "pay", "改", 0}), "POST /v3/pay/{id}/close: called in 0 places"},
		{"listed elsewhere", "menu/a.go", good, list, "is listed for pay"},
		{"never called", "pay/a.go", head, list, "called in 0 places, listed for 1"},
		{"called twice", "pay/a.go", good + "\n" + `var again = wechat.POST("/v3/pay/{id}/close")`, list, "called in 2 places, listed for 1"},
		{"twice and so listed", "pay/a.go", good + "\n" + `var again = wechat.POST("/v3/pay/{id}/close")`, []Endpoint{{"POST", "/v3/pay/{id}/close", "pay", "关闭订单", 2}}, ""},
		{"put together", "pay/a.go", good + "\n" + `func other(s string) { use(wechat.GET("/v3/" + s)) }`, list, "not written out"},
		{"no title in the comment", "pay/a.go", strings.Replace(good, "关闭订单", "", 1), list, "lacks the title 关闭订单"},
		{"passed on in the root", "a.go", "package wechat\nfunc f(s string) { use(GET(s)) }", nil, ""},
		{"in a test", "pay/a_test.go", good, list, "called in 0 places"},
		{"in the simulator", "wechattest/a.go", good, list, "called in 0 places"},
		{"no Chinese", "pay/a.go", head + `var op = wechat.POST("/v3/pay/{id}/close")`, []Endpoint{{"POST", "/v3/pay/{id}/close", "pay", "close", 0}}, "not in Chinese"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			found := checkEndpoints(files(t, tt.file, tt.text), tt.list)
			if tt.says == "" {
				assert.Empty(t, found)
				return
			}
			assert.Len(t, found, 1)
			assert.Contains(t, strings.Join(found, "\n"), tt.says)
		})
	}
}

func TestCheckListCanFail(t *testing.T) {
	t.Parallel()
	a, b := Endpoint{"GET", "/a", "pay", "查询", 0}, Endpoint{"GET", "/b", "pay", "查询", 0}
	assert.Empty(t, checkList([]Endpoint{a, b}))
	assert.Len(t, checkList([]Endpoint{b, a}), 1)
	assert.Len(t, checkList([]Endpoint{a, a}), 1)
	assert.Len(t, checkList([]Endpoint{{"FETCH", "/a", "pay", "查询", 0}}), 1)
	assert.Len(t, checkList([]Endpoint{{"GET", "a", "pay", "查询", 0}}), 1)
	assert.Len(t, checkList([]Endpoint{{"GET", "/a", "", "查询", 0}}), 1)
}
