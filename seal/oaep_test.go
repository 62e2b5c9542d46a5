package seal_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/seal"
)

// oaep writes an encoded message by hand, with a door to every part of it.
type oaep struct {
	label     []byte
	hash, mgf func() hash.Hash
	first     byte            // of the whole block
	seed      []byte          // nil: a fixed one
	db        func(db []byte) // changes the data block before it is masked
	em        func(em []byte) // changes the finished block
	size      int
}

func (o oaep) encode(message []byte) []byte {
	if o.hash == nil {
		o.hash = sha1.New
	}
	if o.mgf == nil {
		o.mgf = sha1.New
	}
	if o.size == 0 {
		o.size = 256
	}
	h := o.hash()
	h.Write(o.label)
	em := make([]byte, o.size)
	seed, db := em[1:1+h.Size()], em[1+h.Size():]
	copy(db, h.Sum(nil))
	db[len(db)-len(message)-1] = 1
	copy(db[len(db)-len(message):], message)
	if o.db != nil {
		o.db(db)
	}
	copy(seed, bytes.Repeat([]byte{0x5a}, len(seed)))
	if o.seed != nil {
		copy(seed, o.seed)
	}
	mask(db, seed, o.mgf)
	mask(seed, db, o.mgf)
	em[0] = o.first
	if o.em != nil {
		o.em(em)
	}
	return em
}

// mask is MGF1.
func mask(out, seed []byte, newHash func() hash.Hash) {
	for i, done := uint32(0), 0; done < len(out); i++ {
		h := newHash()
		h.Write(seed)
		_ = binary.Write(h, binary.BigEndian, i)
		for _, b := range h.Sum(nil) {
			if done < len(out) {
				out[done] ^= b
				done++
			}
		}
	}
}

// public is the bare public operation, as base64 text.
func public(k *rsa.PrivateKey, em []byte) string {
	c := new(big.Int).Exp(new(big.Int).SetBytes(em), big.NewInt(int64(k.E)), k.N)
	return base64.StdEncoding.EncodeToString(c.FillBytes(make([]byte, k.Size())))
}

// Promise G2: public collections of OAEP tests with SHA-1, made again here.
func TestOAEP_EncodedByHand(t *testing.T) {
	t.Parallel()
	k := privateKey(t)
	good := 0
	for _, n := range []int{0, 1, 2, 16, 20, 100, 128, 200, 213, 214} {
		want := strings.Repeat("\x00é", 120)[:n]
		for _, seed := range [][]byte{nil, make([]byte, 20), bytes.Repeat([]byte{0xff}, 20)} {
			got, err := seal.Decrypt(k, public(k, oaep{seed: seed}.encode([]byte(want))))
			require.NoError(t, err, "%d bytes", n)
			require.Equal(t, want, got)
			good++
		}
	}
	bad := badOAEP(k)
	for name, text := range bad {
		got, err := seal.Decrypt(k, text)
		require.ErrorIs(t, err, seal.ErrOpen, name)
		require.Empty(t, got, name)
		require.NotContains(t, err.Error(), "message", name)
	}
	assert.GreaterOrEqual(t, good, 30)
	assert.GreaterOrEqual(t, len(bad), 30)
	t.Logf("%d good, %d bad", good, len(bad))
}

func badOAEP(k *rsa.PrivateKey) map[string]string {
	message := []byte("the message")
	bad := map[string]string{}
	add := func(name string, o oaep) { bad[name] = public(k, o.encode(message)) }
	add("label", oaep{label: []byte("label")})
	add("zero label", oaep{label: []byte{0}})
	add("SHA-256 throughout", oaep{hash: sha256.New, mgf: sha256.New})
	add("SHA-256 as hash", oaep{hash: sha256.New})
	add("SHA-256 in the mask", oaep{mgf: sha256.New})
	for _, first := range []byte{1, 2, 3, 0x10, 0x7f} {
		add(fmt.Sprint("first byte ", first), oaep{first: first})
	}
	separator := 256 - 1 - 20 - len(message) - 1
	for _, c := range []byte{0, 2, 3, 0x80, 0xff} {
		add(fmt.Sprint("separator ", c), oaep{db: func(db []byte) { db[separator] = c }})
	}
	for _, i := range []int{20, 21, 100, separator - 1} {
		for _, c := range []byte{2, 0xff} {
			add(fmt.Sprint("padding byte ", i, " is ", c), oaep{db: func(db []byte) { db[i] = c }})
		}
	}
	for bit := range 160 {
		add(fmt.Sprint("label hash bit ", bit), oaep{db: func(db []byte) { db[bit/8] ^= 1 << (bit % 8) }})
	}
	add("no separator at all", oaep{db: func(db []byte) { clear(db[20:]) }})
	add("data block of zeros", oaep{db: func(db []byte) { clear(db) }})
	add("data block of ones", oaep{db: func(db []byte) { copy(db, bytes.Repeat([]byte{0xff}, len(db))) }})
	for _, i := range []int{1, 20, 21, 128, 255} {
		add(fmt.Sprint("masked byte ", i), oaep{em: func(em []byte) { em[i] ^= 1 }})
	}
	add("PKCS#1 v1.5", oaep{em: func(em []byte) {
		copy(em, bytes.Repeat([]byte{0x77}, 256))
		em[0], em[1] = 0, 2
		em[255-len(message)] = 0
		copy(em[256-len(message):], message)
	}})
	add("no padding", oaep{em: func(em []byte) { clear(em); copy(em[245:], message) }})
	add("number 0", oaep{em: func(em []byte) { clear(em) }})
	add("number 1", oaep{em: func(em []byte) { clear(em); em[255] = 1 }})

	text := public(k, oaep{}.encode(message))
	raw, _ := base64.StdEncoding.DecodeString(text)
	std := base64.StdEncoding.EncodeToString
	c := new(big.Int).SetBytes(raw)
	bad["n"] = std(k.N.Bytes())
	bad["n-1"] = std(new(big.Int).Sub(k.N, big.NewInt(1)).Bytes())
	bad["c+n"] = std(new(big.Int).Add(c, k.N).Bytes())
	bad["n-c"] = std(new(big.Int).Sub(k.N, c).FillBytes(make([]byte, 256)))
	bad["byte less"] = std(raw[:255])
	bad["first byte lost"] = std(raw[1:])
	bad["byte more"] = std(append(bytes.Clone(raw), 0))
	bad["zero in front"] = std(append([]byte{0}, raw...))
	bad["twice"] = std(append(bytes.Clone(raw), raw...))
	bad["512 zeros"] = std(make([]byte, 512))
	bad["256 zeros"] = std(make([]byte, 256))
	bad["256 ones"] = std(bytes.Repeat([]byte{0xff}, 256))
	bad["empty"] = ""
	bad["plain text"] = "the message"
	bad["no padding signs"] = strings.TrimRight(text, "=")
	bad["newline for padding"] = strings.TrimRight(text, "=") + "=\n"
	bad["CR inside"] = text[:76] + "\r" + text[77:]
	bad["URL alphabet"] = strings.Repeat("-_", 171) + "=="
	bad["spare bits"] = spareBits(text)
	bad["blank"] = " " + text[1:]
	for i := 0; i < 256; i += 16 {
		changed := bytes.Clone(raw)
		changed[i] ^= 1
		bad[fmt.Sprint("ciphertext byte ", i)] = std(changed)
	}
	return bad
}

// A ciphertext that begins with zero must keep it: the same number in fewer bytes is
// another text.
func TestOAEP_LeadingZero(t *testing.T) {
	t.Parallel()
	k := privateKey(t)
	for i := range 4000 {
		text := public(k, oaep{seed: fmt.Appendf(nil, "seed %d", i)}.encode([]byte("x")))
		raw, err := base64.StdEncoding.DecodeString(text)
		require.NoError(t, err)
		if raw[0] != 0 {
			continue
		}
		got, err := seal.Decrypt(k, text)
		require.NoError(t, err)
		require.Equal(t, "x", got)
		_, err = seal.Decrypt(k, base64.StdEncoding.EncodeToString(raw[1:]))
		require.ErrorIs(t, err, seal.ErrOpen)
		return
	}
	t.Fatal("no ciphertext began with zero")
}

// What Encrypt makes is taken apart by hand.
func TestEncrypt_IsOAEPWithSHA1(t *testing.T) {
	t.Parallel()
	k := privateKey(t)
	for _, plain := range []string{"a", "张三", strings.Repeat("x", 214)} {
		text, err := seal.Encrypt(&k.PublicKey, plain)
		require.NoError(t, err)
		require.Len(t, text, 344)
		raw, err := base64.StdEncoding.Strict().DecodeString(text)
		require.NoError(t, err)
		em := new(big.Int).Exp(new(big.Int).SetBytes(raw), k.D, k.N).FillBytes(make([]byte, 256))
		require.Zero(t, em[0])
		seed, db := em[1:21], em[21:]
		mask(seed, db, sha1.New)
		mask(db, seed, sha1.New)
		empty := sha1.Sum(nil)
		require.Equal(t, empty[:], db[:20])
		require.Equal(t, "\x01"+plain, strings.TrimLeft(string(db[20:]), "\x00"))

		again, err := seal.Encrypt(&k.PublicKey, plain)
		require.NoError(t, err)
		require.NotEqual(t, text, again, "every ciphertext is fresh")
		back, err := seal.Decrypt(k, text)
		require.NoError(t, err)
		require.Equal(t, plain, back)
	}
}

func TestAdverse31_TooLong(t *testing.T) {
	t.Parallel()
	k := &privateKey(t).PublicKey
	_, err := seal.Encrypt(k, strings.Repeat("x", 214))
	require.NoError(t, err)
	_, err = seal.Encrypt(k, strings.Repeat("x", 215))
	require.ErrorIs(t, err, seal.ErrTooLong)
	require.ErrorContains(t, err, "215")
	require.ErrorContains(t, err, "214")
	_, err = seal.Encrypt(k, strings.Repeat("名", 72)) // 216 bytes
	require.ErrorIs(t, err, seal.ErrTooLong)
	require.NotContains(t, err.Error(), "名")
	_, err = seal.Encrypt(k, "")
	require.ErrorContains(t, err, "leave an empty field out")
}

func TestAdverse31_UnfitKeys(t *testing.T) {
	t.Parallel()
	small := &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 1023), E: 65537}
	even := &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 2047), E: 1}
	for name, k := range map[string]*rsa.PublicKey{"nil": nil, "empty": {}, "1024 bits": small, "impossible": even} {
		_, err := seal.Encrypt(k, "canary")
		require.ErrorIs(t, err, seal.ErrKey, name)
		require.NotContains(t, err.Error(), "canary")
	}
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	text, err := seal.Encrypt(&privateKey(t).PublicKey, "canary")
	require.NoError(t, err)
	for name, k := range map[string]crypto.Decrypter{
		"nil": nil, "nil pointer": (*rsa.PrivateKey)(nil), "empty": &rsa.PrivateKey{},
		"elliptic": device{public: &ec.PublicKey}, "nil public key": device{public: (*rsa.PublicKey)(nil)},
	} {
		require.NotPanics(t, func() {
			_, err := seal.Decrypt(k, text)
			require.ErrorIs(t, err, seal.ErrKey, name)
		})
	}
}

// device is a key that lives elsewhere: an HSM or a KMS.
type device struct {
	public crypto.PublicKey
	err    error
}

func (d device) Public() crypto.PublicKey { return d.public }

func (d device) Decrypt(io.Reader, []byte, crypto.DecrypterOpts) ([]byte, error) {
	return []byte("from the device"), d.err
}

func TestDecrypt_InADevice(t *testing.T) {
	t.Parallel()
	pub := &privateKey(t).PublicKey
	text, err := seal.Encrypt(pub, "x")
	require.NoError(t, err)
	got, err := seal.Decrypt(device{public: pub}, text)
	require.NoError(t, err)
	assert.Equal(t, "from the device", got)
	unplugged := errors.New("unplugged")
	_, err = seal.Decrypt(device{pub, unplugged}, text)
	require.ErrorIs(t, err, unplugged)
	require.ErrorIs(t, err, seal.ErrOpen)
}
