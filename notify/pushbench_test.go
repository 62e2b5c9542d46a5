package notify_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/xml"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/notify"
)

// textMessage is a text message typed in full.
type textMessage struct {
	To      string `json:"ToUserName" xml:"ToUserName"`
	From    string `json:"FromUserName" xml:"FromUserName"`
	Created int64  `json:"CreateTime" xml:"CreateTime"`
	Type    string `json:"MsgType" xml:"MsgType"`
	Content string `json:"Content" xml:"Content"`
	ID      int64  `json:"MsgId" xml:"MsgId"`
}

// rawPush is the least a receiver can do by hand in safe mode: bounded read,
// signature, base64, AES, app id, the message, a reply encrypted with fresh random
// bytes and signed. It refuses no doubled element and has no deadline.
type rawPush struct {
	token, app string
	block      cipher.Block
	iv         []byte
	outer      func(body []byte) string
	decode     func([]byte, *textMessage) error
}

func (b rawPush) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	reply, err := b.answer(r)
	if err != nil {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(http.StatusOK)
	w.Write(reply)
}

func queryValue(query, name string) string {
	_, rest, _ := strings.Cut(query, name)
	value, _, _ := strings.Cut(rest, "&")
	return value
}

func sha1Sorted(parts ...string) (sum [40]byte) {
	slices.Sort(parts)
	var room [1024]byte
	text := room[:0]
	for _, p := range parts {
		text = append(text, p...)
	}
	hashed := sha1.Sum(text)
	hex.Encode(sum[:], hashed[:])
	return sum
}

func (b rawPush) answer(r *http.Request) ([]byte, error) {
	body := make([]byte, 4096)
	n, err := io.ReadFull(io.LimitReader(r.Body, 1<<20), body)
	if err != io.ErrUnexpectedEOF {
		return nil, errRaw
	}
	q := r.URL.RawQuery
	stamp, nonce, text := queryValue(q, "&timestamp="), queryValue(q, "&nonce="), b.outer(body[:n])
	sum := sha1Sorted(b.token, stamp, nonce, text)
	if subtle.ConstantTimeCompare([]byte(queryValue(q, "&msg_signature=")), sum[:]) != 1 {
		return nil, errRaw
	}
	plain, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(plain) < 32 || len(plain)%16 != 0 {
		return nil, errRaw
	}
	cipher.NewCBCDecrypter(b.block, b.iv).CryptBlocks(plain, plain)
	plain = plain[:len(plain)-int(plain[len(plain)-1])]
	size := binary.BigEndian.Uint32(plain[16:])
	if string(plain[20+size:]) != b.app {
		return nil, errRaw
	}
	var m textMessage
	if err := b.decode(plain[20:20+size], &m); err != nil {
		return nil, err
	}
	return b.reply(m)
}

func (b rawPush) reply(m textMessage) ([]byte, error) {
	now := strconv.FormatInt(time.Now().Unix(), 10)
	out := make([]byte, 20, 512)
	if _, err := rand.Read(out[:16]); err != nil {
		return nil, err
	}
	for _, s := range []string{"<xml><ToUserName><![CDATA[", m.From, "]]></ToUserName><FromUserName><![CDATA[", m.To, "]]></FromUserName><CreateTime>", now,
		"</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[", strings.ReplaceAll(m.Content, "]]>", "]]]]><![CDATA[>"), "]]></Content></xml>"} {
		out = append(out, s...)
	}
	binary.BigEndian.PutUint32(out[16:], uint32(len(out)-20))
	out = append(out, b.app...)
	pad := 32 - len(out)%32
	for range pad {
		out = append(out, byte(pad))
	}
	cipher.NewCBCEncrypter(b.block, b.iv).CryptBlocks(out, out)
	text, nonce := base64.StdEncoding.EncodeToString(out), rand.Text()
	sum := sha1Sorted(b.token, now, nonce, text)
	reply := make([]byte, 0, len(text)+256)
	for _, s := range []string{"<xml><Encrypt><![CDATA[", text, "]]></Encrypt><MsgSignature><![CDATA[", string(sum[:]), "]]></MsgSignature><TimeStamp>", now,
		"</TimeStamp><Nonce><![CDATA[", nonce, "]]></Nonce></xml>"} {
		reply = append(reply, s...)
	}
	return reply, nil
}

// between cuts the text after a tag, in CDATA or bare.
func between(data []byte, tag string) string {
	i := bytes.Index(data, []byte(tag))
	if i < 0 {
		return ""
	}
	data = bytes.TrimPrefix(data[i+len(tag):], []byte("<![CDATA["))
	return string(data[:max(0, bytes.IndexAny(data, "]<"))])
}

func scanned(data []byte, m *textMessage) (err error) {
	m.To, m.From = between(data, "<ToUserName>"), between(data, "<FromUserName>")
	m.Type, m.Content = between(data, "<MsgType>"), between(data, "<Content>")
	if m.Created, err = strconv.ParseInt(between(data, "<CreateTime>"), 10, 64); err != nil {
		return err
	}
	m.ID, err = strconv.ParseInt(between(data, "<MsgId>"), 10, 64)
	return err
}

func unmarshalled(body []byte) string {
	var outer struct {
		To      string `xml:"ToUserName"`
		Encrypt string `xml:"Encrypt"`
	}
	if xml.Unmarshal(body, &outer) != nil {
		return ""
	}
	return outer.Encrypt
}

// BenchmarkPush is P5: scanner and xml are the hand-written receivers, push is ours.
func BenchmarkPush(b *testing.B) {
	raw, err := base64.StdEncoding.DecodeString(v8Key + "=")
	require.NoError(b, err)
	block, err := aes.NewCipher(raw)
	require.NoError(b, err)
	floor := rawPush{"spamtest", v8App, block, raw[:16], func(body []byte) string { return between(body, "<Encrypt>") }, scanned}
	std := floor
	std.outer, std.decode = unmarshalled, func(data []byte, m *textMessage) error { return xml.Unmarshal(data, m) }
	c := safeConfig
	c.Now = nil
	h := pushHandler(b, c)
	notify.Answer(h, notify.Asking[text](notify.Of[textMessage]("message.text")), func(_ context.Context, e notify.Event[textMessage]) (text, error) {
		return text(e.Data.Content), nil
	})
	sample := newSender(b, c).push(b, hello)
	for _, bench := range []struct {
		name string
		h    http.Handler
	}{{"scanner", floor}, {"xml", std}, {"push", h}} {
		b.Run(bench.name, func(b *testing.B) {
			body := bytes.NewReader(sample.Body)
			r := post(sample)
			r.URL.RawQuery = sample.RawQuery
			r.Body = io.NopCloser(body)
			w := &nowhere{h: http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				body.Reset(sample.Body)
				bench.h.ServeHTTP(w, r)
				if w.status >= 300 {
					b.Fatal(w.status)
				}
			}
		})
	}
}
