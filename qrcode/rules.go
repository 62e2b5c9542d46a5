package qrcode

import (
	"context"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

// RulesRequest says which rules to list; the zero value asks for all.
type RulesRequest struct {
	AppID    string   `json:"appid,omitempty"` // of the mini program, for the rules of an official account
	By       RulesBy  `json:"get_type"`
	Prefixes []string `json:"prefix_list,omitempty"` // up to 200, with ByPrefix
	Page     int      `json:"page_num,omitempty"`    // from 1, with ByPage
	Size     int      `json:"page_size,omitempty"`   // up to 200, with ByPage
}

// RulesBy is how to choose among the rules.
type RulesBy int

// The ways.
const (
	ByNothing RulesBy = 0 // all
	ByPrefix  RulesBy = 1
	ByPage    RulesBy = 2
)

// Validate checks every rule that needs no network; Rules checks it too. The error is a
// *wechat.FieldError.
func (r RulesRequest) Validate() error {
	var f check.Fields
	f.OptionalID("appid", r.AppID, 32)
	f.Must(r.By != ByPrefix || len(r.Prefixes) > 0, "prefix_list", "is empty but required with ByPrefix")
	f.Must(len(r.Prefixes) <= 200, "prefix_list", "has %d entries, the limit is 200", len(r.Prefixes))
	f.Must(r.Size >= 0 && r.Size <= 200, "page_size", "is %d, want up to 200", r.Size)
	if r.By == ByPage {
		f.Must(r.Page >= 1, "page_num", "is %d, want 1 or more", r.Page)
		f.Must(r.Size >= 1, "page_size", "is empty but required with ByPage")
	}
	return f.Err()
}

// Rules is a list of rules.
type Rules struct {
	Rules        []StoredRule `json:"rule_list"`
	Open         int          `json:"qrcodejump_open"`      // 1 if the mini program may have rules
	PublishQuota int          `json:"qrcodejump_pub_quota"` // how often PublishRule may still be called this month
	Size         int          `json:"list_size"`            // of this list
	Total        int          `json:"total_count"`
}

// RuleState is whether a rule is in force.
type RuleState int

// The states.
const (
	Unpublished RuleState = 1
	Published   RuleState = 2
)

// StoredRule is a rule as WeChat keeps it.
type StoredRule struct {
	Prefix    string    `json:"prefix"`
	Path      string    `json:"path"`
	State     RuleState `json:"state"`
	Stage     Stage     `json:"open_version"`
	Claim     Claim     `json:"permit_sub_rule"`
	DebugURLs []string  `json:"debug_url"`
}

// Rules lists rules, and tells what is left of the month.
//
// 获取已设置的二维码规则
func (s *Service) Rules(ctx context.Context, in RulesRequest) (*Rules, error) {
	return wechat.Call[Rules](ctx, s.app, wechat.POST("/cgi-bin/wxopen/qrcodejumpget").ReadOnly(), in)
}
