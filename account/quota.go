package account

import (
	"context"
	"errors"
	"strings"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
	"github.com/wxcommerce/wechat/seal"
)

// Quota is what an account may do with one endpoint.
type Quota struct {
	Daily     Daily `json:"quota"`
	Rate      Rate  `json:"rate_limit"`           // zero if there is none
	Component Rate  `json:"component_rate_limit"` // of a third-party platform
}

// Daily is the quota of a day, which ends at midnight in Beijing.
type Daily struct {
	Limit  int64 `json:"daily_limit"`
	Used   int64 `json:"used"`
	Remain int64 `json:"remain"`
}

// Rate is how many calls are allowed in how many seconds.
type Rate struct {
	Calls   int64 `json:"call_count"`
	Seconds int64 `json:"refresh_second"`
}

type pathRequest struct {
	Path string `json:"cgi_path"`
}

// Validate checks the path.
func (r pathRequest) Validate() error {
	var f check.Fields
	f.ID("cgi_path", r.Path, 256)
	f.Must(strings.HasPrefix(r.Path, "/") && !strings.Contains(r.Path, "?"), "cgi_path", "must begin with a slash and have no query, such as /cgi-bin/user/get (%d bytes)", len(r.Path))
	return f.Err()
}

// Quota tells what is left of an endpoint's quota. path is without host and query,
// such as "/cgi-bin/message/custom/send"; the paths under /sns are not known to it.
//
// 查询API调用额度
func (s *Service) Quota(ctx context.Context, path string) (*Quota, error) {
	return wechat.Call[Quota](ctx, s.app, wechat.POST("/cgi-bin/openapi/quota/get").ReadOnly().Sealable(), pathRequest{path})
}

// Reset gives one endpoint its quota of the day back. An account may do it 50 times a
// month, so it is not repeated.
//
// 重置指定API调用次数
func (s *Service) Reset(ctx context.Context, path string) error {
	_, err := wechat.Call[wechat.None](ctx, s.app, wechat.POST("/cgi-bin/openapi/quota/clear"), pathRequest{path})
	return err
}

type resetRequest struct {
	AppID string `json:"appid"`
}

// ResetAll gives every endpoint its quota of the day back. An account may do it ten
// times a month, ResetBySecret included (ErrResets), so it is not repeated.
//
// 重置API调用次数
func (s *Service) ResetAll(ctx context.Context) error {
	_, err := wechat.Call[wechat.None](ctx, s.app, wechat.POST("/cgi-bin/clear_quota").Sealable(), resetRequest{s.app.ID()})
	return err
}

type secretRequest struct {
	AppID  string `json:"appid"`
	Secret string `json:"appsecret"`
}

// Validate demands the secret.
func (r secretRequest) Validate() error { return checkSecret(r.Secret) }

type secretQuery struct {
	AppID  string `json:"-" query:"appid"`
	Secret string `json:"-" query:"appsecret"`
}

// Validate demands the secret.
func (r secretQuery) Validate() error { return checkSecret(r.Secret) }

func checkSecret(secret string) error {
	var f check.Fields
	f.ID("appsecret", secret, 256)
	return f.Err()
}

// ResetBySecret is ResetAll for an account that has used up even its quota of tokens:
// it needs none. See WithSecretInQuery for a doubt about how it is sent.
//
// 使用AppSecret重置API调用次数
func (s *Service) ResetBySecret(ctx context.Context, secret seal.Key) error {
	var in any = secretRequest{s.app.ID(), string(secret.Bytes())}
	if s.inQuery {
		in = secretQuery{s.app.ID(), string(secret.Bytes())}
	}
	_, err := wechat.Call[wechat.None](ctx, s.app, wechat.POST("/cgi-bin/clear_quota/v2").NoToken(), in)
	return without(err, secret)
}

// without takes the secret out of what WeChat said, if it was so kind to repeat it.
func without(err error, secret seal.Key) error {
	var api *wechat.APIError
	if errors.As(err, &api) {
		api.Message = strings.ReplaceAll(api.Message, string(secret.Bytes()), "***")
	}
	return err
}
