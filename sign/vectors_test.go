package sign_test

import (
	"bytes"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/sign"
)

// vectors is testdata/vectors.json; each entry names its source there.
type vectors struct {
	Requests []struct {
		Name, Method, URL, Nonce, Body, Signature, Header string
		Timestamp                                         int64
		Length                                            int
	}
	Lines []struct {
		Name, Key, Signature string
		Lines                []string
	}
	Raw     []struct{ Name, Key, Message, Signature string }
	Answers []struct {
		Name, Nonce, Serial, Type, Body, Signature string
		Timestamp                                  int64
	}
}

func loadVectors(t *testing.T) vectors {
	t.Helper()
	data, err := os.ReadFile("testdata/vectors.json")
	require.NoError(t, err)
	var v vectors
	require.NoError(t, json.Unmarshal(data, &v))
	return v
}

func TestVectors_S1toS4_Authorize(t *testing.T) {
	t.Parallel()
	all := loadVectors(t).Requests
	require.Len(t, all, 4)
	me := sign.Identity{
		MchID:  "1900007291",
		Serial: "408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB",
		Key:    privateKey(t, "merchant_document.pem"),
	}
	require.NoError(t, me.Validate())
	for _, v := range all {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(v.Method, "https://api.mch.weixin.qq.com"+v.URL, strings.NewReader(v.Body))
			r.Header.Set("Authorization", "to be replaced")
			require.NoError(t, me.Authorize(r, []byte(v.Body), time.Unix(v.Timestamp, 999_999_999), v.Nonce))

			got := r.Header.Values("Authorization")
			require.Len(t, got, 1)
			want := `WECHATPAY2-SHA256-RSA2048 mchid="1900007291",nonce_str="` + v.Nonce + `",timestamp="` +
				strconv.FormatInt(v.Timestamp, 10) + `",serial_no="408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB",signature="` + v.Signature + `"`
			assert.Equal(t, want, got[0])
			if v.Header != "" {
				assert.Equal(t, v.Header, got[0])
			}
		})
	}
}

func TestVectors_S5_PaySign(t *testing.T) {
	t.Parallel()
	all := loadVectors(t).Lines
	require.Len(t, all, 1)
	for _, v := range all {
		got, err := sign.Identity{Key: privateKey(t, v.Key)}.PaySign(v.Lines...)
		require.NoError(t, err)
		assert.Equal(t, v.Signature, got, v.Name)
	}
}

func TestVectors_S6_BareSignature(t *testing.T) {
	t.Parallel()
	all := loadVectors(t).Raw
	require.Len(t, all, 1)
	for _, v := range all {
		got, err := sign.Identity{Key: privateKey(t, v.Key)}.SignBare(v.Message)
		require.NoError(t, err)
		assert.Equal(t, v.Signature, base64.StdEncoding.EncodeToString(got), v.Name)
	}
}

func TestVectors_S7_S8_S11_Verify(t *testing.T) {
	t.Parallel()
	ring, err := sign.NewRing(
		sign.PublicKey("PUB_KEY_ID_0000000000000024101100397200000006", publicKey(t, "platform_document_pub.pem")),
		sign.Certificate(certificate(t, "platform_java_cert.pem")))
	require.NoError(t, err)
	all := loadVectors(t).Answers
	require.Len(t, all, 3)
	for _, v := range all {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			made := time.Unix(v.Timestamp, 0)
			h := headers(strconv.FormatInt(v.Timestamp, 10), v.Nonce, v.Serial, v.Signature)
			if v.Type != "" {
				h.Set("Wechatpay-Signature-Type", v.Type)
			}
			body := []byte(v.Body)
			at := func(offset time.Duration) *sign.Verifier {
				now := clock(made.Add(offset))
				return sign.NewVerifier(ring.WithClock(clock(made)), now)
			}
			got := accepted(t, at(299*time.Second), h, body)
			assert.Equal(t, body, got.Body())
			assert.Equal(t, v.Serial, got.Serial())
			assert.True(t, made.Equal(got.Time()))

			refused(t, at(301*time.Second), h, body, sign.ErrStale)
			refused(t, at(-301*time.Second), h, body, sign.ErrStale)
			refused(t, at(0), h, append(bytes.Clone(body), '\n'), sign.ErrMismatch)
			if len(body) > 0 {
				changed := bytes.Clone(body)
				changed[len(changed)/2] ^= 1
				refused(t, at(0), h, changed, sign.ErrMismatch)
			}
			h.Set("Wechatpay-Serial", "PUB_KEY_ID_1")
			refused(t, at(0), h, body, sign.ErrUnknownKey)
		})
	}
}

func TestCertificate_ReadsSerialAndValidity(t *testing.T) {
	t.Parallel()
	c := certificate(t, "platform_java_cert.pem")
	k := sign.Certificate(c)
	assert.Equal(t, "440024045C4A427599D09BB4E3DE0279F2E813FD", k.ID())
	assert.Equal(t, c.NotBefore, k.NotBefore())
	assert.Equal(t, c.NotAfter, k.NotAfter())
	assert.True(t, c.PublicKey.(*rsa.PublicKey).Equal(k.Public()))
	assert.Equal(t, serial, sign.Certificate(certificate(t, "merchant_java_cert.pem")).ID())
}
