package message

import (
	"context"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

// Template is a template message (模板消息): news of an order for a follower of a
// certified service account, at any time.
type Template struct {
	To          string `json:"touser"` // openid of a follower
	TemplateID  string `json:"template_id"`
	URL         string `json:"url,omitempty"`         // opened on a tap
	MiniProgram *Jump  `json:"miniprogram,omitempty"` // opened instead of URL, which serves old clients then
	Values      Values `json:"data"`
	// ClientMsgID is a number of one's own, such as an order's number and state: for
	// ten minutes WeChat sends a user one message of that number only. With it, a
	// send that got lost is repeated; without it never.
	ClientMsgID string `json:"client_msg_id,omitempty"`
}

// Jump is the page of a linked mini program that a tap opens.
type Jump struct {
	AppID string `json:"appid"`
	Path  string `json:"pagepath,omitempty"` // with query, such as pages/order?id=1
}

func (j *Jump) check(f *check.Fields) {
	if j != nil {
		f.ID("miniprogram.appid", j.AppID, 32)
		f.Words("miniprogram.pagepath", j.Path, maxPage)
	}
}

const (
	maxPage       = 1024
	maxTemplateID = 128
	maxNumber     = 128 // of the caller's own; no document names a limit for template messages
)

// Validate checks what needs no network; SendTemplate checks it too. The values'
// limits are another matter: see Values.Check.
func (t Template) Validate() error {
	var f check.Fields
	f.ID("touser", t.To, maxOpenID)
	f.ID("template_id", t.TemplateID, maxTemplateID)
	f.OptionalID("url", t.URL, 2048)
	t.MiniProgram.check(&f)
	t.Values.present(&f)
	f.OptionalID("client_msg_id", t.ClientMsgID, maxNumber)
	return f.Err()
}

// TemplateSent is an accepted template message. Whether it arrived, the event
// TEMPLATESENDJOBFINISH with the same number tells.
type TemplateSent struct {
	MsgID ID `json:"msgid"`
}

// SendTemplate sends a template message. It is repeated after a failure only if it
// has a ClientMsgID; otherwise an Unknown outcome may have been sent.
// ErrTemplate also means that the template is one for subscription messages.
//
// 发送模板消息
func (s *Service) SendTemplate(ctx context.Context, t Template) (*TemplateSent, error) {
	return wechat.Call[TemplateSent](ctx, s.app, keyedBy(t.ClientMsgID, wechat.POST("/cgi-bin/message/template/send")), t)
}

// keyedBy marks a send as repeatable if it carries a number.
func keyedBy(number string, op wechat.Op) wechat.Op {
	if number != "" {
		return op.Keyed()
	}
	return op
}
