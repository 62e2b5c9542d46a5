package user_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/user"
)

const (
	ok    = `{"errcode":0,"errmsg":"ok","new":1}`
	query = "?access_token=TOKEN"

	profile = `{"subscribe":1,"openid":"o1","unionid":"u1","language":"","subscribe_time":1434093047,"remark":"老客","groupid":2,"tagid_list":[128,2],
		"subscribe_scene":"ADD_SCENE_HOLOGRAM","qr_scene":98765,"qr_scene_str":"poster-1","nickname":"withdrawn","new":{}}`
)

func wanted() user.Profile {
	return user.Profile{Subscribe: 1, OpenID: "o1", UnionID: "u1", SubscribeTime: 1434093047, Remark: "老客", GroupID: 2, TagIDs: []int64{128, 2},
		Scene: "ADD_SCENE_HOLOGRAM", QRScene: 98765, QRSceneText: "poster-1"}
}

func none(err error) (any, error) { return nil, err }

// pointer is what p points to, and nil in place of a nil pointer.
func pointer[T any](p *T, err error) (any, error) {
	if p == nil {
		return nil, err
	}
	return *p, err
}

// list is all, and nil in place of nothing.
func list[T any](all []T, err error) (any, error) {
	if all == nil {
		return nil, err
	}
	return all, err
}

func TestEndpoints(t *testing.T) {
	t.Parallel()
	page := user.Page{Total: 23000, Count: 2, Data: user.IDs{OpenIDs: []string{"o1", "o2"}}, Next: "o2"}
	const pageText = `{"total":23000,"count":2,"data":{"openid":["o1","o2"],"new":1},"next_openid":"o2"}`
	type s = *user.Service
	for _, e := range []endpoint{
		{"get", func(ctx context.Context, u s) (any, error) { return pointer(u.Get(ctx, "o1")) },
			"GET /cgi-bin/user/info" + query + "&openid=o1&lang=zh_CN", profile, wanted(), user.ErrOpenID},
		{"batch", func(ctx context.Context, u s) (any, error) { return list(u.Batch(ctx, "o1", "o2")) },
			"POST /cgi-bin/user/info/batchget" + query + ` {"user_list":[{"openid":"o1","lang":"zh_CN"},{"openid":"o2","lang":"zh_CN"}]}`,
			`{"user_info_list":[` + profile + `,{"subscribe":0,"openid":"o2"}]}`, []user.Profile{wanted(), {OpenID: "o2"}}, user.ErrListSize},
		{"remark", func(ctx context.Context, u s) (any, error) { return none(u.Remark(ctx, "o1", "老<客>")) },
			"POST /cgi-bin/user/info/updateremark" + query + ` {"openid":"o1","remark":"老<客>"}`, ok, nil, user.ErrForeign},
		{"followers", func(ctx context.Context, u s) (any, error) { return pointer(u.ListFollowers(ctx, "o0")) },
			"GET /cgi-bin/user/get" + query + "&next_openid=o0", pageText, page, wechat.ErrDailyQuota},
		{"first followers", func(ctx context.Context, u s) (any, error) { return pointer(u.ListFollowers(ctx, "")) },
			"GET /cgi-bin/user/get" + query, pageText, page, wechat.ErrDailyQuota},
		{"blacklist", func(ctx context.Context, u s) (any, error) { return pointer(u.ListBlocked(ctx, "")) },
			"POST /cgi-bin/tags/members/getblacklist" + query + ` {"begin_openid":""}`, pageText, page, wechat.ErrUnauthorized},
		{"block", func(ctx context.Context, u s) (any, error) { return none(u.Block(ctx, "o1", "o2")) },
			"POST /cgi-bin/tags/members/batchblacklist" + query + ` {"openid_list":["o1","o2"]}`, ok, nil, user.ErrOpenID},
		{"unblock", func(ctx context.Context, u s) (any, error) { return none(u.Unblock(ctx, "o1")) },
			"POST /cgi-bin/tags/members/batchunblacklist" + query + ` {"openid_list":["o1"]}`, ok, nil, user.ErrOpenID},
		{"create a tag", func(ctx context.Context, u s) (any, error) { return pointer(u.CreateTag(ctx, "广东")) },
			"POST /cgi-bin/tags/create" + query + ` {"tag":{"name":"广东"}}`, `{"tag":{"id":134,"name":"广东","new":1}}`, user.Tag{ID: 134, Name: "广东"}, user.ErrTagName},
		{"list tags", func(ctx context.Context, u s) (any, error) { return list(u.Tags(ctx)) },
			"GET /cgi-bin/tags/get" + query, `{"tags":[{"id":1,"name":"黑名单","count":0},{"id":134,"name":"广东","count":5,"new":1}]}`,
			[]user.Tag{{ID: 1, Name: "黑名单"}, {ID: 134, Name: "广东", Count: 5}}, wechat.ErrUnauthorized},
		{"rename a tag", func(ctx context.Context, u s) (any, error) { return none(u.RenameTag(ctx, 134, "广东人")) },
			"POST /cgi-bin/tags/update" + query + ` {"tag":{"id":134,"name":"广东人"}}`, ok, nil, user.ErrSystemTag},
		{"delete a tag", func(ctx context.Context, u s) (any, error) { return none(u.DeleteTag(ctx, 134)) },
			"POST /cgi-bin/tags/delete" + query + ` {"tag":{"id":134}}`, ok, nil, user.ErrTagTooFull},
		{"members of a tag", func(ctx context.Context, u s) (any, error) { return pointer(u.ListTagMembers(ctx, 134, "o0")) },
			"POST /cgi-bin/user/tag/get" + query + ` {"tagid":134,"next_openid":"o0"}`, pageText, page, user.ErrTagID},
		{"tag", func(ctx context.Context, u s) (any, error) { return none(u.Tag(ctx, 134, "o1", "o2")) },
			"POST /cgi-bin/tags/members/batchtagging" + query + ` {"openid_list":["o1","o2"],"tagid":134}`, ok, nil, user.ErrTagged},
		{"untag", func(ctx context.Context, u s) (any, error) { return none(u.Untag(ctx, 134, "o1")) },
			"POST /cgi-bin/tags/members/batchuntagging" + query + ` {"openid_list":["o1"],"tagid":134}`, ok, nil, user.ErrListSize},
		{"tags of a user", func(ctx context.Context, u s) (any, error) { return list(u.TagsOf(ctx, "o1")) },
			"POST /cgi-bin/tags/getidlist" + query + ` {"openid":"o1"}`, `{"tagid_list":[134,2]}`, []int64{134, 2}, user.ErrForeign},
		{"change OpenIDs", func(ctx context.Context, u s) (any, error) { return list(u.ChangeOpenIDs(ctx, "gh_1", "o1", "o2")) },
			"POST /cgi-bin/changeopenid" + query + ` {"from_appid":"gh_1","openid_list":["o1","o2"]}`,
			`{"errcode":0,"errmsg":"ok","result_list":[{"ori_openid":"o1","new_openid":"n1","err_msg":"ok"},{"ori_openid":"o2","err_msg":"ori_openid error"}]}`,
			[]user.Changed{{Old: "o1", New: "n1", Message: "ok"}, {Old: "o2", Message: "ori_openid error"}}, "63178"},
	} {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			e.test(t)
		})
	}
}

func TestTheTagsNumberUnderBothNames(t *testing.T) {
	t.Parallel()
	app, c := newApp(t, wechat.NoRetry, `{"count":0}`)
	_, err := user.New(app, user.WithBothTagNames()).ListTagMembers(t.Context(), 0, "")
	require.NoError(t, err)
	assert.Equal(t, []string{`POST https://api.weixin.qq.com/cgi-bin/user/tag/get?access_token=TOKEN {"tagid":0,"tag_id":0,"next_openid":""}`}, c.asked)
}

// Only what cannot be done twice is done once.
func TestWhatIsRepeated(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		call  func(u *user.Service) error
		tries int
	}{
		"create a tag": {func(u *user.Service) error { _, err := u.CreateTag(t.Context(), "VIP"); return err }, 1},
		"tag":          {func(u *user.Service) error { return u.Tag(t.Context(), 1, "o1") }, 3},
		"remark":       {func(u *user.Service) error { return u.Remark(t.Context(), "o1", "") }, 3},
		"batch":        {func(u *user.Service) error { _, err := u.Batch(t.Context(), "o1"); return err }, 3},
	} {
		app, c := newApp(t, thrice, `{"errcode":-1,"errmsg":"system error"}`)
		require.ErrorIs(t, tt.call(user.New(app)), wechat.ErrBusy, name)
		assert.Len(t, c.asked, tt.tries, name)
	}
}
