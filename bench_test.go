package wechat_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
)

// benchOrder is a JSAPI prepay as shops send it.
type benchOrder struct {
	AppID       string      `json:"appid"`
	MchID       string      `json:"mchid"`
	Description string      `json:"description"`
	OutTradeNo  string      `json:"out_trade_no"`
	NotifyURL   string      `json:"notify_url"`
	Amount      benchAmount `json:"amount"`
	Payer       benchPayer  `json:"payer"`
}

type benchAmount struct {
	Total    wechat.Fen `json:"total"`
	Currency string     `json:"currency"`
}

type benchPayer struct {
	OpenID string `json:"openid"`
}

var bench = benchOrder{"wxd678efh567hg6787", mchID, "Image形象店-深圳腾大-QQ公仔", "1217752501201407033233368018", "https://www.weixin.qq.com/wxpay/pay.php",
	benchAmount{100, "CNY"}, benchPayer{"oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"}}

// small is an RSA key with the public exponent 3: verifying with it costs next to
// nothing, so that what the library adds can be seen beside it.
var small = sync.OnceValue(func() *rsa.PrivateKey {
	three, one := big.NewInt(3), big.NewInt(1)
	for {
		p, _ := rand.Prime(rand.Reader, 1024)
		q, _ := rand.Prime(rand.Reader, 1024)
		phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
		if d := new(big.Int).ModInverse(three, phi); d != nil {
			if n := new(big.Int).Mul(p, q); n.BitLen() == 2048 {
				return &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: n, E: 3}, D: d, Primes: []*big.Int{p, q}}
			}
		}
	}
})

// cube signs by hand, because crypto/rsa makes no signatures with exponent 3.
func cube(digest []byte) []byte {
	prefix := []byte{0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20}
	em := append([]byte{0, 1}, bytes.Repeat([]byte{0xff}, 256-3-len(prefix)-32)...)
	em = append(append(append(em, 0), prefix...), digest...)
	k := small()
	return new(big.Int).Exp(new(big.Int).SetBytes(em), k.D, k.N).FillBytes(make([]byte, 256))
}

// prepayServer answers every prepay with the same signed answer and counts dials.
func prepayServer(b testing.TB, signature func(digest []byte) []byte, at time.Time) (base string, dials *atomic.Int64) {
	dials = new(atomic.Int64)
	stamp, nonce := strconv.FormatInt(at.Unix(), 10), rand.Text()
	sum := sha256.Sum256([]byte(stamp + "\n" + nonce + "\n" + prepayBody + "\n"))
	text := base64.StdEncoding.EncodeToString(signature(sum[:]))
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		h := w.Header()
		h["Content-Type"] = []string{"application/json"}
		h["Wechatpay-Timestamp"], h["Wechatpay-Nonce"] = []string{stamp}, []string{nonce}
		h["Wechatpay-Serial"], h["Wechatpay-Signature"] = []string{publicID}, []string{text}
		_, _ = io.WriteString(w, prepayBody)
	}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			dials.Add(1)
		}
	}
	s.Start()
	b.Cleanup(s.Close)
	return s.URL, dials
}

// rawClient is the floor: the same job by hand, with net/http and the standard
// library's crypto only.
type rawClient struct {
	hc     *http.Client
	base   string
	signer crypto.Signer
	key    *rsa.PublicKey
	now    func() time.Time
}

func (c *rawClient) prepay(ctx context.Context, in benchOrder) (string, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return "", err
	}
	const path = "/v3/pay/transactions/jsapi"
	stamp, nonce := strconv.FormatInt(c.now().Unix(), 10), rand.Text()
	sum := sha256.Sum256([]byte("POST\n" + path + "\n" + stamp + "\n" + nonce + "\n" + string(body) + "\n"))
	signature, err := c.signer.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "POST", c.base+path, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", `WECHATPAY2-SHA256-RSA2048 mchid="`+mchID+`",nonce_str="`+nonce+`",timestamp="`+stamp+`",serial_no="`+mchSerial+
		`",signature="`+base64.StdEncoding.EncodeToString(signature)+`"`)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "raw")
	req.Header.Set("Wechatpay-Serial", publicID)
	res, err := c.hc.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return "", err
	}
	h := res.Header
	raw, err := base64.StdEncoding.DecodeString(h.Get("Wechatpay-Signature"))
	if err != nil || res.StatusCode != 200 || h.Get("Wechatpay-Serial") != publicID {
		return "", errors.New("refused")
	}
	sum = sha256.Sum256([]byte(h.Get("Wechatpay-Timestamp") + "\n" + h.Get("Wechatpay-Nonce") + "\n" + string(answer) + "\n"))
	if err := rsa.VerifyPKCS1v15(c.key, crypto.SHA256, sum[:], raw); err != nil {
		return "", err
	}
	var out prepay
	return out.PrepayID, json.Unmarshal(answer, &out)
}

var rawHeader = "WECHATPAY2-SHA256-RSA2048 " + strings.Repeat("x", 500)

// bare is net/http alone: send the bytes and headers, read the answer.
func (c *rawClient) bare(ctx context.Context, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "POST", c.base+"/v3/pay/transactions/jsapi", bytes.NewReader(body))
	if err != nil {
		return err
	}
	for name, value := range map[string]string{"Authorization": rawHeader, "Content-Type": "application/json", "Accept": "application/json",
		"User-Agent": "raw", "Wechatpay-Serial": publicID} {
		req.Header.Set(name, value)
	}
	res, err := c.hc.Do(req)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, res.Body)
	return res.Body.Close()
}

// BenchmarkPrepay is target P3: a JSAPI prepay over loopback, signed, verified and
// decoded, beside its hand-written floor. "stubbed" replaces signing by a constant
// and verifies with the public exponent 3, in both.
//
//	go test -run '^$' -bench Prepay -benchmem .
func BenchmarkPrepay(b *testing.B) {
	at := time.Now()
	now := func() time.Time { return at }
	for _, crypt := range []struct {
		name      string
		signer    crypto.Signer
		key       *rsa.PublicKey
		signature func([]byte) []byte
	}{
		{"stubbed", cheapSigner{}, &small().PublicKey, cube},
		{"rsa", merchantKey(), &platformKey().PublicKey, func(sum []byte) []byte {
			s, _ := rsa.SignPKCS1v15(nil, platformKey(), crypto.SHA256, sum)
			return s
		}},
	} {
		base, dials := prepayServer(b, crypt.signature, at)
		pool := http.DefaultTransport.(*http.Transport).Clone()
		pool.MaxIdleConnsPerHost, pool.MaxIdleConns = 128, 0
		raw := &rawClient{&http.Client{Transport: pool}, base, crypt.signer, crypt.key, now}
		b.Cleanup(pool.CloseIdleConnections)
		ring, err := sign.NewRing(sign.PublicKey(publicID, crypt.key))
		require.NoError(b, err)
		m, err := wechat.NewMerchant(wechat.MerchantConfig{ID: mchID, Serial: mchSerial, Key: crypt.signer, APIv3Key: seal.NewKey(apiV3Key), Platform: ring},
			wechat.WithBaseURL(base), wechat.WithClock(now))
		require.NoError(b, err)
		b.Cleanup(m.CloseIdleConnections)
		body, err := json.Marshal(bench)
		require.NoError(b, err)
		ctx := context.Background()
		for _, flight := range []int{1, 32} {
			for _, job := range []struct {
				name string
				once func() error
			}{
				{"net-http", func() error { return raw.bare(ctx, body) }},
				{"raw", func() error { _, err := raw.prepay(ctx, bench); return err }},
				{"ours", func() error { _, err := wechat.Call[prepay](ctx, m, opKeyed, bench); return err }},
			} {
				b.Run(fmt.Sprintf("%s/flight=%d/%s", crypt.name, flight, job.name), func(b *testing.B) { runBench(b, flight, dials, job.once) })
			}
		}
	}
}

func runBench(b *testing.B, flight int, dials *atomic.Int64, once func() error) {
	var wg sync.WaitGroup
	for range flight { // warm up the pool
		wg.Go(func() {
			for range 30 {
				_ = once()
			}
		})
	}
	wg.Wait()
	before := dials.Load()
	b.ReportAllocs()
	b.ResetTimer()
	if flight == 1 {
		for b.Loop() {
			if err := once(); err != nil {
				b.Fatal(err)
			}
		}
	} else {
		b.SetParallelism(flight / 2) // of two cores
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := once(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	b.ReportMetric(float64(dials.Load()-before)*1000/float64(b.N), "dials/1000")
}
