package user

import (
	"context"
	"fmt"
	"iter"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

// Page is a part of a list of users. The next one begins after Next; the list has
// ended when Count is 0 or Next is empty.
type Page struct {
	Total int    `json:"total"` // 0 where WeChat does not tell
	Count int    `json:"count"`
	Data  IDs    `json:"data"`
	Next  string `json:"next_openid"`
}

// IDs are the users of a Page.
type IDs struct {
	OpenIDs []string `json:"openid"`
}

// walk follows the pages that fetch gives until one is empty, or leads nowhere new.
func walk(ctx context.Context, fetch func(ctx context.Context, next string) (*Page, error)) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for next := ""; ; {
			p, err := fetch(ctx, next)
			if err != nil {
				yield("", err)
				return
			}
			for _, id := range p.Data.OpenIDs {
				if !yield(id, nil) {
					return
				}
			}
			if len(p.Data.OpenIDs) == 0 || p.Next == "" || p.Next == next {
				return
			}
			next = p.Next
		}
	}
}

type followersRequest struct {
	Next string `query:"next_openid"`
}

// ListFollowers gives up to 10,000 followers, those after next; "" begins.
//
// 获取关注用户列表
func (s *Service) ListFollowers(ctx context.Context, next string) (*Page, error) {
	return wechat.Call[Page](ctx, s.app, wechat.GET("/cgi-bin/user/get"), followersRequest{next})
}

// Followers walks all followers. An error is the last thing it yields. An account may
// ask for 500 pages a day.
func (s *Service) Followers(ctx context.Context) iter.Seq2[string, error] {
	return walk(ctx, s.ListFollowers)
}

type blacklistRequest struct {
	Begin string `json:"begin_openid"`
}

// ListBlocked gives some of the blocked users, those after next; "" begins.
//
// 获取公众号的黑名单列表
func (s *Service) ListBlocked(ctx context.Context, next string) (*Page, error) {
	return wechat.Call[Page](ctx, s.app, wechat.POST("/cgi-bin/tags/members/getblacklist").ReadOnly(), blacklistRequest{next})
}

// Blocked walks all blocked users. An error is the last thing it yields.
func (s *Service) Blocked(ctx context.Context) iter.Seq2[string, error] {
	return walk(ctx, s.ListBlocked)
}

type blockRequest struct {
	OpenIDs []string `json:"openid_list"`
}

// Validate checks number and form of the OpenIDs.
func (r blockRequest) Validate() error { return checkList("openid_list", r.OpenIDs, 20) }

// Block blocks up to 20 users: the account hears nothing from them any more.
//
// 拉黑用户
func (s *Service) Block(ctx context.Context, openIDs ...string) error {
	_, err := wechat.Call[wechat.None](ctx, s.app, wechat.POST("/cgi-bin/tags/members/batchblacklist").Keyed(), blockRequest{openIDs})
	return err
}

// Unblock ends Block for up to 20 users.
//
// 取消拉黑用户
func (s *Service) Unblock(ctx context.Context, openIDs ...string) error {
	_, err := wechat.Call[wechat.None](ctx, s.app, wechat.POST("/cgi-bin/tags/members/batchunblacklist").Keyed(), blockRequest{openIDs})
	return err
}

// checkList checks a list of one to most OpenIDs.
func checkList(field string, ids []string, most int) error {
	var f check.Fields
	f.Must(len(ids) >= 1 && len(ids) <= most, field, "has %d entries, want 1 to %d", len(ids), most)
	for i, id := range ids {
		f.ID(fmt.Sprintf("%s[%d]", field, i), id, 64)
	}
	return f.Err()
}
