package bill

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/wxcommerce/wechat"
)

func TestAdverse64_AmountsAreExactOrRefused(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]wechat.Fen{"0.1": 10, "-0.01": -1, "12": 1200, "0.10000": 10, "0.1000000": 10, "40000000000000.00": 4000000000000000, "0": 0, "0.0": 0} {
		got, err := parseFen(s)
		require.NoError(t, err, s)
		assert.Equal(t, want, got, s)
	}
	for _, s := range []string{"0.105", "1e2", "12345678901234567890", "1.2.3", "+1", " 1", "1 ", ".5", "5.", "", "-", "١", "1,000", "0x1", "NaN"} {
		_, err := parseFen(s)
		require.ErrorIs(t, err, ErrAmount, s)
	}
	fee, err := parseFine("0.00010")
	require.NoError(t, err)
	assert.Equal(t, "0.00010", fee.String())
	_, err = parseFine("0.000101")
	require.ErrorIs(t, err, ErrAmount)
}

func TestFineReadsWhatItWrites(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := Fine(rapid.Int64Range(-1<<52, 1<<52).Draw(t, "n"))
		got, err := parseFine(n.String())
		if err != nil || got != n {
			t.Fatalf("%d became %q became %d, %v", n, n.String(), got, err)
		}
	})
}
