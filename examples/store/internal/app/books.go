package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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
	path := filepath.Join(dir, "merchant-password")
	b, err := os.ReadFile(path)
	if err == nil {
		if p := strings.TrimSpace(string(b)); p != "" {
			return p, nil
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("store: merchant password: %w", err)
	}
	p := strings.ToLower(rand.Text()[:12]) // 60 bits
	if err := os.WriteFile(path, []byte(p+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("store: merchant password: %w", err)
	}
	return p, nil
}
