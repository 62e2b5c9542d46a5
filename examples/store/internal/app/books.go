package app

import (
	"context"
	"crypto/rand"
	"strings"

	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/wechattest"
)

// Theirs is WeChat's ledger in the shop's words. A real shop reads the daily bill.
func (a *App) Theirs(context.Context) ([]shop.Entry, error) {
	var all []shop.Entry
	for _, e := range a.Sim.Ledger() {
		entry := shop.Entry{Kind: shop.KindPayment, WeChatID: e.TransactionID, No: e.OutTradeNo, OrderNo: e.OutTradeNo, Amount: e.Amount, At: e.At}
		if e.Kind == wechattest.Refund {
			entry.Kind, entry.WeChatID, entry.No = shop.KindRefund, e.RefundID, e.OutRefundNo
		}
		all = append(all, entry)
	}
	return all, nil
}

// Compare lays both ledgers side by side.
func (a *App) Compare(ctx context.Context) (shop.Comparison, error) {
	ours, err := a.Store.Ledger(ctx)
	if err != nil {
		return shop.Comparison{}, err
	}
	theirs, err := a.Theirs(ctx)
	return shop.Compare(ours, theirs), err
}

// password is the merchant's: chosen by chance on the first run and kept in the
// data folder, readable for its owner only.
func password(dir string) (string, error) {
	return secret(dir, "merchant-password", func() string { return strings.ToLower(rand.Text()[:12]) }) // 60 bits
}
