package sign_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"math/big"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/sign"
)

// Promise G2: public collections of RSA signature tests, made again here. Every
// case is an encoded message written by hand and raised to the private exponent, so
// that only the check of the encoding can tell it apart from a genuine signature.

// info is the DigestInfo of SHA-256: SEQUENCE { SEQUENCE { OID, NULL }, OCTET STRING }.
var info = []byte{0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20}

// block is one case: what the private key is applied to, or the signature itself.
type block struct {
	name string
	em   []byte
	raw  []byte
	ok   bool
}

// padded is 00 01 FF … FF 00 tail, in size bytes.
func padded(size int, tail []byte) []byte {
	em := bytes.Repeat([]byte{0xff}, size)
	em[0], em[1] = 0, 1
	em[size-len(tail)-1] = 0
	copy(em[size-len(tail):], tail)
	return em
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func with(b []byte, i int, c byte) []byte {
	b = bytes.Clone(b)
	b[i] = c
	return b
}

func TestPKCS1_EncodedByHand(t *testing.T) {
	t.Parallel()
	long, err := rsa.GenerateKey(rand.Reader, 3072)
	require.NoError(t, err)
	total, good := 0, 0
	for name, k := range map[string]*rsa.PrivateKey{"2048": platformKey(t), "3072": long} {
		v := sign.NewVerifier(ringOf(t, sign.PublicKey(keyID, &k.PublicKey)), clock(signedAt))
		ts := strconv.FormatInt(signedAt.Unix(), 10)
		sum := digest(ts, nonce, body)
		cases := paddingCases(k.Size(), sum)
		cases = append(cases, infoCases(k.Size(), sum)...)
		cases = append(cases, digestCases(k.Size(), sum)...)
		cases = append(cases, numberCases(t, k, sum)...)
		seen := map[string]bool{}
		for _, c := range cases {
			require.False(t, seen[c.name], "twice: %s", c.name)
			seen[c.name] = true
			raw := c.raw
			if c.em != nil {
				raw = private(k, c.em)
			}
			h := headers(ts, nonce, keyID, base64.StdEncoding.EncodeToString(raw))
			_, err := v.Verify(context.Background(), h, body)
			if c.ok {
				good++
				assert.NoError(t, err, "%s %s", name, c.name)
			} else if len(raw) > 0 {
				assert.ErrorIs(t, err, sign.ErrMismatch, "%s %s", name, c.name)
			} else {
				assert.ErrorIs(t, err, sign.ErrUnsigned, "%s %s", name, c.name)
			}
		}
		assert.GreaterOrEqual(t, len(cases), 200, name)
		total += len(cases)
	}
	assert.GreaterOrEqual(t, total, 400)
	t.Logf("%d cases, %d of them good", total, good)
}

// private is the bare private operation.
func private(k *rsa.PrivateKey, em []byte) []byte {
	m := new(big.Int).Mod(new(big.Int).SetBytes(em), k.N)
	m1 := new(big.Int).Exp(m, k.Precomputed.Dp, k.Primes[0])
	m2 := new(big.Int).Exp(m, k.Precomputed.Dq, k.Primes[1])
	m1.Sub(m1, m2).Mul(m1, k.Precomputed.Qinv).Mod(m1, k.Primes[0])
	return m2.Add(m2, m1.Mul(m1, k.Primes[1])).FillBytes(make([]byte, k.Size()))
}

func paddingCases(size int, sum []byte) []block {
	tail := join(info, sum)
	good := padded(size, tail)
	border := size - len(tail) - 1
	all := []block{{name: "good", em: good, ok: true}}
	for _, c := range []byte{0x01, 0x02, 0x7f} {
		all = append(all, block{name: fmt.Sprintf("first byte %#x", c), em: with(good, 0, c)})
	}
	for _, c := range []byte{0x00, 0x02, 0x03, 0x80, 0xff} {
		all = append(all, block{name: fmt.Sprintf("block type %#x", c), em: with(good, 1, c)})
	}
	for _, c := range []byte{0x01, 0x7f, 0x80, 0xff} {
		all = append(all, block{name: fmt.Sprintf("separator %#x", c), em: with(good, border, c)})
	}
	for i := 2; i < border; i += 13 {
		for _, c := range []byte{0x00, 0x01, 0xfe} {
			all = append(all, block{name: fmt.Sprintf("padding byte %d is %#x", i, c), em: with(good, i, c)})
		}
	}
	all = append(all, block{name: "last padding byte is 0", em: with(good, border-1, 0)},
		block{name: "random padding of type 2", em: with(with(good, 1, 2), 5, 0x77)})
	// Short padding, so that something fits behind or before the digest.
	for _, n := range []int{0, 1, 7, 8, 9, 16, 64, border - 3} {
		short := join([]byte{0, 1}, bytes.Repeat([]byte{0xff}, n), []byte{0}, tail)
		rest := size - len(short)
		all = append(all,
			block{name: fmt.Sprintf("%d padding bytes, zeros behind", n), em: join(short, make([]byte, rest))},
			block{name: fmt.Sprintf("%d padding bytes, garbage behind", n), em: join(short, bytes.Repeat([]byte{0xa5}, rest))},
			block{name: fmt.Sprintf("%d padding bytes, zeros in front", n), em: join(make([]byte, rest), short)},
			block{name: fmt.Sprintf("%d padding bytes, two separators", n), em: join(short[:2+n], make([]byte, rest), short[2+n:])})
	}
	return append(all,
		block{name: "no padding at all", em: join(make([]byte, size-len(tail)), tail)},
		block{name: "padding of zeros", em: join([]byte{0, 1}, make([]byte, size-2-len(tail)), tail)},
		block{name: "no separator", em: join([]byte{0, 1}, bytes.Repeat([]byte{0xff}, size-2-len(tail)), tail)},
		block{name: "digest in the middle of padding", em: join(padded(size-20, tail), bytes.Repeat([]byte{0xff}, 20))})
}

// infoCases change the DigestInfo: every bit of it, other algorithms, other DER.
func infoCases(size int, sum []byte) []block {
	var all []block
	for bit := range 8 * len(info) {
		all = append(all, block{name: fmt.Sprint("info bit ", bit), em: padded(size, join(with(info, bit/8, info[bit/8]^1<<(bit%8)), sum))})
	}
	oid := info[4:15]
	der := func(tag byte, content ...[]byte) []byte {
		c := join(content...)
		return join([]byte{tag, byte(len(c))}, c)
	}
	null, octets := []byte{5, 0}, der(4, sum)
	md5OID := []byte{0x06, 0x08, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x05}
	sha1OID := []byte{0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a}
	withRSA := []byte{0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b}
	tails := map[string][]byte{
		"missing NULL":                   der(0x30, der(0x30, oid), octets),
		"missing NULL, old lengths":      join(info[:15], octets),
		"empty string for NULL":          der(0x30, der(0x30, oid, []byte{4, 0}), octets),
		"NULL with content":              der(0x30, der(0x30, oid, []byte{5, 1, 0}), octets),
		"NULL twice":                     der(0x30, der(0x30, oid, null, null), octets),
		"sequence for NULL":              der(0x30, der(0x30, oid, []byte{0x30, 0}), octets),
		"end of contents for NULL":       der(0x30, der(0x30, oid, []byte{0, 0}), octets),
		"MD5 OID":                        der(0x30, der(0x30, md5OID, null), octets),
		"SHA-1 OID":                      der(0x30, der(0x30, sha1OID, null), octets),
		"sha256WithRSA OID":              der(0x30, der(0x30, withRSA, null), octets),
		"SHA-384 OID":                    der(0x30, der(0x30, with(oid, 10, 2), null), octets),
		"SHA-512 OID":                    der(0x30, der(0x30, with(oid, 10, 3), null), octets),
		"SHA-224 OID":                    der(0x30, der(0x30, with(oid, 10, 4), null), octets),
		"SHA3-256 OID":                   der(0x30, der(0x30, with(oid, 10, 8), null), octets),
		"empty OID":                      der(0x30, der(0x30, []byte{6, 0}, null), octets),
		"OID shortened":                  der(0x30, der(0x30, der(6, oid[2:10]), null), octets),
		"OID lengthened":                 der(0x30, der(0x30, der(6, oid[2:], []byte{0}), null), octets),
		"OID with leading 80":            der(0x30, der(0x30, der(6, []byte{0x80}, oid[2:]), null), octets),
		"garbage behind digest, counted": der(0x30, der(0x30, oid, null), octets, []byte{0xa5, 0xa5}),
		"garbage inside algorithm":       der(0x30, der(0x30, oid, null, []byte{0xa5}), octets),
		"NULL behind digest":             der(0x30, der(0x30, oid, null), octets, null),
		"garbage behind info":            join(info, sum, []byte{0}),
		"info twice":                     join(info, sum, info, sum),
		"long outer length":              join([]byte{0x30, 0x81, 0x31}, info[2:], sum),
		"longer outer length":            join([]byte{0x30, 0x82, 0, 0x31}, info[2:], sum),
		"long algorithm length":          der(0x30, []byte{0x30, 0x81, 0x0d}, oid, null, octets),
		"long OID length":                der(0x30, der(0x30, []byte{6, 0x81, 9}, oid[2:], null), octets),
		"long NULL length":               der(0x30, der(0x30, oid, []byte{5, 0x81, 0}), octets),
		"long digest length":             der(0x30, der(0x30, oid, null), []byte{4, 0x81, 32}, sum),
		"endless outer":                  join([]byte{0x30, 0x80}, info[2:], sum, []byte{0, 0}),
		"endless algorithm":              der(0x30, []byte{0x30, 0x80}, oid, null, []byte{0, 0}, octets),
		"bit string":                     der(0x30, der(0x30, oid, null), der(3, []byte{0}, sum)),
		"built string":                   der(0x30, der(0x30, oid, null), der(0x24, octets)),
		"set for sequence":               der(0x31, der(0x30, oid, null), octets),
		"no algorithm":                   der(0x30, octets),
		"order turned round":             der(0x30, octets, der(0x30, oid, null)),
		"bare digest":                    sum,
		"digest as octets":               octets,
		"nothing":                        nil,
		"info without digest":            info,
		"wrapped once more":              der(0x30, join(info, sum)),
	}
	for name, tail := range tails {
		all = append(all, block{name: name, em: padded(size, tail)})
	}
	return all
}

// digestCases put another digest where the right one belongs.
func digestCases(size int, sum []byte) []block {
	ts := strconv.FormatInt(signedAt.Unix(), 10)
	other := func(message string) []byte { s := sha256.Sum256([]byte(message)); return s[:] }
	s1, s512, s384 := sha1.Sum([]byte(ts)), sha512.Sum512([]byte(ts)), sha512.Sum384([]byte(ts))
	digests := map[string][]byte{
		"of an empty message":    other(""),
		"without last newline":   other(ts + "\n" + nonce + "\n" + string(body)),
		"with CRLF":              other(ts + "\r\n" + nonce + "\r\n" + string(body) + "\r\n"),
		"one newline more":       other(ts + "\n" + nonce + "\n" + string(body) + "\n\n"),
		"nonce first":            other(nonce + "\n" + ts + "\n" + string(body) + "\n"),
		"request form":           other("POST\n/v3/x\n" + ts + "\n" + nonce + "\n" + string(body) + "\n"),
		"hashed twice":           other(string(sum)),
		"of the hex digest":      other(fmt.Sprintf("%x", sum)),
		"one byte shorter":       sum[:31],
		"one byte longer":        append(bytes.Clone(sum), 0),
		"one zero in front":      append([]byte{0}, sum...),
		"SHA-1":                  s1[:],
		"SHA-384":                s384[:],
		"SHA-512":                s512[:],
		"zeros":                  make([]byte, 32),
		"empty":                  {},
		"first bit":              with(sum, 0, sum[0]^0x80),
		"last bit":               with(sum, 31, sum[31]^1),
		"turned round by halves": join(sum[16:], sum[:16]),
	}
	var all []block
	for name, d := range digests {
		head := with(with(info, 1, byte(17+len(d))), 18, byte(len(d)))
		all = append(all, block{name: "digest " + name, em: padded(size, join(head, d))})
	}
	return all
}

// numberCases are signatures that are wrong as numbers or as byte strings.
func numberCases(t *testing.T, k *rsa.PrivateKey, sum []byte) []block {
	size, n, one := k.Size(), k.N, big.NewInt(1)
	em := padded(size, join(info, sum))
	raw := private(k, em)
	s := new(big.Int).SetBytes(raw)
	pss, err := rsa.SignPSS(rand.Reader, k, crypto.SHA256, sum, nil)
	require.NoError(t, err)
	s384, err := rsa.SignPKCS1v15(rand.Reader, k, crypto.SHA384, append(bytes.Clone(sum), sum[:16]...))
	require.NoError(t, err)
	bare, err := rsa.SignPKCS1v15(rand.Reader, k, 0, sum)
	require.NoError(t, err)
	fill := func(x *big.Int) []byte { return x.FillBytes(make([]byte, size)) }
	top := new(big.Int).Lsh(one, uint(8*size))
	all := []block{
		{name: "made by crypto/rsa", raw: must(rsa.SignPKCS1v15(rand.Reader, k, crypto.SHA256, sum)), ok: true},
		{name: "same as made by hand", raw: raw, ok: true},
		{name: "0", raw: make([]byte, size)},
		{name: "1", raw: fill(one)},
		{name: "2", raw: fill(big.NewInt(2))},
		{name: "n-1", raw: fill(new(big.Int).Sub(n, one))},
		{name: "n", raw: fill(n)},
		{name: "n+1", raw: fill(new(big.Int).Add(n, one))},
		{name: "s+n", raw: new(big.Int).Add(s, n).Bytes()},
		{name: "s+2n", raw: new(big.Int).Add(s, new(big.Int).Lsh(n, 1)).Bytes()},
		{name: "n-s", raw: fill(new(big.Int).Sub(n, s))},
		{name: "s+1", raw: fill(new(big.Int).Add(s, one))},
		{name: "s-1", raw: fill(new(big.Int).Sub(s, one))},
		{name: "inverse of s", raw: fill(new(big.Int).ModInverse(s, n))},
		{name: "s squared", raw: fill(new(big.Int).Exp(s, big.NewInt(2), n))},
		{name: "all ones", raw: fill(new(big.Int).Sub(top, one))},
		{name: "the block itself", raw: em},
		{name: "public operation", raw: fill(new(big.Int).Exp(new(big.Int).SetBytes(em), big.NewInt(int64(k.E)), n))},
		{name: "zero in front", raw: append([]byte{0}, raw...)},
		{name: "eight zeros in front", raw: append(make([]byte, 8), raw...)},
		{name: "zero behind", raw: append(bytes.Clone(raw), 0)},
		{name: "first byte lost", raw: raw[1:]},
		{name: "last byte lost", raw: raw[:size-1]},
		{name: "empty", raw: []byte{}},
		{name: "one byte", raw: []byte{1}},
		{name: "half", raw: raw[:size/2]},
		{name: "twice", raw: append(bytes.Clone(raw), raw...)},
		{name: "PSS", raw: pss},
		{name: "SHA-384", raw: s384},
		{name: "no hash named", raw: bare},
	}
	return append(all, block{name: "another key", raw: private(privateKey(t, "merchant_java.pem"), padded(256, join(info, sum)))})
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

// A signature is stripped of leading zeros by careless code; ours must have its
// full length, and the genuine one with a zero in front must pass.
func TestPKCS1_LeadingZero(t *testing.T) {
	t.Parallel()
	k, v, ts := platformKey(t), verifier(t), strconv.FormatInt(signedAt.Unix(), 10)
	for i := range 4000 {
		one := "z" + strconv.Itoa(i)
		raw := signature(t, k, ts, one, body)
		if raw[0] != 0 {
			continue
		}
		accepted(t, v, headers(ts, one, keyID, base64.StdEncoding.EncodeToString(raw)), body)
		refused(t, v, headers(ts, one, keyID, base64.StdEncoding.EncodeToString(raw[1:])), body, sign.ErrMismatch)
		return
	}
	t.Fatal("no signature began with zero")
}

// With exponent 3 a cube root forges whatever leaves room behind the digest, without
// any private key.
func TestPKCS1_CubeRootForgery(t *testing.T) {
	t.Parallel()
	ts := strconv.FormatInt(signedAt.Unix(), 10)
	weak := &rsa.PublicKey{N: platformKey(t).N, E: 3}
	v := sign.NewVerifier(ringOf(t, sign.PublicKey(keyID, weak)), clock(signedAt))
	for _, n := range []int{0, 8, 20} {
		head := join([]byte{0, 1}, bytes.Repeat([]byte{0xff}, n), []byte{0}, info, digest(ts, nonce, body))
		em := new(big.Int).SetBytes(join(head, bytes.Repeat([]byte{0xff}, 256-len(head))))
		s := cubeRoot(em)
		cube := new(big.Int).Exp(s, big.NewInt(3), nil).FillBytes(make([]byte, 256))
		require.Equal(t, head, cube[:len(head)], "the forgery works on a careless check")
		text := base64.StdEncoding.EncodeToString(s.FillBytes(make([]byte, 256)))
		refused(t, v, headers(ts, nonce, keyID, text), body, sign.ErrMismatch)
	}
}

// cubeRoot is the largest r with r³ ≤ x.
func cubeRoot(x *big.Int) *big.Int {
	r := new(big.Int)
	for bit := x.BitLen()/3 + 1; bit >= 0; bit-- {
		r.SetBit(r, bit, 1)
		if new(big.Int).Exp(r, big.NewInt(3), nil).Cmp(x) > 0 {
			r.SetBit(r, bit, 0)
		}
	}
	return r
}
