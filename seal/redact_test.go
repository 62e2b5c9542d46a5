package seal_test

import (
	"bytes"
	"encoding/base64"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/seal"
)

const canary = "Canary-\x01é"

type (
	exported struct {
		K seal.Key
		S seal.Secret
	}
	hidden struct {
		k  seal.Key
		s  seal.Secret
		kp *seal.Key
		sp *seal.Secret
		a  any
	}
	embedded struct{ seal.Secret }
	deep     struct {
		h  hidden
		P  *hidden
		M  map[string]exported
		L  []seal.Key
		e  []exported
		mh map[string]hidden
		E  embedded
	}
)

// holders are every way to carry a key and a secret about.
func holders(t *testing.T) []any {
	k, s := seal.NewKey(canary), seal.Plain(canary)
	r := received(t, canary) // a plain text in place of a ciphertext
	e, h := exported{k, s}, hidden{k, s, &k, &s, s}
	return []any{
		k, &k, s, &s, r, &r, e, &e, h, &h,
		exported{S: r}, hidden{s: r, sp: &r, a: r}, []seal.Key{k}, []seal.Secret{s, r}, [1]seal.Secret{s}, map[string]seal.Secret{"a": s},
		map[string]any{"a": k, "b": &h}, any(&e), embedded{s}, &embedded{s}, struct{ seal.Key }{k}, struct{ X, y any }{k, s},
		deep{h: h, P: &h, M: map[string]exported{"x": e}, L: []seal.Key{k}, e: []exported{e}, mh: map[string]hidden{"x": h}, E: embedded{s}},
		reflect.ValueOf(h), reflect.ValueOf(&h), reflect.ValueOf(e), reflect.ValueOf(k), []any{k, s, h},
		fmt.Errorf("wrapped %v %+v %#v", k, h, e),
		errors.Join(fmt.Errorf("%v", s), fmt.Errorf("%#v", h)),
	}
}

// assertClean fails if the canary shows in any of the forms a formatter gives it.
func assertClean(t *testing.T, what, out string) {
	t.Helper()
	list := func(format string) string { return strings.Trim(fmt.Sprintf(format, []byte("Canary")), "[]") }
	for _, form := range []string{
		"Canary", fmt.Sprintf("%x", "Canary"), fmt.Sprintf("%X", "Canary"), fmt.Sprintf("% x", "Canary"),
		list("%d"), list("%o"), list("%b"), strings.ReplaceAll(list("%d"), " ", ","), strings.ReplaceAll(list("%d"), " ", ", "),
		"0x43, 0x61, 0x6e", base64.StdEncoding.EncodeToString([]byte("Canary")),
	} {
		assert.NotContains(t, out, form, what)
	}
}

func TestRedaction_EveryVerb(t *testing.T) {
	t.Parallel()
	verbs := strings.Split("v s q x X d o O b c U e E f F g G t T p w Z", " ")
	flags := []string{"", "+", "#", " ", "-", "0", "+#", "# ", "20", "-20", ".3", "20.30"}
	for i, v := range holders(t) {
		for _, verb := range verbs {
			for _, flag := range flags {
				format := "%" + flag + verb
				assertClean(t, fmt.Sprintf("holder %d %s", i, format), fmt.Sprintf(format, v))
			}
		}
		assertClean(t, "Sprint", fmt.Sprint(v)+fmt.Sprintln(v, v))
	}
	for _, verb := range []string{"v", "+v", "#v", "s", "q", "x", "X", "d"} {
		assert.Equal(t, "***", fmt.Sprintf("%"+verb, seal.NewKey(canary)))
		assert.Equal(t, "***", fmt.Sprintf("%"+verb, seal.Plain(canary)))
		assert.Equal(t, "***", fmt.Sprintf("%"+verb, seal.Key{}), "an empty one tells nothing either")
	}
	k, s := seal.NewKey(canary), seal.Plain(canary)
	assert.Equal(t, []string{"***", "***", "***", "***"}, []string{k.String(), k.GoString(), s.String(), s.GoString()})
}

func TestRedaction_Encoders(t *testing.T) {
	t.Parallel()
	for i, v := range holders(t) {
		what := fmt.Sprint("holder ", i)
		var out bytes.Buffer
		for _, h := range []slog.Handler{
			slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}),
			slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}),
		} {
			l := slog.New(h).With("with", v).WithGroup("g")
			l.Debug("m", "v", v, slog.Group("in", "v", v))
			l.Error("m", slog.Any("v", []any{v}))
		}
		log.New(&out, "", 0).Print(v)
		if data, err := json.Marshal(v); err == nil {
			out.Write(data)
		}
		func() { // encoding/xml panics on unnamed struct types that marshal as text
			defer func() { _ = recover() }()
			_ = xml.NewEncoder(&out).Encode(v)
		}()
		_ = gob.NewEncoder(&out).Encode(v)
		func() {
			defer func() { fmt.Fprint(&out, recover()) }()
			panic(v)
		}()
		assertClean(t, what, out.String())
	}
}

func TestKey(t *testing.T) {
	t.Parallel()
	k := seal.NewKey(apiKey)
	assert.Equal(t, 32, k.Len())
	assert.False(t, k.IsZero())
	assert.True(t, seal.NewKey("").IsZero())
	assert.True(t, seal.Key{}.IsZero())
	assert.Zero(t, seal.Key{}.Len())
	assert.Empty(t, seal.Key{}.Bytes())
	b := k.Bytes()
	assert.Equal(t, apiKey, string(b))
	b[0] ^= 1
	assert.Equal(t, apiKey, string(k.Bytes()), "Bytes is a copy")
	tests := []struct {
		name string
		a, b seal.Key
		want bool
	}{
		{"same", k, seal.NewKey(apiKey), true},
		{"last byte", k, seal.NewKey(apiKey[:31] + "x"), false},
		{"shorter", k, seal.NewKey(apiKey[:31]), false},
		{"empty", k, seal.Key{}, false},
		{"both empty", seal.Key{}, seal.NewKey(""), true},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, tt.a.Equal(tt.b), tt.name)
		assert.Equal(t, tt.want, tt.b.Equal(tt.a), tt.name)
	}
	data, err := json.Marshal(map[string]any{"k": k})
	require.NoError(t, err)
	assert.JSONEq(t, `{"k":"***"}`, string(data))
	text, err := k.MarshalText()
	require.NoError(t, err)
	assert.Equal(t, "***", string(text))
	assert.False(t, reflect.TypeFor[seal.Key]().Comparable(), "== must not compile")
	assert.False(t, reflect.TypeFor[seal.Secret]().Comparable(), "== must not compile")
}
