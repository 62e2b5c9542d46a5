package check_test

import (
	"encoding/json"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay/internal/check"
	"github.com/wxcommerce/wechat/sign"
)

func TestFamily(t *testing.T) {
	t.Parallel()
	type item struct {
		ID  string     `xml:"id"`
		Fee wechat.Fen `xml:"fee"`
		At  check.Time `xml:"at"`
	}
	fields := []sign.Pair{{Name: "id_0", Value: "a"}, {Name: "fee_0", Value: "1"}, {Name: "id_2", Value: "c"}, {Name: "at_2", Value: "20140518192222"},
		{Name: "id_3", Value: "d"}, {Name: "id_5", Value: "f"}, {Name: "id", Value: "x"}}
	got, err := check.Family[item](fields, "", 3)
	require.NoError(t, err)
	require.Len(t, got, 3, "a gap below the count is passed over, one after it ends the list")
	assert.Equal(t, item{ID: "a", Fee: 1}, got[0])
	assert.True(t, got[1].At.Equal(time.Date(2014, 5, 18, 11, 22, 22, 0, time.UTC)))
	assert.Equal(t, "d", got[2].ID)

	fields[1].Value = "1.5"
	_, err = check.Family[item](fields, "", 0)
	require.Error(t, err)
}

func TestTime(t *testing.T) {
	t.Parallel()
	at := time.Date(2014, 5, 18, 11, 22, 22, 9, time.UTC)
	text, err := check.Time{Time: at}.MarshalText()
	require.NoError(t, err)
	assert.Equal(t, "20140518192222", string(text))
	text, err = check.Time{}.MarshalText()
	require.NoError(t, err)
	assert.Empty(t, text)
	number := check.Time{Time: at}
	require.NoError(t, json.Unmarshal([]byte("20140518"), &number))
	assert.True(t, number.IsZero())
	for s, zero := range map[string]bool{"20140518192222": false, "2014-05-18 19:22:22": false, "": true, "soon": true, "2014": true} {
		quoted := check.Time{Time: at}
		require.NoError(t, json.Unmarshal([]byte(strconv.Quote(s)), &quoted))
		got := check.Time{Time: at}
		require.NoError(t, got.UnmarshalText([]byte(s)))
		assert.Equal(t, zero, got.IsZero(), s)
		assert.Equal(t, got, quoted)
		assert.True(t, zero || got.Equal(at.Truncate(time.Second)), s)
	}
}
