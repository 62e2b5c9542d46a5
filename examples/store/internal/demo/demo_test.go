package demo_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wxcommerce/wechat/examples/store/internal/app"
	"github.com/wxcommerce/wechat/examples/store/internal/demo"
	"github.com/wxcommerce/wechat/wechattest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stopper is a reader who walks away after so many lines.
type stopper struct {
	bytes.Buffer
	after int
	stop  context.CancelFunc
}

func (s *stopper) Write(p []byte) (int, error) {
	n, err := s.Buffer.Write(p)
	if strings.Count(s.String(), "\n") == s.after {
		s.stop()
	}
	return n, err
}

func TestRunPlaysEveryStep(t *testing.T) {
	t.Parallel()
	for _, generation := range app.Generations() {
		t.Run(generation, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			require.NoError(t, demo.Run(t.Context(), &out, generation, wechattest.ReusedKeys()))
			assert.True(t, strings.HasSuffix(out.String(), "\nledger difference: 0 fen\n"), out.String())
			assert.Contains(t, out.String(), "of generation "+generation+" ")
			assert.Equal(t, generation != "v3", strings.Contains(out.String(), "static code scanned"))
		})
	}
}

func TestRunFailsWhereAStepFails(t *testing.T) {
	t.Parallel()
	for _, lines := range []int{0, 2, 7, 11} {
		t.Run(fmt.Sprint(lines), func(t *testing.T) {
			t.Parallel()
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			if lines == 0 {
				stop()
			}
			out := &stopper{after: lines, stop: stop}
			require.ErrorIs(t, demo.Run(ctx, out, "v3", wechattest.ReusedKeys()), context.Canceled)
			assert.Equal(t, lines, strings.Count(out.String(), "\n"))
			assert.NotContains(t, out.String(), "difference")
		})
	}
}
