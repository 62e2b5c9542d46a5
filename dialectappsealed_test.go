package wechat_test

import (
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
)

const (
	sealedApp = "wx1234567890abcdef"
	rankURL   = "https://api.weixin.qq.com/wxa/getuserriskrank"
	keySerial = "fa05fe1e5bcc79b81ad5ad4b58acf787"
	symmetric = "otUpngOjU+nVQaWJIC3D/yMLV17RKaP6t4Ot9tbnzLY="
)

// opRank is a call that the documents name as one that may be encrypted.
var opRank = wechat.POST("/wxa/getuserriskrank").Sealable()

type rankRequest struct {
	OpenID string `json:"openid"`
	Note   string `json:"note,omitempty"`
	Lang   string `json:"-" query:"lang"`
}

type rank struct {
	Rank int `json:"risk_rank"`
}

func security() wechat.APISecurity {
	return wechat.APISecurity{Key: merchantKey(), SymmetricKey: seal.NewKey(symmetric), SymmetricSerial: keySerial,
		Platform: []sign.AppPlatformKey{{Serial: "platform-1", Key: &platformKey().PublicKey}}}
}

// wxServer is the other end of encrypted calls, with a few lines of crypto of its own.
type wxServer struct {
	t      *testing.T
	at     time.Time
	url    string
	answer string // what goes into the envelope, without its own three fields
	change func(plain *string, res *http.Response, body *[]byte)
	got    []string // plain requests
	urls   []string
}

func gcm(t *testing.T) cipher.AEAD {
	key, err := base64.StdEncoding.DecodeString(symmetric)
	require.NoError(t, err)
	block, err := aes.NewCipher(key)
	require.NoError(t, err)
	aead, err := cipher.NewGCM(block)
	require.NoError(t, err)
	return aead
}

func (s *wxServer) aad(stamp string) []byte {
	return []byte(s.url + "|" + sealedApp + "|" + stamp + "|" + keySerial)
}

func (s *wxServer) digest(stamp string, body []byte) []byte {
	sum := sha256.Sum256([]byte(s.url + "\n" + sealedApp + "\n" + stamp + "\n" + string(body)))
	return sum[:]
}

// read proves and opens a request as WeChat does.
func (s *wxServer) read(r *http.Request) {
	body, stamp := bodyOf(r), r.Header.Get("Wechatmp-TimeStamp")
	assert.Equal(s.t, int64(len(body)), r.ContentLength)
	assert.Equal(s.t, "application/json", r.Header.Get("Content-Type"))
	again, err := r.GetBody()
	require.NoError(s.t, err)
	copied, _ := io.ReadAll(again)
	assert.Equal(s.t, body, copied)
	assert.Equal(s.t, sealedApp, r.Header.Get("Wechatmp-Appid"))
	assert.Equal(s.t, fmt.Sprint(s.at.Unix()), stamp)
	raw, err := base64.StdEncoding.DecodeString(r.Header.Get("Wechatmp-Signature"))
	require.NoError(s.t, err)
	require.NoError(s.t, rsa.VerifyPSS(&merchantKey().PublicKey, crypto.SHA256, s.digest(stamp, body), raw, &rsa.PSSOptions{SaltLength: 32}))
	var e struct{ IV, Data, AuthTag []byte }
	require.NoError(s.t, json.Unmarshal(body, &e))
	plain, err := gcm(s.t).Open(nil, e.IV, append(e.Data, e.AuthTag...), s.aad(stamp))
	require.NoError(s.t, err)
	s.got, s.urls = append(s.got, string(plain)), append(s.urls, r.URL.String())
}

func (s *wxServer) seal(plain string, stamp string) []byte {
	iv := make([]byte, 12)
	_, _ = rand.Read(iv)
	sealed := gcm(s.t).Seal(nil, iv, []byte(plain), s.aad(stamp))
	body, err := json.Marshal(map[string][]byte{"iv": iv, "data": sealed[:len(sealed)-16], "authtag": sealed[len(sealed)-16:]})
	require.NoError(s.t, err)
	return body
}

func (s *wxServer) sign(h http.Header, stamp string, body []byte) {
	raw, err := rsa.SignPSS(rand.Reader, platformKey(), crypto.SHA256, s.digest(stamp, body), &rsa.PSSOptions{SaltLength: 32})
	require.NoError(s.t, err)
	h.Set("Wechatmp-Appid", sealedApp)
	h.Set("Wechatmp-Timestamp", stamp)
	h.Set("Wechatmp-Serial", "platform-1")
	h.Set("Wechatmp-Signature", base64.StdEncoding.EncodeToString(raw))
}

func (s *wxServer) do(r *http.Request) (*http.Response, error) {
	s.read(r)
	stamp := fmt.Sprint(s.at.Unix() + 1)
	plain := `{"_n":"x","_appid":"` + sealedApp + `","_timestamp":` + stamp + `,` + s.answer + `}`
	res := plain200()
	if s.change != nil {
		s.change(&plain, nil, nil)
	}
	body := s.seal(plain, stamp)
	s.sign(res.Header, stamp, body)
	if s.change != nil {
		s.change(nil, res, &body)
	}
	res.Body = io.NopCloser(bytes.NewReader(body))
	return res, nil
}

func plain200() *http.Response { return plain(200, "") }

func newSealed(t *testing.T, s *wxServer, opts ...wechat.Option) *wechat.App {
	t.Helper()
	s.t, s.at = t, time.Unix(1700000000, 0)
	if s.url == "" {
		s.url = rankURL
	}
	a, err := wechat.NewApp(sealedApp, &purse{token: "T", next: "T2"}, append([]wechat.Option{wechat.WithAPISecurity(security()), wechat.WithTransport(doFunc(s.do)),
		wechat.WithClock(func() time.Time { return s.at })}, opts...)...)
	require.NoError(t, err)
	return a
}

func TestSealedCall(t *testing.T) {
	t.Parallel()
	s := &wxServer{answer: `"errcode":0,"risk_rank":3,"new":{"x":1}`}
	a := newSealed(t, s)
	out, err := wechat.Call[rank](t.Context(), a, opRank, rankRequest{OpenID: "o<1>", Note: "茶", Lang: "zh CN"})
	require.NoError(t, err)
	assert.Equal(t, 3, out.Rank)
	_, err = wechat.Call[rank](t.Context(), a, opRank, nil)
	require.NoError(t, err)
	_, err = wechat.Call[rank](t.Context(), a, opRank.NoToken(), struct{}{})
	require.NoError(t, err)

	require.Len(t, s.got, 3)
	assert.Equal(t, []string{rankURL + "?access_token=T", rankURL + "?access_token=T", rankURL}, s.urls, "the query keeps nothing but the token")
	salts := map[string]bool{}
	for i, rest := range []string{`,"lang":"zh CN","openid":"o<1>","note":"茶"}`, `}`, `}`} {
		var own struct {
			N     string `json:"_n"`
			AppID string `json:"_appid"`
			Stamp int64  `json:"_timestamp"`
		}
		require.NoError(t, json.Unmarshal([]byte(s.got[i]), &own))
		raw, err := base64.StdEncoding.DecodeString(own.N)
		require.NoError(t, err)
		assert.Len(t, raw, 24)
		salts[own.N] = true
		assert.Equal(t, sealedApp, own.AppID)
		assert.Equal(t, int64(1700000000), own.Stamp)
		assert.Equal(t, fmt.Sprintf(`{"_n":"%s","_appid":"%s","_timestamp":1700000000`, own.N, sealedApp)+rest, s.got[i])
		assert.NotContains(t, s.got[i], "access_token")
	}
	assert.Len(t, salts, 3)
}

// Only marked calls are encrypted, and only by an App that has the keys.
func TestSealingIsForMarkedCallsOnly(t *testing.T) {
	t.Parallel()
	clear := func(r *http.Request) (*http.Response, error) {
		assert.Empty(t, r.Header.Get("Wechatmp-Signature"))
		assert.JSONEq(t, `{"openid":"o"}`, string(bodyOf(r)))
		return plain(200, `{"risk_rank":1}`), nil
	}
	secured, err := wechat.NewApp(sealedApp, &purse{token: "T"}, wechat.WithAPISecurity(security()), wechat.WithTransport(doFunc(clear)))
	require.NoError(t, err)
	_, err = wechat.Call[rank](t.Context(), secured, wechat.POST("/wxa/getuserriskrank"), rankRequest{OpenID: "o"})
	require.NoError(t, err)
	_, err = wechat.Call[rank](t.Context(), newApp(t, &purse{token: "T"}, clear), opRank, rankRequest{OpenID: "o"})
	require.NoError(t, err)
}

// A retry and the standby host are sealed anew, for the address they go to.
func TestSealedCallMovesToTheStandbyHost(t *testing.T) {
	t.Parallel()
	s := &wxServer{answer: `"risk_rank":1`, url: strings.Replace(rankURL, "api.", "api2.", 1)}
	hosts := []string{}
	carrier := doFunc(func(r *http.Request) (*http.Response, error) {
		hosts = append(hosts, r.URL.Host)
		if len(hosts) == 1 {
			return nil, &net.OpError{Op: "dial", Err: errors.New("refused")}
		}
		return s.do(r)
	})
	out, err := wechat.Call[rank](t.Context(), newSealed(t, s, wechat.WithTransport(carrier)), opRank, rankRequest{OpenID: "o"})
	require.NoError(t, err)
	assert.Equal(t, 1, out.Rank)
	assert.Equal(t, []string{"api.weixin.qq.com", "api2.weixin.qq.com"}, hosts)
}

func TestSealedErrors(t *testing.T) {
	t.Parallel()
	// An error in the envelope is as good as any.
	s := &wxServer{answer: `"errcode":61010,"errmsg":"code is expired rid: 6-a"`}
	_, err := wechat.Call[rank](t.Context(), newSealed(t, s), opRank, rankRequest{})
	require.ErrorIs(t, err, wechat.Code("61010"))
	assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
	var e *wechat.APIError
	require.ErrorAs(t, err, &e)
	assert.True(t, e.Verified)
	assert.Equal(t, "6-a", e.RequestID)

	// One in clear says why, but proves nothing, unless it is signed.
	for name, tt := range map[string]struct {
		signed  bool
		outcome wechat.Outcome
	}{"unsigned": {false, wechat.Unknown}, "signed": {true, wechat.NotDone}} {
		s := &wxServer{answer: `"risk_rank":1`}
		s.change = func(plain *string, res *http.Response, body *[]byte) {
			if res == nil {
				return
			}
			*body = []byte(`{"errcode":40234,"errmsg":"invalid signature"}`)
			res.Header = http.Header{}
			if tt.signed {
				s.sign(res.Header, "1700000000", *body)
			}
		}
		_, err := wechat.Call[rank](t.Context(), newSealed(t, s), opRank, rankRequest{})
		require.ErrorIs(t, err, wechat.ErrAPISignature, name)
		require.ErrorAs(t, err, &e)
		assert.Equal(t, tt.signed, e.Verified, name)
		assert.Equal(t, tt.outcome, wechat.OutcomeOf(err), name)
	}
}

// A token that WeChat refuses, in clear or sealed, is replaced all the same.
func TestSealedCallReplacesItsToken(t *testing.T) {
	t.Parallel()
	s := &wxServer{answer: `"risk_rank":2`}
	s.change = func(_ *string, res *http.Response, body *[]byte) {
		if res != nil && len(s.got) == 1 {
			res.Header, *body = http.Header{}, []byte(`{"errcode":42001,"errmsg":"expired"}`)
		}
	}
	out, err := wechat.Call[rank](t.Context(), newSealed(t, s), opRank, rankRequest{OpenID: "o"})
	require.NoError(t, err)
	assert.Equal(t, 2, out.Rank)
	assert.Equal(t, []string{rankURL + "?access_token=T", rankURL + "?access_token=T2"}, s.urls)
}

// What is not proved is never an answer, and never says that a write was not done.
func TestSealedAnswersMustBeProved(t *testing.T) {
	t.Parallel()
	const other = "1699999999"
	tests := []struct {
		name   string
		change func(s *wxServer, plain *string, res *http.Response, body *[]byte)
		err    error
	}{
		{"in clear, unsigned", func(s *wxServer, _ *string, res *http.Response, body *[]byte) {
			if res != nil {
				res.Header, *body = http.Header{}, []byte(`{"errcode":0,"risk_rank":0}`)
			}
		}, sign.ErrUnsigned},
		{"in clear, signed", func(s *wxServer, _ *string, res *http.Response, body *[]byte) {
			if res != nil {
				*body = []byte(`{"errcode":0,"risk_rank":0}`)
				s.sign(res.Header, "1700000000", *body)
			}
		}, nil},
		{"not JSON, signed", func(s *wxServer, _ *string, res *http.Response, body *[]byte) {
			if res != nil {
				*body = []byte(`<html>`)
				s.sign(res.Header, "1700000000", *body)
			}
		}, nil},
		{"an error in clear under a bad signature", func(_ *wxServer, _ *string, res *http.Response, body *[]byte) {
			if res != nil {
				*body = []byte(`{"errcode":40001}`)
			}
		}, sign.ErrMismatch},
		{"encrypted, unsigned", func(_ *wxServer, _ *string, res *http.Response, _ *[]byte) {
			if res != nil {
				res.Header = http.Header{}
			}
		}, sign.ErrUnsigned},
		{"signature of another", func(_ *wxServer, _ *string, res *http.Response, body *[]byte) {
			if res != nil {
				*body = append(*body, ' ')
			}
		}, sign.ErrMismatch},
		{"unknown key", func(_ *wxServer, _ *string, res *http.Response, _ *[]byte) {
			if res != nil {
				res.Header.Set("Wechatmp-Serial", "platform-2")
			}
		}, sign.ErrUnknownKey},
		{"old", func(s *wxServer, _ *string, res *http.Response, body *[]byte) {
			if res != nil {
				s.sign(res.Header, "1699999700", *body)
			}
		}, sign.ErrStale},
		{"sealed for another time", func(s *wxServer, _ *string, res *http.Response, body *[]byte) {
			if res != nil {
				s.sign(res.Header, other, *body)
			}
		}, seal.ErrOpen},
		{"another app inside", func(_ *wxServer, plain *string, _ *http.Response, _ *[]byte) {
			if plain != nil {
				*plain = strings.Replace(*plain, sealedApp, "wx1", 1)
			}
		}, sign.ErrMismatch},
		{"another time inside", func(_ *wxServer, plain *string, _ *http.Response, _ *[]byte) {
			if plain != nil {
				*plain = strings.Replace(*plain, "1700000001", other, 1)
			}
		}, sign.ErrMismatch},
		{"no JSON inside", func(_ *wxServer, plain *string, _ *http.Response, _ *[]byte) {
			if plain != nil {
				*plain = "ok"
			}
		}, sign.ErrMismatch},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &wxServer{answer: `"risk_rank":3`}
			s.change = func(plain *string, res *http.Response, body *[]byte) { tt.change(s, plain, res, body) }
			out, err := wechat.Call[rank](t.Context(), newSealed(t, s), opRank, rankRequest{})
			require.Error(t, err)
			assert.Nil(t, out)
			if tt.err != nil {
				require.ErrorIs(t, err, tt.err)
			}
			assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
			assert.Len(t, s.got, 1)
		})
	}
}

func TestSealedCallsThatCannotBe(t *testing.T) {
	t.Parallel()
	s := &wxServer{}
	a := newSealed(t, s)
	_, err := wechat.Call[rank](t.Context(), a, wechat.GET("/wxa/getuserriskrank").Sealable(), nil)
	require.ErrorContains(t, err, "only a POST")
	_, err = wechat.Open(t.Context(), a, opRank, nil)
	require.ErrorContains(t, err, "only a POST")
	_, err = wechat.Call[rank](t.Context(), a, opRank, []int{1})
	require.ErrorContains(t, err, "JSON object")
	assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
	s.t, s.answer = t, `"risk_rank":1`
	failing := security()
	failing.Key = pulledSigner{}
	b, err := wechat.NewApp(sealedApp, &purse{token: "T"}, wechat.WithAPISecurity(failing), wechat.WithTransport(doFunc(s.do)))
	require.NoError(t, err)
	_, err = wechat.Call[rank](t.Context(), b, opRank, nil)
	require.ErrorIs(t, err, errNoHSM)
	assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
	assert.Empty(t, s.got)
}

var errNoHSM = errors.New("no HSM")

type pulledSigner struct{ cheapSigner }

func (pulledSigner) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return nil, errNoHSM }

func TestWithAPISecurityNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	for says, change := range map[string]func(*wechat.APISecurity){
		"SymmetricSerial":  func(s *wechat.APISecurity) { s.SymmetricSerial = "" },
		"no plain text":    func(s *wechat.APISecurity) { s.SymmetricSerial = "a\nb" },
		"SymmetricKey":     func(s *wechat.APISecurity) { s.SymmetricKey = seal.NewKey("k1") },
		"Key is nil":       func(s *wechat.APISecurity) { s.Key = nil },
		"no platform key":  func(s *wechat.APISecurity) { s.Platform = nil },
		"RSA key is nil":   func(s *wechat.APISecurity) { s.Platform = []sign.AppPlatformKey{{Serial: "a"}} },
		"platform key ser": func(s *wechat.APISecurity) { s.Platform = []sign.AppPlatformKey{{Key: &platformKey().PublicKey}} },
	} {
		s := security()
		change(&s)
		_, err := wechat.NewApp(sealedApp, nil, wechat.WithAPISecurity(s))
		require.ErrorContains(t, err, says)
		require.ErrorContains(t, err, "WithAPISecurity")
	}
	s := security()
	data, err := json.Marshal(s)
	require.NoError(t, err)
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %d %q", s, s, s, s, s), string(data)} {
		assert.Contains(t, text, keySerial)
		assert.NotContains(t, text, symmetric)
		assert.NotContains(t, text, merchantKey().D.String())
	}
}
