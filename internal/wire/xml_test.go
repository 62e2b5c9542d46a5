package wire_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/internal/wire"
)

const paidXML = `<xml><appid><![CDATA[wx2421b1c4370ec43b]]></appid><attach><![CDATA[支付&测试]]></attach><bank_type>CFT</bank_type>` +
	`<mch_id>10000100</mch_id><nonce_str>n2</nonce_str><out_trade_no>A&amp;1</out_trade_no><result_code>SUCCESS</result_code>` +
	`<return_code>SUCCESS</return_code><sign>21C1202C5C1BCDF29E0CFCFFCBB361A1</sign><total_fee>1</total_fee><device_info></device_info></xml>`

func TestParseXML(t *testing.T) {
	t.Parallel()
	one := func(value string) []wire.Pair { return []wire.Pair{{Name: "a", Value: value}} }
	tests := []struct {
		name, text string
		want       []wire.Pair
	}{
		{"the vector", paidXML, []wire.Pair{{"appid", "wx2421b1c4370ec43b"}, {"attach", "支付&测试"}, {"bank_type", "CFT"}, {"mch_id", "10000100"},
			{"nonce_str", "n2"}, {"out_trade_no", "A&1"}, {"result_code", "SUCCESS"}, {"return_code", "SUCCESS"},
			{"sign", "21C1202C5C1BCDF29E0CFCFFCBB361A1"}, {"total_fee", "1"}, {"device_info", ""}}},
		{"nothing in it", "<xml></xml>", []wire.Pair{}},
		{"blanks between elements", " \n<xml>\n\t<a>1</a>\r\n </xml>\n", one("1")},
		{"blanks inside stay", "<xml><a><![CDATA[ 1 ]]></a></xml>", one(" 1 ")},
		{"line feeds stay as they came", "<xml><a>1\r\n2\r3</a></xml>", one("1\r\n2\r3")},
		{"empty element", "<xml><a/></xml>", one("")},
		{"empty element with a blank", "<xml><a /></xml>", one("")},
		{"blank in a tag", "<xml ><a >1</a ></xml >", one("1")},
		{"empty CDATA", "<xml><a><![CDATA[]]></a></xml>", one("")},
		{"CDATA keeps entities", "<xml><a><![CDATA[&amp;<b>]]></a></xml>", one("&amp;<b>")},
		{"several pieces", "<xml><a>1<![CDATA[2]]>&#51;<![CDATA[4]]>5</a></xml>", one("12345")},
		{"]]> over two CDATA", "<xml><a><![CDATA[x]]]]><![CDATA[>y]]></a></xml>", one("x]]>y")},
		{"all entities", "<xml><a>&lt;&gt;&amp;&quot;&apos;&#65;&#x42;&#X43;&#20013;</a></xml>", one(`<>&"'ABC中`)},
		{"declaration", `<?xml version="1.0" encoding="UTF-8"?><xml><a>1</a></xml>`, one("1")},
		{"declaration with apostrophes", `<?xml version='1.0' encoding='utf-8' standalone='yes' ?><xml><a>1</a></xml>`, one("1")},
		{"byte order mark", "\uFEFF<xml><a>1</a></xml>", one("1")},
		{"names of another case are other names", "<xml><a>1</a><A>2</A></xml>", []wire.Pair{{"a", "1"}, {"A", "2"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := wire.ParseXML([]byte(tt.text), "xml")
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
	got, err := wire.ParseXML([]byte("<root><a>1</a></root>"), "root")
	require.NoError(t, err)
	assert.Equal(t, one("1"), got)
}

func TestParseXMLRefuses(t *testing.T) {
	t.Parallel()
	const laughs = `<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><xml><a>&b;</a></xml>`
	tests := []struct {
		name, text string
		want       error
	}{
		{"nothing", "", wire.ErrXML},
		{"blank", "  ", wire.ErrXML},
		{"text", "FAIL", wire.ErrXML},
		{"JSON", `{"a":1}`, wire.ErrXML},
		{"HTML", "<html><body>502</body></html>", wire.ErrXML},
		{"another root", "<root><a>1</a></root>", wire.ErrXML},
		{"empty root", "<xml/>", wire.ErrXML},
		{"closing first", "</xml>", wire.ErrXML},
		{"DOCTYPE", `<!DOCTYPE xml><xml></xml>`, wire.ErrDoctype},
		{"DOCTYPE after the declaration", `<?xml version="1.0"?><!DOCTYPE xml SYSTEM "file:///etc/passwd"><xml></xml>`, wire.ErrDoctype},
		{"external entity", `<!DOCTYPE x [<!ENTITY e SYSTEM "http://evil.example/">]><xml><a>&e;</a></xml>`, wire.ErrDoctype},
		{"billion laughs", laughs, wire.ErrDoctype},
		{"DOCTYPE inside", "<xml><!DOCTYPE a></xml>", wire.ErrDoctype},
		{"comment", "<xml><!-- x --><a>1</a></xml>", wire.ErrDoctype},
		{"comment inside a text", "<xml><a>1<!-- x -->2</a></xml>", wire.ErrDoctype},
		{"processing instruction", "<xml><?php x ?><a>1</a></xml>", wire.ErrDoctype},
		{"second declaration", `<?xml version="1.0"?><?xml version="1.0"?><xml></xml>`, wire.ErrDoctype},
		{"CDATA between elements", "<xml><![CDATA[x]]></xml>", wire.ErrDoctype},
		{"GBK", `<?xml version="1.0" encoding="GBK"?><xml></xml>`, wire.ErrXML},
		{"GBK and more", `<?xml version="1.0" encoding="GBK" x="utf-8"?><xml></xml>`, wire.ErrXML},
		{"XML 1.1", `<?xml version="1.1"?><xml></xml>`, wire.ErrXML},
		{"unfinished declaration", `<?xml version="1.0"`, wire.ErrXML},
		{"nested", "<xml><a><b>1</b></a></xml>", wire.ErrNested},
		{"nested empty", "<xml><a><b/></a></xml>", wire.ErrNested},
		{"very deep", strings.Repeat("<xml>", 100_000), wire.ErrNested},
		{"attribute", `<xml><a b="1">1</a></xml>`, wire.ErrXML},
		{"attribute of the root", `<xml xmlns="x"><a>1</a></xml>`, wire.ErrXML},
		{"a million attributes", "<xml><a" + strings.Repeat(` b="1"`, 1_000_000) + ">1</a></xml>", wire.ErrXML},
		{"name space", "<xml><x:a>1</x:a></xml>", wire.ErrXML},
		{"no name", "<xml><>1</></xml>", wire.ErrXML},
		{"name over 64 bytes", "<xml><" + strings.Repeat("a", 65) + ">", wire.ErrXML},
		{"Chinese name", "<xml><金额>1</金额></xml>", wire.ErrXML},
		{"doubled", "<xml><a>1</a><a>1</a></xml>", wire.ErrDuplicate},
		{"doubled among many", "<xml>" + numbered(40) + "<n7>1</n7></xml>", wire.ErrDuplicate},
		{"too many", "<xml>" + numbered(1001) + "</xml>", wire.ErrXML},
		{"text between elements", "<xml>x<a>1</a></xml>", wire.ErrXML},
		{"unknown entity", "<xml><a>&nbsp;</a></xml>", wire.ErrXML},
		{"unfinished entity", "<xml><a>&amp</a></xml>", wire.ErrXML},
		{"long entity", "<xml><a>&#000000000000065;</a></xml>", wire.ErrXML},
		{"entity of NUL", "<xml><a>&#0;</a></xml>", wire.ErrXML},
		{"entity of half a character", "<xml><a>&#xD800;</a></xml>", wire.ErrXML},
		{"entity out of range", "<xml><a>&#x110000;</a></xml>", wire.ErrXML},
		{"entity without digits", "<xml><a>&#;</a></xml>", wire.ErrXML},
		{"entity with a sign", "<xml><a>&#+65;</a></xml>", wire.ErrXML},
		{"]]> in a text", "<xml><a>x]]>y</a></xml>", wire.ErrXML},
		{"unfinished CDATA", "<xml><a><![CDATA[x</a></xml>", wire.ErrXML},
		{"unfinished text", "<xml><a>x", wire.ErrXML},
		{"unfinished element", "<xml><a>x</a>", wire.ErrXML},
		{"unfinished tag", "<xml><a", wire.ErrXML},
		{"wrong closing tag", "<xml><a>1</b></xml>", wire.ErrXML},
		{"closing tag of another root", "<xml><a>1</a></root>", wire.ErrXML},
		{"closing tag with a slash at the end", "<xml><a>1</a/></xml>", wire.ErrXML},
		{"something follows", "<xml></xml>x", wire.ErrXML},
		{"a second document", "<xml></xml><xml></xml>", wire.ErrXML},
		{"NUL", "<xml><a>\x00</a></xml>", wire.ErrXML},
		{"control character in CDATA", "<xml><a><![CDATA[\x1b]]></a></xml>", wire.ErrXML},
		{"non-character", "<xml><a>\uFFFE</a></xml>", wire.ErrXML},
		{"invalid UTF-8", "<xml><a>\xff</a></xml>", wire.ErrXML},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := wire.ParseXML([]byte(tt.text), "xml")
			require.ErrorIs(t, err, tt.want)
			assert.Less(t, len(err.Error()), 200)
		})
	}
}

// numbered is n different elements.
func numbered(n int) string {
	var b strings.Builder
	for i := range n {
		name := "n" + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676))
		if i == 7 {
			name = "n7"
		}
		b.WriteString("<" + name + ">1</" + name + ">")
	}
	return b.String()
}

func TestParseXMLWithAList(t *testing.T) {
	t.Parallel()
	const text = `<xml><status>SENT</status><hblist><hbinfo><openid>o1</openid><amount>1</amount></hbinfo><hbinfo><openid>o2</openid></hbinfo></hblist><x>1</x></xml>`
	pairs, err := wire.ParseXMLWith([]byte(text), "xml", "hblist")
	require.NoError(t, err)
	require.Len(t, pairs, 3)
	items, err := wire.SplitXML(pairs[1].Value, "hbinfo")
	require.NoError(t, err)
	assert.Equal(t, [][]wire.Pair{{{"openid", "o1"}, {"amount", "1"}}, {{"openid", "o2"}}}, items)

	_, err = wire.ParseXML([]byte(text), "xml")
	require.ErrorIs(t, err, wire.ErrNested, "elsewhere nesting is refused")
	_, err = wire.ParseXMLWith([]byte("<xml><hblist><hbinfo>"), "xml", "hblist")
	require.ErrorIs(t, err, wire.ErrXML)
	_, err = wire.SplitXML("<hbinfo><a><b>1</b></a></hbinfo>", "hbinfo")
	require.ErrorIs(t, err, wire.ErrNested)
	_, err = wire.SplitXML(strings.Repeat("<h></h>", 1001), "h")
	require.ErrorIs(t, err, wire.ErrXML)
	items, err = wire.SplitXML(" ", "hbinfo")
	require.NoError(t, err)
	assert.Empty(t, items)
}

func TestAppendXML(t *testing.T) {
	t.Parallel()
	pairs := []wire.Pair{{"a", "1<2 & 3>2 ]]>"}, {"b", ""}, {"c", "支付\r\n\"x\" 'y'"}}
	got := wire.AppendXML(nil, pairs)
	assert.Equal(t, "<xml><a>1&lt;2 &amp; 3&gt;2 ]]&gt;</a><c>支付&#13;\n\"x\" 'y'</c></xml>", string(got))
	back, err := wire.ParseXML(got, "xml")
	require.NoError(t, err)
	assert.Equal(t, []wire.Pair{pairs[0], pairs[2]}, back)
}

func TestCleanXML(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                    "",
		"支付 test":             "支付 test",
		"a\x00b\x1bc\x7f":     "abc\x7f",
		"tab\tfeed\nret\r":    "tab\tfeed\nret\r",
		"\xff\xfe":            "",
		"half \xe6\x94 one":   "half  one",
		"\uFFFD stays":        "\uFFFD stays",
		"\uFFFE\uFFFF":        "",
		"emoji 😀 stays":       "emoji 😀 stays",
		"replaced \uFFFD\x01": "replaced \uFFFD",
	} {
		assert.Equal(t, want, wire.CleanXML(in), "%q", in)
	}
}

// FuzzParseXML: what is accepted means the same to encoding/xml and survives
// writing and reading again.
func FuzzParseXML(f *testing.F) {
	for _, s := range []string{paidXML, "<xml/>", "<xml><a/></xml>", "<xml><a>1<![CDATA[2]]>&#51;</a></xml>", "<!DOCTYPE x><xml></xml>",
		`<?xml version="1.0" encoding="UTF-8"?><xml><a>&lt;</a></xml>`, "<xml><a><b>1</b></a></xml>", "<xml><a>1</a><a>2</a></xml>", "<xml><a>\r\n</a></xml>"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		pairs, err := wire.ParseXML(data, "xml")
		if err != nil {
			return
		}
		other := standard(t, data)
		require.Len(t, other, len(pairs))
		lines := strings.NewReplacer("\r\n", "\n", "\r", "\n")
		var full []wire.Pair
		for i, p := range pairs {
			require.Equal(t, other[i].Name, p.Name)
			require.Equal(t, lines.Replace(other[i].Value), lines.Replace(p.Value))
			if p.Value != "" {
				full = append(full, p)
			}
		}
		again, err := wire.ParseXML(wire.AppendXML(nil, pairs), "xml")
		require.NoError(t, err)
		require.Equal(t, len(full), len(again))
		for i := range full {
			require.Equal(t, full[i], again[i])
		}
	})
}

// standard reads the elements below the root with encoding/xml.
func standard(t *testing.T, data []byte) (out []wire.Pair) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(strings.TrimPrefix(string(data), "\uFEFF")))
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // it does not know "utf8"
	for depth := 0; ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return out
		}
		require.NoError(t, err)
		switch token := token.(type) {
		case xml.StartElement:
			if depth++; depth == 2 {
				out = append(out, wire.Pair{Name: token.Name.Local})
			}
		case xml.EndElement:
			depth--
		case xml.CharData:
			if depth == 2 {
				out[len(out)-1].Value += string(token)
			}
		}
	}
}
