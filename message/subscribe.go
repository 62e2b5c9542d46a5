package message

import (
	"context"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

// Notice is a subscription message (订阅通知, 订阅消息): the user agreed to it in a
// page or mini program, mostly for one time.
type Notice struct {
	To          string    `json:"touser"`
	TemplateID  string    `json:"template_id"`
	Page        string    `json:"page,omitempty"`        // what a tap opens: a URL for a service account, a path with query for a mini program
	MiniProgram *Jump     `json:"miniprogram,omitempty"` // service accounts only
	Values      Values    `json:"data"`
	State       PageState `json:"miniprogram_state,omitempty"` // "" is Formal
	Lang        string    `json:"lang,omitempty"`              // zh_CN if empty; en_US, zh_HK, zh_TW
}

// PageState says which version of a mini program a tap opens.
type PageState string

// The versions of a mini program.
const (
	Developing PageState = "developer"
	Trial      PageState = "trial"
	Formal     PageState = "formal"
)

// Validate checks what needs no network; sending checks it too. The values' limits
// are another matter: see Values.Check.
func (n Notice) Validate() error {
	var f check.Fields
	f.ID("touser", n.To, maxOpenID)
	f.ID("template_id", n.TemplateID, maxTemplateID)
	f.Words("page", n.Page, maxPage)
	n.MiniProgram.check(&f)
	n.Values.present(&f)
	f.OptionalID("miniprogram_state", string(n.State), 16)
	f.OptionalID("lang", n.Lang, 16)
	return f.Err()
}

// SendNotice sends a subscription message of a service account. ErrNotAccepted says
// that the user has not agreed, or that the agreement is spent. There is no key: if the
// outcome is Unknown, a repeat that fails with ErrNotAccepted after a one-time
// agreement means that the first one went out.
//
// 发送订阅通知
func (s *Service) SendNotice(ctx context.Context, n Notice) error {
	_, err := wechat.Call[wechat.None](ctx, s.app, wechat.POST("/cgi-bin/message/subscribe/bizsend"), n)
	return err
}

type miniNotice struct{ Notice }

func (n miniNotice) Validate() error {
	if n.MiniProgram != nil {
		return wechat.Invalid("miniprogram", "is for service accounts: a mini program opens a page of its own, named by page")
	}
	return n.Notice.Validate()
}

// NoticeSent is an accepted subscription message of a mini program. MsgID is 0 if
// WeChat gives none, as the documents have it.
type NoticeSent struct {
	MsgID ID `json:"msgid"`
}

// SendMiniNotice is SendNotice for a mini program.
//
// 发送订阅消息
func (s *Service) SendMiniNotice(ctx context.Context, n Notice) (*NoticeSent, error) {
	return wechat.Call[NoticeSent](ctx, s.app, wechat.POST("/cgi-bin/message/subscribe/send"), miniNotice{n})
}
