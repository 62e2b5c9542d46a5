package wechattest

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"strconv"
)

const plainV2 = "2006-01-02 15:04:05"

// Event types in Delivery; on the wire there are none.
const (
	eventPaidV2   = "V2.PAID"
	eventRefundV2 = "V2.REFUND"
)

// paidNoticeV2 tells a shop that o was paid. p.mu is held.
func (p *Pay) paidNoticeV2(o *order) *notice {
	f := o.transactionV2()
	f["return_code"], f["result_code"], f["appid"], f["mch_id"] = "SUCCESS", "SUCCESS", o.AppID, o.MchID
	f["sub_appid"], f["sub_mch_id"] = o.SubAppID, o.SubMchID
	n := p.newNotice(o.MchID, o.NotifyURL, eventPaidV2, "", "支付成功", f)
	n.Trade, n.V2 = o.OutTradeNo, o.V2
	return n
}

// refundNoticeV2 tells a shop how r ended. p.mu is held.
func (p *Pay) refundNoticeV2(r *refund) *notice {
	f := r.appliedV2()
	f["refund_status"], f["refund_recv_accout"], f["refund_request_source"] = r.stateV2(), r.Received, "API"
	f["refund_account"] = "REFUND_SOURCE_UNSETTLED_FUNDS"
	if !r.Succeeded.IsZero() {
		f["success_time"] = r.Succeeded.In(beijing).Format(plainV2)
	}
	f["@sub_mch_id"] = r.SubMchID // @: travels beside what is encrypted
	if o := p.state.orders[orderKey(r.MchID, r.OutTradeNo)]; o != nil {
		f["@appid"], f["@sub_appid"] = o.AppID, o.SubAppID
	}
	n := p.newNotice(r.MchID, r.NotifyURL, eventRefundV2, "", "退款", f)
	n.Trade, n.Refund, n.V2 = r.OutTradeNo, r.OutRefundNo, r.V2
	return n
}

// document is the body of a notice, signed or encrypted anew for every try.
func (n *notice) document(a *account, wrong bool) ([]byte, error) {
	var f fieldsV2
	if err := json.Unmarshal(n.Plain, &f); err != nil {
		return nil, errors.New("wechattest: a notice in the journal is damaged")
	}
	key := a.APIv2
	if wrong {
		key = randomText(32)
	}
	if n.Event == eventRefundV2 {
		around := fieldsV2{"return_code": "SUCCESS", "mch_id": a.MchID, "appid": f["@appid"], "sub_appid": f["@sub_appid"], "sub_mch_id": f["@sub_mch_id"],
			"nonce_str": randomText(32)}
		maps.DeleteFunc(f, func(name, value string) bool { return name[0] == '@' || value == "" })
		maps.DeleteFunc(around, func(_, value string) bool { return value == "" })
		around["req_info"] = sealECB(key, writeV2("root", f))
		return writeV2("xml", around), nil
	}
	maps.DeleteFunc(f, func(_, value string) bool { return value == "" })
	f["nonce_str"] = randomText(32)
	f["sign"] = sumV2(f, key, n.V2)
	return writeV2("xml", f), nil
}

// sealECB encrypts the inner part of a refund notice.
func sealECB(apiKey string, plain []byte) string {
	sum := md5.Sum([]byte(apiKey))
	block, err := aes.NewCipher([]byte(hex.EncodeToString(sum[:])))
	if err != nil {
		return "" // 32 bytes always make a key
	}
	pad := aes.BlockSize - len(plain)%aes.BlockSize
	plain = append(bytes.Clone(plain), bytes.Repeat([]byte{byte(pad)}, pad)...)
	for i := 0; i < len(plain); i += aes.BlockSize {
		block.Encrypt(plain[i:], plain[i:])
	}
	return base64.StdEncoding.EncodeToString(plain)
}

// postV2 brings one copy to the shop. It is heard if the shop says so in XML.
func (p *Pay) postV2(ctx context.Context, j *job) (status int, heard bool, err error) {
	body, err := j.n.document(j.a, j.fault.Kind == NoticeWrongSignature || j.fault.Kind == NoticeProbe)
	if err != nil {
		return 0, false, err
	}
	status, answer, err := p.callShop(ctx, j.n.URL, body)
	if err != nil {
		return status, false, err
	}
	f, err := readV2(answer, "xml")
	if err != nil {
		return status, false, nil
	}
	return status, status == http.StatusOK && f["return_code"] == "SUCCESS", nil
}

// callShop posts XML and reads the answer.
func (p *Pay) callShop(ctx context.Context, url string, body []byte) (status int, answer []byte, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Content-Type", kindXML)
	r.Header.Set("User-Agent", "Mozilla/4.0")
	res, err := p.sender.Do(r)
	if err != nil {
		return 0, nil, err
	}
	answer, err = io.ReadAll(io.LimitReader(res.Body, 1<<16))
	return res.StatusCode, answer, errors.Join(err, res.Body.Close())
}

func fenV2(n int64) string {
	s := "00" + strconv.FormatInt(n, 10)
	whole, frac := s[:len(s)-2], s[len(s)-2:]
	for len(whole) > 1 && whole[0] == '0' {
		whole = whole[1:]
	}
	return whole + "." + frac
}
