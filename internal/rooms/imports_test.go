package rooms

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// The words of the lists below: what a package may import beside the standard
// library. "." is the root package, other names without a dot in their first
// part are folders, the rest are modules of others.
var (
	standard = []string{}
	client   = []string{".", "sign", "seal"}
	house    = []string{".", "sign", "seal", "notify", "internal/wire", "internal/check"}
	order    = and(house, "pay", "pay/bill", "pay/internal/check")
	anything = []string{"*"}
)

func and(list []string, more ...string) []string { return slices.Concat(list, more) }

// rooms says for every package who it may import. A package that is not listed
// fails the test: decide first, then write.
var rooms = map[string][]string{
	"sign":            standard,
	"seal":            standard,
	"internal/wire":   standard,
	"internal/check":  {"."}, // what requests of several packages must keep
	"internal/gbk":    {"golang.org/x/text"},
	"transport":       {"github.com/go-resty/resty/v2"},
	".":               {"sign", "seal", "transport", "internal/wire"},
	"token":           client,
	"token/tokentest": {"token"}, // for the tests of other stores
	"certs":           client,
	"notify":          and(client, "internal/wire"),

	"pay":                and(house, "pay/internal/check"),
	"pay/internal/check": {".", "sign", "internal/wire", "internal/check"}, // what requests of several packages under pay must keep
	"pay/refund":         order,
	"pay/bill":           order,
	"pay/combine":        order,
	"pay/sharing":        order,
	"pay/transfer":       order,
	"pay/apiv2":          order,
	"pay/legacy":         and(order, "internal/gbk"),
	"oauth":              house,
	"address":            and(house, "oauth"),
	"account":            house,
	"media":              house,
	"menu":               house,
	"complaint":          house,
	"complaint/rights":   house,
	"notify/alarm":       house,
	"notify/delivery":    house,
	"qrcode":             and(house, "github.com/boombuler/barcode"),
	"message":            house,
	"user":               house,
	"jssdk":              house,

	"wechattest":           anything,
	"wechattest/ui":        anything,
	"internal/rooms":       standard,
	"internal/rooms/cover": standard,
}

// simulator is what only tests, examples and commands may import.
const simulator = "wechattest"

func under(dir, top string) bool { return dir == top || strings.HasPrefix(dir, top+"/") }

func usesSimulator(s source) bool {
	return under(s.dir(), simulator) || under(s.dir(), "cmd") || s.alien
}

// checkImports finds imports that the lists do not allow.
func checkImports(all []source, rooms map[string][]string) (found []string) {
	for _, s := range all {
		allowed, known := rooms[s.dir()]
		switch {
		case s.alien || under(s.dir(), "cmd"):
			allowed = anything
		case !known:
			found = append(found, s.name+": package "+s.dir()+" is not in the list of rooms")
			continue
		}
		for _, spec := range s.file.Imports {
			p, _ := strconv.Unquote(spec.Path.Value)
			if says := forbids(s, allowed, p); says != "" {
				found = append(found, s.at(spec, says))
			}
		}
	}
	return found
}

// forbids says what is wrong with source s importing path p, or nothing.
func forbids(s source, allowed []string, p string) string {
	dir, ours := strings.CutPrefix(p, module)
	dir = strings.TrimPrefix(dir, "/")
	if dir == "" {
		dir = "."
	}
	if ours && under(dir, simulator) && !usesSimulator(s) {
		if !s.isTest() {
			return simulator + " is for tests, examples and commands"
		}
		if !strings.HasSuffix(s.file.Name.Name, "_test") {
			return "a test that uses " + simulator + " must be in package " + s.file.Name.Name + "_test"
		}
	}
	first, _, _ := strings.Cut(p, "/")
	standard := !strings.Contains(first, ".")
	if s.isTest() || standard && p != "C" {
		return ""
	}
	if slices.Equal(allowed, anything) {
		if ours || s.alien || under(s.dir(), "cmd") {
			return ""
		}
		return s.dir() + " may import anything of ours, but not " + p
	}
	for _, a := range allowed {
		if ours && a == dir || !ours && under(p, a) {
			return ""
		}
	}
	return s.dir() + " may not import " + p + " (allowed: " + strings.Join(allowed, ", ") + ")"
}

func TestImportRules(t *testing.T) {
	t.Parallel()
	clean(t, checkImports(project(t), rooms))
}

func TestRoomsAreWellNamed(t *testing.T) {
	t.Parallel()
	for _, dir := range slices.Sorted(maps.Keys(rooms)) {
		for _, a := range rooms[dir] {
			first, _, _ := strings.Cut(a, "/")
			if a != "*" && !strings.Contains(first, ".") {
				assert.Contains(t, rooms, a, "%s names an unknown room", dir)
			}
		}
	}
}

func TestCheckImportsCanFail(t *testing.T) {
	t.Parallel()
	const ours = `import "github.com/wxcommerce/wechat`
	tests := []struct {
		name, file, text string
		says             string // "" for allowed
	}{
		{"sign stays with the standard library", "sign/a.go", "package sign\nimport \"crypto/rsa\"", ""},
		{"sign imports seal", "sign/a.go", "package sign\n" + ours + `/seal"`, "sign/a.go:2: sign may not import"},
		{"sign imports the root", "sign/a.go", "package sign\n" + ours + `"`, "sign may not import"},
		{"its test may", "sign/a_test.go", "package sign\n" + ours + `/seal"`, ""},
		{"root imports sign", "a.go", "package wechat\n" + ours + `/sign"`, ""},
		{"root imports notify", "a.go", "package wechat\n" + ours + `/notify"`, ". may not import"},
		{"resty outside of transport", "a.go", "package wechat\n" + `import "github.com/go-resty/resty/v2"`, ". may not import"},
		{"resty inside", "transport/a.go", "package transport\n" + `import "github.com/go-resty/resty/v2"`, ""},
		{"a module with a similar name", "transport/a.go", "package transport\n" + `import "github.com/go-resty/resty/v22"`, "may not import"},
		{"transport names the root", "transport/a.go", "package transport\n" + ours + `"`, "may not import"},
		{"refund imports pay", "pay/refund/a.go", "package refund\n" + ours + `/pay"`, ""},
		{"pay imports refund", "pay/a.go", "package pay\n" + ours + `/pay/refund"`, "may not import"},
		{"menu imports pay", "menu/a.go", "package menu\n" + ours + `/pay"`, "may not import"},
		{"qrcode imports its encoder", "qrcode/a.go", "package qrcode\n" + `import "github.com/boombuler/barcode/qr"`, ""},
		{"an unknown room", "utils/a.go", "package utils", "not in the list of rooms"},
		{"an unknown room of tests only", "utils/a_test.go", "package utils", "not in the list of rooms"},
		{"library imports the simulator", "pay/a.go", "package pay\n" + ours + `/wechattest"`, "is for tests"},
		{"internal test imports the simulator", "pay/a_test.go", "package pay\n" + ours + `/wechattest"`, "must be in package pay_test"},
		{"external test imports it", "pay/a_test.go", "package pay_test\n" + ours + `/wechattest/ui"`, ""},
		{"the simulator imports anything of ours", "wechattest/a.go", "package wechattest\n" + ours + `/pay/refund"`, ""},
		{"but nothing of others", "wechattest/a.go", "package wechattest\n" + `import "github.com/stretchr/testify/require"`, "but not"},
		{"a command imports it", "cmd/a/a.go", "package main\n" + ours + `/wechattest"`, ""},
		{"C is not the standard library", "sign/a.go", "package sign\nimport \"C\"", "may not import C"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			found := checkImports(files(t, tt.file, tt.text), rooms)
			if tt.says == "" {
				assert.Empty(t, found)
				return
			}
			assert.Len(t, found, 1)
			assert.Contains(t, strings.Join(found, "\n"), tt.says)
		})
	}
}

func TestExamplesImportAnything(t *testing.T) {
	t.Parallel()
	all := files(t, "examples/store/a.go", "package main\nimport \"modernc.org/sqlite\"\nimport \""+module+"/wechattest\"")
	assert.Len(t, checkImports(all, rooms), 1)
	all[0].alien = true
	assert.Empty(t, checkImports(all, rooms))
}
