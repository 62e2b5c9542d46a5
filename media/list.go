package media

import (
	"context"
	"iter"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

// Counts is how much permanent material there is of each kind.
type Counts struct {
	Voice int `json:"voice_count"`
	Video int `json:"video_count"`
	Image int `json:"image_count"`
	News  int `json:"news_count"`
}

// Count tells how much permanent material there is.
//
// 获取永久素材总数
func (s *Service) Count(ctx context.Context) (*Counts, error) {
	return wechat.Call[Counts](ctx, s.app, wechat.GET("/cgi-bin/material/get_materialcount"), nil)
}

// Item is a piece of permanent material in a list.
type Item struct {
	MediaID    string   `json:"media_id"`
	Name       string   `json:"name"`
	UpdateTime int64    `json:"update_time"` // seconds since 1970
	URL        string   `json:"url"`         // of an image
	Content    Articles `json:"content"`     // of the kind News
}

// Page is a part of a list.
type Page struct {
	Total int    `json:"total_count"`
	Count int    `json:"item_count"`
	Items []Item `json:"item"`
}

type listRequest struct {
	Kind   Kind `json:"type"`
	Offset int  `json:"offset"`
	Count  int  `json:"count"`
}

// Validate checks all three fields.
func (r listRequest) Validate() error {
	var f check.Fields
	f.ID("type", string(r.Kind), 32)
	f.Must(r.Offset >= 0, "offset", "is %d, must not be negative", r.Offset)
	f.Must(r.Count >= 1 && r.Count <= 20, "count", "is %d, want 1 to 20", r.Count)
	return f.Err()
}

// List gives up to 20 pieces of one kind, newest first, beginning at offset.
//
// 获取永久素材列表
func (s *Service) List(ctx context.Context, kind Kind, offset, count int) (*Page, error) {
	return wechat.Call[Page](ctx, s.app, wechat.POST("/cgi-bin/material/batchget_material").ReadOnly(), listRequest{kind, offset, count})
}

// All walks the permanent material of one kind. An error is the last thing it yields.
func (s *Service) All(ctx context.Context, kind Kind) iter.Seq2[Item, error] {
	return wechat.Pages(ctx, func(ctx context.Context, offset int) ([]Item, int, error) {
		p, err := s.List(ctx, kind, offset, 20)
		if err != nil {
			return nil, 0, err
		}
		return p.Items, p.Total, nil
	})
}
