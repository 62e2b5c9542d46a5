package bill_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/pay/bill"
)

// fails ends text in err instead of io.EOF.
func fails(text []byte, err error) io.Reader {
	return io.MultiReader(bytes.NewReader(text), iotest.ErrReader(err))
}

func TestSpool(t *testing.T) {
	t.Parallel()
	forged := errors.New("not what was announced")
	text := []byte("交易时间\r\n" + strings.Repeat("`1\r\n", 100_000))
	for _, tt := range []struct {
		name   string
		src    io.Reader
		packed bool
		opts   []bill.Option
		is     error // nil for a good file
	}{
		{"text", bytes.NewReader(text), false, nil, nil},
		{"byte by byte", iotest.OneByteReader(bytes.NewReader(text[:1000])), false, nil, nil},
		{"packed", bytes.NewReader(packed(t, text)), true, nil, nil},
		{"forged", fails(text, forged), false, nil, forged},
		{"forged and packed", fails(packed(t, text), forged), true, nil, forged},
		{"packed, then more", bytes.NewReader(append(packed(t, text), 'x')), true, nil, bill.ErrPacked},
		{"packed, cut", bytes.NewReader(packed(t, text)[:50]), true, nil, bill.ErrPacked},
		{"not packed", bytes.NewReader(text), true, nil, bill.ErrPacked},
		{"too large", bytes.NewReader(text), false, []bill.Option{bill.WithMaxSize(int64(len(text)) - 1)}, bill.ErrTooLarge},
		{"too large unpacked", bytes.NewReader(packed(t, text)), true, []bill.Option{bill.WithMaxSize(1000)}, bill.ErrTooLarge},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			file, err := bill.Spool(tt.src, tt.packed, append(tt.opts, bill.WithDir(dir))...)
			if tt.is == nil {
				require.NoError(t, err)
				got, err := io.ReadAll(file.Open())
				require.NoError(t, err)
				assert.Equal(t, text[:len(got)], got)
				assert.Equal(t, int64(len(got)), file.Size())
				require.NoError(t, file.Close())
			} else {
				require.ErrorIs(t, err, tt.is)
				assert.Nil(t, file)
			}
			left, err := os.ReadDir(dir)
			require.NoError(t, err)
			assert.Empty(t, left)
		})
	}
}
