package message

import (
	"context"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

// Preview shows a mass message to one user before it goes to many.
type Preview struct {
	OpenID   string // one of these two; a WeChat id wins
	WeChatID string // the name a user goes by in WeChat (微信号)
	Message  Message
}

type previewRequest struct {
	OpenID   string `json:"touser,omitempty"`
	WeChatID string `json:"towxname,omitempty"`
	massContent
	refused error
}

// Validate checks what needs no network.
func (r previewRequest) Validate() error {
	if r.refused != nil {
		return r.refused
	}
	var f check.Fields
	f.Must(r.OpenID != "" || r.WeChatID != "", "touser", "is empty, and towxname too: name the user by one of them")
	f.OptionalID("touser", r.OpenID, maxOpenID)
	f.OptionalID("towxname", r.WeChatID, 64)
	return f.Err()
}

// Preview sends a mass message to one user, to see what it looks like. A hundred a
// day are said to be allowed.
//
// 预览消息
func (s *Service) Preview(ctx context.Context, p Preview) (*MassSent, error) {
	content, refused := massForm(p.Message, Pictures{})
	if content.Images != nil {
		content.Image, content.Images = p.Message.c.Image, nil
	}
	return wechat.Call[MassSent](ctx, s.app, wechat.POST("/cgi-bin/message/mass/preview"), previewRequest{p.OpenID, p.WeChatID, content, refused})
}

type massRef struct {
	MsgID   ID     `json:"msg_id,omitempty"`
	Article int    `json:"article_idx,omitempty"`
	URL     string `json:"url,omitempty"`
}

func (r massRef) Validate() error {
	var f check.Fields
	f.Must(r.MsgID > 0 || r.URL != "", "msg_id", "is not the number of a mass message")
	f.Must(r.Article >= 0, "article_idx", "must be 0 for all articles, or count from 1")
	f.OptionalID("url", r.URL, 2048)
	return f.Err()
}

// DeleteMass takes an article of a mass message away, counted from 1, or all of
// them if article is 0: its link breaks for everybody. Cards that users have got
// stay where they are, and texts and pictures cannot be taken back at all.
//
// 删除群发消息
func (s *Service) DeleteMass(ctx context.Context, msgID ID, article int) error {
	return s.deleteMass(ctx, massRef{MsgID: msgID, Article: article})
}

// DeleteMassURL is DeleteMass for the article at an address.
//
// 删除群发消息
func (s *Service) DeleteMassURL(ctx context.Context, address string) error {
	return s.deleteMass(ctx, massRef{URL: address})
}

func (s *Service) deleteMass(ctx context.Context, r massRef) error {
	_, err := wechat.Call[wechat.None](ctx, s.app, wechat.POST("/cgi-bin/message/mass/delete"), r)
	return err
}

// MassState says what became of a mass message.
type MassState string

// The states of a mass message.
const (
	MassDelivered MassState = "SEND_SUCCESS"
	MassSending   MassState = "SENDING"
	MassFailed    MassState = "SEND_FAIL"
	MassDeleted   MassState = "DELETE"
)

// MassStatus is a mass message and its state.
type MassStatus struct {
	MsgID ID        `json:"msg_id"`
	State MassState `json:"msg_status"`
}

// MassStatus asks what became of a mass message.
//
// 查询群发消息发送状态
func (s *Service) MassStatus(ctx context.Context, msgID ID) (*MassStatus, error) {
	return wechat.Call[MassStatus](ctx, s.app, wechat.POST("/cgi-bin/message/mass/get").ReadOnly(), massRef{MsgID: msgID})
}

// MassSpeed is how fast mass messages go out.
type MassSpeed struct {
	Level int `json:"speed"`     // 0 to 4, fastest first: 800,000, 600,000, 450,000, 300,000, 100,000 a minute
	Real  int `json:"realspeed"` // in 10,000 a minute
}

// emptyObject is sent as {}, where a body is due and nothing is to be said.
type emptyObject map[string]string

// MassSpeed asks how fast mass messages go out.
//
// 获取群发速度
func (s *Service) MassSpeed(ctx context.Context) (*MassSpeed, error) {
	return wechat.Call[MassSpeed](ctx, s.app, wechat.POST("/cgi-bin/message/mass/speed/get").ReadOnly(), emptyObject{})
}

type speedRequest struct {
	Level int `json:"speed"`
}

func (r speedRequest) Validate() error {
	var f check.Fields
	f.Must(r.Level >= 0 && r.Level <= 4, "speed", "must be 0 (fastest) to 4")
	return f.Err()
}

// SetMassSpeed sets the level of MassSpeed, so that the shop's own server can
// stand those who come.
//
// 设置群发速度
func (s *Service) SetMassSpeed(ctx context.Context, level int) error {
	_, err := wechat.Call[wechat.None](ctx, s.app, wechat.POST("/cgi-bin/message/mass/speed/set"), speedRequest{level})
	return err
}
