package wire_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/internal/wire"
)

type inner struct {
	Total int64 `json:"total"`
}

type embedded struct {
	Kind string `json:"kind"`
}

type document struct {
	embedded
	State  string           `json:"trade_state"`
	Link   string           `json:"link"`
	Msg    string           `json:"MsgID"`
	Amount inner            `json:"amount"`
	List   []inner          `json:"list"`
	Map    map[string]inner `json:"map"`
	Next   *document        `json:"next"`
	Skip   string           `json:"-"`
}

func TestUnmarshalRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in string
		want     error
	}{
		{"duplicate", `{"trade_state":"A","trade_state":"B"}`, wire.ErrDuplicate},
		{"duplicate with an escape", `{"trade_state":"A","trade\u005fstate":"B"}`, wire.ErrCase},
		{"duplicate unknown", `{"zz":1,"zz":2}`, wire.ErrDuplicate},
		{"duplicate below", `{"amount":{"total":1,"total":2}}`, wire.ErrDuplicate},
		{"duplicate in a list", `{"list":[{"total":1},{"total":1,"total":2}]}`, wire.ErrDuplicate},
		{"duplicate object around others", `{"amount":{"total":1},"x":{},"amount":{"total":2}}`, wire.ErrDuplicate},
		{"other case", `{"TRADE_STATE":"A"}`, wire.ErrCase},
		{"other case of a name with capitals", `{"msgid":"A"}`, wire.ErrCase},
		{"both cases of an unknown key", `{"zz":1,"ZZ":2}`, wire.ErrCase},
		{"long s", `{"trade_ſtate":"A"}`, wire.ErrCase},
		{"Kelvin sign", `{"linK":"A"}`, wire.ErrCase},
		{"escaped spelling of a known key", `{"\u0074rade_state":"A"}`, wire.ErrCase},
		{"escaped long s", `{"trade_\u017ftate":"A"}`, wire.ErrCase},
		{"other case below", `{"amount":{"Total":1}}`, wire.ErrCase},
		{"other case in the embedded part", `{"KIND":"A"}`, wire.ErrCase},
		{"too deep", strings.Repeat(`{"next":`, 101) + "{}" + strings.Repeat("}", 101), wire.ErrDepth},
		{"array", `[]`, wire.ErrShape},
		{"null", `null`, wire.ErrShape},
		{"text", `"{}"`, wire.ErrShape},
		{"nothing", ``, wire.ErrShape},
		{"byte order mark", "\ufeff{}", wire.ErrShape},
		{"second document", `{}{}`, nil},
		{"tail", `{} x`, nil},
		{"cut", `{"trade_state":"A`, nil},
		{"closed twice", `{}}`, nil},
		{"closed otherwise", `{"a":[}`, nil},
		{"text for a number", `{"amount":{"total":"1"}}`, nil},
		{"fraction for a number", `{"amount":{"total":1.5}}`, nil},
		{"too large a number", `{"amount":{"total":9223372036854775808}}`, nil},
		{"list for an object", `{"amount":[]}`, nil},
		{"broken escape in a key", `{"tr\xade":1}`, nil},
		{"key and no more", `{"trade_state"`, nil},
		{"bare NUL", "{\"link\":\"a\x00\"}", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out document
			err := wire.Unmarshal([]byte(tt.in), &out)
			require.Error(t, err)
			if tt.want != nil {
				require.ErrorIs(t, err, tt.want)
			}
			assert.Less(t, len(err.Error()), 200)
		})
	}
}

func TestUnmarshalAccepts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in string
		want     document
	}{
		{"unknown fields and values", `{"new":{"a":[1,{"b":null}]},"trade_state":"BRAND_NEW"}`, document{State: "BRAND_NEW"}},
		{"null", `{"amount":null,"trade_state":null}`, document{}},
		{"the same key in different objects", `{"list":[{"total":1},{"total":2}],"amount":{"total":3}}`,
			document{List: []inner{{1}, {2}}, Amount: inner{3}}},
		{"2^53+1", `{"amount":{"total":9007199254740993}}`, document{Amount: inner{9007199254740993}}},
		{"keys in texts", `{"link":"{\"link\":\"\\","trade_state":"x"}`, document{Link: `{"link":"\`, State: "x"}},
		{"keys of a map", `{"map":{"a":{"total":1},"b":{"total":2}}}`, document{Map: map[string]inner{"a": {1}, "b": {2}}}},
		{"space everywhere", " {\t\"trade_state\"\r\n: \"x\" } \n", document{State: "x"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out document
			require.NoError(t, wire.Unmarshal([]byte(tt.in), &out))
			assert.Equal(t, tt.want, out)
		})
	}
	var list []inner
	require.NoError(t, wire.Unmarshal([]byte(`[{"total":1}]`), &list))
	assert.Equal(t, []inner{{1}}, list)
	require.Error(t, wire.Unmarshal([]byte(`{}`), nil))
}

func TestUnmarshalObjectTakesTheNamesGiven(t *testing.T) {
	t.Parallel()
	names := wire.NamesOf[inner]().With("mchid", "mchid", "Odd")
	var out json.RawMessage
	require.NoError(t, wire.UnmarshalObject([]byte(`{"mchid":"1","Odd":1,"total":2}`), &out, names))
	for in, want := range map[string]error{
		`{"MchID":"1"}`:    wire.ErrCase,
		`{"odd":"1"}`:      wire.ErrCase,
		`{"\u006dchid":1}`: wire.ErrCase,
		`{"TOTAL":1}`:      wire.ErrCase,
		`[]`:               wire.ErrShape,
		`null`:             wire.ErrShape,
	} {
		require.ErrorIs(t, wire.UnmarshalObject([]byte(in), &out, names), want, in)
	}
	require.NoError(t, wire.UnmarshalObject([]byte(`{"MchID":"1"}`), &out, wire.NamesOf[inner]()), "With works on a copy")
}

func TestAdverse66_DepthAndCrowdsEndInLinearTime(t *testing.T) {
	t.Parallel()
	var million strings.Builder
	million.WriteString(`{"k":[`)
	for i := range 50_000 {
		if i > 0 {
			million.WriteByte(',')
		}
		million.WriteByte('{')
		for k := range 20 {
			if k > 0 {
				million.WriteByte(',')
			}
			fmt.Fprintf(&million, `"k%d":1`, k)
		}
		million.WriteByte('}')
	}
	million.WriteString(`]}`)
	var wide strings.Builder
	wide.WriteString(`{"k":1`)
	for i := range 1_000_000 {
		fmt.Fprintf(&wide, `,"k%d":1`, i)
	}
	wide.WriteString(`}`)
	var out struct{}
	require.ErrorIs(t, wire.Unmarshal([]byte(strings.Repeat(`{"a":`, 100_000)), &out), wire.ErrDepth)
	require.ErrorIs(t, wire.Unmarshal([]byte(`{"a":`+strings.Repeat(`[`, 100_000)), &out), wire.ErrDepth)
	require.ErrorIs(t, wire.Unmarshal([]byte(wide.String()), &out), wire.ErrShape, "a million keys in one object")
	require.NoError(t, wire.Unmarshal([]byte(million.String()), &out), "a million keys in 50,000 objects")
	require.Error(t, wire.Unmarshal([]byte(`{"`+strings.Repeat(`\\\"`, 500_000)), &out), "a long run of escapes")
	require.ErrorIs(t, wire.Members([]byte(`{"a":`+strings.Repeat(`[`, 100_000)), nil), wire.ErrDepth)
	require.ErrorIs(t, wire.Members([]byte(strings.Repeat(`{"a":`, 100_000)), nil), wire.ErrDepth)
}
