package apiv2

import (
	"context"
	"crypto/rsa"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay/internal/check"
	"github.com/wxcommerce/wechat/seal"
)

type bankKeyRequest struct {
	MchID string `xml:"mch_id"`
}

type bankKey struct {
	PEM string `xml:"pub_key"`
}

// BankKey fetches the public key that PayBank seals account and name with. Keep it:
// it changes rarely. It demands the client certificate. WeChat still accepts it.
//
// 获取RSA加密公钥API
func (s *Service) BankKey(ctx context.Context) (*rsa.PublicKey, error) {
	op := wechat.POST("/risk/getpublickey").ReadOnly().Certified().Unsigned().At("https://fraud.mch.weixin.qq.com")
	out, err := wechat.Call[bankKey](ctx, s.m, op, bankKeyRequest{s.m.ID()})
	if err != nil {
		return nil, err
	}
	k, err := wechat.LoadPublicKey([]byte(out.PEM))
	if err != nil {
		return nil, &wechat.CallError{Op: op, Outcome: wechat.NotDone, Err: err}
	}
	return k, nil
}

// BankRequest pays money into a bank account.
type BankRequest struct {
	TradeNo  string      // required, our number: 8 to 32 letters and digits
	BankNo   seal.Secret // required: the account
	TrueName seal.Secret // required: of its owner
	BankCode string      // required: WeChat Pay's number of the bank
	Amount   wechat.Fen  // required
	Desc     string      // up to 100 characters
}

type bankTransfer struct {
	MchID    string     `xml:"mch_id"`
	TradeNo  string     `xml:"partner_trade_no"`
	BankNo   string     `xml:"enc_bank_no"`
	TrueName string     `xml:"enc_true_name"`
	BankCode string     `xml:"bank_code"`
	Amount   wechat.Fen `xml:"amount"`
	Desc     string     `xml:"desc"`
}

func (t bankTransfer) Validate() error {
	var f check.Fields
	f.Number("partner_trade_no", t.TradeNo, 8, 32, "")
	f.Must(t.BankNo != "", "enc_bank_no", "is empty but required")
	f.Must(t.TrueName != "", "enc_true_name", "is empty but required")
	f.ID("bank_code", t.BankCode, 64)
	f.Positive("amount", t.Amount)
	f.Text("desc", t.Desc, 100)
	return f.Err()
}

// BankTransfer is money that is on its way to a bank account.
type BankTransfer struct {
	TradeNo   string     `xml:"partner_trade_no"`
	PaymentNo string     `xml:"payment_no"` // WeChat Pay's number
	Amount    wechat.Fen `xml:"amount"`
	Fee       wechat.Fen `xml:"cmms_amt"`
}

// PayBank pays money into a bank account; key comes from BankKey. It never repeats
// itself. Whatever it is refused with, the outcome is Unknown until BankInfo tells;
// never change the number before. It demands the client certificate. WeChat still
// accepts it; merchants who do not have it yet cannot open it any more.
//
// 企业付款到银行卡
func (s *Service) PayBank(ctx context.Context, key *rsa.PublicKey, in BankRequest) (*BankTransfer, error) {
	op := wechat.POST("/mmpaysptrans/pay_bank").Wary().Certified().Unsigned().MD5Only()
	t := bankTransfer{MchID: s.m.ID(), TradeNo: in.TradeNo, BankCode: in.BankCode, Amount: in.Amount, Desc: in.Desc}
	var err error
	if t.BankNo, err = sealed(key, "enc_bank_no", in.BankNo); err == nil {
		t.TrueName, err = sealed(key, "enc_true_name", in.TrueName)
	}
	if err != nil {
		return nil, &wechat.CallError{Op: op, Outcome: wechat.NotDone, Err: err}
	}
	return wechat.Call[BankTransfer](ctx, s.m, op, t)
}

func sealed(key *rsa.PublicKey, field string, s seal.Secret) (string, error) {
	plain, err := s.Reveal()
	switch {
	case err != nil:
		return "", err
	case plain == "":
		return "", nil // Validate says which is missing
	case key == nil:
		return "", wechat.Invalid(field, "cannot be sealed without a key: call BankKey")
	}
	return seal.Encrypt(key, plain)
}

type bankQuery struct {
	MchID   string `xml:"mch_id"`
	TradeNo string `xml:"partner_trade_no"`
}

func (q bankQuery) Validate() error {
	var f check.Fields
	f.Number("partner_trade_no", q.TradeNo, 8, 32, "")
	return f.Err()
}

// BankInfo is what became of a payment to a bank account.
type BankInfo struct {
	TradeNo     string      `xml:"partner_trade_no"`
	PaymentNo   string      `xml:"payment_no"`
	BankNoMD5   string      `xml:"bank_no_md5"`
	TrueNameMD5 string      `xml:"true_name_md5"`
	Amount      wechat.Fen  `xml:"amount"`
	Fee         wechat.Fen  `xml:"cmms_amt"`
	State       PayoutState `xml:"status"`
	Created     Time        `xml:"create_time"`
	Paid        Time        `xml:"pay_succ_time"`
	Reason      string      `xml:"reason"`
}

// BankInfo tells what became of a payment to a bank account. It demands the client
// certificate. WeChat still accepts it.
//
// 查询企业付款银行卡
func (s *Service) BankInfo(ctx context.Context, tradeNo string) (*BankInfo, error) {
	return wechat.Call[BankInfo](ctx, s.m, wechat.POST("/mmpaysptrans/query_bank").ReadOnly().Certified().Unsigned().MD5Only(), bankQuery{s.m.ID(), tradeNo})
}
