package wechat_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/seal"
)

// The ten canaries of promise G15, and two more for the account side.
const (
	canaryAPIv3Key = "canary-apiv3-key-canary-apiv3-ke"
	canaryOpenID   = "oCanaryOpenIDInThePath"
	canaryQuery    = "CanaryInTheQuery"
	canaryBody     = "CanaryInTheBody"
	canaryPlain    = "CanaryPlainName"
	canaryAnswer   = "CanaryInTheAnswer"
	canaryDetail   = "CanaryInTheDetail"
	canaryToken    = "CanaryDownloadToken"
	canaryAccess   = "CanaryAccessToken"
)

type personal struct {
	OpenID string      `json:"-" path:"openid"`
	Query  string      `json:"-" query:"q"`
	Body   string      `json:"body"`
	Name   seal.Secret `json:"name,omitzero"`
}

var (
	opPersonal    = wechat.POST("/v3/people/{openid}").Keyed()
	personalInput = personal{canaryOpenID, canaryQuery, canaryBody, seal.Plain(canaryPlain)}
)

// record keeps everything that was ever printed, and every header that was sent.
type record struct {
	mu      sync.Mutex
	text    strings.Builder
	secrets []string
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *record) sent(req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	auth := req.Header.Get("Authorization")
	r.secrets = append(r.secrets, auth)
	if f := authorization.FindStringSubmatch(auth); f != nil {
		r.secrets = append(r.secrets, f[2], f[5])
	}
}

// print shows v in every way a careless program might.
func (r *record) print(v any) {
	for _, verb := range []string{"%v", "%+v", "%#v", "%q", "%s", "%x", "%d"} {
		fmt.Fprintf(r, verb+"\n", v)
	}
	if b, err := json.Marshal(v); err == nil {
		_, _ = r.Write(b)
	}
	for _, h := range []slog.Handler{slog.NewTextHandler(r, &slog.HandlerOptions{Level: slog.LevelDebug}), slog.NewJSONHandler(r, &slog.HandlerOptions{Level: slog.LevelDebug})} {
		slog.New(h).Debug("shown", "value", v)
	}
}

func (r *record) printError(err error) {
	r.print(err)
	r.print(struct{ Err error }{err})
	var c *wechat.CallError
	if errors.As(err, &c) {
		r.print(*c)
		r.print(c.Err)
	}
	var a *wechat.APIError
	if errors.As(err, &a) {
		r.print(*a)
	}
}

func (r *record) check(t *testing.T) {
	t.Helper()
	key := merchantKey()
	der := base64.StdEncoding.EncodeToString(x509.MarshalPKCS1PrivateKey(key))
	all := append(r.secrets, canaryAPIv3Key, canaryOpenID, canaryQuery, canaryBody, canaryPlain, canaryAnswer, canaryDetail, canaryToken, canaryAccess,
		key.D.String(), key.D.Text(16), key.Primes[0].String(), key.Primes[1].Text(16), der[100:140], fmt.Sprintf("%x", canaryAPIv3Key))
	text := r.text.String()
	require.Greater(t, len(text), 10_000, "much was printed")
	for _, secret := range all {
		if secret != "" && strings.Contains(text, secret) {
			i := strings.Index(text, secret)
			t.Errorf("%q was printed: …%s…", secret, text[max(0, i-80):min(len(text), i+80)])
		}
	}
}

// hostile are carriers that fail in ways whose own words hold secrets.
func hostile(r *record) map[string]doFunc {
	answers := map[string]func(req *http.Request) (*http.Response, error){
		"url.Error": func(req *http.Request) (*http.Response, error) {
			return nil, &url.Error{Op: "Post", URL: req.URL.String(), Err: errors.New("boom")}
		},
		"url.Error in url.Error": func(req *http.Request) (*http.Response, error) {
			return nil, fmt.Errorf("retry: %w", &url.Error{Op: "Post", URL: "x", Err: &url.Error{Op: "Post", URL: req.URL.String(), Err: errReset}})
		},
		"text with the path": func(req *http.Request) (*http.Response, error) {
			return nil, errors.New("no route for " + req.URL.Path + "?" + req.URL.RawQuery)
		},
		"text with the query": func(req *http.Request) (*http.Response, error) {
			return nil, errors.New("bad query " + req.URL.RawQuery)
		},
		"error with the answer": func(*http.Request) (*http.Response, error) { return plain(500, canaryAnswer), io.EOF },
		"detail": func(*http.Request) (*http.Response, error) {
			return proved(400, `{"code":"PARAM_ERROR","message":"wrong","detail":{"field":"/payer/openid","value":"`+canaryDetail+`"}}`), nil
		},
		"unsigned": func(*http.Request) (*http.Response, error) { return plain(200, `{"a":"`+canaryAnswer+`"}`), nil },
		"page":     func(*http.Request) (*http.Response, error) { return plain(502, "<html>"+canaryAnswer), nil },
		"wrong JSON": func(*http.Request) (*http.Response, error) {
			return proved(200, `{"prepay_id":["`+canaryAnswer+`"]}`), nil
		},
		"no JSON": func(*http.Request) (*http.Response, error) { return proved(200, canaryAnswer), nil },
		"unknown code": func(*http.Request) (*http.Response, error) {
			return proved(500, `{"code":{"x":"`+canaryAnswer+`"}}`), nil
		},
		"too long": func(*http.Request) (*http.Response, error) {
			return proved(200, strings.Repeat(canaryAnswer, 1000)), nil
		},
		"cut": func(*http.Request) (*http.Response, error) { return cut(plain(200, canaryAnswer)), nil },
		"probe": func(*http.Request) (*http.Response, error) {
			return header(proved(200, canaryAnswer), "Wechatpay-Signature", "WECHATPAY/SIGNTEST/1"), nil
		},
		"strange key": func(*http.Request) (*http.Response, error) {
			return header(proved(200, canaryAnswer), "Wechatpay-Serial", "PUB_KEY_ID_9"), nil
		},
		"control header": func(*http.Request) (*http.Response, error) {
			return header(plain(500, ""), "Content-Type", "a\r\nb\x1b[31m"), nil
		},
		"nothing": func(*http.Request) (*http.Response, error) { return nil, nil },
	}
	out := map[string]doFunc{}
	for name, answer := range answers {
		out[name] = func(req *http.Request) (*http.Response, error) {
			r.sent(req)
			return answer(req)
		}
	}
	return out
}

func TestG15_SecretsStayIn(t *testing.T) {
	t.Parallel()
	r := &record{}
	for name, carrier := range hostile(r) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg := config(t)
				cfg.APIv3Key = seal.NewKey(canaryAPIv3Key)
				m, err := wechat.NewMerchant(cfg, wechat.WithTransport(carrier), wechat.WithMaxResponse(5000),
					wechat.WithLogger(slog.New(slog.NewTextHandler(r, &slog.HandlerOptions{Level: slog.LevelDebug}))),
					wechat.WithLogger(slog.New(slog.NewJSONHandler(r, &slog.HandlerOptions{Level: slog.LevelDebug}))),
					wechat.WithObserver(func(_ context.Context, e wechat.Event) { r.print(e) }))
				require.NoError(t, err)
				_, err = wechat.Call[prepay](t.Context(), m, opPersonal, personalInput)
				require.Error(t, err)
				r.printError(err)
				_, err = wechat.Upload[prepay](t.Context(), m, wechat.POST("/v3/upload/{openid}"), personalInput,
					wechat.File{Name: "a.jpg", Data: strings.NewReader(canaryBody)})
				require.Error(t, err)
				r.printError(err)
				if body, err := wechat.Download(t.Context(), m, "https://api.mch.weixin.qq.com/v3/billdownload/file?token="+canaryToken); err == nil {
					require.NoError(t, body.Close())
				} else {
					r.printError(err)
				}
				_, err = m.Check(t.Context())
				r.printError(err)
				r.print(m)
				r.print(*m)
				r.print(cfg)
				r.print(&cfg)
				r.print(personalInput.Name)
				app, err := wechat.NewApp("wx1234567890", tokens{}, wechat.WithTransport(carrier))
				require.NoError(t, err)
				_, err = wechat.Call[prepay](t.Context(), app, wechat.POST("/cgi-bin/x").Keyed(), struct {
					Q string `json:"-" query:"q"`
				}{canaryQuery})
				r.printError(err)
				r.print(app)
			})
		})
	}
	r.check(t)
}

type tokens struct{}

func (tokens) Token(context.Context) (wechat.Token, error) { return seal.NewKey(canaryAccess), nil }

func (tokens) Refuse(context.Context, wechat.Token) error { return nil }

// Requests that are refused before sending do not repeat the value either, and
// neither do constructors and loaders.
func TestG15_RefusalsDoNotQuote(t *testing.T) {
	t.Parallel()
	r := &record{}
	_, _ = r.Write(bytes.Repeat([]byte{'.'}, 10_000))
	m := newMerchant(t, doFunc(func(*http.Request) (*http.Response, error) { return nil, io.EOF }))
	_, err := wechat.Call[prepay](t.Context(), m, opPersonal, personal{OpenID: ".", Body: canaryBody, Name: seal.Plain(strings.Repeat(canaryPlain, 50))})
	r.printError(err)
	for _, address := range []string{"https://evil.example/v3/billdownload/file?token=" + canaryToken, "http://api.mch.weixin.qq.com/v3/billdownload/file?token=" + canaryToken,
		"https://" + canaryToken + "@api.mch.weixin.qq.com/v3/billdownload/file", "https://api.mch.weixin.qq.com/v3/certificates?token=" + canaryToken, "%" + canaryToken} {
		_, err := wechat.Download(t.Context(), m, address)
		require.Error(t, err)
		r.printError(err)
	}
	cfg := config(t)
	cfg.APIv3Key = seal.NewKey(canaryAPIv3Key + "x")
	_, err = wechat.NewMerchant(cfg)
	r.printError(err)
	_, err = wechat.NewMerchant(config(t), wechat.WithBaseURL("https://host/?access_token="+canaryAccess))
	r.printError(err)
	_, err = m.Open(wechat.Resource{Algorithm: "AEAD_AES_256_GCM", Nonce: "0123456789ab", Ciphertext: canaryBody})
	r.printError(err)
	_, err = m.Open(wechat.Resource{Algorithm: canaryBody[:0] + "AEAD_SM4_GCM"})
	r.printError(err)
	_, err = m.PaySign(canaryOpenID, "a\nb")
	r.printError(err)
	r.check(t)
	assert.NotEmpty(t, r.text.String())
}
