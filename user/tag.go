package user

import (
	"context"
	"errors"
	"iter"
	"strings"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

// Tag is a group of users. An account has up to 100 of them and a user up to 20. The
// numbers 0, 1 and 2 are WeChat's own (ErrSystemTag).
type Tag struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	Count int64  `json:"count"` // users in it; only Tags tells
}

type tagRequest struct {
	Tag tagFields `json:"tag"`
}

type tagFields struct {
	ID   *int64 `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// named is a tagRequest that has to name the tag.
type named struct{ tagRequest }

// Validate checks the name.
func (r named) Validate() error {
	var f check.Fields
	f.Must(strings.TrimSpace(r.Tag.Name) != "", "tag.name", "is empty but required")
	f.Words("tag.name", r.Tag.Name, 30)
	return f.Err()
}

type tagAnswer struct {
	Tag Tag `json:"tag"`
}

// Validate demands a tag.
func (a tagAnswer) Validate() error {
	if a.Tag == (Tag{}) {
		return errors.New("user: the answer holds no tag")
	}
	return nil
}

// CreateTag makes a tag of up to 30 characters. ErrTagName says that there is one of
// that name already. It is not repeated.
//
// 创建标签
func (s *Service) CreateTag(ctx context.Context, name string) (*Tag, error) {
	out, err := wechat.Call[tagAnswer](ctx, s.app, wechat.POST("/cgi-bin/tags/create"), named{tagRequest{tagFields{Name: name}}})
	if err != nil {
		return nil, err
	}
	return &out.Tag, nil
}

type tagList struct {
	Tags []Tag `json:"tags"`
}

// Tags lists the account's tags with the number of their users.
//
// 获取公众号已创建的标签
func (s *Service) Tags(ctx context.Context) ([]Tag, error) {
	out, err := wechat.Call[tagList](ctx, s.app, wechat.GET("/cgi-bin/tags/get"), nil)
	if err != nil {
		return nil, err
	}
	return out.Tags, nil
}

// RenameTag gives a tag another name of up to 30 characters.
//
// 编辑标签
func (s *Service) RenameTag(ctx context.Context, id int64, name string) error {
	_, err := wechat.Call[wechat.None](ctx, s.app, wechat.POST("/cgi-bin/tags/update").Keyed(), named{tagRequest{tagFields{&id, name}}})
	return err
}

// DeleteTag removes a tag. One with more than 100,000 users has to be emptied first
// (ErrTagTooFull).
//
// 删除标签
func (s *Service) DeleteTag(ctx context.Context, id int64) error {
	_, err := wechat.Call[wechat.None](ctx, s.app, wechat.POST("/cgi-bin/tags/delete").Keyed(), tagRequest{tagFields{ID: &id}})
	return err
}

type membersRequest struct {
	TagID   int64  `json:"tagid"`
	Another *int64 `json:"tag_id,omitempty"`
	Next    string `json:"next_openid"`
}

// ListTagMembers gives some of the users with a tag, those after next; "" begins. See
// WithBothTagNames for a doubt about how the number is sent.
//
// 获取标签下粉丝列表
func (s *Service) ListTagMembers(ctx context.Context, id int64, next string) (*Page, error) {
	in := membersRequest{TagID: id, Next: next}
	if s.both {
		in.Another = &id
	}
	return wechat.Call[Page](ctx, s.app, wechat.POST("/cgi-bin/user/tag/get").ReadOnly(), in)
}

// TagMembers walks all users with a tag. An error is the last thing it yields.
func (s *Service) TagMembers(ctx context.Context, id int64) iter.Seq2[string, error] {
	return walk(ctx, func(ctx context.Context, next string) (*Page, error) { return s.ListTagMembers(ctx, id, next) })
}

type tagging struct {
	OpenIDs []string `json:"openid_list"`
	TagID   int64    `json:"tagid"`
}

// Validate checks number and form of the OpenIDs.
func (r tagging) Validate() error { return checkList("openid_list", r.OpenIDs, 50) }

// Tag gives a tag to up to 50 users.
//
// 批量为用户打标签
func (s *Service) Tag(ctx context.Context, id int64, openIDs ...string) error {
	_, err := wechat.Call[wechat.None](ctx, s.app, wechat.POST("/cgi-bin/tags/members/batchtagging").Keyed(), tagging{openIDs, id})
	return err
}

// Untag takes a tag from up to 50 users.
//
// 批量为用户取消标签
func (s *Service) Untag(ctx context.Context, id int64, openIDs ...string) error {
	_, err := wechat.Call[wechat.None](ctx, s.app, wechat.POST("/cgi-bin/tags/members/batchuntagging").Keyed(), tagging{openIDs, id})
	return err
}

type tagsOfRequest struct {
	OpenID string `json:"openid"`
}

// Validate demands an OpenID.
func (r tagsOfRequest) Validate() error { return checkOpenID("openid", r.OpenID) }

type tagsOf struct {
	TagIDs []int64 `json:"tagid_list"`
}

// TagsOf lists the numbers of a user's tags.
//
// 获取用户身上的标签列表
func (s *Service) TagsOf(ctx context.Context, openID string) ([]int64, error) {
	out, err := wechat.Call[tagsOf](ctx, s.app, wechat.POST("/cgi-bin/tags/getidlist").ReadOnly(), tagsOfRequest{openID})
	if err != nil {
		return nil, err
	}
	return out.TagIDs, nil
}
