package sign_test

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/wxcommerce/wechat/sign"
)

// FuzzVerify feeds headers and a body as anybody on the internet may send them. The
// only message that may pass is the genuine one.
func FuzzVerify(f *testing.F) {
	v := verifier(f)
	h := signed(f, body)
	ts, text := h.Get("Wechatpay-Timestamp"), h.Get("Wechatpay-Signature")
	f.Add(ts, nonce, keyID, text, sign.Scheme, "", "", body)
	f.Add(ts, nonce, keyID, text, "", "wechatpay-nonce", "x", body)
	f.Add(ts, nonce+"\n{}", keyID, text, sign.Scheme, "WECHATPAY-SIGNATURE", text, []byte{})
	f.Add("01700000000", "", "*", "WECHATPAY/SIGNTEST/"+text[:40], "", "X", "", []byte("\n"))
	f.Add("9223372036854775808", "\x00", strings.Repeat("F", 300), "====", "SM2", "Wechatpay-Serial", "", []byte{0xff})
	f.Add("", "", "", strings.TrimRight(text, "="), "", "", "", []byte(nil))
	f.Add("-1", "\u212a", "PUB_KEY_ID_", text[:76]+"\r\n"+text[76:], sign.Scheme+" ", "Wechatpay-\u017ferial", keyID, body)
	f.Fuzz(func(t *testing.T, stamp, one, id, signature, kind, extra, value string, b []byte) {
		in := headers(stamp, one, id, signature)
		if kind != "" {
			in["Wechatpay-Signature-Type"] = []string{kind}
		}
		if extra != "" {
			in[extra] = append(in[extra], value)
		}
		got, err := v.Verify(context.Background(), in, b)
		genuine := stamp == ts && one == nonce && id == keyID && signature == text && string(b) == string(body)
		switch {
		case err == nil && (!genuine || !got.OK()):
			t.Fatalf("accepted what WeChat Pay did not sign: %q", in)
		case err != nil && (got.OK() || got.Body() != nil || len(err.Error()) > 1000):
			t.Fatalf("bad refusal: %v", err)
		case err != nil && genuine && kind == "" && !touches(extra):
			t.Fatalf("refused the genuine message: %v", err)
		}
	})
}

// touches reports whether the extra header may be one of ours.
func touches(name string) bool {
	return strings.HasPrefix(strings.ToLower(name), "wechatpay-")
}

// FuzzSignature looks for a second text that decodes to the genuine signature.
func FuzzSignature(f *testing.F) {
	v := verifier(f)
	h := signed(f, body)
	good := h.Get("Wechatpay-Signature")
	f.Add(good)
	f.Add(good + "\n")
	f.Add(good[:100] + "\r" + good[100:])
	f.Add(base64.URLEncoding.EncodeToString([]byte(good)))
	f.Add(strings.TrimRight(good, "="))
	f.Fuzz(func(t *testing.T, text string) {
		_, err := v.Verify(context.Background(), set1(h, "Wechatpay-Signature", text), body)
		if (err == nil) != (text == good) {
			t.Fatalf("%q: %v", text, err)
		}
	})
}
