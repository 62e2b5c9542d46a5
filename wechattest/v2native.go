package wechattest

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// link is a short link of native mode 1.
type link struct {
	Short string `json:"short"`
	Long  string `json:"long"`
}

// shortURL answers 转换短链接.
func (p *Pay) shortURL(r *requestV2) (fieldsV2, *failV2) {
	if no := r.missing("long_url"); no != nil {
		return nil, no
	}
	long := r.fields["long_url"]
	if !strings.HasPrefix(long, nativePrefix) {
		return nil, &failV2{"PARAM_ERROR", "long_url不合法"}
	}
	sum := sha256.Sum256([]byte(long))
	l := &link{Short: "weixin://wxpay/s/" + base64.RawURLEncoding.EncodeToString(sum[:6]), Long: long}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.commit(false, record{Link: l}); err != nil {
		return nil, broke(err).old()
	}
	return fieldsV2{"short_url": l.Short}, nil
}

const nativePrefix = "weixin://wxpay/bizpayurl?"

// ErrScan says that scanning a code of native mode 1 led to no order; the text is
// what the phone would show and why.
var ErrScan = errors.New("wechattest: the scanned code opens no order")

// Scan is a user who scans a code of native mode 1, long or short: the shop is
// asked for an order within five seconds (Config.NoticeTimeout), and that order
// shown. Pay it by its PrepayID. A shop that answers late, unsigned, with a stale
// order or with a refusal gives ErrScan.
func (p *Pay) Scan(ctx context.Context, code string, by User) (Order, error) {
	p.mu.Lock()
	if long := p.state.links[code]; long != "" {
		code = long
	}
	p.mu.Unlock()
	u, err := url.Parse(code)
	if err != nil || !strings.HasPrefix(code, nativePrefix) {
		return Order{}, fmt.Errorf("%w: 原生支付URL参数错误", ErrScan)
	}
	f := fieldsV2{}
	for name, values := range u.Query() {
		f[name] = values[0]
	}
	a := p.account(f["mch_id"])
	if a == nil || f["product_id"] == "" || f["time_stamp"] == "" || f["nonce_str"] == "" || f["sign"] != sumV2(f, a.APIv2, a.digest()) {
		return Order{}, fmt.Errorf("%w: 原生支付URL参数错误", ErrScan)
	}
	if a.Native == "" {
		return Order{}, fmt.Errorf("%w: merchant %s has no MerchantOptions.NativeURL", ErrScan, a.MchID)
	}
	answer, err := p.askShop(ctx, a, f, by)
	if err != nil {
		return Order{}, err
	}
	return p.opened(a, answer, by)
}

func (a *account) digest() string {
	if a.HMAC {
		return digestHMAC
	}
	return digestMD5
}

// askShop calls back and proves the answer.
func (p *Pay) askShop(ctx context.Context, a *account, code fieldsV2, by User) (fieldsV2, error) {
	ask := fieldsV2{"appid": code["appid"], "mch_id": a.MchID, "openid": by.OpenID(code["appid"]), "is_subscribe": "N",
		"nonce_str": randomText(32), "product_id": code["product_id"]}
	ask["sign"] = sumV2(ask, a.APIv2, a.digest())
	ctx, cancel := context.WithTimeout(ctx, p.noticeTimeout)
	defer cancel()
	status, body, err := p.callShop(ctx, a.Native, writeV2("xml", ask))
	if err != nil {
		return nil, fmt.Errorf("%w: no answer from the shop: %w", ErrScan, err)
	}
	f, err := readV2(body, "xml")
	switch {
	case status != 200 || err != nil:
		return nil, fmt.Errorf("%w: the shop answered %d with %d bytes", ErrScan, status, len(body))
	case f["return_code"] != "SUCCESS":
		return nil, fmt.Errorf("%w: the shop says %q", ErrScan, f["return_msg"])
	case f["sign"] != sumV2(f, a.APIv2, a.digest()) || f["appid"] != ask["appid"] || f["mch_id"] != a.MchID || f["nonce_str"] == "":
		return nil, fmt.Errorf("%w: the shop's answer is not signed as it should be", ErrScan)
	case f["result_code"] != "SUCCESS":
		return nil, fmt.Errorf("%w: %s", ErrScan, f["err_code_des"])
	}
	return f, nil
}

// opened is the order of the shop's answer.
func (p *Pay) opened(a *account, answer fieldsV2, by User) (Order, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	o, err := p.payable(answer["prepay_id"], by)
	switch {
	case err != nil:
		return Order{}, fmt.Errorf("%w: %w", ErrScan, err)
	case o.MchID != a.MchID || o.AppID != answer["appid"]:
		return Order{}, fmt.Errorf("%w: the order is another merchant's or app's", ErrScan)
	}
	return o.view(p.clock.Now()), nil
}
