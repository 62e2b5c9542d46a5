package seal_test

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/seal"
)

type person struct {
	Name   seal.Secret `json:"name,omitzero"`
	Number seal.Secret `json:"number,omitzero"`
}

type contact struct {
	Phone seal.Secret `json:"phone,omitzero"`
	Note  string      `json:"note,omitempty"`
}

type base struct {
	Mail seal.Secret `json:"mail,omitzero"`
}

type request struct {
	contact                         // unexported, embedded: encoding/json sees its fields
	*Base2                          // exported, embedded
	ID       string                 `json:"id"`
	Payer    person                 `json:"payer"`
	Guardian *person                `json:"guardian,omitempty"`
	Children []person               `json:"children,omitempty"`
	Refs     []*person              `json:"refs,omitempty"`
	Pair     [2]person              `json:"pair"`
	ByName   map[string]person      `json:"by_name,omitempty"`
	Loose    map[string]seal.Secret `json:"loose,omitempty"`
	Pointers map[string]*person     `json:"pointers,omitempty"`
	Any      any                    `json:"any,omitempty"`
	Card     *seal.Secret           `json:"card,omitempty"`
	Made     time.Time              `json:"made,omitzero"`
	Plain    []string               `json:"plain,omitempty"`
	Query    seal.Secret            `json:"-" query:"q"`
	hidden   seal.Secret
}

// Base2 is embedded by pointer.
type Base2 struct {
	Fax seal.Secret `json:"fax,omitzero"`
}

func full() request {
	card := seal.Plain("card")
	p := func(s string) person { return person{Name: seal.Plain(s), Number: seal.Plain(s + "#")} }
	g, r := p("guardian"), p("ref")
	return request{
		contact: contact{Phone: seal.Plain("phone"), Note: "note"}, Base2: &Base2{seal.Plain("fax")},
		ID: "1", Payer: p("payer"), Guardian: &g, Children: []person{p("a"), {}, p("b")}, Refs: []*person{nil, &r},
		Pair: [2]person{p("left"), p("right")}, ByName: map[string]person{"x": p("x")},
		Loose: map[string]seal.Secret{"y": seal.Plain("y")}, Pointers: map[string]*person{"z": &r, "nil": nil},
		Any: []any{p("any"), &r, 7, nil, map[string]any{"deep": p("deep")}}, Card: &card,
		Made: time.Unix(1, 0).UTC(), Plain: []string{"p"}, hidden: seal.Plain("hidden"), Query: seal.Plain("query"),
	}
}

func TestCopy_SealsEverySecret(t *testing.T) {
	t.Parallel()
	in := full()
	out, err := seal.Copy(in, &privateKey(t).PublicKey)
	require.NoError(t, err)
	sealed, ok := out.(request)
	require.True(t, ok, "the type stays")
	_, err = sealed.Query.Reveal()
	require.ErrorIs(t, err, seal.ErrSealed, "a field outside the body too")

	data, err := json.Marshal(out)
	require.NoError(t, err)
	assert.NotContains(t, string(data), "***")
	got := opened[request](t, out)
	assert.Equal(t, "phone", reveal(t, got.Phone))
	assert.Equal(t, "note", got.Note)
	assert.Equal(t, "fax", reveal(t, got.Fax))
	assert.Equal(t, "payer", reveal(t, got.Payer.Name))
	assert.Equal(t, "payer#", reveal(t, got.Payer.Number))
	assert.Equal(t, "guardian", reveal(t, got.Guardian.Name))
	assert.Equal(t, "a", reveal(t, got.Children[0].Name))
	assert.True(t, got.Children[1].Name.IsZero())
	assert.Equal(t, "b#", reveal(t, got.Children[2].Number))
	assert.Nil(t, got.Refs[0])
	assert.Equal(t, "ref", reveal(t, got.Refs[1].Name))
	assert.Equal(t, "right", reveal(t, got.Pair[1].Name))
	assert.Equal(t, "x", reveal(t, got.ByName["x"].Name))
	assert.Equal(t, "y", reveal(t, got.Loose["y"]))
	assert.Equal(t, "ref#", reveal(t, got.Pointers["z"].Number))
	assert.Equal(t, "card", reveal(t, *got.Card))
	assert.Equal(t, []string{"p"}, got.Plain)

	list := sealed.Any.([]any)
	for i, want := range map[int]string{0: "any", 1: "ref"} {
		p, ok := list[i].(person)
		if !ok {
			p = *list[i].(*person)
		}
		q := opened[person](t, p)
		assert.Equal(t, want, reveal(t, q.Name))
	}
	assert.Equal(t, 7, list[2])
	assert.Equal(t, "deep", reveal(t, opened[person](t, list[4].(map[string]any)["deep"]).Name))
}

// Adverse input 31: the caller's value is the same afterwards, also on failure.
func TestAdverse31_CallersValueUntouched(t *testing.T) {
	t.Parallel()
	in, want := full(), full()
	_, err := seal.Copy(in, &privateKey(t).PublicKey)
	require.NoError(t, err)
	assert.Equal(t, want, in)
	_, err = seal.Copy(&in, &privateKey(t).PublicKey)
	require.NoError(t, err)
	assert.Equal(t, want, in)

	long := seal.Plain(strings.Repeat("x", 215))
	in.Any, want.Any = []any{person{Name: long}}, []any{person{Name: long}}
	_, err = seal.Copy(&in, &privateKey(t).PublicKey)
	require.ErrorIs(t, err, seal.ErrTooLong)
	assert.Equal(t, want, in)
}

func TestCopy_ErrorsNameTheField(t *testing.T) {
	t.Parallel()
	long, old := seal.Plain(strings.Repeat("x", 215)), received(t, "old")
	tests := []struct {
		name string
		in   any
		path string
		want error
	}{
		{"field", request{Payer: person{Name: long}}, "payer.name: ", seal.ErrTooLong},
		{"pointer", &request{Guardian: &person{Number: long}}, "guardian.number: ", seal.ErrTooLong},
		{"list", request{Children: []person{{}, {Name: long}}}, "children[1].name: ", seal.ErrTooLong},
		{"array", request{Pair: [2]person{{}, {Name: long}}}, "pair[1].name: ", seal.ErrTooLong},
		{"map", request{ByName: map[string]person{"张三": {Name: long}}}, "by_name[…].name: ", seal.ErrTooLong},
		{"embedded", request{contact: contact{Phone: long}}, "phone: ", seal.ErrTooLong},
		{"any", request{Any: []any{person{Name: long}}}, "any[0].name: ", seal.ErrTooLong},
		{"query", request{Query: long}, "q: ", seal.ErrTooLong},
		{"bare list", []seal.Secret{long}, "[0]: ", seal.ErrTooLong},
		{"bare", long, "seal: ", seal.ErrTooLong},
		{"lists of lists", [][]person{{}, {{Name: long}}}, "[1][0].name: ", seal.ErrTooLong},
		{"no tag", struct{ Name seal.Secret }{long}, "Name: ", seal.ErrTooLong},
		{"still sealed", request{Payer: person{Name: old}}, "payer.name: ", seal.ErrSealed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			out, err := seal.Copy(tt.in, &privateKey(t).PublicKey)
			require.ErrorIs(t, err, tt.want)
			assert.True(t, strings.HasPrefix(err.Error(), tt.path), err.Error())
			assert.NotContains(t, err.Error(), "xxx")
			assert.NotContains(t, err.Error(), "张三")
			assert.Nil(t, out)
		})
	}
	_, err := seal.Copy(request{Payer: person{Name: seal.Plain("x")}}, nil)
	require.ErrorIs(t, err, seal.ErrKey)
	require.ErrorContains(t, err, "payer.name")
}

func TestCopy_WithoutSecretsIsTheValueItself(t *testing.T) {
	t.Parallel()
	type plainRequest struct {
		ID   string
		Next *plainRequest
		Any  any
	}
	in := &plainRequest{ID: "1", Next: &plainRequest{}, Any: map[string]any{"x": 1}}
	out, err := seal.Copy(in, nil)
	require.NoError(t, err)
	assert.Same(t, in, out)
	req := &request{ID: "1"}
	out, err = seal.Copy(req, nil)
	require.NoError(t, err, "no key is needed when no Secret is set")
	assert.Same(t, req, out)
	out, err = seal.Copy(nil, nil)
	require.NoError(t, err)
	assert.Nil(t, out)
	out, err = seal.Copy((*request)(nil), nil)
	require.NoError(t, err)
	assert.Nil(t, out)
}

func TestCopy_PointerGivesPointer(t *testing.T) {
	t.Parallel()
	in := &person{Name: seal.Plain("x")}
	out, err := seal.Copy(in, &privateKey(t).PublicKey)
	require.NoError(t, err)
	require.IsType(t, in, out)
	assert.NotSame(t, in, out)
	_, err = seal.Copy(out, &privateKey(t).PublicKey)
	require.ErrorIs(t, err, seal.ErrSealed, "sealed once is enough")
}

func TestHas(t *testing.T) {
	t.Parallel()
	x := seal.Plain("x")
	tests := []struct {
		name string
		in   any
		want bool
	}{
		{"nil", nil, false},
		{"string", "x", false},
		{"zero request", request{}, false},
		{"nil pointer", (*request)(nil), false},
		{"field", request{Payer: person{Name: x}}, true},
		{"pointer", &request{Guardian: &person{Name: x}}, true},
		{"sealed", person{Name: received(t, "c")}, true},
		{"embedded", request{contact: contact{Phone: x}}, true},
		{"array", request{Pair: [2]person{{}, {Number: x}}}, true},
		{"map", request{Loose: map[string]seal.Secret{"a": {}, "b": x}}, true},
		{"empty in map", request{Loose: map[string]seal.Secret{"a": {}}}, false},
		{"any", request{Any: &person{Name: x}}, true},
		{"any without", request{Any: 5}, false},
		{"any with empty", request{Any: person{}}, false},
		{"hidden does not count", request{hidden: x}, false},
		{"bare", x, true},
		{"bare empty", seal.Secret{}, false},
		{"pointer to bare", &x, true},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, seal.Has(tt.in), tt.name)
	}
}

type node struct {
	Next, Other *node
	S           seal.Secret
}

func TestCopy_RecursiveTypes(t *testing.T) {
	t.Parallel()
	list := &node{Next: &node{Next: &node{S: seal.Plain("end")}}}
	out, err := seal.Copy(list, &privateKey(t).PublicKey)
	require.NoError(t, err)
	assert.Equal(t, "end", reveal(t, opened[node](t, out).Next.Next.S))

	loop := &node{}
	loop.Next, loop.Other = loop, loop // doubles at every step
	assert.True(t, seal.Has(loop), "rather too careful than endless")
	_, err = seal.Copy(loop, &privateKey(t).PublicKey)
	require.ErrorContains(t, err, "points to itself")
	seal.Open(loop, privateKey(t))

	// Not endless and not too deep, but shared so often that a walk would not end.
	shared := &node{}
	for range 40 {
		shared = &node{Next: shared, Other: shared}
	}
	assert.True(t, seal.Has(shared))
	_, err = seal.Copy(shared, &privateKey(t).PublicKey)
	require.ErrorContains(t, err, "points to itself")
	seal.Open(shared, privateKey(t))

	type a struct{ B *struct{ A any } }
	assert.False(t, seal.Has(a{}))
}

type unreachable struct{ *base }

func TestCopy_EmbeddedPointerToUnexported(t *testing.T) {
	t.Parallel()
	in := unreachable{&base{Mail: seal.Plain("m")}}
	assert.True(t, seal.Has(in))
	_, err := seal.Copy(in, &privateKey(t).PublicKey)
	require.ErrorContains(t, err, "unexported")
	assert.Equal(t, "m", reveal(t, in.Mail))
	_, err = seal.Copy(unreachable{}, nil)
	require.NoError(t, err)
}

func TestOpen(t *testing.T) {
	t.Parallel()
	k := privateKey(t)
	out, err := seal.Copy(full(), &k.PublicKey)
	require.NoError(t, err)
	v := out.(request)
	v.Children = append(v.Children, person{Name: received(t, "damaged"), Number: seal.Plain("plain")})
	seal.Open(&v, k)
	assert.Equal(t, "payer", reveal(t, v.Payer.Name))
	assert.Equal(t, "y", reveal(t, v.Loose["y"]))
	assert.Equal(t, "x#", reveal(t, v.ByName["x"].Number))
	assert.Equal(t, "any", reveal(t, v.Any.([]any)[0].(person).Name))
	assert.Equal(t, "card", reveal(t, *v.Card))
	last := v.Children[len(v.Children)-1]
	_, err = last.Name.Reveal()
	require.ErrorIs(t, err, seal.ErrSealed, "what fails stays sealed")
	assert.Equal(t, "plain", reveal(t, last.Number))
	seal.Open(&v, k) // again changes nothing
	assert.Equal(t, "payer", reveal(t, v.Payer.Name))
}

func TestOpen_OddValues(t *testing.T) {
	t.Parallel()
	k := privateKey(t)
	text, err := seal.Encrypt(&k.PublicKey, "x")
	require.NoError(t, err)
	s := received(t, text)
	require.NotPanics(t, func() {
		seal.Open(nil, k)
		seal.Open("x", k)
		seal.Open((*request)(nil), k)
		seal.Open(&s, nil)
		seal.Open(s, k) // a copy: cannot be changed
		seal.Open(person{Name: s}, k)
		seal.Open([1]person{{Name: s}}, k)
		seal.Open(struct{ A any }{person{Name: s}}, k)
		seal.Open(struct{ A any }{&s}, nil)
	})
	_, err = s.Reveal()
	require.ErrorIs(t, err, seal.ErrSealed)

	list, table := []seal.Secret{s}, map[string]seal.Secret{"a": s}
	seal.Open(list, k)
	seal.Open(table, k)
	assert.Equal(t, "x", reveal(t, list[0]))
	assert.Equal(t, "x", reveal(t, table["a"]))
	inside := unreachable{&base{Mail: s}}
	seal.Open(&inside, k)
	assert.Equal(t, "x", reveal(t, inside.Mail))
	seal.Open(&s, k)
	assert.Equal(t, "x", reveal(t, s))
}

func TestCopy_ConcurrentPlans(t *testing.T) {
	t.Parallel()
	type once struct{ A, B struct{ P *person } }
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			v := once{}
			v.B.P = &person{Name: seal.Plain("x")}
			assert.True(t, seal.Has(v))
			_, err := seal.Copy(v, &privateKey(t).PublicKey)
			assert.NoError(t, err)
		})
	}
	wg.Wait()
}

func TestCopy_FastPathAllocatesNothing(t *testing.T) {
	type plainRequest struct {
		ID    string
		Total int64
		In    struct{ A, B string }
	}
	var v any = &plainRequest{}
	var unset any = &struct{ Payer person }{}
	n := testing.AllocsPerRun(100, func() {
		_, _ = seal.Copy(v, nil)
		_ = seal.Has(unset)
	})
	assert.LessOrEqual(t, n, 1.0)
}
