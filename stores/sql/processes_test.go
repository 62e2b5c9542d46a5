package sqlstore_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/token"
)

// The test binary starts itself with these set, as one of two processes that share a
// Store.
const (
	childApp  = "WECHAT_TEST_CHILD_APP"
	childHost = "WECHAT_TEST_CHILD_HOST"
)

// child prints the token that a hundred callers got, waits for a line, has the token
// refused by all of them, and prints the new one.
func child(store token.Store) error {
	src, err := token.New(token.Config{AppID: os.Getenv(childApp), Secret: seal.NewKey("secret"), Store: store, Classic: true},
		wechat.WithBaseURL(os.Getenv(childHost)))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var first wechat.Token
	for round := range 2 {
		var mu sync.Mutex
		var wg sync.WaitGroup
		seen := map[string]bool{}
		for range 100 {
			wg.Go(func() {
				var err error
				if round > 0 {
					err = src.Refuse(ctx, first)
				}
				k, got := src.Token(ctx)
				mu.Lock()
				defer mu.Unlock()
				seen[fmt.Sprint(string(k.Bytes()), err, got)] = true
			})
		}
		wg.Wait()
		first, err = src.Token(ctx)
		fmt.Println(len(seen), string(first.Bytes()), err)
		if round == 0 {
			if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
				return err
			}
		}
	}
	return nil
}

// process is a running child.
type process struct {
	in  io.WriteCloser
	out *bufio.Reader
}

func start(t *testing.T, env ...string) process {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // t.Context ends before the cleanup
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env, cmd.Stderr = append(os.Environ(), env...), os.Stderr
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		defer cancel()
		in.Close()
		assert.NoError(t, cmd.Wait())
	})
	return process{in, bufio.NewReader(out)}
}

func (p process) line(t *testing.T) string {
	t.Helper()
	s, err := p.out.ReadString('\n')
	require.NoError(t, err)
	return s
}

// twoProcesses has two processes fetch, and then replace, one token that they share.
// It returns the AppID they used.
func twoProcesses(t *testing.T, env ...string) string {
	t.Helper()
	var fetches atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "/cgi-bin/token", r.URL.Path)
		n := fetches.Add(1)
		select { // long enough for the other process to come
		case <-r.Context().Done():
		case <-time.After(300 * time.Millisecond):
		}
		fmt.Fprintf(w, `{"access_token":"t%d","expires_in":7200}`, n)
	}))
	t.Cleanup(server.Close)
	app := "wx" + strings.ToLower(rand.Text()[:16])
	env = append(env, childApp+"="+app, childHost+"="+server.URL)
	a, b := start(t, env...), start(t, env...)
	for _, want := range []string{"1 t1 <nil>\n", "1 t2 <nil>\n"} {
		assert.Equal(t, want, a.line(t))
		assert.Equal(t, want, b.line(t))
		for _, p := range []process{a, b} {
			_, _ = io.WriteString(p.in, "go on\n")
		}
	}
	assert.EqualValues(t, 2, fetches.Load(), "one fetch and one refresh for both")
	return app
}
