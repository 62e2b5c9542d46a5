package bill_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay/bill"
)

var day = bill.DayOf(time.Date(2014, 11, 10, 23, 30, 0, 0, time.UTC)) // the 11th in Beijing

func TestApply(t *testing.T) {
	t.Parallel()
	trade := func(r bill.TradeRequest) func(context.Context, *bill.Service) (*bill.Ticket, error) {
		return func(ctx context.Context, s *bill.Service) (*bill.Ticket, error) { return s.Trade(ctx, r) }
	}
	flow := func(r bill.FundFlowRequest) func(context.Context, *bill.Service) (*bill.Ticket, error) {
		return func(ctx context.Context, s *bill.Service) (*bill.Ticket, error) { return s.FundFlow(ctx, r) }
	}
	for _, c := range []struct {
		name, sub, target string
		call              func(context.Context, *bill.Service) (*bill.Ticket, error)
	}{
		{"trade", "", "/v3/bill/tradebill?bill_date=2014-11-11", trade(bill.TradeRequest{Date: day})},
		{"trade of a sub-merchant, packed", "0000190002", "/v3/bill/tradebill?sub_mchid=0000190002&bill_date=2014-11-11&bill_type=REFUND&tar_type=GZIP",
			trade(bill.TradeRequest{Date: day, Type: bill.Refund, TarType: bill.GZIP})},
		{"fund flow", "", "/v3/bill/fundflowbill?bill_date=2014-11-11&account_type=OPERATION&tar_type=GZIP",
			flow(bill.FundFlowRequest{Date: day, Account: bill.Operation, TarType: bill.GZIP})},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, c.sub, answerFor(nil), whole(nil))
			ticket, err := c.call(t.Context(), d.Service)
			require.NoError(t, err)
			assert.Equal(t, "SHA1", ticket.HashType)
			assert.Equal(t, fileURL, ticket.DownloadURL)
			require.Len(t, d.apply, 1)
			assert.Equal(t, http.MethodGet, d.apply[0].Method)
			assert.Equal(t, c.target, d.apply[0].URL.RequestURI())
		})
	}
	t.Run("a day is required", func(t *testing.T) {
		t.Parallel()
		d := newDesk(t, "", answerFor(nil), whole(nil))
		_, err := d.Trade(t.Context(), bill.TradeRequest{})
		var field *wechat.FieldError
		require.ErrorAs(t, err, &field)
		assert.Equal(t, "bill_date", field.Field)
		assert.Empty(t, d.apply)
	})
	t.Run("codes", func(t *testing.T) {
		t.Parallel()
		err := &wechat.APIError{Status: 400, Code: "NO_STATEMENT_EXIST"}
		assert.ErrorIs(t, err, bill.ErrNoStatement)
		assert.NotErrorIs(t, err, bill.ErrCreating)
	})
}

func TestVectorS20IsReadPackedAndUnpacked(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]bill.TarType{"s20.csv.b64": "", "s20.gz.b64": bill.GZIP} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, "", `{"hash_type":"sha1","hash_value":"`+strings.ToUpper(digest)+`","download_url":"`+fileURL+`"}`, whole(vector(t, name)))
			ticket, err := d.Trade(t.Context(), bill.TradeRequest{Date: day, TarType: kind})
			require.NoError(t, err)
			file, err := d.Download(t.Context(), ticket)
			require.NoError(t, err)
			defer func() { require.NoError(t, file.Close()); d.empty() }()
			assert.Contains(t, d.files[0].Header.Get("Authorization"), "WECHATPAY2-SHA256-RSA2048")
			var rows []bill.TradeRow
			for row, err := range file.Trades() {
				require.NoError(t, err)
				rows = append(rows, row)
			}
			require.Len(t, rows, 1)
			r := rows[0]
			assert.Equal(t, time.Date(2014, 11, 10, 16, 33, 45, 0, wechat.Beijing), r.Time.Time)
			assert.Equal(t, "苹果,梨", r.Description)
			assert.Equal(t, `a\n b`, r.Attach)
			assert.Equal(t, []any{"1415640626", "JSAPI", "SUCCESS", wechat.Fen(1), wechat.Fen(0), wechat.Fen(1), "0.00010", "0.60%", ""},
				[]any{r.OutTradeNo, r.TradeType, r.State, r.Settled, r.Coupon, r.OrderAmount, r.Fee.String(), r.Rate, r.RateNote})
			assert.Len(t, r.Columns(), 20)
			assert.EqualValues(t, 2, r.Line())
			assert.EqualValues(t, len(vector(t, "s20.csv.b64")), file.Size())
		})
	}
}

func TestAdverse59_WrongDigestLeavesNothing(t *testing.T) {
	t.Parallel()
	text := vector(t, "s20.csv.b64")
	for _, kind := range []bill.TarType{"", bill.GZIP} {
		changed := bytes.Replace(text, []byte("0.01"), []byte("9.01"), 1)
		if kind == bill.GZIP {
			changed = packed(t, changed)
		}
		d := newDesk(t, "", answerFor(text), whole(changed))
		ticket, err := d.Trade(t.Context(), bill.TradeRequest{Date: day, TarType: kind})
		require.NoError(t, err)
		_, err = d.Download(t.Context(), ticket)
		require.ErrorIs(t, err, bill.ErrDigest)
		d.empty()
	}
	d := newDesk(t, "", strings.Replace(answerFor(text), "SHA1", "MD5", 1), whole(text))
	ticket, err := d.Trade(t.Context(), bill.TradeRequest{Date: day})
	require.NoError(t, err)
	_, err = d.Download(t.Context(), ticket)
	require.ErrorIs(t, err, bill.ErrHash)
	_, err = d.Download(t.Context(), nil)
	require.Error(t, err)
}

func TestAdverse60_DamagedGzipIsReportedWherever(t *testing.T) {
	t.Parallel()
	text := vector(t, "s20.csv.b64")
	z := packed(t, text)
	cases := map[string][]byte{"trailing bytes": append(bytes.Clone(z), 0), "extra member": append(bytes.Clone(z), z...), "empty": nil, "not gzip": text}
	for i := range 10 {
		cases["cut at "+string(rune('0'+i))+"0 %"] = z[:len(z)*i/10]
	}
	flipped := bytes.Clone(z)
	flipped[len(flipped)-6] ^= 1
	cases["checksum"] = flipped
	for name, body := range cases {
		d := newDesk(t, "", answerFor(text), whole(body))
		ticket, err := d.Trade(t.Context(), bill.TradeRequest{Date: day, TarType: bill.GZIP})
		require.NoError(t, err)
		_, err = d.Download(t.Context(), ticket)
		require.ErrorIs(t, err, bill.ErrPacked, name)
		d.empty()
	}
}

// cut is a body that ends with an error, as net/http gives when a length was announced.
type cut struct{ io.Reader }

func (c cut) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func TestCutTextIsReportedAtTenPoints(t *testing.T) {
	t.Parallel()
	text := vector(t, "s20.csv.b64")
	for i := range 10 {
		part := text[:len(text)*i/10]
		for name, body := range map[string]func() *http.Response{
			"announced": served(200, cut{bytes.NewReader(part)}, int64(len(text))),
			"silent":    served(200, bytes.NewReader(part), -1),
		} {
			d := newDesk(t, "", answerFor(text), body)
			ticket, err := d.Trade(t.Context(), bill.TradeRequest{Date: day})
			require.NoError(t, err)
			_, err = d.Download(t.Context(), ticket)
			require.Error(t, err, name)
			d.empty()
		}
	}
}

// bulk is a bill of n equal rows, made while it is read.
func bulk(n int) io.Reader {
	head := "交易时间,商户订单号,应结订单金额\r\n"
	tail := "总交易单数,应结订单总金额\r\n`" + itoa(n) + ",`" + wechat.Fen(n*1299).Yuan() + "\r\n"
	row := "`2014-11-10 16:33:45,`" + strings.Repeat("N", 300) + ",`12.99\r\n"
	return io.MultiReader(strings.NewReader(head), io.LimitReader(&again{row: row}, int64(n*len(row))), strings.NewReader(tail))
}

type again struct {
	row string
	at  int
}

func (a *again) Read(p []byte) (int, error) {
	n := copy(p, a.row[a.at:])
	a.at = (a.at + n) % len(a.row)
	return n, nil
}

func TestAdverse61_TwoHundredMegabytesTakeLittleMemory(t *testing.T) {
	n := 600_000 // 200 MB
	if testing.Short() {
		n = 60_000
	}
	value, err := io.ReadAll(bulk(1))
	require.NoError(t, err)
	require.NotEmpty(t, value)
	d := newDesk(t, "", `{"hash_type":"SHA1","hash_value":"`+hashOf(t, bulk(n))+`","download_url":"`+fileURL+`"}`, served(200, bulk(n), -1))
	ticket, err := d.Trade(t.Context(), bill.TradeRequest{Date: day})
	require.NoError(t, err)
	peak, rows := uint64(0), 0
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	file, err := d.Download(t.Context(), ticket)
	require.NoError(t, err)
	defer file.Close()
	for _, err := range file.Trades() {
		require.NoError(t, err)
		if rows++; rows%50_000 == 0 {
			runtime.ReadMemStats(&now)
			peak = max(peak, now.HeapAlloc)
		}
	}
	assert.Equal(t, n, rows)
	assert.Less(t, int64(peak)-int64(before.HeapAlloc), int64(16<<20), "heap over the start")
	t.Logf("%d MB, %d rows, heap at most %d kB over the start", file.Size()>>20, rows, (int64(peak)-int64(before.HeapAlloc))>>10)
}

func TestTooLargeBillLeavesNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "", answerFor(nil), served(200, bulk(1000), -1), bill.WithMaxSize(10_000))
	ticket, err := d.Trade(t.Context(), bill.TradeRequest{Date: day})
	require.NoError(t, err)
	_, err = d.Download(t.Context(), ticket)
	require.ErrorIs(t, err, bill.ErrTooLarge)
	d.empty()
}

func TestAdverse63_ForeignAddressesGetNoAuthorization(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]string{
		"another host":      "https://evil.example/v3/billdownload/file?token=t",
		"plain http":        "http://api.mch.weixin.qq.com/v3/billdownload/file?token=t",
		"another path":      "https://api.mch.weixin.qq.com/v3/refund/domestic/refunds",
		"host in user info": "https://api.mch.weixin.qq.com@evil.example/v3/billdownload/file?token=t",
	} {
		d := newDesk(t, "", strings.Replace(answerFor(nil), fileURL, address, 1), whole(nil))
		ticket, err := d.Trade(t.Context(), bill.TradeRequest{Date: day})
		require.NoError(t, err)
		_, err = d.Download(t.Context(), ticket)
		require.Error(t, err, name)
		assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err), name)
		assert.Empty(t, d.files, name)
	}
	moved := func() *http.Response {
		return &http.Response{StatusCode: 302, Header: http.Header{"Location": {"https://evil.example/?token=secret-token"}}, Body: http.NoBody}
	}
	d := newDesk(t, "", answerFor(nil), moved)
	ticket, err := d.Trade(t.Context(), bill.TradeRequest{Date: day})
	require.NoError(t, err)
	_, err = d.Download(t.Context(), ticket)
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "secret-token")
	assert.Len(t, d.files, 1)
}

func TestSaveToKeepsAWholeFileOrNothing(t *testing.T) {
	t.Parallel()
	text := vector(t, "s20.csv.b64")
	d := newDesk(t, "", answerFor(text), whole(packed(t, text)))
	ticket, err := d.Trade(t.Context(), bill.TradeRequest{Date: day, TarType: bill.GZIP})
	require.NoError(t, err)
	name := filepath.Join(d.dir, "2014-11-10.csv")
	require.NoError(t, d.SaveTo(t.Context(), ticket, name))
	kept, err := os.ReadFile(name)
	require.NoError(t, err)
	assert.Equal(t, text, kept)
	left, err := os.ReadDir(d.dir)
	require.NoError(t, err)
	assert.Len(t, left, 1)

	other := newDesk(t, "", answerFor(text), whole(text[1:]))
	ticket, err = other.Trade(t.Context(), bill.TradeRequest{Date: day})
	require.NoError(t, err)
	require.ErrorIs(t, other.SaveTo(t.Context(), ticket, filepath.Join(other.dir, "x.csv")), bill.ErrDigest)
	other.empty()
	gone := bill.New(other.m, bill.WithDir(filepath.Join(other.dir, "missing")))
	_, err = gone.Download(t.Context(), ticket)
	require.Error(t, err)
	assert.False(t, errors.Is(err, bill.ErrDigest))
}
