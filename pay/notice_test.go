package pay_test

import (
	"context"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/pay"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
)

const (
	testKeyID = "PUB_KEY_ID_0100000000000000000000000000"
	testV3Key = "0123456789abcdef0123456789ABCDEF"
)

// testKey is the platform's, ownKey the merchant's.
var (
	testKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })
	ownKey  = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })
)

// receiver is a merchant whose platform key the test holds, so that any notice
// can be made, also such as the simulator never sends.
func receiver(t testing.TB) *wechat.Merchant {
	t.Helper()
	key, err := testKey()
	require.NoError(t, err)
	own, err := ownKey()
	require.NoError(t, err)
	ring, err := sign.NewRing(sign.PublicKey(testKeyID, &key.PublicKey))
	require.NoError(t, err)
	m, err := wechat.NewMerchant(wechat.MerchantConfig{ID: "1900000001", Serial: "5F1C72E2A8931B72A2E13AF8DEE92471EB397115", Key: own,
		APIv3Key: seal.NewKey(testV3Key), Platform: ring})
	require.NoError(t, err)
	return m
}

// sealedNotice encrypts and signs a payload by hand.
func sealedNotice(t testing.TB, event, original, payload string) notify.Request {
	t.Helper()
	block, err := aes.NewCipher([]byte(testV3Key))
	require.NoError(t, err)
	gcm, err := cipher.NewGCM(block)
	require.NoError(t, err)
	text := base64.StdEncoding.EncodeToString(gcm.Seal(nil, []byte("fdasflkja484"), []byte(payload), []byte(original)))
	body := fmt.Sprintf(`{"id":"EV-1","create_time":"2026-01-05T10:00:00+08:00","resource_type":"encrypt-resource","event_type":%q,"summary":"x","resource":{"original_type":%q,"algorithm":"AEAD_AES_256_GCM","ciphertext":%q,"associated_data":%q,"nonce":"fdasflkja484"}}`,
		event, original, text, original)
	now := strconv.FormatInt(time.Now().Unix(), 10)
	sum := sha256.Sum256([]byte(now + "\nn\n" + body + "\n"))
	key, err := testKey()
	require.NoError(t, err)
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	require.NoError(t, err)
	return notify.Request{Method: http.MethodPost, Body: []byte(body), Header: http.Header{"Wechatpay-Timestamp": {now}, "Wechatpay-Nonce": {"n"},
		"Wechatpay-Serial": {testKeyID}, "Wechatpay-Signature": {base64.StdEncoding.EncodeToString(signature)}}}
}

// One event type carries several payloads; Paid takes its own and no other, and
// none that could be read in two ways.
func TestPaidTakesItsOwnNotices(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, event, original, payload string
		want                           bool
	}{
		{"direct", "TRANSACTION.SUCCESS", "transaction", `{"mchid":"1900000001","appid":"wx1","out_trade_no":"order1","transaction_id":"42","trade_state":"SUCCESS","amount":{"total":100}}`, true},
		{"partner", "TRANSACTION.SUCCESS", "transaction", `{"sp_mchid":"1900000001","sub_mchid":"1900000002","sp_appid":"wx1","out_trade_no":"order1","transaction_id":"42","trade_state":"SUCCESS","payer":{"sp_openid":"o"}}`, true},
		{"combined", "TRANSACTION.SUCCESS", "transaction", `{"combine_mchid":"1900000001","combine_out_trade_no":"order1","transaction_id":"42","sub_orders":[]}`, false},
		{"parking", "TRANSACTION.SUCCESS", "transaction", `{"mchid":"1900000001","transaction_id":"42","trade_scene":"PARKING","parking_info":{"id":"1"}}`, false},
		{"sharing", "TRANSACTION.SUCCESS", "profitsharing", `{"mchid":"1900000001","transaction_id":"42"}`, false},
		{"failure", "TRANSACTION.FAIL", "transaction", `{"mchid":"1900000001","transaction_id":"42","trade_state":"FAIL"}`, false},
		{"no business key", "TRANSACTION.SUCCESS", "transaction", `{"mchid":"1900000001","trade_state":"SUCCESS"}`, false},
		{"another merchant's", "TRANSACTION.SUCCESS", "transaction", `{"mchid":"1900000009","transaction_id":"42","trade_state":"SUCCESS"}`, false},
		{"67 two states", "TRANSACTION.SUCCESS", "transaction", `{"mchid":"1900000001","transaction_id":"42","trade_state":"NOTPAY","TRADE_STATE":"SUCCESS"}`, false},
		{"68 text for money", "TRANSACTION.SUCCESS", "transaction", `{"mchid":"1900000001","transaction_id":"42","trade_state":"SUCCESS","amount":{"total":"100"}}`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			h := notify.NewHandler(notify.V3(receiver(t)))
			notify.On(h, pay.Paid, func(_ context.Context, e notify.Event[pay.Transaction]) error {
				got = append(got, e.Key)
				assert.Equal(t, pay.StateSuccess, e.Data.TradeState)
				return nil
			})
			reply := h.Handle(t.Context(), sealedNotice(t, tt.event, tt.original, tt.payload))
			if tt.want {
				assert.Equal(t, 200, reply.Status)
				assert.Equal(t, []string{"1900000001/TRANSACTION.SUCCESS/42"}, got)
				return
			}
			assert.GreaterOrEqual(t, reply.Status, 400, "refused, and so sent again and seen")
			assert.Empty(t, got)
		})
	}
}
