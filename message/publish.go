package message

import (
	"context"
	"iter"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

// Publication is a publishing job that WeChat has accepted.
type Publication struct {
	JobID     JobID `json:"publish_id"`
	MsgDataID ID    `json:"msg_data_id"`
}

// Validate refuses an answer without the job.
func (p *Publication) Validate() error {
	if p.JobID == "" {
		return wechat.Invalid("publish_id", "is missing in the answer")
	}
	return nil
}

// Publish makes the permanent page of a draft. It tells no follower and uses no
// quota of mass messages; the draft goes away. No error means that the job was
// accepted: how it ends, PublishStatus and the event PUBLISHJOBFINISH tell. There
// is no key: after an Unknown outcome look at Published before trying again.
//
// 发布草稿
func (s *Service) Publish(ctx context.Context, draft string) (*Publication, error) {
	return wechat.Call[Publication](ctx, s.app, wechat.POST("/cgi-bin/freepublish/submit"), draftRef{draft})
}

// PublishState says where a publishing job is.
type PublishState int

// The states of a publishing job.
const (
	PublishDone     PublishState = 0
	PublishRunning  PublishState = 1
	PublishCopied   PublishState = 2 // it is not original
	PublishFailed   PublishState = 3
	PublishRejected PublishState = 4 // by WeChat's audit
	PublishDeleted  PublishState = 5 // published, then deleted by the account
	PublishBanned   PublishState = 6 // published, then taken away by WeChat
)

// PublishStatus is a publishing job and its state.
type PublishStatus struct {
	JobID     JobID        `json:"publish_id"`
	State     PublishState `json:"publish_status"`
	ArticleID string       `json:"article_id"` // once it is done; for Article and Published
	Detail    struct {
		Count int             `json:"count"`
		Items []PublishedPage `json:"item"`
	} `json:"article_detail"`
	Failed []int `json:"fail_idx"` // which articles, from 1
}

// PublishedPage is the permanent page of one article.
type PublishedPage struct {
	Index int    `json:"idx"` // from 1
	URL   string `json:"article_url"`
}

type jobRef struct {
	JobID JobID `json:"publish_id"`
}

func (r jobRef) Validate() error {
	var f check.Fields
	f.ID("publish_id", string(r.JobID), 64)
	return f.Err()
}

// PublishStatus asks where a publishing job is.
//
// 发布状态查询
func (s *Service) PublishStatus(ctx context.Context, job JobID) (*PublishStatus, error) {
	return wechat.Call[PublishStatus](ctx, s.app, wechat.POST("/cgi-bin/freepublish/get").ReadOnly(), jobRef{job})
}

type articleRef struct {
	ArticleID string `json:"article_id"`
	Index     int    `json:"index,omitempty"`
}

func (r articleRef) Validate() error {
	var f check.Fields
	f.ID("article_id", r.ArticleID, 256)
	f.Must(r.Index >= 0, "index", "must be 0 for all articles, or count from 1")
	return f.Err()
}

// DeletePublished takes a published article away for good: the one at index,
// counted from 1, or all of them if index is 0.
//
// 删除发布文章
func (s *Service) DeletePublished(ctx context.Context, articleID string, index int) error {
	_, err := wechat.Call[wechat.None](ctx, s.app, wechat.POST("/cgi-bin/freepublish/delete"), articleRef{articleID, index})
	return err
}

// Published returns the articles that were published together.
//
// 获取已发布图文信息
func (s *Service) Published(ctx context.Context, articleID string) ([]Saved, error) {
	out, err := wechat.Call[Posts](ctx, s.app, wechat.POST("/cgi-bin/freepublish/getarticle").ReadOnly(), articleRef{ArticleID: articleID})
	if err != nil {
		return nil, err
	}
	return out.Items, nil
}

// SavedArticle is one publication of a list.
type SavedArticle struct {
	ArticleID string `json:"article_id"`
	Updated   Moment `json:"update_time"`
	Content   Posts  `json:"content"`
}

// ArticlePage is one page of publications.
type ArticlePage struct {
	Total int            `json:"total_count"`
	Items []SavedArticle `json:"item"`
}

// ListPublished returns one page of what is published.
//
// 获取已发布的消息列表
func (s *Service) ListPublished(ctx context.Context, r ListRequest) (*ArticlePage, error) {
	return wechat.Call[ArticlePage](ctx, s.app, wechat.POST("/cgi-bin/freepublish/batchget").ReadOnly(), r.full())
}

// AllPublished walks all that is published, with or without its content.
func (s *Service) AllPublished(ctx context.Context, content bool) iter.Seq2[SavedArticle, error] {
	return wechat.Pages(ctx, func(ctx context.Context, offset int) ([]SavedArticle, int, error) {
		page, err := s.ListPublished(ctx, ListRequest{Offset: offset, NoContent: Bit(!content)})
		if err != nil {
			return nil, 0, err
		}
		return page.Items, page.Total, nil
	})
}
