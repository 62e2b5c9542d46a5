package wechat_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/sign"
)

type media struct {
	MediaID string `json:"media_id"`
}

var opMedia = wechat.POST("/v3/merchant/media/upload")

// form reads an upload as a server would and checks its signature over the meta part.
func form(t *testing.T, r *http.Request) (parts []*multipart.Part, texts []string) {
	t.Helper()
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	require.NoError(t, err)
	require.Equal(t, "multipart/form-data", kind)
	body := bodyOf(r)
	assert.EqualValues(t, len(body), r.ContentLength, "sent with its length")
	mr := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	for {
		p, err := mr.NextPart()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		b, err := io.ReadAll(p)
		require.NoError(t, err)
		parts, texts = append(parts, p), append(texts, string(b))
	}
	require.GreaterOrEqual(t, len(parts), 2)
	_, err = authorized(r, []byte(texts[0]))
	require.NoError(t, err, "the signature covers the meta part")
	return parts, texts
}

// Vector S4 (derived from the published key): the signature covers exactly the meta
// part's bytes.
func TestUploadSignsItsMetaPart(t *testing.T) {
	t.Parallel()
	data := []byte{0xff, 0xd8, 0xff, 0xe0, 't', 'e', 's', 't'}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "/v3/merchant/media/upload?sub_mchid=1900000109", r.URL.RequestURI())
		assert.Equal(t, publicID, r.Header.Get("Wechatpay-Serial"))
		parts, texts := form(t, r)
		require.Len(t, parts, 2)
		assert.Equal(t, "meta", parts[0].FormName())
		assert.Equal(t, "application/json", parts[0].Header.Get("Content-Type"))
		assert.Equal(t, `{"filename":"file_test.jpg","sha256":"21a87ca999d652882a42d92360d2467db06e707f846a7cba0c71622c96383eef"}`, texts[0])
		assert.Equal(t, "file", parts[1].FormName())
		assert.Equal(t, "file_test.jpg", parts[1].FileName())
		assert.Equal(t, "image/jpeg", parts[1].Header.Get("Content-Type"))
		assert.Equal(t, string(data), texts[1])

		k1, err := wechat.LoadPrivateKey(vector(t, "k1_key.b64"))
		require.NoError(t, err)
		again := httptest.NewRequest("POST", "/v3/merchant/media/upload", nil)
		require.NoError(t, sign.Identity{MchID: mchID, Serial: mchSerial, Key: k1}.Authorize(again, []byte(texts[0]), time.Unix(1554208460, 0), "593BEC0C930BF1AFEB40B4A08C8FB242"))
		assert.Contains(t, again.Header.Get("Authorization"), strings.TrimSpace(string(vector(t, "s4_signature.b64"))))
		serve(w, 200, `{"media_id":"m1"}`)
	}))
	t.Cleanup(s.Close)
	m := newMerchant(t, nil, wechat.WithBaseURL(s.URL))
	out, err := wechat.Upload[media](t.Context(), m, opMedia, struct {
		Sub string `json:"-" query:"sub_mchid"`
	}{"1900000109"}, wechat.File{Name: "file_test.jpg", Data: bytes.NewReader(data)})
	require.NoError(t, err)
	assert.Equal(t, "m1", out.MediaID)
	_, err = wechat.Upload[wechat.None](t.Context(), m, opMedia, struct {
		Sub string `json:"-" query:"sub_mchid"`
	}{"1900000109"}, wechat.File{Name: "file_test.jpg", Data: bytes.NewReader(data)})
	require.NoError(t, err)
}

func TestUploadOfAnotherShape(t *testing.T) {
	t.Parallel()
	m := newMerchant(t, doFunc(func(r *http.Request) (*http.Response, error) {
		parts, texts := form(t, r)
		require.Len(t, parts, 3)
		assert.JSONEq(t, fmt.Sprintf(`{"digest":"%x","size":3}`, sha256.Sum256([]byte("abc"))), texts[0])
		assert.Equal(t, "extra", parts[1].FormName())
		assert.Equal(t, "text/plain", parts[1].Header.Get("Content-Type"))
		assert.Equal(t, "x", texts[1])
		assert.Equal(t, "application/pdf", parts[2].Header.Get("Content-Type"))
		return proved(200, `{"media_id":["not text"]}`), nil
	}))
	_, err := wechat.Upload[media](t.Context(), m, opMedia, nil, wechat.File{Name: "a.x", ContentType: "application/pdf", Data: strings.NewReader("abc"),
		Meta:  func(_, sum string, size int64) any { return map[string]any{"digest": sum, "size": size} },
		Parts: []wechat.Part{{Name: "extra", ContentType: "text/plain", Text: "x"}}})
	require.Error(t, err)
	assert.Equal(t, wechat.Done, wechat.OutcomeOf(err))
}

type brokenFile struct {
	io.ReadSeeker
	failSeek int
	seeks    int
	failRead error
}

func (b *brokenFile) Seek(offset int64, whence int) (int64, error) {
	if b.seeks++; b.seeks == b.failSeek {
		return 0, errors.New("disk gone")
	}
	return b.ReadSeeker.Seek(offset, whence)
}

func (b *brokenFile) Read(p []byte) (int, error) {
	if b.failRead != nil {
		return 0, b.failRead
	}
	return b.ReadSeeker.Read(p)
}

func TestUploadRefusesWhatItCannotSend(t *testing.T) {
	t.Parallel()
	m := newMerchant(t, doFunc(func(*http.Request) (*http.Response, error) {
		t.Error("something was sent")
		return nil, io.EOF
	}))
	abc := func() io.ReadSeeker { return strings.NewReader("abc") }
	for name, f := range map[string]wechat.File{
		"no data":              {Name: "a.jpg"},
		"no name":              {Data: abc()},
		"quote in the name":    {Name: `a".jpg`, Data: abc()},
		"path in the name":     {Name: "../a.jpg", Data: abc()},
		"Chinese name":         {Name: "图.jpg", Data: abc()},
		"line break":           {Name: "a\r\n.jpg", Data: abc()},
		"long name":            {Name: strings.Repeat("a", 100) + ".jpg", Data: abc()},
		"no extension":         {Name: "file", Data: abc()},
		"line break in type":   {Name: "a.jpg", ContentType: "image/jpeg\r\nX: y", Data: abc()},
		"line break in part":   {Name: "a.jpg", Data: abc(), Parts: []wechat.Part{{Name: "a\r\nb"}}},
		"quote in part":        {Name: "a.jpg", Data: abc(), Parts: []wechat.Part{{Name: `a"b`}}},
		"empty file":           {Name: "a.jpg", Data: strings.NewReader("")},
		"first seek fails":     {Name: "a.jpg", Data: &brokenFile{ReadSeeker: abc(), failSeek: 1}},
		"second seek fails":    {Name: "a.jpg", Data: &brokenFile{ReadSeeker: abc(), failSeek: 2}},
		"unreadable":           {Name: "a.jpg", Data: &brokenFile{ReadSeeker: abc(), failRead: errors.New("disk gone")}},
		"meta that is no JSON": {Name: "a.jpg", Data: abc(), Meta: func(string, string, int64) any { return func() {} }},
	} {
		_, err := wechat.Upload[media](t.Context(), m, opMedia, nil, f)
		require.Error(t, err, name)
		assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err), name)
	}
	_, err := wechat.Upload[media](t.Context(), m, wechat.POST("/v3/{id}"), nil, wechat.File{Name: "a.jpg", Data: abc()})
	require.Error(t, err)
}

// A file is read again from its start for another attempt, and nobody reads it any
// more once the call has returned.
func TestUploadReadsTheFileAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var kept io.ReadCloser
		attempts := 0
		m := newMerchant(t, doFunc(func(r *http.Request) (*http.Response, error) {
			if attempts++; attempts == 1 {
				_, _ = io.CopyN(io.Discard, r.Body, 200)
				return plain(503, ""), nil
			}
			_, texts := form(t, r)
			assert.Equal(t, "abc", texts[1])
			kept = r.Body
			return proved(200, `{"media_id":"m1"}`), nil
		}))
		_, err := wechat.Upload[media](t.Context(), m, opMedia.Keyed(), nil, wechat.File{Name: "a.jpg", Data: strings.NewReader("abc")})
		require.NoError(t, err)
		assert.Equal(t, 2, attempts)
		_, err = kept.Read(make([]byte, 10))
		require.Error(t, err)
		require.NotErrorIs(t, err, io.EOF)

		attempts = 0
		_, err = wechat.Upload[media](t.Context(), m, opMedia, nil, wechat.File{Name: "a.jpg", Data: strings.NewReader("abc")})
		assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
		assert.Equal(t, 1, attempts, "an ordinary upload is not repeated")
	})
}

const billPath = "/v3/billdownload/file?token=xxx&tartype=gzip"

func TestDownloadStreams(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("0123456789", 1<<19) // 5 MiB, past WithMaxResponse
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := authorized(r, nil)
		assert.NoError(t, err)
		assert.Equal(t, "*/*", r.Header.Get("Accept"))
		assert.Equal(t, publicID, r.Header.Get("Wechatpay-Serial"))
		switch r.URL.Path {
		case "/v3/billdownload/file":
			assert.Equal(t, billPath, r.URL.RequestURI())
			_, _ = io.WriteString(w, big)
		case "/v3/merchant-service/images/a%2Bb":
			_, _ = io.WriteString(w, "picture")
		case "/v3/statements": // empty
		case "/v3/transferdownload/signfile":
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, "cut")
		}
	}))
	t.Cleanup(s.Close)
	m := newMerchant(t, nil, wechat.WithBaseURL(s.URL))
	read := func(path string) (string, error) {
		body, err := wechat.Download(t.Context(), m, s.URL+path)
		require.NoError(t, err, path)
		defer body.Close()
		b, err := io.ReadAll(body)
		return string(b), err
	}
	got, err := read(billPath)
	require.NoError(t, err)
	assert.Equal(t, len(big), len(got))
	got, err = read("/v3/statements")
	require.NoError(t, err)
	assert.Empty(t, got)
	_, err = read("/v3/transferdownload/signfile")
	require.ErrorIs(t, err, io.ErrUnexpectedEOF, "an end before the announced length is seen")
	_, err = read("/v3/merchant-service/images/a%2Bb")
	require.NoError(t, err)
}

// Promise G14, the other way round: only the endpoints documented to answer without
// a signature may, at WeChat Pay or the client's own hosts; nothing is sent elsewhere.
func TestG14_OnlyDocumentedDownloadsGoUnverified(t *testing.T) {
	t.Parallel()
	var sent atomic.Int32
	var last context.Context
	m := newMerchant(t, doFunc(func(r *http.Request) (*http.Response, error) {
		sent.Add(1)
		last = r.Context()
		return plain(200, "file"), nil
	}))
	for _, address := range []string{
		"https://api.mch.weixin.qq.com/v3/billdownload/file?token=x", "https://api2.mch.weixin.qq.com/v3/statements",
		"https://api.wechatpay.cn/v3/new-tax-control-fapiao/download", "https://apihk.mch.weixin.qq.com/v3/global/statements",
		"https://api.mch.weixin.qq.com/v3/merchant-service/images/abc%3D", "https://api.mch.weixin.qq.com/v3/global/merchant-service/images/a.b",
		"https://api.mch.weixin.qq.com/v3/transferdownload/elecvoucherfile?x=1",
	} {
		body, err := wechat.Download(t.Context(), m, address)
		require.NoError(t, err, address)
		require.NoError(t, last.Err())
		require.NoError(t, body.Close())
		require.ErrorIs(t, last.Err(), context.Canceled, "closing frees everything")
	}
	assert.EqualValues(t, 7, sent.Load())
	for _, address := range []string{
		"", "/v3/billdownload/file", "//api.mch.weixin.qq.com/v3/billdownload/file", "http://api.mch.weixin.qq.com/v3/billdownload/file",
		"https://example.com/v3/billdownload/file", "https://api.mch.weixin.qq.com.example.com/v3/billdownload/file",
		"https://api.mch.weixin.qq.com@example.com/v3/billdownload/file", "https://user@api.mch.weixin.qq.com/v3/billdownload/file",
		"https://api.mch.weixin.qq.com:444/v3/billdownload/file", "https://api.mch.weixin.qq.com/v3/certificates",
		"https://api.mch.weixin.qq.com/v3/billdownload/file/", "https://api.mch.weixin.qq.com/v3/billdownload/files", "https://api.mch.weixin.qq.com/V3/billdownload/file",
		"https://api.mch.weixin.qq.com/v3/merchant-service/images/", "https://api.mch.weixin.qq.com/v3/merchant-service/images/..",
		"https://api.mch.weixin.qq.com/v3/merchant-service/images/../../pay", "https://api.mch.weixin.qq.com/v3/merchant-service/images/%2e%2e",
		"https://api.mch.weixin.qq.com/v3/merchant-service/images/a%2F..%2Fpay", `https://api.mch.weixin.qq.com/v3/merchant-service/images/a\b`,
		"https:api.mch.weixin.qq.com/v3/billdownload/file", "https://api.mch.weixin.qq.com/v3/billdownload/file\r\n", "ftp://api.mch.weixin.qq.com/v3/billdownload/file",
	} {
		_, err := wechat.Download(t.Context(), m, address)
		var f *wechat.FieldError
		require.ErrorAs(t, err, &f, address)
		assert.Equal(t, "download_url", f.Field)
		assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
	}
	assert.EqualValues(t, 7, sent.Load())

	app, err := wechat.NewApp("wx1234567890", tokens{}, wechat.WithTransport(doFunc(nil)))
	require.NoError(t, err)
	_, err = wechat.Download(t.Context(), app, "https://api.mch.weixin.qq.com/v3/billdownload/file")
	require.Error(t, err, "an access token must not travel there")

	for _, op := range []wechat.Op{opRead, opWrite, opKeyed, opWary, opKeyed.Accepts(202, 206), wechat.PUT("/v3/x"), wechat.PATCH("/v3/x"), wechat.DELETE("/v3/x"), wechat.GET("/v3/billdownload/file")} {
		_, err := wechat.Call[wechat.None](t.Context(), m, op, inputOf(opRead))
		if !errors.Is(err, sign.ErrUnsigned) { // the write's body has no path field, and the other way round
			_, err = wechat.Call[wechat.None](t.Context(), m, op, someOrder)
		}
		require.ErrorIs(t, err, sign.ErrUnsigned, "%v", op)
	}
	_, err = wechat.Upload[wechat.None](t.Context(), m, opMedia, nil, wechat.File{Name: "a.jpg", Data: strings.NewReader("abc")})
	require.ErrorIs(t, err, sign.ErrUnsigned)
}

func TestDownloadReportsRefusals(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for name, tt := range map[string]struct {
			answer   func() (*http.Response, error)
			check    func(*testing.T, error)
			attempts int
		}{
			"refused":  {says(func() *http.Response { return proved(400, `{"code":"NO_STATEMENT_EXIST"}`) }), func(t *testing.T, err error) { require.ErrorIs(t, err, wechat.Code("NO_STATEMENT_EXIST")) }, 1},
			"redirect": {says(func() *http.Response { return header(plain(302, ""), "Location", "https://example.com/") }), api(302, false), 1},
			"500":      {says(func() *http.Response { return plain(500, "") }), api(500, false), 3},
			"lost":     {fails(errReset), is(errReset), 3},
		} {
			attempts := 0
			m := newMerchant(t, doFunc(func(*http.Request) (*http.Response, error) { attempts++; return tt.answer() }))
			_, err := wechat.Download(t.Context(), m, "https://api.mch.weixin.qq.com"+billPath)
			tt.check(t, err)
			assert.Equal(t, tt.attempts, attempts, name)
			assert.NotContains(t, err.Error(), "token=xxx")
			assert.Contains(t, err.Error(), "/v3/billdownload/file")
		}
	})
}

// A download may take longer than an attempt, but not to begin; it ends with the
// caller's context, and the standby host serves it as well.
func TestDownloadLastsAsLongAsItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := func(w http.ResponseWriter, r *http.Request, _ []byte) {
			for range 60 {
				_, _ = io.WriteString(w, "x")
				_ = http.NewResponseController(w).Flush()
				select {
				case <-time.After(time.Second):
				case <-r.Context().Done():
					return
				}
			}
		}
		hc, hits := inside(t, slow, nil)
		m := newMerchant(t, hc, wechat.WithBaseURL(mainBase))
		body, err := wechat.Download(t.Context(), m, mainBase+billPath)
		require.NoError(t, err)
		all, err := io.ReadAll(body)
		require.NoError(t, err)
		assert.Len(t, all, 60)
		require.NoError(t, body.Close())

		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		body, err = wechat.Download(ctx, m, mainBase+billPath)
		require.NoError(t, err)
		_, err = io.ReadAll(body)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NoError(t, body.Close())
		assert.EqualValues(t, 2, hits.Load())

		silent, hits := inside(t, func(_ http.ResponseWriter, r *http.Request, _ []byte) { <-r.Context().Done() }, nil)
		began := time.Now()
		_, err = wechat.Download(t.Context(), newMerchant(t, silent, wechat.WithBaseURL(mainBase), wechat.WithBackoff(wechat.NoRetry)), mainBase+billPath)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 10*time.Second, time.Since(began), "no file begins later than an attempt may last")
		assert.EqualValues(t, 1, hits.Load())
	})
}
