package wechat_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/wxcommerce/wechat"
)

// Adverse input 64: amounts are read exactly or not at all.
func TestAdverse64_AmountsAreExactOrRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]wechat.Fen{"0": 0, "0.1": 10, "0.01": 1, "1": 100, "12.34": 1234, "-3.05": -305, "-0.01": -1, "007.50": 750,
		"1.500": 150, "0.10000": 10, "92233720368547758.07": math.MaxInt64, "-92233720368547758.07": -math.MaxInt64} {
		got, err := wechat.ParseYuan(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got, text)
	}
	for text, want := range map[string]error{"0.105": wechat.ErrFraction, "0.001": wechat.ErrFraction, "1e2": wechat.ErrNotDecimal, "": wechat.ErrNotDecimal,
		".5": wechat.ErrNotDecimal, "5.": wechat.ErrNotDecimal, "+1": wechat.ErrNotDecimal, "--1": wechat.ErrNotDecimal, "-": wechat.ErrNotDecimal,
		" 1": wechat.ErrNotDecimal, "1 ": wechat.ErrNotDecimal, "1,000": wechat.ErrNotDecimal, "１": wechat.ErrNotDecimal, "0x10": wechat.ErrNotDecimal,
		"NaN": wechat.ErrNotDecimal, "Inf": wechat.ErrNotDecimal, "1.2.3": wechat.ErrNotDecimal, "1_0": wechat.ErrNotDecimal, "¥1": wechat.ErrNotDecimal,
		"92233720368547758.08": wechat.ErrRange, "99999999999999999999": wechat.ErrRange, "-99999999999999999999.99": wechat.ErrRange} {
		_, err := wechat.ParseYuan(text)
		require.ErrorIs(t, err, want, text)
	}
	var f wechat.Fen
	for _, text := range []string{`1.5`, `"1"`, `1e2`, `9223372036854775808`, `true`} {
		require.Error(t, json.Unmarshal([]byte(text), &f), text)
	}
	require.NoError(t, json.Unmarshal([]byte(`9007199254740993`), &f), "2^53+1 keeps its last fen")
	assert.EqualValues(t, 9007199254740993, f)
}

func TestFenProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := wechat.Fen(rapid.Int64Min(math.MinInt64+1).Draw(t, "fen"))
		back, err := wechat.ParseYuan(f.Yuan())
		if err != nil || back != f {
			t.Fatalf("%d prints %s and reads %d, %v", f, f.Yuan(), back, err)
		}
		r, _ := new(big.Rat).SetString(f.Yuan())
		if r.Mul(r, big.NewRat(100, 1)).Cmp(new(big.Rat).SetInt64(int64(f))) != 0 {
			t.Fatalf("%d is not %s yuan", f, f.Yuan())
		}
		g := wechat.Fen(rapid.Int64().Draw(t, "other"))
		sum := new(big.Int).Add(big.NewInt(int64(f)), big.NewInt(int64(g)))
		got, ok := f.Add(g)
		if ok != sum.IsInt64() || ok && int64(got) != sum.Int64() {
			t.Fatalf("%d+%d gave %d, %t", f, g, got, ok)
		}
	})
	assert.Equal(t, "-92233720368547758.08", wechat.Fen(math.MinInt64).Yuan())
	assert.Equal(t, "0.00", wechat.Fen(0).Yuan())
	assert.Equal(t, "-0.07", wechat.Fen(-7).Yuan())
}

func TestTimeReadsWhatWeChatWrites(t *testing.T) {
	t.Parallel()
	want := time.Date(2018, 6, 8, 2, 34, 56, 0, time.UTC)
	for _, text := range []string{"2018-06-08T10:34:56+08:00", "2018-06-08T02:34:56Z", "2018-06-08T10:34:56.000+08:00", "2018-06-07T22:34:56-04:00"} {
		var at wechat.Time
		require.NoError(t, json.Unmarshal([]byte(`"`+text+`"`), &at), text)
		assert.True(t, at.Equal(want), text)
		out, err := json.Marshal(at)
		require.NoError(t, err)
		assert.Equal(t, `"2018-06-08T10:34:56+08:00"`, string(out))
	}
	for _, text := range []string{`""`, `null`} {
		at := wechat.Time{Time: want}
		require.NoError(t, json.Unmarshal([]byte(text), &at))
		assert.True(t, at.IsZero())
	}
	for _, text := range []string{`"20180608103456"`, `"2018-06-08"`, `1528425296`, `"2018-06-08 10:34:56"`, `{}`, `"2018-13-08T10:34:56+08:00"`} {
		var at wechat.Time
		require.Error(t, json.Unmarshal([]byte(text), &at), text)
	}
	_, err := json.Marshal(wechat.Time{Time: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)})
	require.Error(t, err)
	out, err := json.Marshal(struct {
		Expire wechat.Time `json:"expire_time,omitzero"`
		Always wechat.Time `json:"always"`
	}{})
	require.NoError(t, err)
	assert.Equal(t, `{"always":""}`, string(out))
}

func TestTimeProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := wechat.Time{Time: time.Unix(rapid.Int64Range(-62135596799, 253402271999).Draw(t, "unix"), rapid.Int64Range(0, 999999999).Draw(t, "nanos")).
			In(time.FixedZone("x", rapid.IntRange(-14, 14).Draw(t, "zone")*3600))}
		text, err := at.MarshalText()
		if err != nil || !strings.HasSuffix(string(text), "+08:00") || strings.Contains(string(text), ".") {
			t.Fatalf("%v is written %s, %v", at, text, err)
		}
		var back wechat.Time
		if err := back.UnmarshalText(text); err != nil || back.Unix() != at.Unix() {
			t.Fatalf("%s is read %v, %v", text, back, err)
		}
	})
}

func FuzzParseYuan(f *testing.F) {
	for _, s := range []string{"0.1", "0.105", "1e2", "-0.01", "92233720368547758.07", "00000000000000000000.10", "-", "."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		fen, err := wechat.ParseYuan(s)
		if err != nil {
			return
		}
		r, ok := new(big.Rat).SetString(s)
		if !ok || r.Mul(r, big.NewRat(100, 1)).Cmp(new(big.Rat).SetInt64(int64(fen))) != 0 {
			t.Fatalf("%q was read as %d fen", s, fen)
		}
		if back, err := wechat.ParseYuan(fen.Yuan()); err != nil || back != fen {
			t.Fatalf("%d does not survive: %v", fen, err)
		}
	})
}

func FuzzTime(f *testing.F) {
	for _, s := range []string{`"2018-06-08T10:34:56+08:00"`, `""`, `null`, `"2018-06-08T10:34:56.123Z"`, `"0000-01-01T00:00:00Z"`, `1`, `"`, `{}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var at wechat.Time
		if err := at.UnmarshalJSON(b); err != nil {
			if len(err.Error()) > 100 {
				t.Fatalf("%v", err)
			}
			return
		}
		text, err := at.MarshalJSON()
		if err != nil {
			return // a year that +08:00 pushes out of range
		}
		var back wechat.Time
		if err := back.UnmarshalJSON(text); err != nil || back.Unix() != at.Unix() && !at.IsZero() {
			t.Fatalf("%s became %s and then %v, %v", b, text, back, err)
		}
		_ = fmt.Sprint(at)
	})
}
