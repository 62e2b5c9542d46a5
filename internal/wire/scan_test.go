package wire_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/internal/wire"
)

func TestTop(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in string
		want     []string // of a, b; "" is absent
	}{
		{"values of every kind", `{"a":"x","b":-1.5e3,"c":true}`, []string{`"x"`, `-1.5e3`}},
		{"nested", `{"z":{"a":1},"a":{"b":[1,{"a":"}"}]},"b":[]}`, []string{`{"b":[1,{"a":"}"}]}`, `[]`}},
		{"spaces", " {\n\"b\" : null , \"a\"\t:\"x\" }", []string{`"x"`, `null `}},
		{"quotes and brackets in texts", `{"z":"\"a\":{[","a":"\\","b":1}`, []string{`"\\"`, `1`}},
		{"nothing", ``, []string{"", ""}},
		{"no object", `[1]`, []string{"", ""}},
		{"empty", `{}`, []string{"", ""}},
		{"key without an end", `{"a`, []string{"", ""}},
		{"value without an end", `{"b":1,"a":"x`, []string{"", "1"}},
		{"object without an end", `{"a":{"b":1`, []string{"", ""}},
		{"cut after a comma", `{"a":1,`, []string{"1", ""}},
		{"no key", `{1:2}`, []string{"", ""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := wire.Top([]byte(tt.in), "a", "b")
			require.Len(t, got, 2)
			for i, want := range tt.want {
				assert.Equal(t, want, string(got[i]))
				assert.Equal(t, want == "", got[i] == nil)
			}
		})
	}
}

func TestTextAndString(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in, text, str string
		ok            bool
	}{
		{`"abc"`, "abc", "abc", true},
		{`""`, "", "", true},
		{`"支付"`, "支付", "支付", true},
		{`"a\/b\u0041"`, "", "a/bA", true},
		{"\"a\xff\"", "a\xff", "a\ufffd", true},
		{`"\x"`, "", "", false},
		{`1`, "", "", false},
		{`null`, "", "", false},
		{`"`, "", "", false},
		{`"abc`, "ab", "", false},
		{``, "", "", false},
	}
	for _, tt := range tests {
		got, ok := wire.String([]byte(tt.in))
		assert.Equal(t, tt.str, got, tt.in)
		assert.Equal(t, tt.ok, ok, tt.in)
		assert.Equal(t, tt.text, wire.Text([]byte(tt.in)), tt.in)
		raw, ok := wire.Bytes([]byte(tt.in))
		assert.Equal(t, tt.ok, ok, tt.in)
		if !strings.Contains(tt.in, "\xff") {
			assert.Equal(t, tt.str, string(raw), tt.in)
		}
	}
}

func TestMembers(t *testing.T) {
	t.Parallel()
	const in = ` {"a" : [1,-0.5e+7,{"x":[ ]},true,false,null,{}] , "\u0062":"\"\\\/\b\f\n\r\t\uAf09", "c":{} } `
	var got []string
	require.NoError(t, wire.Members([]byte(in), func(key, value []byte) error {
		got = append(got, string(key)+"="+string(value))
		return nil
	}))
	assert.Equal(t, []string{`a=[1,-0.5e+7,{"x":[ ]},true,false,null,{}]`, `\u0062="\"\\\/\b\f\n\r\t\uAf09"`, `c={}`}, got)
	require.NoError(t, wire.Members([]byte(`{}`), nil))

	stop := errors.New("stop")
	require.ErrorIs(t, wire.Members([]byte(`{"a":1}`), func(_, _ []byte) error { return stop }), stop)
}

var brokenJSON = []string{
	``, ` `, `[]`, `null`, `1`, `{`, `{"a`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{,}`, `{a:1}`, `{"a" 1}`, `{"a":1 "b":2}`,
	`{"a":[}`, `{"a":[1}`, `{"a":[1,]}`, `{"a":[1 2]}`, `{"a":[`, `{"a":tru}`, `{"a":nul`, `{"a":fals1}`, `{"a":01}`, `{"a":-}`, `{"a":+1}`, `{"a":.5}`, `{"a":1.}`,
	`{"a":1e}`, `{"a":1e+}`, `{"a":0x1}`, `{"a":NaN}`, `{"a":"` + "\n" + `"}`, `{"a":"\x"}`, `{"a":"\u12g4"}`, `{"a":"\u12`, `{"a":"\`, `{} {}`, `{}x`, "\ufeff{}",
	`{"a":{"b":}}`, `{'a':1}`, `{"a":"b}`, "{\"a\":\"\x00\"}", `{"a":1}}`,
}

func TestMembersRefusesWhatIsNotOneObject(t *testing.T) {
	t.Parallel()
	for _, in := range brokenJSON {
		err := wire.Members([]byte(in), func(_, _ []byte) error { return nil })
		require.ErrorIs(t, err, wire.ErrShape, in)
	}
	deep := strings.Repeat(`{"a":`, wire.MaxDepth-1)
	require.NoError(t, wire.Members([]byte(deep+`{}`+strings.Repeat(`}`, wire.MaxDepth-1)), nil))
	require.ErrorIs(t, wire.Members([]byte(deep+`{"a":{}}`+strings.Repeat(`}`, wire.MaxDepth-1)), nil), wire.ErrDepth)
}

// Members and encoding/json agree on what an object is.
func FuzzMembers(f *testing.F) {
	for _, s := range brokenJSON {
		f.Add([]byte(s))
	}
	f.Add([]byte(`{"a" : [1,-0.5e+7,{"x":[ ]},true,false,null,{}] , "\u0062":"\"\\\/\b\f\n\r\t\uAf09", "c":{} }`))
	f.Fuzz(func(t *testing.T, data []byte) {
		got := map[string]json.RawMessage{}
		err := wire.Members(data, func(key, value []byte) error {
			name, ok := wire.String([]byte(`"` + string(key) + `"`))
			require.True(t, ok)
			got[name] = value
			return nil
		})
		var want map[string]json.RawMessage
		wantErr := json.Unmarshal(data, &want)
		switch {
		case errors.Is(err, wire.ErrDepth):
		case wantErr == nil && want != nil:
			require.NoError(t, err)
			require.Len(t, got, len(want))
			for name, value := range want {
				require.Equal(t, string(value), string(got[name]))
			}
		default:
			require.Error(t, err)
		}
	})
}

// What Unmarshal accepts, encoding/json reads the same way; what it refuses for
// its keys is never a document without duplicates.
func FuzzUnmarshal(f *testing.F) {
	f.Add([]byte(`{"trade_state":"A","amount":{"total":1},"list":[{"total":2}],"next":{"link":"x"}}`))
	f.Add([]byte(`{"trade_state":"A","TRADE_STATE":"B"}`))
	f.Add([]byte(`{"trade_\u017ftate":"A","linK":1}`))
	f.Add([]byte(`{"a":{"a":1},"b":[{"a":1},{"a":1}]}`))
	for _, s := range brokenJSON {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var got, want document
		err := wire.Unmarshal(data, &got)
		wantErr := json.Unmarshal(data, &want)
		if err == nil {
			require.NoError(t, wantErr)
			require.Equal(t, want, got)
			return
		}
		if wantErr == nil && errors.Is(err, wire.ErrDuplicate) {
			require.NotEqual(t, 0, strings.Count(string(data), `"`))
		}
	})
}
