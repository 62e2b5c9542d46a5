package apiv2_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay/apiv2"
	"github.com/wxcommerce/wechat/pay/bill"
	"github.com/wxcommerce/wechat/sign"
)

var day = time.Date(2026, 1, 1, 17, 0, 0, 0, time.UTC) // the second in Beijing

func TestTradeBill(t *testing.T) {
	t.Parallel()
	const text = "\uFEFF交易时间,公众账号ID\r\n`2026-01-02 03:04:05,`wx1\r\n"
	k := newDesk(t, sign.MD5, always(text))
	s, err := k.direct.TradeBill(t.Context(), apiv2.BillRequest{Day: day, GZIP: true})
	require.NoError(t, err)
	got, err := io.ReadAll(s)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	assert.Equal(t, text, string(got))
	url, sent := k.last(t, sign.MD5)
	assert.Equal(t, "POST https://api.mch.weixin.qq.com/pay/downloadbill", url)
	assert.Equal(t, fields{"appid": appID, "mch_id": mchID, "sign_type": "MD5", "bill_date": "20260102", "bill_type": "ALL", "tar_type": "GZIP"}, sent)

	k.answer = always(document("xml", fields{"return_code": "FAIL", "return_msg": "No Bill Exist", "error_code": "20002"}))
	_, err = k.direct.TradeBill(t.Context(), apiv2.BillRequest{Day: day, Type: "REFUND"})
	require.ErrorIs(t, err, apiv2.ErrNoTradeBill)
	assert.Contains(t, err.Error(), "No Bill Exist")
	_, sent = k.last(t, sign.MD5)
	assert.Equal(t, "REFUND", sent["bill_type"])
	_, err = k.direct.TradeBill(t.Context(), apiv2.BillRequest{})
	assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
	assert.ErrorContains(t, err, "bill_date")
}

func TestFundFlow(t *testing.T) {
	t.Parallel()
	const text = "记账时间,微信支付业务单号\r\n"
	sum := sha1.Sum([]byte(text))
	k := newDesk(t, sign.MD5, always(text))
	k.header.Set("Digest", "SHA="+hex.EncodeToString(sum[:]))
	s, err := k.direct.FundFlow(t.Context(), apiv2.BillRequest{Day: day})
	require.NoError(t, err)
	got, err := io.ReadAll(s)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	assert.Equal(t, text, string(got))
	url, sent := k.last(t, sign.HMACSHA256)
	assert.Equal(t, "POST https://api.mch.weixin.qq.com/pay/downloadfundflow", url)
	assert.Equal(t, fields{"appid": appID, "mch_id": mchID, "sign_type": "HMAC-SHA256", "bill_date": "20260102", "account_type": "Basic"}, sent)

	k.answer = always(text + "x")
	s, err = k.direct.FundFlow(t.Context(), apiv2.BillRequest{Day: day, Account: "Fees"})
	require.NoError(t, err)
	_, err = io.ReadAll(s)
	require.ErrorIs(t, err, apiv2.ErrDigest)
	require.NoError(t, s.Close())

	k.header.Del("Digest")
	s, err = k.direct.FundFlow(t.Context(), apiv2.BillRequest{Day: day})
	require.NoError(t, err)
	_, err = io.ReadAll(s)
	require.NoError(t, err, "what announced nothing cannot be compared")
	require.NoError(t, s.Close())

	k.answer = always(unsigned(fields{"result_code": "FAIL", "err_code": "NO_BILL_EXIST"}))
	_, err = k.direct.FundFlow(t.Context(), apiv2.BillRequest{Day: day})
	require.ErrorIs(t, err, apiv2.ErrNoBill)
	_, err = k.direct.FundFlow(t.Context(), apiv2.BillRequest{})
	require.ErrorContains(t, err, "bill_date")
}

func TestFundFlowFile(t *testing.T) {
	t.Parallel()
	const text = "\uFEFF记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额（元）,账户结余（元）,资金变更提交申请人,备注,业务凭证号\r\n" +
		"`2026-01-02 03:04:05,`4200,`1,`交易,`交易,`收入,`1.00,`1.00,`system,`,`A1\r\n" +
		"资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额\r\n`1,`1,`1.00,`0,`0.00\r\n"
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err := z.Write([]byte(text))
	require.NoError(t, errors.Join(err, z.Close()))
	for _, tt := range []struct {
		name, answer string
		gzip         bool
	}{{"text", text, false}, {"packed", packed.String(), true}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sum, dir := sha1.Sum([]byte(tt.answer)), t.TempDir()
			k := newDesk(t, sign.MD5, always(tt.answer))
			k.header.Set("Digest", "SHA="+hex.EncodeToString(sum[:]))
			in := apiv2.BillRequest{Day: day, GZIP: tt.gzip}
			file, err := k.direct.FundFlowFile(t.Context(), in, bill.WithDir(dir))
			require.NoError(t, err)
			for row, err := range file.Flows() {
				require.NoError(t, err)
				assert.Equal(t, wechat.Fen(100), row.Amount)
			}
			require.NoError(t, file.Close())

			k.header.Set("Digest", "SHA="+strings.Repeat("0", 40))
			_, err = k.direct.FundFlowFile(t.Context(), in, bill.WithDir(dir))
			require.ErrorIs(t, err, apiv2.ErrDigest)
			k.answer = always(unsigned(fields{"result_code": "FAIL", "err_code": "NO_BILL_EXIST"}))
			_, err = k.direct.FundFlowFile(t.Context(), in, bill.WithDir(dir))
			require.ErrorIs(t, err, apiv2.ErrNoBill)
			left, err := os.ReadDir(dir)
			require.NoError(t, err)
			assert.Empty(t, left, "nothing stays behind")
		})
	}
}

func TestComments(t *testing.T) {
	t.Parallel()
	k := newDesk(t, sign.MD5, always(""))
	request := apiv2.CommentRequest{Begin: day, End: day.Add(time.Hour), Limit: 100}
	k.answer = always("100\n`2026-01-02 03:04:05,`4200,`5,`赞,水果,`新鲜\n好\n`2026-01-02 03:04:06,`4201,`1,`差\n")
	got, err := k.direct.Comments(t.Context(), request)
	require.NoError(t, err)
	assert.Equal(t, &apiv2.Comments{Next: 100, List: []apiv2.Comment{{At: at("20260102030405"), TransactionID: "4200", Stars: 5, Text: "赞,水果,`新鲜\n好"},
		{At: at("20260102030406"), TransactionID: "4201", Stars: 1, Text: "差"}}}, got)
	url, sent := k.last(t, sign.HMACSHA256)
	assert.Equal(t, "POST https://api.mch.weixin.qq.com/billcommentsp/batchquerycomment", url)
	assert.Equal(t, fields{"appid": appID, "mch_id": mchID, "sign_type": "HMAC-SHA256", "begin_time": "20260102010000", "end_time": "20260102020000", "offset": "0", "limit": "100"}, sent)

	for _, text := range []string{"soon\n", "1\nx", "1\n`t,`1,`many,`x", ""} {
		k.answer = always(text)
		_, err = k.direct.Comments(t.Context(), request)
		require.Error(t, err, "%q", text)
	}
	k.answer = always("100\n" + strings.Repeat("`2026-01-02 03:04:05,`4200,`5,`"+strings.Repeat("好", 20_000)+"\n", 80))
	_, err = k.direct.Comments(t.Context(), request)
	require.Error(t, err, "too long, and never cut")
	k.answer = always("7")
	got, err = k.direct.Comments(t.Context(), request)
	require.NoError(t, err)
	assert.Equal(t, &apiv2.Comments{Next: 7}, got)
	for _, bad := range []apiv2.CommentRequest{{}, {Begin: day, End: day}, {Begin: day, End: day.Add(1), Offset: -1}, {Begin: day, End: day.Add(1), Limit: 201}} {
		_, err = k.direct.Comments(t.Context(), bad)
		assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
	}
}
