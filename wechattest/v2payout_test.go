package wechattest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay"
	"github.com/wxcommerce/wechat/pay/apiv2"
	"github.com/wxcommerce/wechat/pay/bill"
	libseal "github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
	"github.com/wxcommerce/wechat/wechattest"
)

// earn sells something, so that there is money to give away.
func (s *shopV2) earn(t *testing.T, no string, total wechat.Fen) string {
	t.Helper()
	o := s.request(no, pay.TradeJSAPI)
	o.Total = total
	p, err := s.orders.Place(t.Context(), o)
	require.NoError(t, err)
	paid, err := s.p.Pay(p.PrepayID, wechattest.User{Name: "li"})
	require.NoError(t, err)
	s.clock.Advance(time.Second)
	return paid.TransactionID
}

func (s *shopV2) pack(no string, total wechat.Fen, number int) apiv2.RedPackRequest {
	return apiv2.RedPackRequest{BillNo: no, SendName: "茶店", OpenID: wechattest.User{Name: "li"}.OpenID(s.a.AppID), Total: total, Number: number,
		Wishing: "恭喜 & 发财", ClientIP: "192.0.2.1", ActName: "新年", Remark: "快来"}
}

func TestV2RedPacks(t *testing.T) {
	t.Parallel()
	s := newShopV2(t, sign.MD5, false)
	ctx, li := t.Context(), wechattest.User{Name: "li"}
	_, err := s.orders.SendRedPack(ctx, s.pack("B1", 300, 1))
	require.ErrorIs(t, err, wechat.Code("NOTENOUGH"))
	assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err), "a refusal of money given away proves nothing")
	_, err = s.orders.RedPackInfo(ctx, "B1")
	require.ErrorIs(t, err, apiv2.ErrNotFound)
	s.earn(t, "A00001", 1000)

	s.p.Fault(wechattest.Fault{Kind: wechattest.LostReply, Path: "/mmpaymkttransfers/sendredpack"})
	_, err = s.orders.SendRedPack(ctx, s.pack("B1", 300, 1))
	require.Error(t, err)
	sent, err := s.orders.SendRedPack(ctx, s.pack("B1", 300, 1))
	require.NoError(t, err)
	_, err = s.orders.SendRedPack(ctx, s.pack("B1", 301, 1))
	require.ErrorIs(t, err, wechat.Code("FATAL_ERROR"), "the number is taken")
	info, err := s.orders.RedPackInfo(ctx, "B1")
	require.NoError(t, err)
	assert.Equal(t, apiv2.RedPackSent, info.State)
	assert.Equal(t, sent.ListID, info.DetailID)
	assert.Equal(t, "恭喜 & 发财", info.Wishing)
	assert.Equal(t, wechat.Fen(700), wechattest.Balance(s.p.Ledger(s.a.MchID)), "given once")
	_, err = s.p.OpenRedPack(s.a.MchID, "B1", wechattest.User{Name: "wang"})
	require.ErrorIs(t, err, wechattest.ErrWrongUser)
	got, err := s.p.OpenRedPack(s.a.MchID, "B1", wechattest.User{})
	require.NoError(t, err)
	assert.Equal(t, wechat.Fen(300), got)
	_, err = s.p.OpenRedPack(s.a.MchID, "B1", li)
	require.ErrorIs(t, err, wechattest.ErrEmptyRedPack)
	_, err = s.p.OpenRedPack(s.a.MchID, "B2", li)
	require.ErrorIs(t, err, wechattest.ErrNoRedPack)

	_, err = s.orders.SendGroupRedPack(ctx, s.pack("B2", 400, 3))
	require.NoError(t, err)
	for i, name := range []string{"wang", "li"} {
		got, err = s.p.OpenRedPack(s.a.MchID, "B2", wechattest.User{Name: name})
		require.NoError(t, err, i)
		assert.Equal(t, wechat.Fen(133), got)
	}
	_, err = s.p.OpenRedPack(s.a.MchID, "B2", li)
	require.ErrorIs(t, err, wechattest.ErrWrongUser, "one share each")
	assert.Equal(t, wechat.Fen(300), wechattest.Balance(s.p.Ledger(s.a.MchID)))
	s.clock.Advance(24 * time.Hour)
	_, err = s.p.OpenRedPack(s.a.MchID, "B2", wechattest.User{Name: "zhao"})
	require.ErrorIs(t, err, wechattest.ErrEmptyRedPack)
	info, err = s.orders.RedPackInfo(ctx, "B2")
	require.NoError(t, err)
	assert.Equal(t, apiv2.RedPackRefunded, info.State)
	assert.Equal(t, wechat.Fen(134), info.RefundAmount)
	require.Len(t, info.List, 2)
	assert.Equal(t, apiv2.Opener{OpenID: li.OpenID(s.a.AppID), Amount: 133, At: info.List[1].At}, info.List[1])
	assert.Equal(t, wechat.Fen(434), wechattest.Balance(s.p.Ledger(s.a.MchID)), "what nobody took is back")

	mini, err := s.orders.SendMiniProgramRedPack(ctx, s.pack("B3", 100, 1))
	require.NoError(t, err)
	_, err = s.orders.RedPackParams(mini.Package)
	require.NoError(t, err)
	for name, change := range map[string]func(*apiv2.RedPackRequest){
		"another app's user": func(r *apiv2.RedPackRequest) { r.OpenID = li.OpenID("wx0000another") },
		"two for one":        func(r *apiv2.RedPackRequest) { r.Number = 2 },
		"no address":         func(r *apiv2.RedPackRequest) { r.ClientIP = "" },
	} {
		in := s.pack("B9", 200, 1)
		change(&in)
		_, err = s.orders.SendRedPack(ctx, in)
		var api *wechat.APIError
		require.ErrorAs(t, err, &api, name)
	}
}

func TestV2Transfers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := newShopV2(t, sign.MD5, false, func(c *wechattest.Config) { c.Dir = dir })
	ctx := t.Context()
	in := apiv2.TransferRequest{TradeNo: "T1", OpenID: wechattest.User{Name: "li"}.OpenID(s.a.AppID), RealName: libseal.Plain("李"), Amount: 250, Desc: "prize", IP: "192.0.2.1"}
	_, err := s.orders.Transfer(ctx, in)
	require.ErrorIs(t, err, wechat.Code("NOTENOUGH"))
	_, err = s.orders.TransferInfo(ctx, "T1")
	require.ErrorIs(t, err, apiv2.ErrNotFound)
	s.earn(t, "A00001", 400)
	s.p.Fault(wechattest.Fault{Kind: wechattest.LostReply, Path: "/mmpaymkttransfers/promotion/transfers"})
	_, err = s.orders.Transfer(ctx, in)
	assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
	info, err := s.orders.TransferInfo(ctx, "T1")
	require.NoError(t, err)
	assert.Equal(t, apiv2.PayoutSuccess, info.State)
	assert.Equal(t, wechat.Fen(250), info.Amount)
	name, err := info.RealName.Reveal()
	require.NoError(t, err)
	assert.Equal(t, "李", name)
	again, err := s.orders.Transfer(ctx, in)
	require.NoError(t, err)
	assert.Equal(t, info.DetailID, again.PaymentNo)
	in.Amount = 1
	_, err = s.orders.Transfer(ctx, in)
	require.ErrorIs(t, err, wechat.Code("FATAL_ERROR"))
	assert.Equal(t, wechat.Fen(150), wechattest.Balance(s.p.Ledger(s.a.MchID)))

	require.NoError(t, s.p.Close())
	other, err := wechattest.NewPay(wechattest.Config{Dir: dir, Clock: s.clock, Keys: wechattest.ReusedKeys()})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, other.Close()) })
	assert.Equal(t, wechat.Fen(150), wechattest.Balance(other.Ledger(s.a.MchID)), "the journal remembers")
}

func TestV2FundFlow(t *testing.T) {
	t.Parallel()
	s := newShopV2(t, sign.MD5, false)
	ctx, today := t.Context(), s.clock.Now()
	s.earn(t, "A00001", 1000)
	_, err := s.orders.Refund(ctx, apiv2.RefundRequest{OutTradeNo: "A00001", OutRefundNo: "R1", Total: 1000, Refund: 100})
	require.NoError(t, err)
	_, err = s.orders.SendRedPack(ctx, s.pack("B1", 300, 1))
	require.NoError(t, err)
	_, err = s.orders.FundFlowFile(ctx, apiv2.BillRequest{Day: today})
	require.ErrorIs(t, err, apiv2.ErrBillCreating)
	s.clock.Advance(24 * time.Hour)
	for _, packed := range []bool{false, true} {
		file, err := s.orders.FundFlowFile(ctx, apiv2.BillRequest{Day: today, GZIP: packed}, bill.WithDir(t.TempDir()))
		require.NoError(t, err)
		var last bill.FlowRow
		var kinds []string
		for row, err := range file.Flows() {
			require.NoError(t, err, "rows and totals agree")
			last, kinds = row, append(kinds, row.Direction+" "+row.Amount.Yuan()+" "+row.Name)
		}
		require.NoError(t, file.Close())
		assert.Equal(t, []string{"收入 10.00 交易", "支出 3.00 现金红包", "支出 1.00 退款"}, kinds)
		assert.Equal(t, wechat.Fen(600), last.Balance)
	}
	next, err := s.orders.FundFlowFile(ctx, apiv2.BillRequest{Day: today, Account: "Fees"})
	require.ErrorIs(t, err, apiv2.ErrNoBill)
	assert.Nil(t, next)
}

func TestV2Comments(t *testing.T) {
	t.Parallel()
	s := newShopV2(t, sign.HMACSHA256, false)
	ctx, begin := t.Context(), s.clock.Now()
	id := s.earn(t, "A00001", 100)
	require.ErrorIs(t, s.p.Comment("1", 5, "x"), wechattest.ErrNoOrder)
	require.Error(t, s.p.Comment(id, 6, "x"))
	for _, text := range []string{"好,`茶", "two\nlines", "third"} {
		require.NoError(t, s.p.Comment(id, 5, text))
	}
	in := apiv2.CommentRequest{Begin: begin, End: begin.Add(time.Hour), Limit: 2}
	var got []string
	for {
		page, err := s.orders.Comments(ctx, in)
		require.NoError(t, err)
		if len(page.List) == 0 {
			break
		}
		for _, c := range page.List {
			got = append(got, c.Text)
			assert.Equal(t, id, c.TransactionID)
		}
		in.Offset = page.Next
	}
	assert.Equal(t, []string{"好,`茶", "two\nlines", "third"}, got)
}

// The simulator checks who asks by its own mathematics, and which digest it takes.
func TestV2PayoutsAreProved(t *testing.T) {
	t.Parallel()
	s := newShopV2(t, sign.MD5, false)
	s.earn(t, "A00001", 1000)
	cfg := s.a.ConfigV2()
	cfg.Key = libseal.NewKey("00000000000000000000000000000000")
	m, err := wechat.NewMerchantV2(cfg, append(s.a.Options(), wechat.WithBackoff(wechat.NoRetry))...)
	require.NoError(t, err)
	forger := apiv2.New(m, s.a.AppID)
	_, err = forger.SendRedPack(t.Context(), s.pack("B1", 300, 1))
	require.Error(t, err)
	_, err = forger.FundFlow(t.Context(), apiv2.BillRequest{Day: s.clock.Now()})
	require.Error(t, err)
	assert.Equal(t, wechat.Fen(1000), wechattest.Balance(s.p.Ledger(s.a.MchID)))
}
