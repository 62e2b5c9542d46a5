package delivery

import "github.com/wxcommerce/wechat/internal/check"

// Number names an order in one of two ways: by WeChat Pay's number, or by our own
// together with the merchant it belongs to. The endpoints spell these fields
// differently; that is hidden here.
type Number struct {
	TransactionID string // alone is enough

	OutTradeNo string // with MchID
	MchID      string // who placed the order
	SubMchID   string // with MchID, for orders that a partner placed
}

func (n Number) check(f *check.Fields, at string) {
	if n.TransactionID != "" {
		f.Must(n.OutTradeNo == "" && n.MchID == "" && n.SubMchID == "", at+"transaction_id", "is set together with other numbers: name the order by one of them")
		f.ID(at+"transaction_id", n.TransactionID, 64)
		return
	}
	f.Must(n.OutTradeNo != "", at+"transaction_id", "is empty, and out_trade_no too: name the order by one of them")
	f.Number(at+"out_trade_no", n.OutTradeNo, 1, 32, "_-|*@")
	f.ID(at+"mchid", n.MchID, 32)
	f.OptionalID(at+"sub_mchid", n.SubMchID, 32)
}

// orderKey is a Number as uploads spell it. For a partner's order mchid is the
// sub-merchant's number, as far as is known.
type orderKey struct {
	Type          int    `json:"order_number_type"`
	TransactionID string `json:"transaction_id,omitempty"`
	MchID         string `json:"mchid,omitempty"`
	OutTradeNo    string `json:"out_trade_no,omitempty"`
}

func (n Number) key() orderKey {
	if n.TransactionID != "" {
		return orderKey{Type: 2, TransactionID: n.TransactionID}
	}
	mchID := n.MchID
	if n.SubMchID != "" {
		mchID = n.SubMchID
	}
	return orderKey{Type: 1, MchID: mchID, OutTradeNo: n.OutTradeNo}
}

// lookup is a Number as everything but uploads spells it.
type lookup struct {
	TransactionID string `json:"transaction_id,omitempty"`
	MchID         string `json:"merchant_id,omitempty"`
	SubMchID      string `json:"sub_merchant_id,omitempty"`
	OutTradeNo    string `json:"merchant_trade_no,omitempty"`
}

func (n Number) lookup() lookup {
	return lookup{n.TransactionID, n.MchID, n.SubMchID, n.OutTradeNo}
}
