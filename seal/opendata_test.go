package seal_test

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/seal"
)

// The official example of encrypted user data.
const (
	openKey  = "tiihtNczf5v6AKRyjwEUhQ=="
	openIV   = "r7BXXKkLb8qrSNn05n0qiA=="
	openData = "CiyLU1Aw2KjvrjMdj8YKliAjtP4gsMZMQmRzooG2xrDcvSnxIMXFufNstNGTyaGS9uT5geRa0W4oTOb1WT7fJlAC+oNPdbB+3hVbJSRgv+4lGOETKUQz6OYStslQ142dNCuabNPGBzlooOmB231qMM85d2/fV6ChevvXvQP8Hkue1poOFtnEtpyxVLW1zAo6/1Xx1COxFvrc2d7UL/lmHInNlxuacJXwu0fjpXfz/YqYzBIBzD6WUfTIF9GRHpOn/Hz7saL8xz+W//FRAUid1OksQaQx4CMs8LOddcQhULW4ucetDf96JcR3g0gfRK4PC7E/r7Z6xNrXd2UIeorGj5Ef7b1pJAYB6Y5anaHqZ9J6nKEBvB4DnNLIVWSgARns/8wR2SiRS7MNACwTyrGvt9ts8p12PKFdlqYTopNHR1Vf7XjfhQlVsAJdNiKdYmYVoKlaRv85IfVunYzO0IKXsyl7JCUjCpoG20f0a04COwfneQAGGwd5oa+T8yO5hzuyDb/XcxxmK01EpqOyuxINew=="
)

// sealCBC encrypts whole blocks as WeChat does, padding left to the caller.
func sealCBC(t testing.TB, blocks string) string {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(openKey)
	require.NoError(t, err)
	iv, err := base64.StdEncoding.DecodeString(openIV)
	require.NoError(t, err)
	b, err := aes.NewCipher(key)
	require.NoError(t, err)
	out := []byte(blocks)
	cipher.NewCBCEncrypter(b, iv).CryptBlocks(out, out)
	return base64.StdEncoding.EncodeToString(out)
}

func TestVector_U3_OpenData(t *testing.T) {
	t.Parallel()
	plain, err := seal.OpenData(seal.NewKey(openKey), openIV, openData)
	require.NoError(t, err)
	var got struct {
		OpenID    string `json:"openId"`
		UnionID   string `json:"unionId"`
		Nickname  string `json:"nickName"`
		Watermark struct {
			AppID     string `json:"appid"`
			Timestamp int    `json:"timestamp"`
		} `json:"watermark"`
	}
	require.NoError(t, json.Unmarshal(plain, &got))
	assert.Equal(t, "oGZUI0egBJY1zhBYw2KhdUfwVJJE", got.OpenID)
	assert.Equal(t, "ocMvos6NjeKLIBqg5Mr9QjxrP1FA", got.UnionID)
	assert.Equal(t, "Band", got.Nickname)
	assert.Equal(t, "wx4f4bc4dec97d474b", got.Watermark.AppID)
	assert.Equal(t, 1477314187, got.Watermark.Timestamp)
}

func TestOpenDataRefuses(t *testing.T) {
	t.Parallel()
	full := strings.Repeat("\x10", 16)
	tests := []struct {
		name, key, iv, data string
		want                error // ErrOpen if nil
	}{
		{"no key", "", openIV, openData, seal.ErrKey},
		{"key of 15 bytes", base64.StdEncoding.EncodeToString(make([]byte, 15)), openIV, openData, seal.ErrKey},
		{"key of 32 bytes", base64.StdEncoding.EncodeToString(make([]byte, 32)), openIV, openData, seal.ErrKey},
		{"key not base64", strings.Repeat("!", 24), openIV, openData, seal.ErrKey},
		{"another key", "HyVFkGl5F5OQWJZZaNzBBg==", openIV, openData, nil},
		{"no iv", openKey, "", openData, nil},
		{"iv of 15 bytes", openKey, base64.StdEncoding.EncodeToString(make([]byte, 15)), openData, nil},
		{"iv not base64", openKey, strings.Repeat("!", 24), openData, nil},
		{"no data", openKey, openIV, "", nil},
		{"data not base64", openKey, openIV, "!!!!", nil},
		{"data of the URL alphabet", openKey, openIV, strings.NewReplacer("+", "-", "/", "_").Replace(openData), nil},
		{"data of a form without escapes", openKey, openIV, strings.ReplaceAll(openData, "+", " "), nil},
		{"partial block", openKey, openIV, base64.StdEncoding.EncodeToString(make([]byte, 17)), nil},
		{"padding byte 0", openKey, openIV, sealCBC(t, "fifteen bytes..\x00"), nil},
		{"padding byte 17", openKey, openIV, sealCBC(t, strings.Repeat("\x11", 32)), nil},
		{"padding longer than the text", openKey, openIV, sealCBC(t, strings.Repeat("\x20", 16)), nil},
		{"uneven padding", openKey, openIV, sealCBC(t, "twelve bytes\x04\x03\x04\x04"), nil},
	}
	for _, tt := range tests {
		t.Run("Adverse34 "+tt.name, func(t *testing.T) {
			t.Parallel()
			plain, err := seal.OpenData(seal.NewKey(tt.key), tt.iv, tt.data)
			assert.Nil(t, plain)
			if tt.want == nil {
				assert.Equal(t, seal.ErrOpen, err, "one error for all, so that nobody learns from it")
				return
			}
			require.ErrorIs(t, err, tt.want)
			if tt.key != "" {
				assert.NotContains(t, err.Error(), tt.key)
			}
		})
	}
	whole, err := seal.OpenData(seal.NewKey(openKey), openIV, sealCBC(t, full))
	require.NoError(t, err, "a whole block of padding is an empty text")
	assert.Empty(t, whole)
}

// FuzzOpenData opens whatever a page may send; any bytes give a text or ErrOpen.
func FuzzOpenData(f *testing.F) {
	f.Add(openKey, openIV, openData)
	f.Add(openKey, openIV, "")
	f.Add("", "", "====")
	f.Add(openKey, openIV[:20], openData[:64])
	f.Add(openKey, openIV, base64.StdEncoding.EncodeToString(make([]byte, 48)))
	f.Add(openKey, openIV+"\n", openData+"\n")
	f.Fuzz(func(t *testing.T, key, iv, data string) {
		plain, err := seal.OpenData(seal.NewKey(key), iv, data)
		if err != nil && (plain != nil || !errors.Is(err, seal.ErrOpen) && !errors.Is(err, seal.ErrKey)) {
			t.Fatalf("bad refusal: %v", err)
		}
		if err == nil && len(plain) >= base64.StdEncoding.DecodedLen(len(data)) {
			t.Fatal("longer than what was sealed")
		}
	})
}
