package wechattest_test

import (
	"bytes"
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
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/wechattest"
)

// careless is a receiver written by hand, as shops have them, with one fault
// planted in it.
type careless struct {
	fault  string
	keys   map[string]*rsa.PublicKey
	apiKey string
	mchID  string
	books  *counter

	mu     sync.Mutex
	seen   map[string]bool
	late   sync.Once
	locked sync.Mutex
}

func (c *careless) has(fault string) bool { return c.fault == fault }

func (c *careless) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if c.has("late at first") {
		c.late.Do(func() { <-time.After(5500 * time.Millisecond) })
	}
	if c.has("locks while reading") {
		c.locked.Lock()
		defer c.locked.Unlock()
	}
	if !c.has("waits for everybody") && !c.has("locks while reading") {
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(4 * time.Second))
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	var much *http.MaxBytesError
	if c.has("chokes on much") && errors.As(err, &much) {
		<-time.After(5500 * time.Millisecond)
		return
	}
	if c.has("believes everything") {
		w.WriteHeader(http.StatusOK)
		return
	}
	if err != nil || r.Method != http.MethodPost && !c.has("takes any method") || !c.proved(r.Header, body) || !c.handled(body) {
		w.WriteHeader(http.StatusBadRequest)
		if c.has("shows its key") {
			_, _ = io.WriteString(w, "cannot decrypt with "+c.apiKey)
		}
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (c *careless) proved(h http.Header, body []byte) bool {
	if c.has("believes everybody") {
		return true
	}
	if len(h["Wechatpay-Signature"]) != 1 && !c.has("takes the first of two") {
		return false
	}
	at, _ := strconv.ParseInt(h.Get("Wechatpay-Timestamp"), 10, 64)
	age := time.Since(time.Unix(at, 0))
	if age > 5*time.Minute && !c.has("forgets the time") || age < -5*time.Minute && !c.has("forgets the time") && !c.has("looks back only") {
		return false
	}
	key := c.keys[h.Get("Wechatpay-Serial")]
	if key != nil && c.has("knows one key only") && strings.HasPrefix(h.Get("Wechatpay-Serial"), "PUB") {
		return false
	}
	if key == nil && c.has("falls back to any key") {
		for _, key = range c.keys {
			if c.fits(key, h, body) {
				return true
			}
		}
	}
	return key != nil && c.fits(key, h, body)
}

func (c *careless) fits(key *rsa.PublicKey, h http.Header, body []byte) bool {
	signature, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(h.Get("Wechatpay-Signature"), map[bool]string{true: "WECHATPAY/SIGNTEST/"}[c.has("strips the probe")]))
	sum := sha256.Sum256([]byte(h.Get("Wechatpay-Timestamp") + "\n" + h.Get("Wechatpay-Nonce") + "\n" + string(body) + "\n"))
	return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) == nil
}

func (c *careless) handled(body []byte) bool {
	var e struct {
		Event    string           `json:"event_type"`
		Resource *json.RawMessage `json:"resource"`
	}
	if json.Unmarshal(body, &e) != nil {
		return false
	}
	if e.Resource == nil {
		if c.has("panics at null") {
			panic(http.ErrAbortHandler) // what net/http makes of any panic, without its log
		}
		return false
	}
	var sealed struct {
		Ciphertext []byte `json:"ciphertext"`
		Nonce      string `json:"nonce"`
		Data       string `json:"associated_data"`
	}
	if json.Unmarshal(*e.Resource, &sealed) != nil {
		return false
	}
	plain := []byte(*e.Resource)
	if len(sealed.Ciphertext) > 0 || !c.has("takes clear text") {
		block, _ := aes.NewCipher([]byte(c.apiKey))
		gcm, _ := cipher.NewGCM(block)
		if len(sealed.Nonce) != gcm.NonceSize() {
			return false
		}
		var err error
		if plain, err = gcm.Open(nil, []byte(sealed.Nonce), sealed.Ciphertext, []byte(sealed.Data)); err != nil {
			return false
		}
	}
	return c.booked(e.Event, plain)
}

func (c *careless) booked(event string, plain []byte) bool {
	var p struct {
		MchID  string `json:"mchid"`
		ID     string `json:"transaction_id"`
		Number string `json:"out_trade_no"`
		State  string `json:"trade_state"`
		Type   string `json:"trade_type"`
		Amount struct {
			Total    wechat.Fen `json:"total"`
			Currency string     `json:"currency"`
		} `json:"amount"`
	}
	if json.Unmarshal(plain, &p) != nil || p.MchID != c.mchID && !c.has("forgets whose it is") {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if event == "REFUND.SUCCESS" {
		c.seen["refund of "+p.Number] = true
		return true
	}
	key := p.ID
	total, known := c.books.total[p.Number]
	switch {
	case !known && c.has("panics at the unknown"):
		panic(http.ErrAbortHandler)
	case !known, p.State != "SUCCESS" && !c.has("forgets the state"):
		return false
	case p.Amount.Total != total && !c.has("forgets the price"), p.Amount.Currency != "CNY" && !c.has("forgets the currency"):
		return false
	case p.Type != "JSAPI" && c.has("knows today's values only"):
		return false
	case c.seen["refund of "+p.Number] && c.has("stumbles over the order"):
		return false
	case c.seen[key] && c.has("refuses copies"):
		return false
	case c.has("fulfils every copy"):
		key += strconv.Itoa(len(c.seen))
	}
	c.seen[key] = true
	return c.books.fulfil(key, p.Number, total) == nil
}

// Every planted fault is found, and nothing else is.
func TestLaunchFindsPlantedFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute; the whole run has it")
	}
	t.Parallel()
	p, err := wechattest.NewPay(wechattest.Config{Keys: wechattest.ReusedKeys()})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, p.Close()) })
	account, err := p.NewMerchant(wechattest.MerchantOptions{Mode: wechattest.Both})
	require.NoError(t, err)
	faults := map[string][]string{
		"":                          nil,
		"believes everybody":        {"doubled", "early", "missigned", "probe", "stale", "unknown key", "unsigned"},
		"believes everything":       {"depth", "doubled", "early", "empty", "foreign", "garbage", "in clear", "method", "missigned", "new values", "null", "once", "oversize", "probe", "sealed elsewhere", "slow", "stale", "tampered", "unknown key", "unsigned"},
		"strips the probe":          {"probe"},
		"takes the first of two":    {"doubled"},
		"forgets the time":          {"early", "stale"},
		"looks back only":           {"early"},
		"falls back to any key":     {"unknown key"},
		"knows one key only":        {"alive", "copies", "genuine", "held up", "new values", "once", "reordered"},
		"takes clear text":          {"in clear"},
		"forgets whose it is":       {"foreign"},
		"forgets the price":         {"amount"},
		"forgets the currency":      {"currency"},
		"forgets the state":         {"state"},
		"knows today's values only": {"new values"},
		"fulfils every copy":        {"once", "reordered"},
		"refuses copies":            {"alive", "copies", "held up", "reordered"},
		"stumbles over the order":   {"held up", "reordered"},
		"panics at null":            {"null"},
		"panics at the unknown":     {"unknown order"},
		"takes any method":          {"method"},
		"chokes on much":            {"oversize"},
		"late at first":             {"genuine"},
		"waits for everybody":       {"slow"},
		"locks while reading":       {"held up", "slow"},
		"shows its key": {"depth", "doubled", "early", "empty", "foreign", "garbage", "in clear", "method", "missigned", "null", "oversize", "probe", "sealed elsewhere",
			"stale", "tampered", "unknown key", "unsigned"},
	}
	// Six at a time: most of the time is spent waiting for slow senders.
	var group sync.WaitGroup
	places := make(chan struct{}, 6)
	for fault, want := range faults {
		places <- struct{}{}
		group.Go(func() {
			defer func() { <-places }()
			books := newCounter(samples("shop")...)
			shop := &careless{fault: fault, keys: map[string]*rsa.PublicKey{account.PlatformKeyID: account.PlatformKey}, apiKey: account.APIv3Key,
				mchID: account.MchID, books: books, seen: map[string]bool{}}
			for _, cert := range account.PlatformCertificates() {
				shop.keys[wechat.SerialOf(cert)] = cert.PublicKey.(*rsa.PublicKey)
			}
			server := httptest.NewServer(shop)
			defer server.Close()
			v3 := account.LaunchTarget()
			if fault != "" && fault != "knows one key only" {
				v3.Keys = v3.Keys[:1]
			}
			v3.PayURL, v3.RefundURL, v3.Samples = server.URL, server.URL, samples("shop")
			v3.Refunds = []wechattest.RefundSample{{Sample: samples("shop")[0], OutRefundNo: "r1", Refund: 100}}
			report, err := wechattest.Launch(t.Context(), wechattest.Targets{V3: v3, Count: books.count})
			if !assert.NoError(t, err) {
				return
			}
			var failed []string
			for _, f := range report.Findings {
				if f.Verdict == wechattest.Failed {
					failed = append(failed, f.Rule)
					assert.NotEmpty(t, f.Mend, f.Rule)
				}
				assert.NotEmpty(t, f.Says)
				assert.NotEmpty(t, f.Got, f.Rule)
			}
			slices.Sort(failed)
			var text bytes.Buffer
			assert.NoError(t, report.WriteText(&text))
			assert.Equal(t, want, slices.Compact(failed), fault+text.String())
			assert.NotContains(t, text.String(), account.APIv3Key)
			assert.Equal(t, len(want) == 0, report.OK())
		})
	}
	group.Wait()
}
