package qrcode

import (
	"context"
	"fmt"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

// Stage is who a rule is for before it is published.
type Stage int

// The stages.
const (
	ForDevelop Stage = 1 // developers, who see the version under development
	ForTrial   Stage = 2 // testers
	ForRelease Stage = 3 // both, who see the released version
)

// Claim says whether a rule keeps others off the addresses below its own.
type Claim int

// The claims.
const (
	Shared    Claim = 1
	Exclusive Claim = 2
)

// Rule makes ordinary QR codes, those of addresses that begin with Prefix, open a page
// of the mini program. The page gets the whole address, escaped, as query.q.
//
// An official account has rules as well: AppID names the mini program, Prefix is the
// URL of a Ticket, and Stage, Claim and DebugURLs do not apply.
type Rule struct {
	Prefix    string   `json:"prefix"` // required
	AppID     string   `json:"appid,omitempty"`
	Path      string   `json:"path"` // required
	Stage     Stage    `json:"open_version,omitempty"`
	Claim     Claim    `json:"permit_sub_rule,omitempty"`
	DebugURLs []string `json:"debug_url,omitempty"` // up to 5 whole addresses to try
}

// Validate checks every rule that needs no network; AddRule and EditRule check it too.
// The error is a *wechat.FieldError.
func (r Rule) Validate() error {
	var f check.Fields
	f.ID("prefix", r.Prefix, 1024)
	f.OptionalID("appid", r.AppID, 32)
	f.Must(r.Path != "", "path", "is empty but required")
	f.Words("path", r.Path, 1024)
	f.Must(len(r.DebugURLs) <= 5, "debug_url", "has %d entries, the limit is 5", len(r.DebugURLs))
	for i, u := range r.DebugURLs {
		f.ID(fmt.Sprintf("debug_url[%d]", i), u, 1024)
	}
	if r.AppID == "" {
		f.Must(r.Stage >= ForDevelop && r.Stage <= ForRelease, "open_version", "is %d, want ForDevelop, ForTrial or ForRelease", r.Stage)
		f.Must(r.Claim == Shared || r.Claim == Exclusive, "permit_sub_rule", "is %d, want Shared or Exclusive", r.Claim)
	} else {
		f.Must(r.Stage == 0 && r.Claim == 0 && len(r.DebugURLs) == 0, "open_version", "is set together with appid: the rule of an official account has no stage, claim or debug_url")
	}
	return f.Err()
}

type ruleRequest struct {
	Rule
	Edit int `json:"is_edit"`
}

// AddRule adds a rule. The file of RuleFile has to be at its place by then. It works
// for everybody after PublishRule.
//
// 增加或修改二维码规则
func (s *Service) AddRule(ctx context.Context, r Rule) error {
	_, err := wechat.Call[wechat.None](ctx, s.app, wechat.POST("/cgi-bin/wxopen/qrcodejumpadd").Keyed(), ruleRequest{r, 0})
	return err
}

// EditRule changes the rule with the same Prefix, as long as it is not published.
//
// 增加或修改二维码规则
func (s *Service) EditRule(ctx context.Context, r Rule) error {
	_, err := wechat.Call[wechat.None](ctx, s.app, wechat.POST("/cgi-bin/wxopen/qrcodejumpadd").Keyed(), ruleRequest{r, 1})
	return err
}

// RuleFile proves that an address is yours: put it into the folder that the rule's
// Prefix names.
type RuleFile struct {
	Name    string `json:"file_name"`
	Content string `json:"file_content"`
}

// Validate demands both.
func (r RuleFile) Validate() error {
	var f check.Fields
	f.Must(r.Name != "", "file_name", "is missing")
	f.Must(r.Content != "", "file_content", "is missing")
	return f.Err()
}

// RuleFile asks for the file that proves an address.
//
// 获取校验文件名称及内容
func (s *Service) RuleFile(ctx context.Context) (*RuleFile, error) {
	return wechat.Call[RuleFile](ctx, s.app, wechat.POST("/cgi-bin/wxopen/qrcodejumpdownload").ReadOnly(), map[string]string{}) // {}, for no body at all is refused
}

type prefixRequest struct {
	Prefix string `json:"prefix"`
	AppID  string `json:"appid,omitempty"`
}

// Validate demands a prefix.
func (r prefixRequest) Validate() error {
	var f check.Fields
	f.ID("prefix", r.Prefix, 1024)
	f.OptionalID("appid", r.AppID, 32)
	return f.Err()
}

// PublishRule puts a rule into force for everybody. That can be done a number of times
// a month, see Rules.PublishQuota, so it is not repeated. The mini program has to be
// released (ErrNotReleased).
//
// 发布已设置的二维码规则
func (s *Service) PublishRule(ctx context.Context, prefix string) error {
	_, err := wechat.Call[wechat.None](ctx, s.app, wechat.POST("/cgi-bin/wxopen/qrcodejumppublish"), prefixRequest{Prefix: prefix})
	return err
}

// DeleteRule removes a rule. appID is "" but for the rules of an official account.
//
// 删除已设置的二维码规则
func (s *Service) DeleteRule(ctx context.Context, prefix, appID string) error {
	_, err := wechat.Call[wechat.None](ctx, s.app, wechat.POST("/cgi-bin/wxopen/qrcodejumpdelete").Keyed(), prefixRequest{prefix, appID})
	return err
}
