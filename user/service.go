package user

import (
	"context"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

// Service asks about the followers of one account. It is immutable and safe for
// concurrent use.
type Service struct {
	app  *wechat.App
	both bool
}

// New makes a Service. The App needs a TokenSource. wechat.ErrUnauthorized says that
// this kind of account may not call something.
func New(app *wechat.App, opts ...Option) *Service {
	s := &Service{app: app}
	for _, o := range opts {
		o(s)
	}
	return s
}

// Option changes how a Service works.
type Option func(*Service)

// WithBothTagNames makes TagMembers send the tag's number as tag_id beside tagid. One
// copy of the official documents prints that name, everything else tagid; use it if
// WeChat says that the number is missing.
func WithBothTagNames() Option { return func(s *Service) { s.both = true } }

// Scene is how a user came to follow the account. New ones pass through.
type Scene string

// The ways of today.
const (
	BySearch        Scene = "ADD_SCENE_SEARCH"
	ByMigration     Scene = "ADD_SCENE_ACCOUNT_MIGRATION" // came along from another account
	ByProfileCard   Scene = "ADD_SCENE_PROFILE_CARD"      // a card that somebody shared
	ByQRCode        Scene = "ADD_SCENE_QR_CODE"
	ByProfileLink   Scene = "ADD_SCENE_PROFILE_LINK" // the account's name inside an article
	ByProfileItem   Scene = "ADD_SCENE_PROFILE_ITEM" // the menu of an article
	ByPayment       Scene = "ADD_SCENE_PAID"         // after a payment
	ByAdvertisement Scene = "ADD_SCENE_WECHAT_ADVERTISEMENT"
	ByReprint       Scene = "ADD_SCENE_REPRINT"
	ByLivestream    Scene = "ADD_SCENE_LIVESTREAM"
	ByChannels      Scene = "ADD_SCENE_CHANNELS"
	ByMiniProgram   Scene = "ADD_SCENE_WXA"
	ByOthers        Scene = "ADD_SCENE_OTHERS"
)

// Profile is what WeChat tells of a user. Names, pictures and places are not part of
// it since the end of 2021; web authorization asks the user for them.
type Profile struct {
	Subscribe     int     `json:"subscribe"` // 1 for a follower; otherwise only OpenID is certain
	OpenID        string  `json:"openid"`
	UnionID       string  `json:"unionid"`        // if the account is bound to an open platform
	SubscribeTime int64   `json:"subscribe_time"` // seconds since 1970, of the last time
	Remark        string  `json:"remark"`         // see Service.Remark
	GroupID       int64   `json:"groupid"`        // from before there were tags
	TagIDs        []int64 `json:"tagid_list"`
	Scene         Scene   `json:"subscribe_scene"`
	QRScene       int64   `json:"qr_scene"`     // of the account's QR code, as a number
	QRSceneText   string  `json:"qr_scene_str"` // or as a text
}

// Follows reports whether the user follows the account.
func (p Profile) Follows() bool { return p.Subscribe == 1 }

type profileRequest struct {
	OpenID string `query:"openid"`
	Lang   string `query:"lang"`
}

// Validate demands an OpenID.
func (r profileRequest) Validate() error { return checkOpenID("openid", r.OpenID) }

func checkOpenID(field, value string) error {
	var f check.Fields
	f.ID(field, value, 64)
	return f.Err()
}

// Get tells about one user, follower or not.
//
// 获取用户基本信息
func (s *Service) Get(ctx context.Context, openID string) (*Profile, error) {
	return wechat.Call[Profile](ctx, s.app, wechat.GET("/cgi-bin/user/info"), profileRequest{openID, "zh_CN"})
}

type batchRequest struct {
	Users []batchUser `json:"user_list"`
}

type batchUser struct {
	OpenID string `json:"openid"`
	Lang   string `json:"lang"`
}

// Validate checks number and form of the OpenIDs.
func (r batchRequest) Validate() error {
	ids := make([]string, len(r.Users))
	for i, u := range r.Users {
		ids[i] = u.OpenID
	}
	return checkList("user_list", ids, 100)
}

type batch struct {
	Profiles []Profile `json:"user_info_list"`
}

// Batch tells about up to 100 users at once.
//
// 批量获取用户基本信息
func (s *Service) Batch(ctx context.Context, openIDs ...string) ([]Profile, error) {
	in := batchRequest{make([]batchUser, len(openIDs))}
	for i, id := range openIDs {
		in.Users[i] = batchUser{id, "zh_CN"}
	}
	out, err := wechat.Call[batch](ctx, s.app, wechat.POST("/cgi-bin/user/info/batchget").ReadOnly(), in)
	if err != nil {
		return nil, err
	}
	return out.Profiles, nil
}

type remarkRequest struct {
	OpenID string `json:"openid"`
	Remark string `json:"remark"`
}

// Validate checks both fields.
func (r remarkRequest) Validate() error {
	var f check.Fields
	f.ID("openid", r.OpenID, 64)
	f.Words("remark", r.Remark, 29)
	return f.Err()
}

// Remark sets the shop's own name for a user, less than 30 characters; "" takes it
// away. Only the shop sees it.
//
// 设置用户备注名
func (s *Service) Remark(ctx context.Context, openID, remark string) error {
	_, err := wechat.Call[wechat.None](ctx, s.app, wechat.POST("/cgi-bin/user/info/updateremark").Keyed(), remarkRequest{openID, remark})
	return err
}
