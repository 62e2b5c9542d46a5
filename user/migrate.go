package user

import (
	"context"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

// Changed is what became of an OpenID when the account moved.
type Changed struct {
	Old     string `json:"ori_openid"`
	New     string `json:"new_openid"` // empty where Message is not ok
	Message string `json:"err_msg"`    // ok, or why there is no new one
}

type changeRequest struct {
	From    string   `json:"from_appid"`
	OpenIDs []string `json:"openid_list"`
}

// Validate checks both fields.
func (r changeRequest) Validate() error {
	var f check.Fields
	f.ID("from_appid", r.From, 64)
	if err := f.Err(); err != nil {
		return err
	}
	return checkList("openid_list", r.OpenIDs, 100)
}

type changes struct {
	Results []Changed `json:"result_list"`
}

// ChangeOpenIDs translates up to 100 OpenIDs of the account this one was moved from;
// the App is the new account's. from names the old account: by its app id, or by its
// original id (gh_…), the documents are not of one mind. It works until 15 days after
// the move, for users who followed the old account; get its list before it moves.
//
// 转换openid
func (s *Service) ChangeOpenIDs(ctx context.Context, from string, openIDs ...string) ([]Changed, error) {
	out, err := wechat.Call[changes](ctx, s.app, wechat.POST("/cgi-bin/changeopenid").ReadOnly(), changeRequest{from, openIDs})
	if err != nil {
		return nil, err
	}
	return out.Results, nil
}
