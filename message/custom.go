package message

import (
	"context"
	"fmt"
	"unicode/utf8"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

// Custom is a message of customer service with its extras.
type Custom struct {
	To      string  // openid
	Message Message // any kind but Transfer; exactly one link if it is News
	Agent   string  // sends under this agent's name (kf2001@shop); "" for the account's
	AI      bool    // label it as made by AI
}

type customRequest struct {
	To string `json:"touser"`
	content
	Agent *agentBody `json:"customservice,omitempty"`
	AI    *aiBody    `json:"aimsgcontext,omitempty"`
}

type agentBody struct {
	Account string `json:"kf_account"`
}

type aiBody struct {
	Is Bit `json:"is_ai_msg"`
}

// Validate checks what needs no network. WeChat alone knows whether the user may
// be written to, and how long a text may be.
func (r customRequest) Validate() error {
	if err := r.content.complete(); err != nil {
		return err
	}
	var f check.Fields
	f.ID("touser", r.To, maxOpenID)
	switch r.Type {
	case "":
		f.Fail("msgtype", "is empty: silence is not sent, leave the call out")
	case KindTransfer:
		f.Fail("msgtype", "a transfer to an agent is a passive reply: return it from the handler of a push")
	case KindText:
		f.Must(utf8.ValidString(r.Text.Content), "text.content", "is not valid UTF-8 (%d bytes): convert it first", len(r.Text.Content))
	case KindVideo:
		f.Must(r.Video.ThumbMediaID != "", "video.thumb_media_id", "is empty but required")
	case KindNews:
		f.Must(len(r.News.Articles) == 1, "news.articles", "has %d links, customer service takes exactly one", len(r.News.Articles))
	}
	if r.Agent != nil {
		f.Words("customservice.kf_account", r.Agent.Account, 64)
	}
	return f.Err()
}

const maxOpenID = 128

// Send says m to a user by customer service. It works for a while after the user
// did something: five messages within 48 hours after a message, three within a
// minute after following, a click or a scan (see Window); later it is ErrWindowClosed, and
// too many are ErrWindowSpent. It has no key: repeating an Unknown send may say it
// twice. A Router uses it for answers that come late.
//
// 发送客服消息
func (s *Service) Send(ctx context.Context, openID string, m Message) error {
	return s.SendCustom(ctx, Custom{To: openID, Message: m})
}

// SendCustom is Send with extras.
//
// 发送客服消息
func (s *Service) SendCustom(ctx context.Context, c Custom) error {
	in := customRequest{To: c.To, content: c.Message.c}
	if c.Agent != "" {
		in.Agent = &agentBody{c.Agent}
	}
	if c.AI {
		in.AI = &aiBody{true}
	}
	_, err := wechat.Call[wechat.None](ctx, s.app, wechat.POST("/cgi-bin/message/custom/send"), in)
	return err
}

type typingRequest struct {
	To      string `json:"touser"`
	Command string `json:"command"`
}

func (r typingRequest) Validate() error {
	var f check.Fields
	f.ID("touser", r.To, maxOpenID)
	return f.Err()
}

// Typing shows the user that an answer is being written, for some seconds or until
// a message comes. The user must have written within the last 30 seconds.
//
// 客服输入状态
func (s *Service) Typing(ctx context.Context, openID string) error {
	return s.typing(ctx, openID, "Typing")
}

// StopTyping takes Typing back.
//
// 客服输入状态
func (s *Service) StopTyping(ctx context.Context, openID string) error {
	return s.typing(ctx, openID, "CancelTyping")
}

func (s *Service) typing(ctx context.Context, openID, command string) error {
	_, err := wechat.Call[wechat.None](ctx, s.app, wechat.POST("/cgi-bin/message/custom/typing"), typingRequest{openID, command})
	return err
}

// Format prints the kind and the extras, whatever the verb: nothing of what is said.
func (c Custom) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "%v by customer service (agent %q, AI %t)", c.Message, c.Agent, c.AI)
}
