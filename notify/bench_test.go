package notify_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/notify"
)

const benchPlain = `{"mchid":"1900000001","appid":"wxd678efh567hg6787","out_trade_no":"1217752501201407033233368018",` +
	`"transaction_id":"4200000001201407033233368018","trade_type":"JSAPI","trade_state":"SUCCESS","trade_state_desc":"支付成功",` +
	`"bank_type":"CMC","attach":"自定义数据","success_time":"2018-06-08T10:34:56+08:00","payer":{"openid":"oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"},` +
	`"amount":{"total":100,"payer_total":90,"currency":"CNY","payer_currency":"CNY"}}`

// order is the payload typed in full.
type order struct {
	MchID          string    `json:"mchid"`
	AppID          string    `json:"appid"`
	OutTradeNo     string    `json:"out_trade_no"`
	TransactionID  string    `json:"transaction_id"`
	TradeType      string    `json:"trade_type"`
	TradeState     string    `json:"trade_state"`
	TradeStateDesc string    `json:"trade_state_desc"`
	BankType       string    `json:"bank_type"`
	Attach         string    `json:"attach"`
	SuccessTime    time.Time `json:"success_time"`
	Payer          struct {
		OpenID string `json:"openid"`
	} `json:"payer"`
	Amount struct {
		Total         int64  `json:"total"`
		PayerTotal    int64  `json:"payer_total"`
		Currency      string `json:"currency"`
		PayerCurrency string `json:"payer_currency"`
	} `json:"amount"`
}

var errRaw = errors.New("refused")

// raw is the least a receiver can do by hand: bounded read, window, RSA, a scan for
// one string, AES-GCM, decode. It checks no owner and no duplicate keys.
type raw struct {
	key    *rsa.PublicKey
	gcm    cipher.AEAD
	decode func([]byte, *order) error
}

func (b raw) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var o order
	if err := b.receive(r, &o); err != nil || o.OutTradeNo == "" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (b raw) receive(r *http.Request, o *order) error {
	body := make([]byte, 4096)
	n, err := io.ReadFull(io.LimitReader(r.Body, 1<<20), body)
	if err != io.ErrUnexpectedEOF {
		return errRaw
	}
	body = body[:n]
	stamp := r.Header.Get("Wechatpay-Timestamp")
	at, err := strconv.ParseInt(stamp, 10, 64)
	if off := time.Now().Unix() - at; err != nil || off >= 300 || off <= -300 {
		return errRaw
	}
	signature, err := base64.StdEncoding.DecodeString(r.Header.Get("Wechatpay-Signature"))
	if err != nil {
		return err
	}
	h := sha256.New()
	io.WriteString(h, stamp)
	io.WriteString(h, "\n")
	io.WriteString(h, r.Header.Get("Wechatpay-Nonce"))
	io.WriteString(h, "\n")
	h.Write(body)
	io.WriteString(h, "\n")
	if err := rsa.VerifyPKCS1v15(b.key, crypto.SHA256, h.Sum(nil), signature); err != nil {
		return err
	}
	text := cut(body, `"ciphertext":"`)
	size, err := base64.StdEncoding.Decode(text, text)
	if err != nil {
		return err
	}
	plain, err := b.gcm.Open(text[:0], cut(body, `"nonce":"`), text[:size], cut(body, `"associated_data":"`))
	if err != nil {
		return err
	}
	return b.decode(plain, o)
}

// cut returns the text after name up to the next quote.
func cut(data []byte, name string) []byte {
	i := bytes.Index(data, []byte(name))
	if i < 0 {
		return nil
	}
	data = data[i+len(name):]
	return data[:max(0, bytes.IndexByte(data, '"'))]
}

func byHand(data []byte, o *order) (err error) {
	o.MchID = string(cut(data, `"mchid":"`))
	o.AppID = string(cut(data, `"appid":"`))
	o.OutTradeNo = string(cut(data, `"out_trade_no":"`))
	o.TransactionID = string(cut(data, `"transaction_id":"`))
	o.TradeType = string(cut(data, `"trade_type":"`))
	o.TradeState = string(cut(data, `"trade_state":"`))
	o.TradeStateDesc = string(cut(data, `"trade_state_desc":"`))
	o.BankType = string(cut(data, `"bank_type":"`))
	o.Attach = string(cut(data, `"attach":"`))
	o.Payer.OpenID = string(cut(data, `"openid":"`))
	o.Amount.Currency = string(cut(data, `"currency":"`))
	o.Amount.PayerCurrency = string(cut(data, `"payer_currency":"`))
	if o.SuccessTime, err = time.Parse(time.RFC3339, string(cut(data, `"success_time":"`))); err != nil {
		return err
	}
	if o.Amount.Total, err = number(data, `"total":`); err != nil {
		return err
	}
	o.Amount.PayerTotal, err = number(data, `"payer_total":`)
	return err
}

func number(data []byte, name string) (int64, error) {
	i := bytes.Index(data, []byte(name))
	if i < 0 {
		return 0, errRaw
	}
	data = data[i+len(name):]
	return strconv.ParseInt(string(data[:bytes.IndexAny(data, ",}")]), 10, 64)
}

// nowhere is a ResponseWriter without costs.
type nowhere struct {
	h      http.Header
	status int
}

func (w *nowhere) Header() http.Header         { return w.h }
func (w *nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (w *nowhere) WriteHeader(status int)      { w.status = status }

func (w *nowhere) SetReadDeadline(time.Time) error { return nil }

// BenchmarkNotice is P2: floor and json are the hand-written receivers, notify ours
// with window, owner and duplicate-key checks.
func BenchmarkNotice(b *testing.B) {
	block, err := aes.NewCipher([]byte(apiV3Key))
	require.NoError(b, err)
	gcm, err := cipher.NewGCM(block)
	require.NoError(b, err)
	h := notify.NewHandler(notify.V3(merchant(b, mchID, nil)))
	kind := notify.Of[order](eventPaid).Original("transaction").Without("combine_out_trade_no").Keyed(func(o order) string { return o.TransactionID })
	notify.On(h, kind, func(context.Context, notify.Event[order]) error { return nil })
	for _, bench := range []struct {
		name string
		h    http.Handler
	}{
		{"floor", raw{&platformKey().PublicKey, gcm, byHand}},
		{"json", raw{&platformKey().PublicKey, gcm, func(p []byte, o *order) error { return json.Unmarshal(p, o) }}},
		{"notify", h},
	} {
		b.Run(bench.name, func(b *testing.B) {
			sample := notice(b, benchPlain)
			body := bytes.NewReader(sample.Body)
			r := post(sample)
			r.Body = io.NopCloser(body)
			w := &nowhere{h: http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				body.Reset(sample.Body)
				bench.h.ServeHTTP(w, r)
				if w.status >= 300 {
					b.Fatal(w.status)
				}
			}
		})
	}
}
