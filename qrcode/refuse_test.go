package qrcode_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/qrcode"
)

func TestWhatIsRefusedBeforeTheNetwork(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	long := strings.Repeat("a", 1025)
	rule := qrcode.Rule{Prefix: "https://shop.example/t", Path: "pages/table", Stage: qrcode.ForTrial, Claim: qrcode.Shared}
	with := func(change func(r *qrcode.Rule)) func(s svc) error {
		r := rule
		change(&r)
		return func(s svc) error { return s.AddRule(ctx, r) }
	}
	temporary := func(scene qrcode.Scene, life time.Duration) func(s svc) error {
		return func(s svc) error { _, err := s.Temporary(ctx, scene, life); return err }
	}
	permanent := func(scene qrcode.Scene) func(s svc) error {
		return func(s svc) error { _, err := s.Permanent(ctx, scene); return err }
	}
	unlimited := func(u qrcode.Unlimited) func(s svc) error {
		return func(s svc) error { _, err := s.Unlimited(ctx, u); return err }
	}
	scheme := func(in qrcode.Scheme) func(s svc) error {
		return func(s svc) error { _, err := s.Scheme(ctx, in); return err }
	}
	rules := func(in qrcode.RulesRequest) func(s svc) error {
		return func(s svc) error { _, err := s.Rules(ctx, in); return err }
	}
	for _, tt := range []struct {
		name, field, says string
		call              func(s svc) error
	}{
		{"no scene", "scene", "is empty", temporary(qrcode.Scene{}, time.Hour)},
		{"two scenes", "scene", "both", temporary(qrcode.Scene{ID: 1, Text: "8fA3"}, time.Hour)},
		{"scene too long", "scene_str", "has 65 characters, the limit is 64", permanent(qrcode.SceneText(strings.Repeat("茶", 65)))},
		{"permanent number too large", "scene_id", "is 100001, the limit for permanent codes is 100000", permanent(qrcode.SceneID(100001))},
		{"no life", "expire_seconds", "up to 30 days", temporary(qrcode.SceneID(1), 0)},
		{"half a second", "expire_seconds", "whole seconds", temporary(qrcode.SceneID(1), 1500*time.Millisecond)},
		{"31 days", "expire_seconds", "up to 30 days", temporary(qrcode.SceneText("a"), 31*24*time.Hour)},
		{"no ticket", "ticket", "empty", func(s svc) error { _, err := s.Image(ctx, ""); return err }},
		{"no scene of a mini program", "scene", "empty", unlimited(qrcode.Unlimited{})},
		{"33 characters", "scene", "has 33 bytes, want 1 to 32", unlimited(qrcode.Unlimited{Scene: strings.Repeat("a", 33)})},
		{"percent in the scene", "scene", "byte 5 of 7 is not a letter", unlimited(qrcode.Unlimited{Scene: "8fA3%20"})},
		{"Chinese in the scene", "scene", "is not a letter", unlimited(qrcode.Unlimited{Scene: "茶"})},
		{"page with a slash", "page", "slash", unlimited(qrcode.Unlimited{Scene: "a", Page: "/8fA3"})},
		{"page with a query", "page", "query", unlimited(qrcode.Unlimited{Scene: "a", Page: "p?8fA3"})},
		{"too narrow", "width", "is 279 pixels", unlimited(qrcode.Unlimited{Scene: "a", Look: qrcode.Look{Width: 279}})},
		{"no path", "path", "empty", func(s svc) error { _, err := s.Limited(ctx, qrcode.Limited{}); return err }},
		{"path too long", "path", "the limit is 1024", func(s svc) error { _, err := s.Limited(ctx, qrcode.Limited{Path: long}); return err }},
		{"no path of a square", "path", "empty", func(s svc) error { _, err := s.Square(ctx, qrcode.Square{}); return err }},
		{"129 bytes for a square", "path", "has 129 bytes, the limit is 128", func(s svc) error { _, err := s.Square(ctx, qrcode.Square{Path: strings.Repeat("茶", 43)}); return err }},
		{"too wide", "width", "is 1281 pixels", func(s svc) error { _, err := s.Square(ctx, qrcode.Square{Path: "a", Width: 1281}); return err }},
		{"short link to nowhere", "page_url", "empty", func(s svc) error { _, err := s.ShortLink(ctx, qrcode.ShortLink{}); return err }},
		{"nothing to shorten", "long_data", "empty", func(s svc) error { _, err := s.Shorten(ctx, "", time.Hour); return err }},
		{"over 4 KB", "long_data", "has 4097 bytes, the limit is 4096", func(s svc) error { _, err := s.Shorten(ctx, strings.Repeat("a", 4097), time.Hour); return err }},
		{"shortened for no time", "expire_seconds", "up to 30 days", func(s svc) error { _, err := s.Shorten(ctx, "a", 0); return err }},
		{"no key", "short_key", "empty", func(s svc) error { _, err := s.Expand(ctx, ""); return err }},
		{"scheme with a query in its path", "jump_wxa.path", "field of its own", scheme(qrcode.Scheme{Target: qrcode.Target{Path: "p?8fA3"}})},
		{"Chinese query", "jump_wxa.query", "visible ASCII", scheme(qrcode.Scheme{Target: qrcode.Target{Query: "a=茶"}})},
		{"31 days of a scheme", "expire_interval", "is 31 days", scheme(qrcode.Scheme{Expiry: qrcode.Days(31)})},
		{"the year 1", "expire_time", "after 1970", scheme(qrcode.Scheme{Expiry: qrcode.Until(time.Time{})})},
		{"an expiry by hand", "expire_type", "Until or Days", scheme(qrcode.Scheme{Expiry: qrcode.Expiry{Time: 1}})},
		{"no model", "model_id", "empty", func(s svc) error { _, err := s.NFC(ctx, qrcode.NFC{}); return err }},
		{"no scheme", "scheme", "empty", func(s svc) error { _, err := s.QueryScheme(ctx, "", 0); return err }},
		{"no link", "url_link", "empty", func(s svc) error { _, err := s.QueryURLLink(ctx, "", 0); return err }},
		{"no environment", "cloud_base.env", "empty", func(s svc) error {
			_, err := s.URLLink(ctx, qrcode.URLLink{CloudBase: &qrcode.CloudBase{}})
			return err
		}},
		{"no prefix", "prefix", "empty", with(func(r *qrcode.Rule) { r.Prefix = "" })},
		{"no page of a rule", "path", "empty", with(func(r *qrcode.Rule) { r.Path = "" })},
		{"six addresses to try", "debug_url", "has 6 entries", with(func(r *qrcode.Rule) { r.DebugURLs = make([]string, 6) })},
		{"an empty one", "debug_url[0]", "empty", with(func(r *qrcode.Rule) { r.DebugURLs = make([]string, 1) })},
		{"no stage", "open_version", "is 0", with(func(r *qrcode.Rule) { r.Stage = 0 })},
		{"no claim", "permit_sub_rule", "is 0", with(func(r *qrcode.Rule) { r.Claim = 0 })},
		{"stage of an account's rule", "open_version", "together with appid", with(func(r *qrcode.Rule) { r.AppID = "wx1" })},
		{"publish nothing", "prefix", "empty", func(s svc) error { return s.PublishRule(ctx, "") }},
		{"delete nothing", "prefix", "empty", func(s svc) error { return s.DeleteRule(ctx, "", "") }},
		{"rules by no prefix", "prefix_list", "empty", rules(qrcode.RulesRequest{By: qrcode.ByPrefix})},
		{"201 prefixes", "prefix_list", "has 201 entries", rules(qrcode.RulesRequest{By: qrcode.ByPrefix, Prefixes: make([]string, 201)})},
		{"page 0", "page_num", "is 0", rules(qrcode.RulesRequest{By: qrcode.ByPage, Size: 1})},
		{"no size", "page_size", "required", rules(qrcode.RulesRequest{By: qrcode.ByPage, Page: 1})},
		{"201 on a page", "page_size", "is 201", rules(qrcode.RulesRequest{By: qrcode.ByPage, Page: 1, Size: 201})},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, c := service(t, `{}`)
			err := tt.call(s)
			var f *wechat.FieldError
			require.ErrorAs(t, err, &f)
			assert.Equal(t, tt.field, f.Field)
			assert.Contains(t, f.Problem, tt.says)
			assert.NotContains(t, err.Error(), "8fA3")
			assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
			assert.Empty(t, c.asked)
		})
	}
}
