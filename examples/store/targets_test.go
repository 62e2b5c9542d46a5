package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/wechattest"
)

func TestTargetsFileForTheGoLiveCheck(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "targets.json")
	ctx, stop := context.WithCancel(t.Context())
	r, w := io.Pipe()
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, []string{"-addr", "127.0.0.1:0", "-generation", "2014", "-targets", file}, w, io.Discard)
		_ = w.Close() // a pipe's Close never fails
	}()
	address, _ := announced(t, r)
	require.Eventually(t, func() bool { _, err := os.Stat(file); return err == nil }, 10*time.Second, 10*time.Millisecond)
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	var targets wechattest.Targets
	require.NoError(t, json.Unmarshal(b, &targets))
	assert.Equal(t, address+"/test/fulfilled", targets.CountURL)
	assert.Equal(t, address+"/wechat/notify", targets.Legacy.PayURL)
	assert.Len(t, targets.Legacy.Samples, 3)
	info, err := os.Stat(file)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	stop()
	assert.Zero(t, <-done)

	var errs bytes.Buffer
	assert.Equal(t, 1, run(t.Context(), []string{"-addr", "127.0.0.1:0", "-targets", filepath.Join(file, "x")}, io.Discard, &errs))
	assert.Contains(t, errs.String(), "-targets")
}
