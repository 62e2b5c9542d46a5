package message

import (
	"context"
	"fmt"
	"iter"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

type addDraftRequest struct {
	Posts []Post `json:"articles"`
}

const maxPosts = 8

func (r addDraftRequest) Validate() error {
	var f check.Fields
	f.Must(len(r.Posts) >= 1 && len(r.Posts) <= maxPosts, "articles", "has %d articles, want 1 to %d", len(r.Posts), maxPosts)
	for i, p := range r.Posts {
		p.check(&f, fmt.Sprintf("articles[%d].", i))
	}
	return f.Err()
}

type draftRef struct {
	MediaID string `json:"media_id"`
}

func (r draftRef) Validate() error {
	var f check.Fields
	f.ID("media_id", r.MediaID, 256)
	return f.Err()
}

// AddDraft keeps one to eight articles as a draft and returns its media id, for
// MPNews and Publish, either of which takes it out of the drafts. Doing it twice
// makes two drafts.
//
// 新增草稿
func (s *Service) AddDraft(ctx context.Context, posts ...Post) (mediaID string, err error) {
	out, err := wechat.Call[draftRef](ctx, s.app, wechat.POST("/cgi-bin/draft/add"), addDraftRequest{posts})
	if err != nil {
		return "", err
	}
	return out.MediaID, nil
}

// Draft returns the articles of a draft.
//
// 获取草稿详情
func (s *Service) Draft(ctx context.Context, mediaID string) ([]Saved, error) {
	out, err := wechat.Call[Posts](ctx, s.app, wechat.POST("/cgi-bin/draft/get").ReadOnly(), draftRef{mediaID})
	if err != nil {
		return nil, err
	}
	return out.Items, nil
}

type updateDraftRequest struct {
	MediaID string `json:"media_id"`
	Index   int    `json:"index"`
	Post    Post   `json:"articles"` // one object, in spite of its name
}

func (r updateDraftRequest) Validate() error {
	var f check.Fields
	f.ID("media_id", r.MediaID, 256)
	f.Must(r.Index >= 0 && r.Index < maxPosts, "index", "must be 0 to %d, the place of the article in the draft", maxPosts-1)
	r.Post.check(&f, "articles.")
	return f.Err()
}

// UpdateDraft replaces the article at index of a draft, the first at 0.
//
// 更新草稿
func (s *Service) UpdateDraft(ctx context.Context, mediaID string, index int, p Post) error {
	_, err := wechat.Call[wechat.None](ctx, s.app, wechat.POST("/cgi-bin/draft/update"), updateDraftRequest{mediaID, index, p})
	return err
}

// DeleteDraft deletes a draft for good.
//
// 删除草稿
func (s *Service) DeleteDraft(ctx context.Context, mediaID string) error {
	_, err := wechat.Call[wechat.None](ctx, s.app, wechat.POST("/cgi-bin/draft/delete"), draftRef{mediaID})
	return err
}

type total struct {
	Count int `json:"total_count"`
}

// CountDrafts returns how many drafts there are.
//
// 获取草稿的总数
func (s *Service) CountDrafts(ctx context.Context) (int, error) {
	out, err := wechat.Call[total](ctx, s.app, wechat.GET("/cgi-bin/draft/count"), nil)
	if err != nil {
		return 0, err
	}
	return out.Count, nil
}

// ListRequest asks for one page of drafts or of published articles.
type ListRequest struct {
	Offset    int `json:"offset"`
	Count     int `json:"count"` // 1 to 20, and 20 if 0
	NoContent Bit `json:"no_content"`
}

const pageSize = 20

// Validate checks what needs no network.
func (r ListRequest) Validate() error {
	var f check.Fields
	f.Must(r.Offset >= 0, "offset", "must not be negative")
	f.Must(r.Count >= 1 && r.Count <= pageSize, "count", "must be 1 to %d", pageSize)
	return f.Err()
}

func (r ListRequest) full() ListRequest {
	if r.Count == 0 {
		r.Count = pageSize
	}
	return r
}

// SavedDraft is one draft of a list.
type SavedDraft struct {
	MediaID string `json:"media_id"`
	Updated Moment `json:"update_time"`
	Content Posts  `json:"content"`
}

// DraftPage is one page of drafts.
type DraftPage struct {
	Total int          `json:"total_count"`
	Items []SavedDraft `json:"item"`
}

// ListDrafts returns one page of drafts.
//
// 获取草稿列表
func (s *Service) ListDrafts(ctx context.Context, r ListRequest) (*DraftPage, error) {
	return wechat.Call[DraftPage](ctx, s.app, wechat.POST("/cgi-bin/draft/batchget").ReadOnly(), r.full())
}

// Drafts walks all drafts, with or without their content. Drafts that are added or
// deleted meanwhile may shift the pages.
func (s *Service) Drafts(ctx context.Context, content bool) iter.Seq2[SavedDraft, error] {
	return wechat.Pages(ctx, func(ctx context.Context, offset int) ([]SavedDraft, int, error) {
		page, err := s.ListDrafts(ctx, ListRequest{Offset: offset, NoContent: Bit(!content)})
		if err != nil {
			return nil, 0, err
		}
		return page.Items, page.Total, nil
	})
}
