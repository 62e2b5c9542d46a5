package wechat_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/sign"
)

func armour(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func pkcs8(t testing.TB, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	return der
}

func selfSigned(t testing.TB, key *rsa.PrivateKey, serial *big.Int) []byte {
	t.Helper()
	tmpl := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now(), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	require.NoError(t, err)
	return der
}

// p12 is the outer shape of a PKCS#12 file.
func p12(t testing.TB) []byte {
	t.Helper()
	der, err := asn1.Marshal(struct {
		Version int
		Safe    struct {
			Kind asn1.ObjectIdentifier
			Data []byte `asn1:"tag:0,explicit"`
		}
	}{Version: 3, Safe: struct {
		Kind asn1.ObjectIdentifier
		Data []byte `asn1:"tag:0,explicit"`
	}{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}, bytes.Repeat([]byte{7}, 300)}})
	require.NoError(t, err)
	return der
}

// Adverse input 37: every form a key file comes in, good and bad. No error holds a
// byte of the key.
func TestAdverse37_PrivateKeyFiles(t *testing.T) {
	t.Parallel()
	key := merchantKey()
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	sec1, err := x509.MarshalECPrivateKey(curve)
	require.NoError(t, err)
	one, eight := x509.MarshalPKCS1PrivateKey(key), pkcs8(t, key)
	cert := armour("CERTIFICATE", selfSigned(t, key, big.NewInt(5)))
	file := armour("PRIVATE KEY", eight)
	oldStyle := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-256-CBC,00"}, Bytes: one})
	halfway := string(file[:len(file)/2])
	tests := []struct {
		name string
		text []byte
		is   error
		says string
	}{
		{name: "PKCS#8", text: file},
		{name: "PKCS#1", text: armour("RSA PRIVATE KEY", one)},
		{name: "PKCS#1 under the name of PKCS#8", text: armour("PRIVATE KEY", one)},
		{name: "CRLF", text: bytes.ReplaceAll(file, []byte("\n"), []byte("\r\n"))},
		{name: "byte order mark", text: append([]byte("\xef\xbb\xbf"), file...)},
		{name: "leading and trailing space", text: []byte("\n\n  \t" + strings.ReplaceAll(string(file), "\n", "  \n\t") + "\n\n")},
		{name: "text around it", text: []byte("Bag Attributes\n    friendlyName: Tenpay\n" + string(file) + "the end\n")},
		{name: "after the certificate", text: append(bytes.Clone(cert), file...)},
		{name: "bare base64", text: []byte(base64.StdEncoding.EncodeToString(eight))},
		{name: "wrapped base64", text: []byte(strings.Join(strings.Split(string(file), "\n")[1:27], "\n"))},
		{name: "DER", text: eight},

		{name: "encrypted PKCS#8", text: armour("ENCRYPTED PRIVATE KEY", eight), is: wechat.ErrEncryptedKey, says: "openssl"},
		{name: "encrypted PKCS#1", text: oldStyle, is: wechat.ErrEncryptedKey, says: "openssl"},
		{name: "PKCS#12", text: p12(t), is: wechat.ErrPKCS12, says: "convert"},
		{name: "PKCS#12 in base64", text: []byte(base64.StdEncoding.EncodeToString(p12(t))), is: wechat.ErrPKCS12, says: "openssl pkcs12"},
		{name: "EC, PKCS#8", text: armour("PRIVATE KEY", pkcs8(t, curve)), is: wechat.ErrNotRSA},
		{name: "EC, SEC 1", text: armour("EC PRIVATE KEY", sec1), is: wechat.ErrNotRSA},
		{name: "1024 bits", text: armour("PRIVATE KEY", pkcs8(t, small)), is: wechat.ErrWeakKey},
		{name: "certificate", text: cert, says: "found PEM CERTIFICATE, want PRIVATE KEY"},
		{name: "public key", text: armour("PUBLIC KEY", eight), says: "found PEM PUBLIC KEY"},
		{name: "six certificates", text: bytes.Repeat(cert, 6), says: "CERTIFICATE, want"},
		{name: "strange block", text: armour("KEY "+base64.StdEncoding.EncodeToString(eight[:60]), eight), says: "of another type"},
		{name: "cut", text: []byte(halfway), says: "armour"},
		{name: "damaged DER", text: armour("PRIVATE KEY", eight[:len(eight)-5]), says: "damaged"},
		{name: "cut DER", text: eight[:40], says: "damaged"},
		{name: "empty", text: nil, says: "no PEM"},
		{name: "junk", text: []byte("\x00\xff not a key"), says: "no PEM"},
		{name: "base64 of nothing useful", text: []byte("aGVsbG8="), says: "damaged"},
		{name: "2 MiB", text: make([]byte, 2<<20), says: "1 MiB"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := wechat.LoadPrivateKey(tt.text)
			if tt.is == nil && tt.says == "" {
				require.NoError(t, err)
				assert.True(t, got.Equal(key))
				return
			}
			require.Error(t, err)
			assert.Nil(t, got)
			if tt.is != nil {
				require.ErrorIs(t, err, tt.is)
			}
			assert.Contains(t, err.Error(), tt.says)
			assert.Less(t, len(err.Error()), 250)
			encoded := base64.StdEncoding.EncodeToString(eight)
			for i := 0; i+12 <= len(encoded); i += 4 {
				assert.NotContains(t, err.Error(), encoded[i:i+12])
			}
		})
	}
}

func TestAdverse37_CertificatesAndPublicKeys(t *testing.T) {
	t.Parallel()
	key := platformKey()
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	spki, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	require.NoError(t, err)
	ec, err := x509.MarshalPKIXPublicKey(&curve.PublicKey)
	require.NoError(t, err)
	weak, err := x509.MarshalPKIXPublicKey(&small.PublicKey)
	require.NoError(t, err)
	one, der := x509.MarshalPKCS1PublicKey(&key.PublicKey), selfSigned(t, key, big.NewInt(0x0a0b))
	cert := armour("CERTIFICATE", der)

	for name, text := range map[string][]byte{"SPKI": armour("PUBLIC KEY", spki), "PKCS#1": armour("RSA PUBLIC KEY", one), "PKCS#1 misnamed": armour("PUBLIC KEY", one),
		"certificate": cert, "certificate in DER": der, "base64": []byte(base64.StdEncoding.EncodeToString(spki))} {
		k, err := wechat.LoadPublicKey(text)
		require.NoError(t, err, name)
		assert.True(t, k.Equal(&key.PublicKey), name)
	}
	for name, text := range map[string][]byte{"EC": armour("PUBLIC KEY", ec), "1024 bits": armour("PUBLIC KEY", weak), "junk": []byte("junk"), "empty": nil,
		"private": armour("PRIVATE KEY", pkcs8(t, key)), "damaged": armour("PUBLIC KEY", spki[:50]), "damaged PKCS#1": armour("RSA PUBLIC KEY", one[:50]), "PKCS#12": p12(t)} {
		_, err := wechat.LoadPublicKey(text)
		require.Error(t, err, name)
	}
	_, err = wechat.LoadPublicKey(armour("PUBLIC KEY", ec))
	require.ErrorIs(t, err, wechat.ErrNotRSA)
	_, err = wechat.LoadPublicKey(armour("PUBLIC KEY", weak))
	require.ErrorIs(t, err, wechat.ErrWeakKey)

	c, err := wechat.LoadCertificate(append(armour("PRIVATE KEY", pkcs8(t, key)), cert...))
	require.NoError(t, err)
	assert.Equal(t, "0A0B", wechat.SerialOf(c), "two digits a byte")
	assert.Equal(t, sign.Certificate(c).ID(), wechat.SerialOf(c))
	assert.Empty(t, wechat.SerialOf(nil))
	assert.Empty(t, wechat.SerialOf(&x509.Certificate{}))
	for name, text := range map[string][]byte{"damaged": armour("CERTIFICATE", der[:len(der)-9]), "1024 bits": armour("CERTIFICATE", selfSigned(t, small, big.NewInt(1))),
		"key": armour("PRIVATE KEY", pkcs8(t, key)), "PKCS#12": p12(t), "request": armour("CERTIFICATE REQUEST", der)} {
		_, err := wechat.LoadCertificate(text)
		require.Error(t, err, name)
	}
}

// The published key and certificate forms load (source: official document and the
// tests of wechatpay-java).
func TestPublishedFilesLoad(t *testing.T) {
	t.Parallel()
	c, err := wechat.LoadCertificate(vector(t, "k3_cert.pem"))
	require.NoError(t, err)
	assert.Equal(t, "440024045C4A427599D09BB4E3DE0279F2E813FD", wechat.SerialOf(c))
	k, err := wechat.LoadPrivateKey(vector(t, "k1_key.b64"))
	require.NoError(t, err)
	assert.Equal(t, 2048, k.N.BitLen())
	_, err = wechat.LoadPublicKey(vector(t, "k4_pub.pem"))
	require.NoError(t, err)
}

func vector(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	return b
}

func FuzzLoadPrivateKey(f *testing.F) {
	good := pkcs8(f, merchantKey())
	f.Add(armour("PRIVATE KEY", good))
	f.Add(armour("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(merchantKey())))
	f.Add(armour("ENCRYPTED PRIVATE KEY", good))
	f.Add(good)
	f.Add(p12(f))
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----"))
	f.Add([]byte("\xef\xbb\xbf \r\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		k, err := wechat.LoadPrivateKey(text)
		if (err == nil) == (k == nil) {
			t.Fatal("key and error, or neither")
		}
		if err != nil && len(err.Error()) > 400 {
			t.Fatalf("an error of %d bytes", len(err.Error()))
		}
		if k != nil && k.N.BitLen() < 2048 {
			t.Fatal("a weak key")
		}
	})
}

func FuzzLoadPublicKey(f *testing.F) {
	spki, err := x509.MarshalPKIXPublicKey(&platformKey().PublicKey)
	require.NoError(f, err)
	f.Add(armour("PUBLIC KEY", spki))
	f.Add(armour("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&platformKey().PublicKey)))
	f.Add(armour("CERTIFICATE", selfSigned(f, platformKey(), big.NewInt(5))))
	f.Add(spki)
	f.Add(p12(f))
	f.Fuzz(func(t *testing.T, text []byte) {
		k, err := wechat.LoadPublicKey(text)
		if (err == nil) == (k == nil) {
			t.Fatal("key and error, or neither")
		}
		if k != nil && k.N.BitLen() < 2048 {
			t.Fatal("a weak key")
		}
		if c, err := wechat.LoadCertificate(text); err == nil {
			_ = wechat.SerialOf(c)
		}
	})
}

func exampleFiles() (merchant, public []byte) {
	der, _ := x509.MarshalPKCS8PrivateKey(merchantKey())
	spki, _ := x509.MarshalPKIXPublicKey(&platformKey().PublicKey)
	return armour("PRIVATE KEY", der), armour("PUBLIC KEY", spki)
}
