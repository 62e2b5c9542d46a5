package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// asProgram makes the test binary the store itself, to be killed at will.
const asProgram = "STORE_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		asShop()
		return
	}
	goleak.VerifyTestMain(m)
}

func TestDemoEndsWithEqualLedgers(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-demo"}, {"-demo", "-generation", "v2"}, {"-demo", "-generation", "2014"}} {
		var out, errs bytes.Buffer
		code := run(t.Context(), args, &out, &errs)
		require.Zero(t, code, errs.String())
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		assert.Equal(t, "ledger difference: 0 fen", lines[len(lines)-1])
		assert.GreaterOrEqual(t, len(lines), 12, "a line a step")
	}
}

func TestDemoThatCannotWriteFails(t *testing.T) {
	t.Parallel()
	assert.Equal(t, 1, run(t.Context(), []string{"-demo"}, closedPipe(), io.Discard))
}

func closedPipe() io.Writer {
	r, w := io.Pipe()
	_ = r.Close() // never fails
	return w
}

func TestServePrintsOneAddressAndKeepsItsBooks(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	var passwords []string
	for range 2 {
		ctx, stop := context.WithCancel(t.Context())
		r, w := io.Pipe()
		done := make(chan int, 1)
		go func() {
			done <- run(ctx, []string{"-addr", "127.0.0.1:0", "-data", dir}, w, io.Discard)
			_ = w.Close() // a pipe's Close never fails
		}()
		address, password := announced(t, r)
		assert.Contains(t, see(t, address), "山月小铺")
		passwords = append(passwords, password)
		stop()
		assert.Zero(t, <-done)
	}
	assert.Equal(t, passwords[0], passwords[1])
	info, err := os.Stat(filepath.Join(dir, "merchant-password"))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

// announced reads what the store prints at its start: exactly one address.
func announced(t *testing.T, r io.Reader) (address, password string) {
	t.Helper()
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if strings.HasPrefix(line, "http://") {
			require.Empty(t, address, "one address")
			address = strings.TrimSuffix(line, "/")
		}
		if _, after, ok := strings.Cut(line, "密码): "); ok {
			password = after
		}
		if strings.HasPrefix(line, "Ctrl+C") {
			break
		}
	}
	require.NotEmpty(t, address, "the store did not start")
	go func() { _, _ = io.Copy(io.Discard, r) }() // ends with the store
	return address, password
}

func see(t *testing.T, address string) string {
	t.Helper()
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Get(address + "/")
	require.NoError(t, err)
	defer func() { assert.NoError(t, res.Body.Close()) }()
	b, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return string(b)
}

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, taken.Close()) })
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	tests := []struct {
		name string
		args []string
		code int
		says string
	}{
		{"help", []string{"-h"}, 0, "-demo"},
		{"unknown flag", []string{"-x"}, 2, "-x"},
		{"unknown generation", []string{"-generation", "v4", "-data", t.TempDir()}, 1, "v3, v2, 2014"},
		{"unknown generation of the demo", []string{"-demo", "-generation", "v1"}, 1, "-generation"},
		{"address in use", []string{"-addr", taken.Addr().String(), "-data", t.TempDir()}, 1, "-addr"},
		{"not loopback", []string{"-addr", "0.0.0.0:0", "-data", t.TempDir()}, 1, "loopback"},
		{"no folder", []string{"-addr", "127.0.0.1:0", "-data", filepath.Join(file, "x")}, 1, "-data"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out, errs bytes.Buffer
			assert.Equal(t, tt.code, run(t.Context(), tt.args, &out, &errs))
			assert.Contains(t, errs.String(), tt.says)
		})
	}
}
