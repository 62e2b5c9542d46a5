package media

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

// Temporary is a file that WeChat keeps for three days. Its id may be used any number
// of times.
type Temporary struct {
	Kind      Kind
	MediaID   string
	CreatedAt time.Time
}

// Expires is when the file is gone.
func (t Temporary) Expires() time.Time { return t.CreatedAt.Add(72 * time.Hour) }

type uploaded struct {
	Kind         Kind   `json:"type"`
	MediaID      string `json:"media_id"`
	ThumbMediaID string `json:"thumb_media_id"` // in place of media_id, in some answers
	CreatedAt    int64  `json:"created_at"`
}

// Validate demands an id.
func (u uploaded) Validate() error { return checkID(cmp.Or(u.MediaID, u.ThumbMediaID)) }

// Upload stores a file for three days. Its name has to have the right extension. It is
// not repeated.
//
// 新增临时素材
func (s *Service) Upload(ctx context.Context, kind Kind, f wechat.File) (*Temporary, error) {
	return temporary(wechat.Upload[uploaded](ctx, s.app, wechat.POST("/cgi-bin/media/upload"), upload{kind, f, true}, f))
}

type massVideo struct {
	MediaID     string `json:"media_id"`
	Title       string `json:"title"`
	Description string `json:"description"`
}

// Validate checks all three fields.
func (v massVideo) Validate() error {
	var f check.Fields
	f.ID("media_id", v.MediaID, 256)
	checkTitle(&f, v.Title)
	f.Words("description", v.Description, 512)
	return f.Err()
}

// MassVideo makes a video that mass messages carry of one that Upload stored, with
// the title and description that users see, either of which may be empty: mass messages
// take the id it returns and no other. Both are temporary files. The documents tell of it where they describe
// mass messages. It is not repeated.
//
// 根据标签群发消息
func (s *Service) MassVideo(ctx context.Context, mediaID, title, description string) (*Temporary, error) {
	return temporary(wechat.Call[uploaded](ctx, s.app, wechat.POST("/cgi-bin/media/uploadvideo"), massVideo{mediaID, title, description}))
}

// temporary is what an answer about a new file says.
func temporary(out *uploaded, err error) (*Temporary, error) {
	if err != nil {
		return nil, err
	}
	return &Temporary{out.Kind, cmp.Or(out.MediaID, out.ThumbMediaID), time.Unix(out.CreatedAt, 0).In(wechat.Beijing)}, nil
}

// Open streams a temporary file; the caller closes it. For a video WeChat answers with
// an address instead, which is an error here: use Video.
//
// 获取临时素材
func (s *Service) Open(ctx context.Context, mediaID string) (*wechat.Stream, error) {
	return wechat.Open(ctx, s.app, wechat.GET("/cgi-bin/media/get"), idQuery{mediaID})
}

type videoAnswer struct {
	URL string `json:"video_url"`
}

// Validate demands an address.
func (v videoAnswer) Validate() error {
	var f check.Fields
	f.Must(v.URL != "", "video_url", "is missing")
	return f.Err()
}

// Video is the address that a temporary video can be downloaded from, without a token.
//
// 获取临时素材
func (s *Service) Video(ctx context.Context, mediaID string) (string, error) {
	out, err := wechat.Call[videoAnswer](ctx, s.app, wechat.GET("/cgi-bin/media/get"), idQuery{mediaID})
	if err != nil {
		return "", err
	}
	return out.URL, nil
}

// OpenVoice streams what a page recorded with the JS-SDK, as speex at 16 kHz; Open
// would give amr at 8 kHz. The caller closes it.
//
// 获取高清语音素材
func (s *Service) OpenVoice(ctx context.Context, mediaID string) (*wechat.Stream, error) {
	return wechat.Open(ctx, s.app, wechat.GET("/cgi-bin/media/get/jssdk"), idQuery{mediaID})
}

// picture is a file for the body of an article.
type picture struct {
	File wechat.File `json:"-"`
}

// Validate checks extension and size.
func (p picture) Validate() error {
	var f check.Fields
	f.Must(slices.Contains([]string{".jpg", ".jpeg", ".png"}, extension(p.File)), "filename", "has to end in .jpg, .jpeg or .png")
	checkSize(&f, p.File, mb-1)
	return f.Err()
}

type pictureAnswer struct {
	URL string `json:"url"`
}

// Validate demands an address.
func (p pictureAnswer) Validate() error {
	var f check.Fields
	f.Must(p.URL != "", "url", "is missing")
	return f.Err()
}

// UploadPicture stores a picture for the text of an article, which takes no others: a
// jpg or png of less than 1 MB. It returns the address.
//
// 上传图文消息图片
func (s *Service) UploadPicture(ctx context.Context, f wechat.File) (string, error) {
	out, err := wechat.Upload[pictureAnswer](ctx, s.app, wechat.POST("/cgi-bin/media/uploadimg"), picture{f}, f)
	if err != nil {
		return "", err
	}
	return out.URL, nil
}
