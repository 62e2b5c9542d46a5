package app_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/examples/store/internal/app"
	"github.com/wxcommerce/wechat/wechattest"
)

// The shop passes its own go-live check, in every generation and with nothing left out.
func TestGoLive(t *testing.T) {
	t.Parallel()
	for generation, channels := range map[string]int{"v3": 5, "v2": 6, "2014": 7} {
		t.Run(generation, func(t *testing.T) {
			t.Parallel()
			a, err := app.Start(t.Context(), app.Config{Addr: "127.0.0.1:0", Data: t.TempDir(), Generation: generation, Keys: wechattest.ReusedKeys(), Check: true})
			require.NoError(t, err)
			defer func() { assert.NoError(t, a.Close()) }()
			targets, err := a.Targets(t.Context())
			require.NoError(t, err)
			report, err := wechattest.Launch(t.Context(), targets)
			require.NoError(t, err)
			var text bytes.Buffer
			require.NoError(t, report.WriteText(&text))
			assert.True(t, report.OK(), text.String())
			seen := map[string]bool{}
			for _, f := range report.Findings {
				seen[f.Target] = true
				assert.NotEqual(t, wechattest.Skipped, f.Verdict, "%s: %s", f.Target, f.Rule)
			}
			assert.Len(t, seen, channels, "what was checked: %v", seen)
		})
	}
}
