package media

import (
	"context"
	"strings"
	"unicode"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
	"github.com/wxcommerce/wechat/internal/wire"
)

// Material is a file that WeChat keeps until it is deleted.
type Material struct {
	MediaID string `json:"media_id"`
	URL     string `json:"url"` // of an image, for use inside of WeChat
}

// Validate demands an id.
func (m Material) Validate() error { return checkID(m.MediaID) }

// Add stores an image, a voice or a thumb for good; AddVideo stores videos. An account
// may keep 100,000 images and articles, and 1000 of each other kind. It is not
// repeated.
//
// 上传永久素材
func (s *Service) Add(ctx context.Context, kind Kind, f wechat.File) (*Material, error) {
	return wechat.Upload[Material](ctx, s.app, wechat.POST("/cgi-bin/material/add_material"), material{upload{Kind: kind, File: f}}, f)
}

// material is an upload that is no video.
type material struct{ upload }

// Validate checks kind and size.
func (m material) Validate() error {
	if m.Kind == Video {
		return wechat.Invalid("type", "is video: AddVideo tells its title as well")
	}
	return m.upload.Validate()
}

// film is a video with its description.
type film struct {
	upload
	about description
}

type description struct {
	Title        string `json:"title"`
	Introduction string `json:"introduction"`
}

// Validate checks title and size.
func (v film) Validate() error {
	var f check.Fields
	f.Must(v.about.Title != "", "title", "is empty but required")
	checkTitle(&f, v.about.Title)
	f.Words("introduction", v.about.Introduction, 512)
	if err := f.Err(); err != nil {
		return err
	}
	return v.upload.Validate()
}

// checkTitle lets emoji pass, which only WeChat Pay refuses.
func checkTitle(f *check.Fields, title string) {
	f.Words("title", title, 64)
	f.Must(!strings.ContainsFunc(title, unicode.IsControl), "title", "has a control character, such as a line break or a tab: leave it out")
}

// AddVideo stores a video for good, with a title and an introduction that users see.
//
// 上传永久素材
func (s *Service) AddVideo(ctx context.Context, title, introduction string, f wechat.File) (*Material, error) {
	about := description{title, introduction}
	text, err := wire.JSON(about)
	if err != nil {
		return nil, err
	}
	f.Parts = append(f.Parts[:len(f.Parts):len(f.Parts)], wechat.Part{Name: "description", Text: string(text)})
	return wechat.Upload[Material](ctx, s.app, wechat.POST("/cgi-bin/material/add_material"), film{upload{Kind: Video, File: f}, about}, f)
}

// OpenMaterial streams permanent material; the caller closes it. For a video and for
// articles WeChat answers with a description, which is an error here: use
// MaterialVideo and MaterialNews.
//
// 获取永久素材
func (s *Service) OpenMaterial(ctx context.Context, mediaID string) (*wechat.Stream, error) {
	return wechat.Open(ctx, s.app, wechat.POST("/cgi-bin/material/get_material").ReadOnly(), idRequest{mediaID})
}

// Film is a video of the permanent material.
type Film struct {
	Title       string `json:"title"`
	Description string `json:"description"`
	DownURL     string `json:"down_url"` // to download from, without a token
}

// Validate demands an address.
func (f Film) Validate() error {
	var c check.Fields
	c.Must(f.DownURL != "", "down_url", "is missing")
	return c.Err()
}

// MaterialVideo tells about a permanent video.
//
// 获取永久素材
func (s *Service) MaterialVideo(ctx context.Context, mediaID string) (*Film, error) {
	return wechat.Call[Film](ctx, s.app, wechat.POST("/cgi-bin/material/get_material").ReadOnly(), idRequest{mediaID})
}

// Article is one article of permanent material. Articles are made as drafts.
type Article struct {
	Title            string `json:"title"`
	Author           string `json:"author"`
	Digest           string `json:"digest"`
	Content          string `json:"content"` // HTML
	ContentSourceURL string `json:"content_source_url"`
	ThumbMediaID     string `json:"thumb_media_id"`
	ThumbURL         string `json:"thumb_url"`
	ShowCoverPic     int    `json:"show_cover_pic"` // 1 if the text shows the cover
	URL              string `json:"url"`
}

// Articles are what one piece of material of the kind News holds.
type Articles struct {
	Items []Article `json:"news_item"`
}

// MaterialNews reads the articles of permanent material.
//
// 获取永久素材
func (s *Service) MaterialNews(ctx context.Context, mediaID string) ([]Article, error) {
	out, err := wechat.Call[Articles](ctx, s.app, wechat.POST("/cgi-bin/material/get_material").ReadOnly(), idRequest{mediaID})
	if err != nil {
		return nil, err
	}
	return out.Items, nil
}

// Delete removes permanent material. ErrInUse says that a menu or an automatic answer
// still needs it.
//
// 删除永久素材
func (s *Service) Delete(ctx context.Context, mediaID string) error {
	_, err := wechat.Call[wechat.None](ctx, s.app, wechat.POST("/cgi-bin/material/del_material").Keyed(), idRequest{mediaID})
	return err
}
