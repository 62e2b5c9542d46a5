package sign_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"math/big"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/sign"
)

// mutant is one way to spoil a genuine message.
type mutant struct {
	name string
	h    http.Header
	body []byte
}

// Promise G3: no mutant of a genuine message is accepted. The key set knows two
// keys, so that a changed serial can also hit the wrong one.
func TestMutants_NoneAccepted(t *testing.T) {
	t.Parallel()
	v := sign.NewVerifier(ringOf(t,
		sign.PublicKey(keyID, &platformKey(t).PublicKey),
		sign.PublicKey("PUB_KEY_ID_2", &privateKey(t, "merchant_document.pem").PublicKey)), clock(signedAt))
	genuine := []byte(`{"id":"EV-1","resource":{"ciphertext":"Y/YEfUnbjBvKjySBXpexHPMC5wc2","nonce":"fdasflkja484"},"total":100}`)
	h := signed(t, genuine)
	accepted(t, v, h, genuine)

	all := bitMutants(t, h, genuine)
	all = append(all, headerMutants(h, genuine)...)
	all = append(all, otherKeys(t, genuine)...)
	all = append(all, bodyMutants(h, genuine)...)
	require.GreaterOrEqual(t, len(all), 4000)

	survivors := 0
	for _, m := range all {
		got, err := v.Verify(context.Background(), m.h, m.body)
		if err == nil || got.OK() {
			survivors++
			t.Errorf("accepted: %s", m.name)
		}
	}
	assert.Zero(t, survivors)
	t.Logf("%d mutants, %d accepted", len(all), survivors)
	accepted(t, v, h, genuine)
}

// bitMutants flip every bit of the signature and of the body.
func bitMutants(t *testing.T, h http.Header, genuine []byte) (all []mutant) {
	raw, err := base64.StdEncoding.DecodeString(h.Get("Wechatpay-Signature"))
	require.NoError(t, err)
	for bit := range 8 * len(raw) {
		changed := bytes.Clone(raw)
		changed[bit/8] ^= 1 << (bit % 8)
		all = append(all, mutant{fmt.Sprint("signature bit ", bit), set1(h, "Wechatpay-Signature", base64.StdEncoding.EncodeToString(changed)), genuine})
	}
	for bit := range 8 * len(genuine) {
		changed := bytes.Clone(genuine)
		changed[bit/8] ^= 1 << (bit % 8)
		all = append(all, mutant{fmt.Sprint("body bit ", bit), h, changed})
	}
	return all
}

// headerMutants spoil each header in every way a header can be spoilt.
func headerMutants(h http.Header, genuine []byte) (all []mutant) {
	for _, name := range four {
		value := h.Get(name)
		for bit := range 8 * len(value) {
			changed := []byte(value)
			changed[bit/8] ^= 1 << (bit % 8)
			all = append(all, mutant{fmt.Sprint(name, " bit ", bit), set1(h, name, string(changed)), genuine})
		}
		for i := range len(value) {
			all = append(all,
				mutant{fmt.Sprint(name, " without ", i), set1(h, name, value[:i]+value[i+1:]), genuine},
				mutant{fmt.Sprint(name, " doubled at ", i), set1(h, name, value[:i]+"0"+value[i:]), genuine},
				mutant{fmt.Sprint(name, " cut at ", i), set1(h, name, value[:i]), genuine})
		}
		missing := h.Clone()
		delete(missing, name)
		for _, other := range four {
			if other != name {
				all = append(all, mutant{name + " from " + other, set1(h, name, h.Get(other)), genuine})
			}
		}
		all = append(all,
			mutant{name + " missing", missing, genuine},
			mutant{name + " empty", set1(h, name, ""), genuine},
			mutant{name + " doubled", set1(h, name, value, value), genuine},
			mutant{name + " twice, last empty", set1(h, name, value, ""), genuine},
			mutant{name + " in both cases", set1(h, strings.ToLower(name), value), genuine},
			mutant{name + " blank behind", set1(h, name, value+" "), genuine})
	}
	return append(all, mutant{"foreign type", set1(h, "Wechatpay-Signature-Type", "WECHATPAY2-SM2-WITH-SM3"), genuine},
		mutant{"two types", set1(h, "Wechatpay-Signature-Type", sign.Scheme, sign.Scheme), genuine})
}

// otherKeys are signatures made by keys that are not, or not under this id, WeChat
// Pay's.
func otherKeys(t *testing.T, genuine []byte) (all []mutant) {
	ts := strconv.FormatInt(signedAt.Unix(), 10)
	for _, file := range []string{"merchant_java.pem", "merchant_document.pem", "platform_java.pem"} {
		text := base64.StdEncoding.EncodeToString(signature(t, privateKey(t, file), ts, nonce, genuine))
		for _, id := range []string{keyID, "PUB_KEY_ID_2", "PUB_KEY_ID_3", serial} {
			right := file == "platform_java.pem" && id == keyID || file == "merchant_document.pem" && id == "PUB_KEY_ID_2"
			if !right {
				all = append(all, mutant{file + " as " + id, headers(ts, nonce, id, text), genuine})
			}
		}
	}
	return all
}

// bodyMutants cut and extend the body.
func bodyMutants(h http.Header, genuine []byte) (all []mutant) {
	for i := range genuine {
		all = append(all,
			mutant{fmt.Sprint("body cut at ", i), h, genuine[:i]},
			mutant{fmt.Sprint("body from ", i+1), h, genuine[i+1:]},
			mutant{fmt.Sprint("body newline at ", i), h, bytes.Join([][]byte{genuine[:i], genuine[i:]}, []byte("\n"))})
	}
	return append(all, mutant{"body twice", h, bytes.Repeat(genuine, 2)})
}

func set1(h http.Header, name string, values ...string) http.Header {
	h = h.Clone()
	h[name] = values
	return h
}

// Promise G3: for one message exactly one text is accepted as its signature, out of
// every other spelling of the same number and every number that is the same
// modulo n.
func TestMutants_OneSpelling(t *testing.T) {
	t.Parallel()
	v, k := verifier(t), platformKey(t)
	ts := strconv.FormatInt(signedAt.Unix(), 10)
	// Look for a signature s for which s+n still has 256 bytes.
	var one string
	var s, plusN *big.Int
	for i := 0; ; i++ {
		one = "n" + strconv.Itoa(i)
		s = new(big.Int).SetBytes(signature(t, k, ts, one, body))
		if plusN = new(big.Int).Add(s, k.N); plusN.BitLen() <= 2048 {
			break
		}
		require.Less(t, i, 1000)
	}
	texts := map[string]bool{}
	for _, raw := range spellings(s, plusN, k.N) {
		for _, text := range encodings(raw) {
			texts[text] = true
		}
	}
	good := base64.StdEncoding.EncodeToString(s.FillBytes(make([]byte, 256)))
	require.True(t, texts[good])
	require.True(t, texts[base64.StdEncoding.EncodeToString(plusN.FillBytes(make([]byte, 256)))])

	var passed []string
	for text := range texts {
		if _, err := v.Verify(t.Context(), headers(ts, one, keyID, text), body); err == nil {
			passed = append(passed, text)
		}
	}
	assert.Equal(t, []string{good}, passed)
	t.Logf("%d texts, %d accepted", len(texts), len(passed))
}

// spellings are byte strings that stand for s, or for a number that is s modulo n.
func spellings(s, plusN, n *big.Int) [][]byte {
	raw := s.FillBytes(make([]byte, 256))
	reversed := make([]byte, 256)
	for i, b := range raw {
		reversed[255-i] = b
	}
	all := [][]byte{
		raw, plusN.FillBytes(make([]byte, 256)), plusN.FillBytes(make([]byte, 257)), s.FillBytes(make([]byte, 512)),
		new(big.Int).Sub(n, s).Bytes(), new(big.Int).Neg(s).Bytes()[1:], reversed,
		append(bytes.Clone(raw), 0), append(bytes.Clone(raw), raw...),
	}
	for m := int64(2); m < 6; m++ {
		all = append(all, new(big.Int).Add(s, new(big.Int).Mul(n, big.NewInt(m))).Bytes())
	}
	return all
}

// encodings are texts a lenient decoder would read as raw.
func encodings(raw []byte) []string {
	std := base64.StdEncoding.EncodeToString(raw)
	bare := strings.TrimRight(std, "=")
	all := []string{
		std, bare, std + "=", bare + "=", std + "\n", "\n" + std, std + "\r\n", std + " ", " " + std, std + "\x00", std + "A", std + "====",
		base64.RawStdEncoding.EncodeToString(raw), strings.ReplaceAll(std, "+", " "), strings.ReplaceAll(std, "=", "%3D"),
		strings.ToLower(std), strings.ToUpper(std), "data:;base64," + std, `"` + std + `"`, "'" + std + "'", std + "," + std,
		strings.ReplaceAll(strings.ReplaceAll(std, "+", "-"), "/", "_"), fmt.Sprintf("%x", raw), string(raw),
	}
	for i := 0; i < len(std); i += 4 {
		all = append(all, std[:i]+"\n"+std[i:], std[:i]+"\r\n"+std[i:], std[:i]+" "+std[i:], std[:i]+"\t"+std[i:])
	}
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	if pad := len(std) - len(bare); pad > 0 {
		for _, last := range letters { // every value of the last letter, spare bits included
			if text := bare[:len(bare)-1] + string(last) + strings.Repeat("=", pad); text != std {
				all = append(all, text)
			}
		}
	}
	return all
}
