package wire_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/internal/wire"
)

// outline writes a tree on one line.
func outline(t wire.Tree) string {
	var b strings.Builder
	for i := 0; i < len(t); i += 1 + t[i].Size {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(t[i].Name)
		if t[i].Size > 0 {
			b.WriteString("(" + outline(t[i+1:i+1+t[i].Size]) + ")")
		} else {
			fmt.Fprintf(&b, "=%q", t[i].Text)
		}
	}
	return b.String()
}

func TestParseTree(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"XML", `<xml><a>1</a><b><![CDATA[x]]></b></xml>`, `a="1" b="x"`},
		{"nested", `<xml><a><b>1</b><c><d/></c></a><e></e></xml>`, `a(b="1" c(d="")) e=""`},
		{"repeated", `<xml><l><i>1</i></l><l><i>2</i></l></xml>`, `l(i="1") l(i="2")`},
		{"line breaks everywhere", "\uFEFF \n<xml>\n <a>\n<![CDATA[ x ]]>\n</a>\n<b>\n <c>1</c>\n</b>\n</xml>\n", `a=" x " b(c="1")`},
		{"blanks in plain text stay", `<xml><a> 1 </a></xml>`, `a=" 1 "`},
		{"two sections", `<xml><a><![CDATA[x]]]]><![CDATA[>y]]></a></xml>`, `a="x]]>y"`},
		{"section, then text", `<xml><a><![CDATA[x]]>y </a></xml>`, `a="xy "`},
		{"markup in a section", `<xml><a><![CDATA[</a><b>&lt;]]></a></xml>`, `a="</a><b>&lt;"`},
		{"entities", `<xml><a>&lt;&#20013;&amp;</a></xml>`, `a="<中&"`},
		{"declaration", `<?xml version="1.0" encoding="UTF-8"?><xml><a>1</a></xml>`, `a="1"`},
		{"nothing in it", `<xml></xml>`, ``},
		{"what XML cannot hold", "<xml><a>x\x00\x08y\xFF\uFFFEz</a></xml>", `a="xyz"`},
		{"JSON", ` {"a":1,"b":"x","c":null,"d":true,"e":-1.5e3}`, `a="1" b="x" c="" d="true" e="-1.5e3"`},
		{"objects and arrays", `{"a":{"b":1},"l":[{"i":1},{"i":2}],"n":[1,"2",[3]],"o":[],"p":{}}`, `a(b="1") l(i="1") l(i="2") n="1" n="2" n="3" p=""`},
		{"escapes", `{"\u0061":"\u4e2d\n\"","b":"\ud83d\ude00"}`, `a="中\n\"" b="😀"`},
		{"spaces", "\uFEFF{ \"a\" : [ 1 , 2 ] }\n", `a="1" a="2"`},
		{"invalid UTF-8", "{\"a\":\"x\xFFy\"}", "a=\"x\uFFFDy\""},
		{"no object", `{}`, ``},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := wire.ParseTree([]byte(tt.in))
			require.NoError(t, err)
			assert.Equal(t, tt.want, outline(got))
		})
	}
}

func TestParseTreeRefuses(t *testing.T) {
	t.Parallel()
	deep := func(n int) string {
		return "<xml>" + strings.Repeat("<a>", n) + strings.Repeat("</a>", n) + "</xml>"
	}
	tests := []struct {
		name, in string
		want     error
	}{
		{"nothing", "", wire.ErrXML},
		{"blanks", " \n", wire.ErrXML},
		{"text", "hello", wire.ErrXML},
		{"another root", "<a><b>1</b></a>", wire.ErrXML},
		{"empty root", "<xml/>", wire.ErrXML},
		{"DOCTYPE", `<!DOCTYPE xml [<!ENTITY a "b">]><xml><a>&a;</a></xml>`, wire.ErrDoctype},
		{"DOCTYPE inside", `<xml><!DOCTYPE a><a>1</a></xml>`, wire.ErrDoctype},
		{"DOCTYPE behind a control character", "<!\x00DOCTYPE xml><xml></xml>", wire.ErrDoctype},
		{"unknown entity", `<xml><a>&a;</a></xml>`, wire.ErrXML},
		{"comment", `<xml><!-- x --><a>1</a></xml>`, wire.ErrDoctype},
		{"comment in a text", `<xml><a>1<!-- x --></a></xml>`, wire.ErrDoctype},
		{"processing instruction", `<xml><?php x?></xml>`, wire.ErrDoctype},
		{"attribute", `<xml><a b="c">1</a></xml>`, wire.ErrXML},
		{"attribute of the root", `<xml b="c"><a>1</a></xml>`, wire.ErrXML},
		{"another encoding", `<?xml version="1.0" encoding="GBK"?><xml></xml>`, wire.ErrXML},
		{"UTF-16", "\xFF\xFE<\x00x\x00m\x00l\x00>\x00", wire.ErrXML},
		{"text beside elements", `<xml><a><b>1</b>x</a></xml>`, wire.ErrXML},
		{"elements beside text", `<xml><a>x<b>1</b></a></xml>`, wire.ErrNested},
		{"not closed", `<xml><a>1</a>`, wire.ErrXML},
		{"closed by another", `<xml><a>1</b></xml>`, wire.ErrXML},
		{"closed twice", `<xml><a>1</a></a></xml>`, wire.ErrXML},
		{"crossed", `<xml><a><b></a></b></xml>`, wire.ErrXML},
		{"unfinished section", `<xml><a><![CDATA[x</a></xml>`, wire.ErrXML},
		{"end of a section outside", `<xml><a>x]]></a></xml>`, wire.ErrXML},
		{"second document", `<xml><a>1</a></xml><xml><a>2</a></xml>`, wire.ErrXML},
		{"too deep", deep(33), wire.ErrDepth},
		{"far too deep", deep(100_000), wire.ErrDepth},
		{"too many", "<xml>" + strings.Repeat("<a/>", 2001) + "</xml>", wire.ErrShape},
		{"array", `[1]`, wire.ErrXML},
		{"unfinished JSON", `{"a":1`, wire.ErrShape},
		{"second object", `{"a":1}{"a":2}`, wire.ErrShape},
		{"a key twice", `{"a":1,"b":2,"a":3}`, wire.ErrDuplicate},
		{"a key twice, in disguise", `{"a":1,"\u0061":3}`, wire.ErrDuplicate},
		{"a key twice, below", `{"a":{"b":1,"b":2}}`, wire.ErrDuplicate},
		{"a key of an array twice", `{"a":[1,2],"a":3}`, wire.ErrDuplicate},
		{"deep JSON", strings.Repeat(`{"a":`, 33) + "1" + strings.Repeat("}", 33), wire.ErrDepth},
		{"deep arrays", `{"a":` + strings.Repeat("[", 33) + strings.Repeat("]", 33) + "}", wire.ErrDepth},
		{"far too deep JSON", strings.Repeat(`{"a":`, 100_000), wire.ErrDepth},
		{"a long array", `{"a":[` + strings.Repeat("1,", 2000) + "1]}", wire.ErrShape},
		{"control character", "{\"a\":\"\x01\"}", wire.ErrShape},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := wire.ParseTree([]byte(tt.in))
			require.ErrorIs(t, err, tt.want)
		})
	}
}

func TestTreeLooksAtTheTopLevel(t *testing.T) {
	t.Parallel()
	tree, err := wire.ParseTree([]byte(`<xml><a><c>below</c></a><b>1</b><b>2</b><c>top</c></xml>`))
	require.NoError(t, err)
	assert.Equal(t, "top", tree.Text("c"))
	assert.Equal(t, "1", tree.Text("b"))
	assert.Empty(t, tree.Text("d"))
	assert.Equal(t, 2, tree.Count("b"))
	assert.Equal(t, "below", tree.Inside("a").Text("c"))
	assert.Empty(t, tree.Inside("b"))
	assert.Empty(t, tree.Inside("d"))
}

type seconds struct{ time.Time }

func (s *seconds) UnmarshalText(b []byte) error {
	if string(b) == "bad" {
		return assert.AnError
	}
	var n int64
	_, err := fmt.Sscan(string(b), &n)
	s.Time = time.Unix(n, 0)
	return err
}

type common struct {
	From string `json:"From"`
}

type filled struct {
	common
	Text   string  `json:"Text"`
	Int    int64   `json:"Int,omitempty"`
	Small  uint8   `json:"Small"`
	Bool   bool    `json:"Bool"`
	At     seconds `json:"At"`
	Hidden string  `json:"-"`
	Bare   string
	Object struct {
		A    string `json:"A"`
		Item []int  `json:"item"`
	} `json:"Object"`
	List  []common `json:"List"`
	Words []string `json:"Words"`
	Odd   float64  `json:"Odd"`
}

func TestTreeDecode(t *testing.T) {
	t.Parallel()
	want := func(change func(*filled)) filled {
		var f filled
		change(&f)
		return f
	}
	tests := []struct {
		name string
		in   []string // the same in several ways
		want filled
	}{
		{"scalars", []string{
			`<xml><From>o</From><Text> x </Text><Int> -7
</Int><Small>255</Small><Bool>1</Bool><At>60</At><Hidden>x</Hidden><Bare>x</Bare><New><A>1</A></New></xml>`,
			`{"From":"o","Text":" x ","Int":"-7","Small":255,"Bool":true,"At":60,"-":1,"Bare":"x","New":{"A":[1]}}`,
		}, want(func(f *filled) {
			f.From, f.Text, f.Int, f.Small, f.Bool, f.At.Time = "o", " x ", -7, 255, true, time.Unix(60, 0)
		})},
		{"nothing stays zero", []string{
			`<xml><Text/><Int></Int><Small> </Small><Bool/><At></At><Object></Object><List/><Words></Words><Odd/></xml>`,
			`{"Text":"","Int":"","Small":null,"Bool":null,"At":null,"Object":null,"List":[],"Words":[]}`,
			`{"Object":{},"List":{},"Words":""}`,
		}, filled{}},
		{"numbers in texts", []string{`{"Text":1.50}`, `<xml><Text>1.50</Text></xml>`}, want(func(f *filled) { f.Text = "1.50" })},
		{"beyond 2^53", []string{`{"Int":9007199254740993}`, `<xml><Int>9007199254740993</Int></xml>`}, want(func(f *filled) { f.Int = 9007199254740993 })},
		{"objects", []string{
			`<xml><Object><A>1</A><item>1</item><item>2</item></Object></xml>`,
			`{"Object":{"A":1,"item":[1,"2"]}}`,
		}, want(func(f *filled) { f.Object.A, f.Object.Item = "1", []int{1, 2} })},
		{"a list of one", []string{
			`<xml><List><From>a</From></List></xml>`, `{"List":{"From":"a"}}`, `{"List":[{"From":"a"}]}`, `<xml><List><item><From>a</From></item></List></xml>`,
		}, want(func(f *filled) { f.List = []common{{"a"}} })},
		{"a list of several", []string{
			`<xml><List><From>a</From></List><Text>x</Text><List><From>b</From></List></xml>`,
			`{"List":[{"From":"a"},{"From":"b"}],"Text":"x"}`, `{"List":{"item":[{"From":"a"},{"From":"b"}]},"Text":"x"}`,
			`<xml><Text>x</Text><List><item><From>a</From></item><item><From>b</From></item></List></xml>`,
		}, want(func(f *filled) { f.Text, f.List = "x", []common{{"a"}, {"b"}} })},
		{"words", []string{`<xml><Words>a</Words><Words>b</Words></xml>`, `{"Words":["a","b"]}`, `<xml><Words><item>a</item><item>b</item></Words></xml>`},
			want(func(f *filled) { f.Words = []string{"a", "b"} })},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, in := range tt.in {
				tree, err := wire.ParseTree([]byte(in))
				require.NoError(t, err, in)
				var got filled
				require.NoError(t, tree.Decode(&got), in)
				assert.Equal(t, tt.want, got, in)
			}
		})
	}
}

func TestTreeDecodeRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, says string }{
		{"twice", `<xml><Text>a</Text><Text>b</Text></xml>`, "twice"},
		{"an object twice", `<xml><Object><A>1</A></Object><Object><A>2</A></Object></xml>`, "twice"},
		{"an array for one", `{"Text":["a","b"]}`, "twice"},
		{"an object for a text", `{"Text":{"a":1}}`, "Text: is not what it should be"},
		{"a text for an object", `{"Object":"x"}`, "Object: is not what it should be"},
		{"a text in a list of objects", `{"List":["x"]}`, "List: is not what it should be"},
		{"no number", `{"Int":"secret"}`, "Int: want a whole number, got 6 bytes"},
		{"a fraction", `{"Int":1.5}`, "Int: want a whole number"},
		{"a sign", `{"Int":"+1"}`, "Int: want a whole number"},
		{"too large", `{"Small":256}`, "Small: want a whole number"},
		{"no truth", `{"Bool":"maybe"}`, "Bool: want true or false"},
		{"a type's own error", `{"At":"bad"}`, "At: assert.AnError"},
		{"in an item", `{"List":{"item":["x"]}}`, "item: is not"},
		{"a float", `{"Odd":1.5}`, "Odd: type float64"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tree, err := wire.ParseTree([]byte(tt.in))
			require.NoError(t, err)
			err = tree.Decode(&filled{})
			require.ErrorContains(t, err, tt.says)
			assert.NotContains(t, err.Error(), "secret")
		})
	}
	require.Error(t, wire.Tree{}.Decode(filled{}))
	require.Error(t, wire.Tree{}.Decode(new(string)))
}

func FuzzParseTree(f *testing.F) {
	for _, seed := range []string{
		`<xml><a>1</a><b><![CDATA[x]]></b><c><d/></c></xml>`, `{"From":"a","List":[{"From":1}],"At":"5"}`,
		`<xml><List><item><From>a</From></item></List><Int>7</Int></xml>`, "<xml><a>\n<![CDATA[]]>\n</a></xml>", `{"a":[[{}]]}`,
		`<!DOCTYPE a><xml></xml>`, "<xml><a>&#1;&amp;</a>\x00</xml>", `{"\u0061":null}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		tree, err := wire.ParseTree(data)
		if err != nil {
			return
		}
		for i, n := range tree {
			if n.Size < 0 || i+n.Size >= len(tree) || n.Size > 0 && n.Text != "" {
				t.Fatalf("node %d of %d: %+v", i, len(tree), n)
			}
		}
		_ = tree.Decode(&filled{})
	})
}
