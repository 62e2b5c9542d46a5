package gbk_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wxcommerce/wechat/internal/gbk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var samples = []struct{ utf8, gbk string }{
	{"", ""},
	{"plain ASCII <&>\r\n", "plain ASCII <&>\r\n"},
	{"可乐1杯", "\xbf\xc9\xc0\xd61\xb1\xad"},
	{"测试", "\xb2\xe2\xca\xd4"},
	{"支付", "\xd6\xa7\xb8\xb6"},
	{"€", "\x80"},
	{"丂", "\x81\x40"}, // a second byte in the range of ASCII
}

func TestBothWays(t *testing.T) {
	t.Parallel()
	for _, s := range samples {
		got, err := gbk.Encode(s.utf8)
		require.NoError(t, err)
		assert.Equal(t, s.gbk, got)
		got, err = gbk.Decode(s.gbk)
		require.NoError(t, err)
		assert.Equal(t, s.utf8, got)
		read, err := io.ReadAll(gbk.NewReader(iotest.OneByteReader(strings.NewReader(s.gbk))))
		require.NoError(t, err)
		assert.Equal(t, s.utf8, string(read))
	}
}

func TestLongText(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("a可乐1杯", 20000)
	b, err := gbk.Encode(text)
	require.NoError(t, err)
	for _, lead := range []string{"", "x"} { // so that characters straddle both kinds of boundaries
		read, err := io.ReadAll(gbk.NewReader(strings.NewReader(lead + b)))
		require.NoError(t, err)
		assert.True(t, lead+text == string(read))
	}
}

func TestWhatDoesNotFitIsRefused(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"tea 🍵", "\xff", "cut \xe4\xb8", "\uFFFD"} {
		_, err := gbk.Encode(s)
		assert.ErrorIs(t, err, gbk.ErrNoRoom, "%q", s)
	}
	for _, b := range []string{"\xff", "cut \xbf", "\xbf ", "\xbf<", "\xbf\x7f", "\xbf\xff", "\xff\x40", "\xa2\xab", strings.Repeat("\xbf\xc9", 3000) + "\xbf"} {
		_, err := gbk.Decode(b)
		assert.ErrorIs(t, err, gbk.ErrNotGBK, "%q", b)
		_, err = io.ReadAll(gbk.NewReader(strings.NewReader(b)))
		assert.ErrorIs(t, err, gbk.ErrNotGBK, "%q", b)
	}
	broken := errors.New("broken")
	_, err := io.ReadAll(gbk.NewReader(iotest.ErrReader(broken)))
	assert.ErrorIs(t, err, broken)
}

func FuzzDecode(f *testing.F) {
	for _, s := range samples {
		f.Add([]byte(s.gbk))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		text, err := gbk.Decode(string(b))
		read, streamed := io.ReadAll(gbk.NewReader(iotest.HalfReader(bytes.NewReader(b))))
		if (err == nil) != (streamed == nil) || err == nil && text != string(read) {
			t.Fatalf("whole and in parts differ: %v, %v", err, streamed)
		}
		if err != nil {
			return
		}
		back, err := gbk.Encode(text)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := gbk.Decode(back); err != nil || again != text {
			t.Fatalf("%q became %q: %v", text, again, err)
		}
	})
}
