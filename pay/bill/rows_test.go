package bill_test

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay/bill"
)

func itoa(n int) string { return strconv.Itoa(n) }

func hashOf(t testing.TB, r io.Reader) string {
	t.Helper()
	h := sha1.New()
	_, err := io.Copy(h, r)
	require.NoError(t, err)
	return hex.EncodeToString(h.Sum(nil))
}

func all(t testing.TB, text string) ([]bill.TradeRow, error) {
	t.Helper()
	var rows []bill.TradeRow
	for row, err := range bill.Trades(strings.NewReader(text)) {
		if err != nil {
			return rows, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

const (
	small  = "交易时间,商户订单号,应结订单金额,商品名称\n"
	totals = "总交易单数,应结订单总金额\n"
)

func TestAdverse62_OddTextIsReadOrRefused(t *testing.T) {
	t.Parallel()
	row := "`2014-11-10 16:33:45,`A1,`0.10,`tea\n"
	for _, c := range []struct {
		name, text string
		want       error
		rows       int
	}{
		{"plain", small + row + totals + "`1,`0.10\n", nil, 1},
		{"no last line end", small + row + totals + "`1,`0.10", nil, 1},
		{"byte order mark, CRLF", "\xef\xbb\xbf" + strings.ReplaceAll(small+row+totals+"`1,`0.10\n", "\n", "\r\n"), nil, 1},
		{"no rows", small + totals + "`0,`0.0\n", nil, 0},
		{"counts like 1.0", small + row + totals + "`1.0,`0.1\n", nil, 1},
		{"quotes, commas, back-ticks in a name", small + "`2014-11-10 16:33:45,`A1,`0.10,`\"te`a, 1\"\n" + totals + "`1,`0.10\n", nil, 1},
		{"a line end in a name", small + "`2014-11-10 16:33:45,`A1,`0.10,`te\na\n" + totals + "`1,`0.10\n", bill.ErrFormat, 1},
		{"totals missing", small + row, bill.ErrFormat, 1},
		{"totals without values", small + row + totals, bill.ErrFormat, 1},
		{"totals count too much", small + row + totals + "`2,`0.10\n", bill.ErrTotals, 1},
		{"totals sum too little", small + row + totals + "`1,`0.09\n", bill.ErrTotals, 1},
		{"totals no number", small + row + totals + "`x,`0.10\n", bill.ErrFormat, 1},
		{"totals no amount", small + row + totals + "`1,`1e2\n", bill.ErrTotals, 1},
		{"totals too short", small + row + totals + "`1\n", bill.ErrFormat, 1},
		{"something behind", small + row + totals + "`1,`0.10\nmore\n", bill.ErrFormat, 1},
		{"blank lines behind", small + row + totals + "`1,`0.10\n\r\n\n", nil, 1},
		{"a value too many", small + "`2014-11-10 16:33:45,`A1,`0.10,`tea,`x\n" + totals + "`1,`0.10\n", bill.ErrFormat, 0},
		{"a value too few", small + "`2014-11-10 16:33:45,`A1,`0.10\n" + totals + "`1,`0.10\n", bill.ErrFormat, 0},
		{"a time out of range", small + "`2014-13-10 16:33:45,`A1,`0.10,`tea\n" + totals + "`1,`0.10\n", bill.ErrFormat, 0},
		{"a time with letters", small + "`2014-1x-10 16:33:45,`A1,`0.10,`tea\n" + totals + "`1,`0.10\n", bill.ErrFormat, 0},
		{"a time of another shape", small + "`20141110163345,`A1,`0.10,`tea\n" + totals + "`1,`0.10\n", bill.ErrFormat, 0},
		{"no time", small + "`,`A1,`0.10,`tea\n" + totals + "`1,`0.10\n", nil, 1},
		{"an HTML error page", "<html><body>03020003:not made yet</body></html>", bill.ErrFormat, 0},
		{"empty", "", bill.ErrFormat, 0},
		{"details without header", row, bill.ErrFormat, 0},
		{"a line without end", small + "`" + strings.Repeat("x", 3<<20), bill.ErrFormat, 0},
		{"a long value", small + "`2014-11-10 16:33:45,`A1,`0.10,`" + strings.Repeat("x", 200_000) + "\n" + totals + "`1,`0.10\n", nil, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			rows, err := all(t, c.text)
			if c.want == nil {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, c.want)
			}
			assert.Len(t, rows, c.rows)
		})
	}
	rows, err := all(t, small+"`2014-11-10 16:33:45,`A1,`0.10,`\"te`a, 1\"\n"+totals+"`1,`0.10\n")
	require.NoError(t, err)
	assert.Equal(t, "\"te`a, 1\"", rows[0].Description)
}

func TestRowsByName(t *testing.T) {
	t.Parallel()
	text := "记账时间,收支类型,收支金额（元）,未知列\n`2018-02-01 04:21:23,`支出,`0.02,`?\n资金流水总笔数,收入笔数\n`1.0,`0.0\n"
	n := 0
	for row, err := range bill.Read(strings.NewReader(text)) {
		require.NoError(t, err)
		n++
		v, ok := row.Value("未知列")
		assert.True(t, ok)
		assert.Equal(t, "?", v)
		amount, err := row.Fen("收支金额(元)")
		require.NoError(t, err)
		assert.Equal(t, wechat.Fen(2), amount)
		_, err = row.Fen("没有")
		require.ErrorIs(t, err, bill.ErrColumn)
		_, err = row.Fen("收支类型")
		require.ErrorIs(t, err, bill.ErrAmount)
		assert.Equal(t, []string{"记账时间", "收支类型", "收支金额（元）", "未知列"}, row.Columns())
	}
	assert.Equal(t, 1, n)
	for range bill.Read(strings.NewReader(text)) {
		break // leaving early is fine
	}
}

const flows = "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,业务凭证号\n" +
	"`2018-02-01 04:21:23,`50000305742018020103387128253,`1900009231201802015884652186,`退款,`退款,`支出,`0.02,`0.17,`system,`缺货,`REF4200000068201801293084726067\n" +
	"`2018-02-01 05:21:23,`1,`2,`交易,`交易,`收入,`10.00,`10.17,`system,`,`3\n"

func TestFlows(t *testing.T) {
	t.Parallel()
	tail := "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额\n"
	var rows []bill.FlowRow
	for row, err := range bill.Flows(strings.NewReader(flows + tail + "`2.0,`1.0,`10.00,`1.0,`0.02\n")) {
		require.NoError(t, err)
		rows = append(rows, row)
	}
	require.Len(t, rows, 2)
	assert.Equal(t, []any{time.Date(2018, 2, 1, 4, 21, 23, 0, wechat.Beijing), bill.Expense, wechat.Fen(2), wechat.Fen(17), "缺货"},
		[]any{rows[0].Time.Time, rows[0].Direction, rows[0].Amount, rows[0].Balance, rows[0].Note})
	for _, wrong := range []string{"`2,`2,`10.00,`1,`0.02\n", "`2,`1,`10.01,`1,`0.02\n", "`2,`1,`10.00,`1,`1.02\n", "`2,`1,`10.00,`x,`0.02\n"} {
		var last error
		for _, err := range bill.Flows(strings.NewReader(flows + tail + wrong)) {
			last = err
		}
		require.ErrorIs(t, last, bill.ErrTotals, wrong)
	}
}

func TestOldFormatIsReadByName(t *testing.T) {
	t.Parallel()
	rows, err := all(t, "交易时间,商户订单号,总金额,企业红包金额,手续费\n`2014-11-10 16:33:45,`A,`1.50,`0.50,`0.00900\n总交易单数,总交易额,总退款金额,总企业红包退款金额,手续费总金额\n`1,`1.50,`0.00,`0.00,`0.01\n")
	require.NoError(t, err)
	assert.Equal(t, []any{wechat.Fen(150), wechat.Fen(50)}, []any{rows[0].Settled, rows[0].Coupon})
	fee, exact := rows[0].Fee.Fen()
	assert.Equal(t, wechat.Fen(0), fee)
	assert.False(t, exact)
}

func FuzzBillRows(f *testing.F) {
	f.Add(vector(f, "s20.csv.b64"))
	f.Add([]byte(flows + "资金流水总笔数\n`2\n"))
	f.Add([]byte(small + totals + "`0,`0\n"))
	f.Add([]byte("<html>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		n, rows := 0, 0
		var failed error
		for row, err := range bill.Read(bytes.NewReader(data)) {
			if failed = err; err == nil {
				rows++
				for _, name := range row.Columns() {
					row.Value(name)
				}
			}
			n++
		}
		if failed == nil && n != rows {
			t.Fatal("an error went missing")
		}
		for range bill.Trades(bytes.NewReader(data)) {
		}
		for range bill.Flows(bytes.NewReader(data)) {
		}
	})
}
