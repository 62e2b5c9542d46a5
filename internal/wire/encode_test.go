package wire_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/internal/wire"
)

type when struct{ time.Time }

func (w when) MarshalText() ([]byte, error) {
	if w.Year() > 9999 {
		return nil, errors.New("year does not fit")
	}
	return []byte(w.Format(time.RFC3339)), nil
}

type numbers struct {
	MchID    string `json:"mchid,omitempty" query:"mchid"`
	SubMchID string `json:"sub_mchid,omitempty" query:"sub_mchid"`
}

type order struct {
	numbers
	No     string  `json:"-" path:"out_trade_no"`
	Note   string  `json:"note,omitempty" query:"note"`
	Limit  int     `json:"limit,omitempty" query:"limit"`
	Offset uint8   `json:"offset,omitempty" query:"offset"`
	Insist *bool   `json:"insist,omitempty" query:"insist"`
	Since  when    `json:"since,omitzero" query:"since"`
	Only   string  `json:"-" query:"only"`
	Rate   float64 `json:"rate,omitempty"`
	secret string
}

func TestEncodePath(t *testing.T) {
	t.Parallel()
	const template = "/v3/pay[/partner]/transactions/out-trade-no/{out_trade_no}/close"
	tests := []struct {
		name, no, want, problem string
		partner                 bool
	}{
		{name: "plain", no: "1217752501", want: "/v3/pay/transactions/out-trade-no/1217752501/close"},
		{name: "partner", no: "1217752501", partner: true, want: "/v3/pay/partner/transactions/out-trade-no/1217752501/close"},
		{name: "bar and asterisk of vector S3", no: "A|B*c_1-2", want: "/v3/pay/transactions/out-trade-no/A%7CB*c_1-2/close"},
		{name: "slash", no: "a/b", want: "/v3/pay/transactions/out-trade-no/a%2Fb/close"},
		{name: "question mark, hash, percent", no: "a?b#c%2A", want: "/v3/pay/transactions/out-trade-no/a%3Fb%23c%252A/close"},
		{name: "text of another language", no: "单", want: "/v3/pay/transactions/out-trade-no/%E5%8D%95/close"},
		{name: "braces of its own", no: "{x}", want: "/v3/pay/transactions/out-trade-no/%7Bx%7D/close"},
		{name: "empty", no: "", problem: "is empty"},
		{name: "dot", no: ".", problem: "dot segment"},
		{name: "dots", no: "..", problem: "dot segment"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := wire.Encode("POST", template, tt.partner, order{No: tt.no})
			if tt.problem != "" {
				var field *wire.FieldError
				require.ErrorAs(t, err, &field)
				assert.Equal(t, "out_trade_no", field.Field)
				assert.Contains(t, err.Error(), tt.problem)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.want, got.Path)
			assert.Empty(t, got.Query, "fields of the body stay out of a POST's query")
			assert.Equal(t, "{}", string(got.Body))
		})
	}
}

func TestEncodeRefusesTemplatesAndValuesThatDoNotFit(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, template string
		in             any
	}{
		{"bracket left open", "/a[/b", order{}},
		{"bracket closed first", "/a]/b[", order{}},
		{"brace left open", "/a/{b", order{}},
		{"no such field", "/a/{b}", order{No: "1"}},
		{"no request", "/a/{b}", nil},
		{"request that is no struct", "/a/{b}", map[string]string{"b": "1"}},
		{"nil request of some type", "/a/{out_trade_no}", (*order)(nil)},
		{"type without a text", "/a/{x}", struct {
			X []string `path:"x"`
		}{[]string{"1"}}},
		{"nil pointer in the path", "/a/{x}", struct {
			X *string `path:"x"`
		}{}},
		{"text that cannot be made", "/a/{x}", struct {
			X when `path:"x"`
		}{when{time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC)}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := wire.Encode("POST", tt.template, false, tt.in)
			require.Error(t, err)
			assert.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestEncodeQuery(t *testing.T) {
	t.Parallel()
	no := false
	at := when{time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 8*3600))}
	in := order{numbers: numbers{MchID: "1900000001"}, No: "1", Note: "a b+c&d=é|*", Limit: -3, Offset: 4, Insist: &no, Since: at, Only: "x", secret: "s"}
	tests := []struct {
		name, method, query, body string
	}{
		{"GET has everything in the query", "GET",
			"mchid=1900000001&note=a%20b%2Bc%26d%3D%C3%A9%7C%2A&limit=-3&offset=4&insist=false&since=2026-01-02T03%3A04%3A05%2B08%3A00&only=x", ""},
		{"DELETE too", "DELETE",
			"mchid=1900000001&note=a%20b%2Bc%26d%3D%C3%A9%7C%2A&limit=-3&offset=4&insist=false&since=2026-01-02T03%3A04%3A05%2B08%3A00&only=x", ""},
		{"POST only what the JSON leaves out", "POST", "only=x",
			`{"mchid":"1900000001","note":"a b+c&d=é|*","limit":-3,"offset":4,"insist":false,"since":"2026-01-02T03:04:05+08:00"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, v := range []any{in, &in} {
				got, err := wire.Encode(tt.method, "/x", false, v)
				require.NoError(t, err)
				assert.Equal(t, wire.Encoded{Path: "/x", Query: tt.query, Body: bytesOf(tt.body)}, got)
			}
		})
	}
	_, err := wire.Encode("GET", "/x", false, struct {
		X []string `query:"x"`
	}{[]string{"1"}})
	require.ErrorContains(t, err, "x: type []string cannot travel")
}

func bytesOf(s string) []byte {
	if s == "" {
		return nil
	}
	return []byte(s)
}

func TestEncodeBody(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, method, want string
		in                 any
	}{
		{"nothing to say", "POST", "", nil},
		{"a nil pointer of some type", "POST", "", (*order)(nil)},
		{"only a path", "POST", "", struct {
			No string `json:"-" path:"no"`
		}{"1"}},
		{"HTML is not escaped, no newline", "PATCH", `{"note":"<a&b>"}`, order{Note: "<a&b>"}},
		{"a map", "PUT", `{"a":1}`, map[string]int{"a": 1}},
		{"GET of a map", "GET", "", map[string]int{"a": 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := wire.Encode(tt.method, "/x", false, tt.in)
			require.NoError(t, err)
			assert.Equal(t, wire.Encoded{Path: "/x", Body: bytesOf(tt.want)}, got)
		})
	}
	_, err := wire.Encode("POST", "/x", false, map[string]any{"f": func() {}})
	require.ErrorContains(t, err, "encoding the body")
}
