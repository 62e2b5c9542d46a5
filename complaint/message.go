package complaint

import (
	"context"
	"fmt"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

// NormalMessage is a message of blocks: texts, pictures, links, questions, buttons.
type NormalMessage struct {
	Blocks     []Block `json:"blocks"`
	Sender     Sender  `json:"sender_identity,omitempty"`
	CustomData string  `json:"custom_data,omitempty"` // comes back with clicks, up to 4096 characters
}

// Sender says who speaks for the shop. New ones pass through.
type Sender string

// The senders known today.
const (
	SenderUnknown Sender = "UNKNOWN"
	SenderManual  Sender = "MANUAL" // a person
	SenderMachine Sender = "MACHINE"
)

// Block is one part of a message: of the fields below Type the one it names.
type Block struct {
	Type    BlockType   `json:"type"`
	Text    TextBlock   `json:"text,omitzero"`
	Image   ImageBlock  `json:"image,omitzero"`
	Link    LinkBlock   `json:"link,omitzero"`
	FAQs    FAQList     `json:"faq_list,omitzero"`
	Button  Button      `json:"button,omitzero"`
	Buttons ButtonGroup `json:"button_group,omitzero"`
}

// BlockType names what a Block is. New ones pass through.
type BlockType string

// The blocks known today.
const (
	BlockText        BlockType = "TEXT"
	BlockImage       BlockType = "IMAGE"
	BlockLink        BlockType = "LINK"
	BlockFAQList     BlockType = "FAQ_LIST"
	BlockButton      BlockType = "BUTTON"
	BlockButtonGroup BlockType = "BUTTON_GROUP"
)

// Text is a Block of text.
func Text(s string) Block { return Block{Type: BlockText, Text: TextBlock{Text: s}} }

// Picture is a Block with a picture of UploadImage.
func Picture(mediaID string) Block {
	return Block{Type: BlockImage, Image: ImageBlock{MediaID: mediaID}}
}

// TextBlock is a text.
type TextBlock struct {
	Text  string `json:"text"`
	Color string `json:"color,omitempty"` // DEFAULT or SECONDARY today
	Bold  bool   `json:"is_bold,omitempty"`
}

// ImageBlock is a picture.
type ImageBlock struct {
	MediaID string `json:"media_id"`
	Style   string `json:"image_style_type,omitempty"` // IMAGE_STYLE_TYPE_NARROW or _WIDE today
}

// LinkBlock is a text to tap.
type LinkBlock struct {
	Text    string  `json:"text"`
	Action  Tap     `json:"action"`
	Invalid Invalid `json:"invalid_info,omitzero"`
}

// FAQList is a list of questions to tap.
type FAQList struct {
	FAQs []FAQ `json:"faqs"`
}

// FAQ is one question.
type FAQ struct {
	ID     string `json:"faq_id"`
	Title  string `json:"faq_title"`
	Action Tap    `json:"action"`
}

// Button is a button.
type Button struct {
	Text    string  `json:"text"`
	Action  Tap     `json:"action"`
	Invalid Invalid `json:"invalid_info,omitzero"`
}

// ButtonGroup is several buttons.
type ButtonGroup struct {
	Buttons []Button `json:"buttons"`
	Layout  string   `json:"button_layout,omitempty"` // LAYOUT_HORIZONTAL or LAYOUT_VERTICAL today
	Invalid Invalid  `json:"invalid_info,omitzero"`
}

// Tap is what a tap does.
type Tap struct {
	Type        TapType     `json:"action_type"`
	URL         string      `json:"jump_url,omitempty"`
	MiniProgram MiniProgram `json:"mini_program_jump_info,omitzero"`
	Message     MessageInfo `json:"message_info,omitzero"` // what it says in the user's name
	ID          string      `json:"action_id,omitempty"`   // comes back in ClickMessage
}

// TapType names what a Tap does. New ones pass through.
type TapType string

// The taps known today.
const (
	TapSend        TapType = "ACTION_TYPE_SEND_MESSAGE"
	TapURL         TapType = "ACTION_TYPE_JUMP_URL"
	TapMiniProgram TapType = "ACTION_TYPE_JUMP_MINI_PROGRAM"
)

// MessageInfo is what a tap says.
type MessageInfo struct {
	Content    string `json:"content"`
	CustomData string `json:"custom_data,omitempty"`
}

// Invalid says when something can be tapped no more.
type Invalid struct {
	Expires wechat.Time `json:"expired_time,omitzero"`
	Again   bool        `json:"multi_clickable,omitempty"` // more than once
}

// Urgent is a reply to a complaint that needs one at once.
type Urgent struct {
	Message      NormalMessage `json:"message"`       // at least one block
	IdempotentID string        `json:"idempotent_id"` // required, up to 128 characters: repeats with it say nothing twice
}

// Validate checks every rule that needs no network; ReplyNow checks it too. The
// error is a *wechat.FieldError.
func (u Urgent) Validate() error {
	var f check.Fields
	f.ID("idempotent_id", u.IdempotentID, 128)
	f.Must(len(u.Message.Blocks) > 0, "message.blocks", "is empty but required")
	f.Text("message.custom_data", u.Message.CustomData, 4096)
	for i, b := range u.Message.Blocks {
		at := fmt.Sprintf("message.blocks[%d]", i)
		f.ID(at+".type", string(b.Type), 64)
		f.Must(b.Type != BlockText || b.Text.Text != "", at+".text.text", "is empty but required")
		f.Must(b.Type != BlockImage || b.Image.MediaID != "", at+".image.media_id", "is empty but required")
	}
	return f.Err()
}

type urgentRequest struct {
	target
	Urgent
}

func (r urgentRequest) Validate() error {
	var f check.Fields
	if err := r.target.check(&f); err != nil {
		return err
	}
	return r.Urgent.Validate()
}

// Sent is where a reply stands in the history.
type Sent struct {
	LogID string `json:"log_id"`
}

// ReplyNow answers a complaint that NeedsReplyNow, with more than text if need be.
// Repeating the identical request is safe.
//
// 回复需要即时服务的投诉单
func (s *Service) ReplyNow(ctx context.Context, c *Complaint, in Urgent) (*Sent, error) {
	return wechat.Call[Sent](ctx, s.m, wechat.POST("/v3/merchant-service/complaints-v2/{complaint_id}/response-immediate-service").Keyed(),
		urgentRequest{s.target(c, ReplyNow), in})
}
