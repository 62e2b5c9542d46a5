package media_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/media"
)

// zeros is a file of any size that takes no memory.
type zeros struct{ at, size int64 }

func (z *zeros) Read(p []byte) (int, error) {
	n := min(int64(len(p)), z.size-z.at)
	if n == 0 {
		return 0, io.EOF
	}
	clear(p[:n])
	z.at += n
	return int(n), nil
}

func (z *zeros) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
		z.at = offset
	case io.SeekEnd:
		z.at = z.size + offset
	}
	return z.at, nil
}

func file(name string, size int64) wechat.File {
	return wechat.File{Name: name, Data: &zeros{size: size}}
}

func jpg(size int64) wechat.File { return file("a.jpg", size) }

type upping struct {
	call   func(ctx context.Context, m *media.Service, f wechat.File) (any, error)
	target string
	about  string // the part before the file
	answer string
	want   any
	lacks  string // what an answer without it is told to lack
}

func uploads() map[string]upping {
	type s = *media.Service
	at := time.Date(2024, 1, 1, 17, 6, 40, 0, wechat.Beijing)
	return map[string]upping{
		"temporary": {func(ctx context.Context, m s, f wechat.File) (any, error) {
			return pointer(m.Upload(ctx, media.Image, f))
		},
			"/cgi-bin/media/upload?access_token=TOKEN&type=image", "", `{"type":"image","media_id":"M1","created_at":1704100000,"new":1}`, media.Temporary{Kind: media.Image, MediaID: "M1", CreatedAt: at}, "media_id"},
		"thumb": {func(ctx context.Context, m s, f wechat.File) (any, error) {
			return pointer(m.Upload(ctx, media.Thumb, f))
		},
			"/cgi-bin/media/upload?access_token=TOKEN&type=thumb", "", `{"type":"thumb","thumb_media_id":"M1","created_at":1704100000}`, media.Temporary{Kind: media.Thumb, MediaID: "M1", CreatedAt: at}, "media_id"},
		"picture": {func(ctx context.Context, m s, f wechat.File) (any, error) { return m.UploadPicture(ctx, f) },
			"/cgi-bin/media/uploadimg?access_token=TOKEN", "", `{"url":"http://mmbiz.qpic.cn/1","errcode":0}`, "http://mmbiz.qpic.cn/1", "url"},
		"permanent": {func(ctx context.Context, m s, f wechat.File) (any, error) { return pointer(m.Add(ctx, media.Image, f)) },
			"/cgi-bin/material/add_material?access_token=TOKEN&type=image", "", `{"media_id":"M1","url":"http://mmbiz.qpic.cn/1","item":[]}`, media.Material{MediaID: "M1", URL: "http://mmbiz.qpic.cn/1"}, "media_id"},
		"permanent video": {func(ctx context.Context, m s, f wechat.File) (any, error) {
			return pointer(m.AddVideo(ctx, "茶<1>", "绿 & 红", f))
		},
			"/cgi-bin/material/add_material?access_token=TOKEN&type=video", `{"title":"茶<1>","introduction":"绿 & 红"}`, `{"media_id":"M1"}`, media.Material{MediaID: "M1"}, "media_id"},
	}
}

func TestUploads(t *testing.T) {
	t.Parallel()
	for name, up := range uploads() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mock := httpmock.NewMockTransport()
			mock.RegisterNoResponder(func(r *http.Request) (*http.Response, error) {
				assert.Equal(t, "POST https://api.weixin.qq.com"+up.target, r.Method+" "+r.URL.String())
				_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
				require.NoError(t, err)
				parts := multipart.NewReader(r.Body, params["boundary"])
				if up.about != "" {
					p, err := parts.NextPart()
					require.NoError(t, err)
					text, err := io.ReadAll(p)
					require.NoError(t, err)
					assert.Equal(t, "description "+up.about, p.FormName()+" "+string(text))
				}
				p, err := parts.NextPart()
				require.NoError(t, err)
				data, err := io.ReadAll(p)
				require.NoError(t, err)
				assert.Equal(t, "media a.jpg", p.FormName()+" "+p.FileName())
				assert.Len(t, data, 10)
				_, err = parts.NextPart()
				require.ErrorIs(t, err, io.EOF)
				return httpmock.NewStringResponse(200, up.answer), nil
			})
			app, err := wechat.NewApp("wx1234567890abcdef", purse{}, wechat.WithTransport(&http.Client{Transport: mock}))
			require.NoError(t, err)
			f := jpg(10)
			got, err := up.call(t.Context(), media.New(app), f)
			require.NoError(t, err)
			assert.Equal(t, up.want, got)
			assert.Empty(t, f.Parts, "the caller's value is not touched")

			m, c := newService(t, `{"errcode":40005,"errmsg":"invalid file type"}`)
			got, err = up.call(t.Context(), m, jpg(10))
			require.ErrorIs(t, err, media.ErrFileType)
			assert.Zero(t, got)
			assert.Len(t, c.asked, 1)
		})
	}
	up := media.Temporary{CreatedAt: time.Unix(0, 0)}
	assert.Equal(t, time.Unix(3*24*60*60, 0), up.Expires())
}

func TestUploadsThatAreNotSent(t *testing.T) {
	t.Parallel()
	const kb, mb = 1 << 10, 1 << 20
	type s = *media.Service
	temporary := func(k media.Kind, f wechat.File) func(s) error {
		return func(m s) error { _, err := m.Upload(t.Context(), k, f); return err }
	}
	permanent := func(k media.Kind, f wechat.File) func(s) error {
		return func(m s) error { _, err := m.Add(t.Context(), k, f); return err }
	}
	film := func(title, intro string, f wechat.File) func(s) error {
		return func(m s) error { _, err := m.AddVideo(t.Context(), title, intro, f); return err }
	}
	picture := func(f wechat.File) func(s) error {
		return func(m s) error { _, err := m.UploadPicture(t.Context(), f); return err }
	}
	for _, tt := range []struct {
		name, field, says string // field "" means that it is sent
		call              func(s) error
	}{
		{"the largest image", "", "", temporary(media.Image, jpg(10*mb))},
		{"an image too large", "media", "has 10485761 bytes, the limit is 10 MB", temporary(media.Image, jpg(10*mb+1))},
		{"the largest voice", "", "", temporary(media.Voice, file("a.AMR", 2*mb))},
		{"a voice too large", "media", "the limit is 2 MB", temporary(media.Voice, file("a.mp3", 2*mb+1))},
		{"a voice of another sort", "filename", "has to end in .amr or .mp3", temporary(media.Voice, file("8fA3.wav", 10))},
		{"a video of another sort", "filename", "has to end in .mp4", temporary(media.Video, file("8fA3.avi", 10))},
		{"a thumb too large", "media", "the limit is 64 KB", temporary(media.Thumb, jpg(64*kb+1))},
		{"a thumb of another sort", "filename", ".jpg", temporary(media.Thumb, file("a.png", 10))},
		{"a new kind", "", "", temporary("hologram", file("a.png", 30*mb))},
		{"no kind", "type", "empty", temporary("", jpg(10))},
		{"articles", "type", "drafts", temporary(media.News, jpg(10))},
		{"no data", "media", "no data", temporary(media.Image, wechat.File{Name: "a.jpg"})},
		{"data that cannot be measured", "media", "measured", temporary(media.Image, wechat.File{Name: "a.jpg", Data: broken{}})},
		{"nothing in it", "file", "empty", temporary(media.Image, jpg(0))},
		{"permanent articles", "type", "drafts", permanent(media.News, jpg(10))},
		{"permanent video without a title", "type", "AddVideo", permanent(media.Video, file("a.mp4", 10))},
		{"permanent image too large", "media", "10 MB", permanent(media.Image, jpg(10*mb+1))},
		{"permanent voice as wav", "", "", permanent(media.Voice, wechat.File{Name: "a.wav", ContentType: "audio/wav", Data: &zeros{size: 9}})},
		{"no title", "title", "empty", film("", "x", file("a.mp4", 10))},
		{"a title of two lines", "title", "control character", film("a\nb", "x", file("a.mp4", 10))},
		{"a mass video of nothing", "media_id", "empty", func(m s) error { _, err := m.MassVideo(t.Context(), "", "a", "b"); return err }},
		{"an introduction too long", "introduction", "the limit is 512", film("x", strings.Repeat("茶", 513), file("a.mp4", 10))},
		{"a film too large", "media", "10 MB", film("x", "", file("a.mp4", 10*mb+1))},
		{"a picture of one MB", "media", "limit", picture(jpg(mb))},
		{"a picture of less", "", "", picture(jpg(mb - 1))},
		{"a gif as picture", "filename", ".png", picture(file("8fA3.gif", 10))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m, c := newService(t, `{"media_id":"M1","url":"http://x.example/"}`)
			err := tt.call(m)
			if tt.field == "" {
				require.NoError(t, err)
				assert.Len(t, c.asked, 1)
				return
			}
			var f *wechat.FieldError
			require.ErrorAs(t, err, &f)
			assert.Equal(t, tt.field, f.Field)
			assert.Contains(t, f.Problem, tt.says)
			assert.NotContains(t, err.Error(), "8fA3")
			assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
			assert.Empty(t, c.asked)
		})
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error)       { return 0, errors.New("broken") }
func (broken) Seek(int64, int) (int64, error) { return 0, errors.New("broken") }

func TestFilesAreStreamed(t *testing.T) {
	t.Parallel()
	type s = *media.Service
	opens := map[string]struct {
		call func(m s, id string) (*wechat.Stream, error)
		asks string
	}{
		"temporary": {func(m s, id string) (*wechat.Stream, error) { return m.Open(t.Context(), id) },
			"GET https://api.weixin.qq.com/cgi-bin/media/get?access_token=TOKEN&media_id=M1"},
		"voice": {func(m s, id string) (*wechat.Stream, error) { return m.OpenVoice(t.Context(), id) },
			"GET https://api.weixin.qq.com/cgi-bin/media/get/jssdk?access_token=TOKEN&media_id=M1"},
		"permanent": {func(m s, id string) (*wechat.Stream, error) { return m.OpenMaterial(t.Context(), id) },
			`POST https://api.weixin.qq.com/cgi-bin/material/get_material?access_token=TOKEN {"media_id":"M1"}`},
	}
	for name, o := range opens {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, mock := &counter{}, httpmock.NewMockTransport()
			mock.RegisterNoResponder(func(r *http.Request) (*http.Response, error) {
				if _, err := c.respond(r); err != nil {
					return nil, err
				}
				res := httpmock.NewBytesResponse(200, []byte("\xff\xd8picture"))
				res.Header.Set("Content-Type", "image/jpeg")
				res.Header.Set("Content-Disposition", `attachment; filename="M1.jpg"`)
				return res, nil
			})
			app, err := wechat.NewApp("wx1234567890abcdef", purse{}, wechat.WithTransport(&http.Client{Transport: mock}))
			require.NoError(t, err)
			stream, err := o.call(media.New(app), "M1")
			require.NoError(t, err)
			var b bytes.Buffer
			_, err = b.ReadFrom(stream)
			require.NoError(t, err)
			require.NoError(t, stream.Close())
			assert.Equal(t, "\xff\xd8picture image/jpeg M1.jpg", b.String()+" "+stream.ContentType+" "+stream.FileName)
			assert.Equal(t, []string{o.asks}, c.asked)

			m, _ := newService(t, `{"errcode":40007,"errmsg":"invalid media_id"}`)
			_, err = o.call(m, "M1")
			require.ErrorIs(t, err, media.ErrMediaID)
			m, _ = newService(t, `{"video_url":"http://v.example/1"}`)
			_, err = o.call(m, "M1")
			require.ErrorContains(t, err, "not a file")
			m, c = newService(t, `{}`)
			_, err = o.call(m, "")
			var f *wechat.FieldError
			require.ErrorAs(t, err, &f)
			assert.Equal(t, "media_id", f.Field)
			assert.Empty(t, c.asked)
		})
	}
}

func TestListsAreChecked(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, field   string
		kind          media.Kind
		offset, count int
	}{
		{"no kind", "type", "", 0, 20}, {"negative", "offset", media.Image, -1, 20},
		{"none", "count", media.Image, 0, 0}, {"21", "count", media.Image, 0, 21},
	} {
		m, c := newService(t, `{}`)
		_, err := m.List(t.Context(), tt.kind, tt.offset, tt.count)
		var f *wechat.FieldError
		require.ErrorAs(t, err, &f, tt.name)
		assert.Equal(t, tt.field, f.Field)
		assert.Empty(t, c.asked)
	}
}
