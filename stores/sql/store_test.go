package sqlstore_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	_ "modernc.org/sqlite"

	sqlstore "github.com/wxcommerce/wechat/stores/sql"
	"github.com/wxcommerce/wechat/token"
	"github.com/wxcommerce/wechat/token/tokentest"
)

// The environment says where the tests may write: data source names of the two
// drivers. Once one is set, a server that does not answer is a failure.
var databases = []struct {
	dialect     sqlstore.Dialect
	driver, env string
}{
	{sqlstore.Postgres, "pgx", "WECHAT_TEST_POSTGRES"},
	{sqlstore.MySQL, "mysql", "WECHAT_TEST_MYSQL"},
	{sqlstore.SQLite, "sqlite", ""}, // a file of the test's own
}

const (
	childDialect = "WECHAT_TEST_CHILD_DIALECT" // number in databases
	childSource  = "WECHAT_TEST_CHILD_SOURCE"
	childTable   = "WECHAT_TEST_CHILD_TABLE"
)

func TestMain(m *testing.M) {
	if os.Getenv(childApp) == "" {
		goleak.VerifyTestMain(m)
		return
	}
	if err := runChild(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func runChild() error {
	for _, d := range databases {
		if d.driver != os.Getenv(childDialect) {
			continue
		}
		db, err := sql.Open(d.driver, os.Getenv(childSource))
		if err != nil {
			return err
		}
		defer db.Close()
		s, err := sqlstore.New(db, d.dialect, os.Getenv(childTable))
		if err != nil {
			return err
		}
		return child(s)
	}
	return fmt.Errorf("no such driver: %s", os.Getenv(childDialect))
}

// each runs test on a fresh table of every database there is.
func each(t *testing.T, test func(t *testing.T, s *sqlstore.Store, driver, source, table string)) {
	for _, d := range databases {
		t.Run(d.dialect.String(), func(t *testing.T) {
			t.Parallel()
			source := os.Getenv(d.env)
			switch {
			case d.env == "":
				source = "file:" + filepath.Join(t.TempDir(), "tokens.sqlite") + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)"
			case source == "":
				t.Skip(d.env + " is not set")
			}
			db, err := sql.Open(d.driver, source)
			require.NoError(t, err)
			t.Cleanup(func() { db.Close() })
			table := "wechat_test_" + strings.ToLower(rand.Text()[:10])
			s, err := sqlstore.New(db, d.dialect, table)
			require.NoError(t, err)
			require.NoError(t, s.Create(t.Context()))
			require.NoError(t, s.Create(t.Context()), "it is there already")
			t.Cleanup(func() {
				_, err := db.Exec("DROP TABLE " + table)
				assert.NoError(t, err)
			})
			test(t, s, d.driver, source, table)
		})
	}
}

func TestPromises(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *sqlstore.Store, _, _, _ string) {
		require.NoError(t, tokentest.Check(t.Context(), s))
		ok, err := s.Swap(t.Context(), "k", nil, nil, time.Minute)
		require.NoError(t, err)
		assert.True(t, ok, "nothing was there, and nothing is")
		_, err = s.Swap(t.Context(), "k", nil, []byte("v"), time.Minute)
		require.NoError(t, err)
		ok, err = s.Swap(t.Context(), "k", nil, nil, time.Minute)
		require.NoError(t, err)
		assert.False(t, ok)
	})
}

// Two processes share one token: one fetch, one refresh.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, _ *sqlstore.Store, driver, source, table string) {
		twoProcesses(t, childDialect+"="+driver, childSource+"="+source, childTable+"="+table)
	})
}

// Without its table, or its server, everything is an error and nothing a miss.
func TestNoTable(t *testing.T) {
	t.Parallel()
	db, err := sql.Open("sqlite", ":memory:")
	require.NoError(t, err)
	s, err := sqlstore.New(db, sqlstore.SQLite, "nowhere")
	require.NoError(t, err)
	_, err = s.Get(t.Context(), "k")
	require.ErrorContains(t, err, "sqlstore: reading")
	assert.NotErrorIs(t, err, token.ErrMiss)
	for _, pair := range [][2]string{{"", ""}, {"", "c4nary"}, {"c4nary", ""}, {"c4nary", "c4nary2"}} {
		ok, err := s.Swap(t.Context(), "k", []byte(pair[0]), []byte(pair[1]), time.Minute)
		require.Error(t, err)
		assert.False(t, ok)
		assert.NotContains(t, err.Error(), "c4nary")
	}
	require.NoError(t, db.Close())
	require.ErrorContains(t, s.Create(t.Context()), "creating")
}

func TestNew(t *testing.T) {
	t.Parallel()
	db, err := sql.Open("sqlite", ":memory:")
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	for _, table := range []string{"", "a b", "a;b", "a.b.c", "1a", `"a"`, "a--", "ä", strings.Repeat("a", 64)} {
		_, err := sqlstore.New(db, sqlstore.SQLite, table)
		require.ErrorContains(t, err, "table's name", table)
	}
	for _, d := range []sqlstore.Dialect{0, 4, -1} {
		_, err := sqlstore.New(db, d, "t")
		require.ErrorContains(t, err, "Dialect")
		assert.Equal(t, "unknown database", d.String())
	}
	_, err = sqlstore.New(nil, sqlstore.SQLite, "t")
	require.ErrorContains(t, err, "nil database")
	s, err := sqlstore.New(db, sqlstore.MySQL, "shop.wechat_token")
	require.NoError(t, err)
	assert.Contains(t, s.Schema(), "CREATE TABLE IF NOT EXISTS shop.wechat_token (")
	assert.Equal(t, "token store in a table token store in a table", fmt.Sprintf("%+v %#v", s, s))
}

func ExampleNew() {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	store, err := sqlstore.New(db, sqlstore.SQLite, "wechat_token")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(store, store.Create(context.Background()))
	// Output: token store in a table <nil>
}
