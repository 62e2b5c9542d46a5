package wechattest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/wxcommerce/wechat"
)

// LegacyOrder is an order of a Legacy.
type LegacyOrder struct {
	OutTradeNo, TransactionID string
	Body, Attach              string
	Total, Refunded           wechat.Fen
	OpenID                    string    // who paid
	PaidAt                    time.Time // zero while it is not paid
	DeliveredAt               time.Time // as the shop has told, zero if it has not
	DeliveryFailed            bool      // the shop told that it could not deliver
	DeliveryMessage           string    // what it said
	Deadline                  time.Time // from then on it cannot be paid; zero means no such time
}

type legacyOrder struct {
	LegacyOrder
	fields fieldsV2 // the package, values in its charset
	pack   string
}

// LegacyPage is what a page hands to WeixinJSBridge.
type LegacyPage struct {
	AppID     string `json:"appId"`
	Timestamp string `json:"timeStamp"`
	NonceStr  string `json:"nonceStr"`
	Package   string `json:"package"`
	SignType  string `json:"signType"`
	PaySign   string `json:"paySign"`
}

// OpenPage is a page that calls getBrandWCPayRequest: the order it is for, to be
// paid by its number. ErrBadParams if anything in it is wrong.
func (l *Legacy) OpenPage(p LegacyPage) (LegacyOrder, error) {
	f := fieldsV2{"appid": p.AppID, "noncestr": p.NonceStr, "package": p.Package, "timestamp": p.Timestamp}
	if p.AppID != l.AppID || p.SignType != "SHA1" || p.NonceStr == "" || p.Timestamp == "" || p.PaySign != l.sumLegacy(f) {
		return LegacyOrder{}, fmt.Errorf("%w: paySign", ErrBadParams)
	}
	return l.open(p.Package)
}

// LegacyApp is what a mobile app puts into PayReq.
type LegacyApp struct {
	AppID     string `json:"appid"`
	PartnerID string `json:"partnerid"`
	PrepayID  string `json:"prepayid"`
	Package   string `json:"package"`
	NonceStr  string `json:"noncestr"`
	Timestamp string `json:"timestamp"`
	Sign      string `json:"sign"`
}

// OpenApp is a mobile app that calls the WeChat SDK; see OpenPage.
func (l *Legacy) OpenApp(p LegacyApp) (LegacyOrder, error) {
	f := fieldsV2{"appid": p.AppID, "noncestr": p.NonceStr, "package": p.Package, "partnerid": p.PartnerID, "prepayid": p.PrepayID, "timestamp": p.Timestamp}
	if p.AppID != l.AppID || p.PartnerID != l.PartnerID || p.Package != "Sign=WXPay" || p.Sign != l.sumLegacy(f) {
		return LegacyOrder{}, fmt.Errorf("%w: sign", ErrBadParams)
	}
	l.mu.Lock()
	number := l.prepaid[p.PrepayID]
	l.mu.Unlock()
	return l.Order(number)
}

// open proves a package and makes the order it describes, or finds it.
func (l *Legacy) open(pack string) (LegacyOrder, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	o, err := l.place(pack)
	if err != nil {
		return LegacyOrder{}, fmt.Errorf("%w: %w", ErrBadParams, err)
	}
	return o.LegacyOrder, nil
}

// place is open with l.mu held.
func (l *Legacy) place(pack string) (*legacyOrder, error) {
	f, err := l.unpack(pack)
	if err != nil {
		return nil, err
	}
	total, err := strconv.ParseInt(f["total_fee"], 10, 64)
	deadline, expireErr := legacyExpiry(f["time_expire"])
	u, urlErr := url.Parse(f["notify_url"])
	switch {
	case f["bank_type"] != "WX" || f["fee_type"] != "1" || f["body"] == "" || f["out_trade_no"] == "" || f["spbill_create_ip"] == "":
		return nil, errors.New("a required field of the package is missing")
	case err != nil || total < 1:
		return nil, errors.New("total_fee is not an amount of fen")
	case urlErr != nil || u.Host == "":
		return nil, errors.New("notify_url is not a whole address")
	case expireErr != nil:
		return nil, errors.New("time_expire is not a time")
	case !deadline.IsZero() && !l.clock.Now().Before(deadline):
		return nil, fmt.Errorf("%w: the order has expired", ErrExpired)
	}
	if old := l.orders[f["out_trade_no"]]; old != nil {
		if old.Total != wechat.Fen(total) {
			return nil, errors.New("the number is taken by another order")
		}
		return old, nil
	}
	o := &legacyOrder{fields: f, pack: pack, LegacyOrder: LegacyOrder{OutTradeNo: f["out_trade_no"], Body: f["body"], Attach: f["attach"],
		Total: wechat.Fen(total), Deadline: deadline}}
	l.orders[o.OutTradeNo], l.list = o, append(l.list, o.OutTradeNo)
	return o, l.keep()
}

func legacyExpiry(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	return time.ParseInLocation(stampV2, text, wechat.Beijing)
}

// Order finds an order by its number. It fails with ErrNoOrder.
func (l *Legacy) Order(outTradeNo string) (LegacyOrder, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if o := l.orders[outTradeNo]; o != nil {
		return o.LegacyOrder, nil
	}
	return LegacyOrder{}, ErrNoOrder
}

// Orders are all orders, oldest first.
func (l *Legacy) Orders() []LegacyOrder {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []LegacyOrder
	for _, number := range l.list {
		all = append(all, l.orders[number].LegacyOrder)
	}
	return all
}

// Pay is the user's confirmation: the order becomes paid and its notice due. It
// fails with ErrNoOrder, ErrNotOpen or ErrExpired.
func (l *Legacy) Pay(outTradeNo string, by User) (LegacyOrder, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	o := l.orders[outTradeNo]
	switch {
	case o == nil:
		return LegacyOrder{}, ErrNoOrder
	case !o.PaidAt.IsZero():
		return LegacyOrder{}, fmt.Errorf("%w: it is paid", ErrNotOpen)
	case !o.Deadline.IsZero() && !l.clock.Now().Before(o.Deadline):
		return LegacyOrder{}, ErrExpired
	}
	o.PaidAt, o.OpenID = l.clock.Now(), by.OpenID(l.AppID)
	o.TransactionID = fmt.Sprintf("%s%s%010d", l.PartnerID, o.PaidAt.In(wechat.Beijing).Format("20060102"), len(l.due)+1)
	l.due = append(l.due, l.notice(o))
	l.watch(o)
	l.wake()
	return o.LegacyOrder, l.keep()
}

// Scan is a user who scans a static native code: the shop is asked for a package
// within five seconds (LegacyConfig.NoticeTimeout), and its order shown. A shop that
// answers late, unsigned or with a refusal gives ErrScan.
func (l *Legacy) Scan(ctx context.Context, code string, by User) (LegacyOrder, error) {
	u, err := url.Parse(code)
	if err != nil || !strings.HasPrefix(code, nativePrefix) {
		return LegacyOrder{}, fmt.Errorf("%w: 原生支付URL参数错误", ErrScan)
	}
	q := u.Query()
	f := fieldsV2{"appid": q.Get("appid"), "productid": q.Get("productid"), "timestamp": q.Get("timestamp"), "noncestr": q.Get("noncestr")}
	if f["appid"] != l.AppID || f["productid"] == "" || q.Get("sign") != l.sumLegacy(f) || l.NativeURL == "" {
		return LegacyOrder{}, fmt.Errorf("%w: 原生支付URL参数错误", ErrScan)
	}
	ask := fieldsV2{"AppId": l.AppID, "IsSubscribe": "0", "NonceStr": randomText(16), "OpenId": by.OpenID(l.AppID), "ProductId": f["productid"], "TimeStamp": seconds(l.clock.Now())}
	ask["AppSignature"] = l.sumLegacy(ask)
	ask["SignMethod"] = "sha1"
	status, body, err := l.callShop(ctx, l.NativeURL, writeV2("xml", ask))
	if err != nil {
		return LegacyOrder{}, fmt.Errorf("%w: no answer from the shop: %w", ErrScan, err)
	}
	a, err := readV2(body, "xml")
	if status != 200 || err != nil {
		return LegacyOrder{}, fmt.Errorf("%w: the shop answered %d with %d bytes", ErrScan, status, len(body))
	}
	signed := fieldsV2{}
	for _, name := range []string{"AppId", "NonceStr", "Package", "RetCode", "RetErrMsg", "TimeStamp"} {
		signed[name] = a[name]
	}
	switch {
	case a["AppSignature"] != l.sumLegacy(signed) || a["AppId"] != l.AppID || a["NonceStr"] == "" || !strings.EqualFold(a["SignMethod"], "sha1"):
		return LegacyOrder{}, fmt.Errorf("%w: the shop's answer is not signed as it should be", ErrScan)
	case a["RetCode"] != "0":
		return LegacyOrder{}, fmt.Errorf("%w: %s", ErrScan, a["RetErrMsg"])
	}
	o, err := l.open(a["Package"])
	if err != nil {
		return LegacyOrder{}, fmt.Errorf("%w: %w", ErrScan, err)
	}
	return o, nil
}

// callShop posts XML and reads the answer.
func (l *Legacy) callShop(ctx context.Context, address string, body []byte) (status int, answer []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Content-Type", kindXML)
	res, err := l.sender.Do(r)
	if err != nil {
		return 0, nil, err
	}
	answer, err = readSome(res.Body)
	return res.StatusCode, answer, errors.Join(err, res.Body.Close())
}
