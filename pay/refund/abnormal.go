package refund

import (
	"context"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay/internal/check"
	"github.com/wxcommerce/wechat/seal"
)

// AbnormalRequest sends the money of a refund in StateAbnormal elsewhere.
type AbnormalRequest struct {
	RefundID    string       `json:"-" path:"refund_id"` // required, WeChat Pay's number
	OutRefundNo string       `json:"out_refund_no"`      // required
	Type        AbnormalType `json:"type"`               // required
	BankType    string       `json:"bank_type,omitempty"`
	BankAccount seal.Secret  `json:"bank_account,omitzero"` // seal.Plain("…"); travels encrypted
	RealName    seal.Secret  `json:"real_name,omitzero"`
}

// AbnormalType is where the money goes. New ones pass through.
type AbnormalType string

// The types known today.
const (
	ToUserCard     AbnormalType = "USER_BANK_CARD"     // BankType, BankAccount and RealName are required
	ToMerchantCard AbnormalType = "MERCHANT_BANK_CARD" // the merchant's own account; give the user the money yourself
)

// The banks that a user's card may be of today (BankType).
const (
	BankCMB   = "CMB_DEBIT"
	BankCOMM  = "COMM_DEBIT"
	BankABC   = "ABC_DEBIT"
	BankCCB   = "CCB_DEBIT"
	BankICBC  = "ICBC_DEBIT"
	BankBOC   = "BOC_DEBIT"
	BankPAB   = "PAB_DEBIT"
	BankSPDB  = "SPDB_DEBIT"
	BankCITIC = "CITIC_DEBIT"
	BankCEB   = "CEB_DEBIT"
	BankCMBC  = "CMBC_DEBIT"
	BankCIB   = "CIB_DEBIT"
	BankGDB   = "GDB_DEBIT"
	BankPSBC  = "PSBC_DEBIT"
	BankNBCB  = "NBCB_DEBIT"
)

// Validate checks every rule that needs no network; ApplyAbnormal checks it too.
// The error is a *wechat.FieldError.
func (r AbnormalRequest) Validate() error {
	var f check.Fields
	f.ID("refund_id", r.RefundID, 32)
	f.OutRefundNo(r.OutRefundNo)
	f.ID("type", string(r.Type), 32)
	f.OptionalID("bank_type", r.BankType, 16)
	if r.Type == ToUserCard {
		f.Must(r.BankType != "", "bank_type", "is empty but required for the user's bank card")
		f.Must(!r.BankAccount.IsZero(), "bank_account", "is empty but required for the user's bank card")
		f.Must(!r.RealName.IsZero(), "real_name", "is empty but required for the user's bank card")
	}
	return f.Err()
}

type abnormalApplication struct {
	wechat.SubNumber
	AbnormalRequest
}

// ApplyAbnormal sends the money of a refund in StateAbnormal to a bank card;
// only for merchants that have the permission. Every refusal leaves the outcome
// Unknown: Query before trying again.
//
// 发起异常退款
func (s *Service) ApplyAbnormal(ctx context.Context, in AbnormalRequest) (*Refund, error) {
	return wechat.Call[Refund](ctx, s.m, wechat.POST("/v3/refund/domestic/refunds/{refund_id}/apply-abnormal-refund").Wary(), abnormalApplication{s.m.SubNumber(), in})
}
