package qrcode_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/qrcode"
)

const (
	fine  = `{"errcode":0,"errmsg":"ok","new":1}`
	token = "?access_token=TOKEN"
)

func none(err error) (any, error) { return nil, err }

// pointer is what p points to, and nil in place of a nil pointer.
func pointer[T any](p *T, err error) (any, error) {
	if p == nil {
		return nil, err
	}
	return *p, err
}

type svc = *qrcode.Service

func TestTicketEndpoints(t *testing.T) {
	t.Parallel()
	const path = "POST /cgi-bin/qrcode/create" + token
	run(t, []endpoint{
		{"temporary text", func(ctx context.Context, s svc) (any, error) {
			return pointer(s.Temporary(ctx, qrcode.SceneText("order-0001"), 7*24*time.Hour))
		}, path + ` {"expire_seconds":604800,"action_name":"QR_STR_SCENE","action_info":{"scene":{"scene_str":"order-0001"}}}`,
			`{"ticket":"gQH+/A==","expire_seconds":604800,"url":"http://weixin.qq.com/q/EXAMPLE","new":1}`,
			qrcode.Ticket{Ticket: "gQH+/A==", Seconds: 604800, URL: "http://weixin.qq.com/q/EXAMPLE"}, qrcode.ErrScene},
		{"temporary number", func(ctx context.Context, s svc) (any, error) {
			return pointer(s.Temporary(ctx, qrcode.SceneID(4294967295), time.Second))
		}, path + ` {"expire_seconds":1,"action_name":"QR_SCENE","action_info":{"scene":{"scene_id":4294967295}}}`,
			`{"ticket":"T","expire_seconds":1,"url":"u"}`, qrcode.Ticket{Ticket: "T", Seconds: 1, URL: "u"}, wechat.ErrUnauthorized},
		{"permanent number", func(ctx context.Context, s svc) (any, error) {
			return pointer(s.Permanent(ctx, qrcode.SceneID(100000)))
		}, path + ` {"action_name":"QR_LIMIT_SCENE","action_info":{"scene":{"scene_id":100000}}}`,
			`{"ticket":"T","url":"u"}`, qrcode.Ticket{Ticket: "T", URL: "u"}, wechat.ErrDailyQuota},
		{"permanent text", func(ctx context.Context, s svc) (any, error) {
			return pointer(s.Permanent(ctx, qrcode.SceneText("海报<1>")))
		}, path + ` {"action_name":"QR_LIMIT_STR_SCENE","action_info":{"scene":{"scene_str":"海报<1>"}}}`,
			`{"ticket":"T","url":"u"}`, qrcode.Ticket{Ticket: "T", URL: "u"}, qrcode.ErrParameter},
	})
}

func TestLinkEndpoints(t *testing.T) {
	t.Parallel()
	at := time.Unix(1704100000, 0)
	target := qrcode.Target{Path: "pages/index", Query: "a=1&b=2", Version: qrcode.Trial}
	const (
		wxa     = `{"path":"pages/index","query":"a=1&b=2","env_version":"trial"}`
		details = `{"appid":"wx1","path":"p","query":"q","create_time":1704100000,"expire_time":1704186400,"env_version":"hologram","new":1}`
	)
	where := qrcode.Details{AppID: "wx1", Path: "p", Query: "q", CreateTime: 1704100000, ExpireTime: 1704186400, Version: "hologram"}
	run(t, []endpoint{
		{"short link", func(ctx context.Context, s svc) (any, error) {
			return s.ShortLink(ctx, qrcode.ShortLink{PageURL: "pages/a?x=1&y=2", PageTitle: "茶", Permanent: true})
		}, "POST /wxa/genwxashortlink" + token + ` {"page_url":"pages/a?x=1&y=2","page_title":"茶","is_permanent":true}`,
			`{"errcode":0,"link":"#小程序://Shop/AbCdEf"}`, "#小程序://Shop/AbCdEf", qrcode.ErrNoShortLink},
		{"shorten", func(ctx context.Context, s svc) (any, error) { return s.Shorten(ctx, "loooong <data>", 24*time.Hour) },
			"POST /cgi-bin/shorten/gen" + token + ` {"long_data":"loooong <data>","expire_seconds":86400}`,
			`{"errcode":0,"short_key":"iTqRJFSEqk9RvPk"}`, "iTqRJFSEqk9RvPk", wechat.ErrUnauthorized},
		{"expand", func(ctx context.Context, s svc) (any, error) { return pointer(s.Expand(ctx, "iTqRJFSEqk9RvPk")) },
			"POST /cgi-bin/shorten/fetch" + token + ` {"short_key":"iTqRJFSEqk9RvPk"}`,
			`{"long_data":"loooong","create_time":1704100000,"expire_seconds":86300,"new":1}`, qrcode.Long{Data: "loooong", CreateTime: 1704100000, Seconds: 86300}, "9410012"},
		{"scheme until", func(ctx context.Context, s svc) (any, error) {
			return s.Scheme(ctx, qrcode.Scheme{Target: target, Expiry: qrcode.Until(at)})
		}, "POST /wxa/generatescheme" + token + ` {"jump_wxa":` + wxa + `,"is_expire":true,"expire_type":0,"expire_time":1704100000}`,
			`{"openlink":"weixin://dl/business/?t=X"}`, "weixin://dl/business/?t=X", qrcode.ErrExpiry},
		{"scheme for days", func(ctx context.Context, s svc) (any, error) {
			return s.Scheme(ctx, qrcode.Scheme{Expiry: qrcode.Days(30)})
		}, "POST /wxa/generatescheme" + token + ` {"jump_wxa":{},"is_expire":true,"expire_type":1,"expire_interval":30}`,
			`{"openlink":"weixin://dl/business/?t=X"}`, "weixin://dl/business/?t=X", qrcode.ErrMayNotLink},
		{"scheme", func(ctx context.Context, s svc) (any, error) { return s.Scheme(ctx, qrcode.Scheme{}) },
			"POST /wxa/generatescheme" + token + ` {"jump_wxa":{},"is_expire":false}`, `{"openlink":"weixin://dl/business/?t=X"}`, "weixin://dl/business/?t=X", qrcode.ErrNoRelease},
		{"scheme for NFC", func(ctx context.Context, s svc) (any, error) {
			return s.NFC(ctx, qrcode.NFC{Target: target, ModelID: "m1", SN: "s1"})
		}, "POST /wxa/generatenfcscheme" + token + ` {"jump_wxa":` + wxa + `,"model_id":"m1","sn":"s1"}`,
			`{"openlink":"weixin://dl/business/?t=X"}`, "weixin://dl/business/?t=X", qrcode.ErrPath},
		{"query a scheme", func(ctx context.Context, s svc) (any, error) {
			return pointer(s.QueryScheme(ctx, "weixin://dl/business/?t=X", qrcode.AskDetails))
		}, "POST /wxa/queryscheme" + token + ` {"scheme":"weixin://dl/business/?t=X","query_type":0}`,
			`{"scheme_info":` + details + `,"quota_info":{"remain_visit_quota":7}}`, qrcode.SchemeState{Details: where, Visits: qrcode.Visits{Remain: 7}}, qrcode.ErrParameter},
		{"URL link", func(ctx context.Context, s svc) (any, error) {
			return s.URLLink(ctx, qrcode.URLLink{Target: target, Expiry: qrcode.Days(1), CloudBase: &qrcode.CloudBase{Env: "e", Domain: "d.example", Path: "/p", Query: "q=1", ResourceAppID: "wx2"}})
		}, "POST /wxa/generate_urllink" + token + ` {"path":"pages/index","query":"a=1&b=2","env_version":"trial","expire_type":1,"expire_interval":1,"cloud_base":{"env":"e","domain":"d.example","path":"/p","query":"q=1","resource_appid":"wx2"}}`,
			`{"url_link":"https://wxaurl.cn/X","new":1}`, "https://wxaurl.cn/X", qrcode.ErrLinksOfDay},
		{"query a URL link", func(ctx context.Context, s svc) (any, error) {
			return pointer(s.QueryURLLink(ctx, "https://wxaurl.cn/X", qrcode.AskVisits))
		}, "POST /wxa/query_urllink" + token + ` {"url_link":"https://wxaurl.cn/X","query_type":1}`,
			`{"url_link_info":` + details + `,"quota_info":{"remain_visit_quota":7}}`, qrcode.URLLinkState{Details: where, Visits: qrcode.Visits{Remain: 7}}, qrcode.ErrVisits},
	})
}

func TestRuleEndpoints(t *testing.T) {
	t.Parallel()
	rule := qrcode.Rule{Prefix: "https://shop.example/t", Path: "pages/table", Stage: qrcode.ForTrial, Claim: qrcode.Exclusive, DebugURLs: []string{"https://shop.example/t?n=1"}}
	const text = `{"prefix":"https://shop.example/t","path":"pages/table","open_version":2,"permit_sub_rule":2,"debug_url":["https://shop.example/t?n=1"],"is_edit":`
	run(t, []endpoint{
		{"add", func(ctx context.Context, s svc) (any, error) { return none(s.AddRule(ctx, rule)) },
			"POST /cgi-bin/wxopen/qrcodejumpadd" + token + " " + text + "0}", fine, nil, qrcode.ErrRuleFile},
		{"edit", func(ctx context.Context, s svc) (any, error) { return none(s.EditRule(ctx, rule)) },
			"POST /cgi-bin/wxopen/qrcodejumpadd" + token + " " + text + "1}", fine, nil, qrcode.ErrRuleDebugURL},
		{"add for an official account", func(ctx context.Context, s svc) (any, error) {
			return none(s.AddRule(ctx, qrcode.Rule{Prefix: "http://weixin.qq.com/q/X", AppID: "wx1", Path: "pages/a"}))
		}, "POST /cgi-bin/wxopen/qrcodejumpadd" + token + ` {"prefix":"http://weixin.qq.com/q/X","appid":"wx1","path":"pages/a","is_edit":0}`, fine, nil, qrcode.ErrRuleTaken},
		{"file", func(ctx context.Context, s svc) (any, error) { return pointer(s.RuleFile(ctx)) },
			"POST /cgi-bin/wxopen/qrcodejumpdownload" + token + " {}", `{"file_name":"a.txt","file_content":"abc","new":1}`, qrcode.RuleFile{Name: "a.txt", Content: "abc"}, wechat.ErrUnauthorized},
		{"publish", func(ctx context.Context, s svc) (any, error) {
			return none(s.PublishRule(ctx, "https://shop.example/t"))
		},
			"POST /cgi-bin/wxopen/qrcodejumppublish" + token + ` {"prefix":"https://shop.example/t"}`, fine, nil, qrcode.ErrNotReleased},
		{"delete", func(ctx context.Context, s svc) (any, error) {
			return none(s.DeleteRule(ctx, "https://shop.example/t", "wx1"))
		}, "POST /cgi-bin/wxopen/qrcodejumpdelete" + token + ` {"prefix":"https://shop.example/t","appid":"wx1"}`, fine, nil, qrcode.ErrRuleURL},
		{"list", func(ctx context.Context, s svc) (any, error) {
			return pointer(s.Rules(ctx, qrcode.RulesRequest{AppID: "wx1", By: qrcode.ByPage, Page: 1, Size: 200}))
		}, "POST /cgi-bin/wxopen/qrcodejumpget" + token + ` {"appid":"wx1","get_type":2,"page_num":1,"page_size":200}`,
			`{"rule_list":[{"prefix":"p","path":"q","state":2,"open_version":9,"permit_sub_rule":1,"debug_url":["d"],"new":1}],"qrcodejump_open":1,"qrcodejump_pub_quota":99,"list_size":1,"total_count":1}`,
			qrcode.Rules{Rules: []qrcode.StoredRule{{Prefix: "p", Path: "q", State: qrcode.Published, Stage: 9, Claim: qrcode.Shared, DebugURLs: []string{"d"}}}, Open: 1, PublishQuota: 99, Size: 1, Total: 1}, wechat.ErrUnauthorized},
		{"list all", func(ctx context.Context, s svc) (any, error) { return pointer(s.Rules(ctx, qrcode.RulesRequest{})) },
			"POST /cgi-bin/wxopen/qrcodejumpget" + token + ` {"get_type":0}`, `{}`, qrcode.Rules{}, wechat.ErrUnauthorized},
	})
}

func run(t *testing.T, all []endpoint) {
	t.Helper()
	for _, e := range all {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			e.test(t)
		})
	}
}

// What uses up something that never comes back is not repeated.
func TestWhatIsRepeated(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		call  func(s svc) error
		tries int
	}{
		"temporary": {func(s svc) error { _, err := s.Temporary(t.Context(), qrcode.SceneID(1), time.Hour); return err }, 3},
		"permanent": {func(s svc) error { _, err := s.Permanent(t.Context(), qrcode.SceneID(1)); return err }, 1},
		"unlimited": {func(s svc) error { _, err := s.Unlimited(t.Context(), qrcode.Unlimited{Scene: "a"}); return err }, 3},
		"limited":   {func(s svc) error { _, err := s.Limited(t.Context(), qrcode.Limited{Path: "a"}); return err }, 1},
		"square":    {func(s svc) error { _, err := s.Square(t.Context(), qrcode.Square{Path: "a"}); return err }, 1},
		"publish":   {func(s svc) error { return s.PublishRule(t.Context(), "https://a.example/") }, 1},
		"shortlink": {func(s svc) error { _, err := s.ShortLink(t.Context(), qrcode.ShortLink{PageURL: "a"}); return err }, 1},
	} {
		app, c := newApp(t, thrice, `{"errcode":-1,"errmsg":"system error"}`)
		require.ErrorIs(t, tt.call(qrcode.NewService(app)), wechat.ErrBusy, name)
		assert.Len(t, c.asked, tt.tries, name)
	}
}

func TestAnswersThatLackTheirThing(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(s svc) error{
		"ticket": func(s svc) error { _, err := s.Permanent(t.Context(), qrcode.SceneID(1)); return err },
		"link":   func(s svc) error { _, err := s.Scheme(t.Context(), qrcode.Scheme{}); return err },
		"file_":  func(s svc) error { _, err := s.RuleFile(t.Context()); return err },
	} {
		s, _ := service(t, `{"errcode":0}`)
		err := call(s)
		require.ErrorContains(t, err, name)
		assert.Equal(t, wechat.Done, wechat.OutcomeOf(err))
	}
}
