package wire_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/internal/wire"
)

type moment struct{ time.Time }

func (m moment) MarshalText() ([]byte, error) {
	if m.Year() > 9999 {
		return nil, errors.New("too late")
	}
	return m.AppendFormat(nil, "20060102150405"), nil
}

func (m *moment) UnmarshalText(b []byte) (err error) {
	m.Time, err = time.Parse("20060102150405", string(b))
	return err
}

type party struct {
	AppID string `xml:"appid"`
	MchID string `xml:"mch_id"`
}

type v2Order struct {
	party
	Body   string      `xml:"body"`
	Total  int64       `xml:"total_fee" zero:"true"`
	Start  moment      `xml:"time_start"`
	Offset int8        `xml:"offset"`
	Secret string      // no tag: stays here
	Hidden string      `xml:"-"`
	own    string      //lint:ignore U1000 an unexported field has to be passed over
	All    []wire.Pair `xml:"*"`
}

func TestEncodePairs(t *testing.T) {
	t.Parallel()
	at := moment{time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	in := v2Order{party: party{"wx1", "10000100"}, Body: "支付\x00测试", Start: at, Secret: "s", Hidden: "h"}
	want := []wire.Pair{{"appid", "wx1"}, {"mch_id", "10000100"}, {"body", "支付测试"}, {"total_fee", "0"}, {"time_start", "20260102030405"}}
	got, err := wire.EncodePairs(in)
	require.NoError(t, err)
	assert.Equal(t, want, got)
	got, err = wire.EncodePairs(&in)
	require.NoError(t, err)
	assert.Equal(t, want, got)

	for name, nothing := range map[string]any{"nil": nil, "nil pointer": (*v2Order)(nil), "no struct": 7} {
		got, err := wire.EncodePairs(nothing)
		require.NoError(t, err, name)
		assert.Empty(t, got, name)
	}
	var field *wire.FieldError
	_, err = wire.EncodePairs(v2Order{Start: moment{time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}})
	require.ErrorAs(t, err, &field)
	assert.Equal(t, "time_start", field.Field)
	_, err = wire.EncodePairs(struct {
		List []int `xml:"list"`
	}{[]int{1}})
	require.ErrorAs(t, err, &field)
	assert.Equal(t, "list", field.Field)
}

func TestDecodePairs(t *testing.T) {
	t.Parallel()
	pairs := []wire.Pair{{"mch_id", "10000100"}, {"total_fee", "-1"}, {"time_start", "20260102030405"}, {"unknown", "x"}, {"body", ""}, {"Secret", "s"}, {"own", "o"}}
	var out v2Order
	require.NoError(t, wire.DecodePairs(pairs, &out))
	assert.Equal(t, v2Order{party: party{MchID: "10000100"}, Total: -1, Start: moment{time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}, All: pairs}, out)

	for _, p := range []wire.Pair{{"total_fee", "1.0"}, {"total_fee", "+1"}, {"total_fee", " 1"}, {"total_fee", "1e2"}, {"total_fee", "9223372036854775808"},
		{"offset", "128"}, {"time_start", "soon"}} {
		var field *wire.FieldError
		err := wire.DecodePairs([]wire.Pair{p}, &v2Order{})
		require.ErrorAs(t, err, &field, "%v", p)
		assert.Equal(t, p.Name, field.Field)
	}
	require.Error(t, wire.DecodePairs(pairs, v2Order{}), "not a pointer")
	require.Error(t, wire.DecodePairs(pairs, new(int)), "not a struct")
	require.Error(t, wire.DecodePairs([]wire.Pair{{"list", "1"}}, &struct {
		List []int `xml:"list"`
	}{}))
}
