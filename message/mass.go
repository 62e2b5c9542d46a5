package message

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

// Mass is a message to many followers.
type Mass struct {
	// Message is a Text, Image, Voice, Card, MPNews (the media id of a draft) or Video
	// (the media id that MassVideo of package media gave). Other kinds are refused.
	Message Message
	// Pictures, of an Image message, are sent along with it.
	Pictures Pictures
	// Reprint goes on if WeChat finds that the article is a permitted reprint of
	// another; otherwise that ends the send.
	Reprint bool
	// ClientMsgID is a number of one's own, up to 32 bytes: WeChat sends one mass
	// message of that number only, and answers a repeat with ErrMassDuplicate (see
	// Duplicate). With it, a send that got lost is repeated; without it never.
	ClientMsgID string
}

// Pictures is what an Image message to many may have besides its first picture.
type Pictures struct {
	More        []string // media ids
	Recommend   string   // words above them
	OpenComment bool
	FansOnly    bool // only followers comment
}

// audience says who gets a mass message: one of the two.
type audience struct {
	Filter *filter  `json:"filter,omitempty"`
	To     []string `json:"touser,omitempty"`
}

type filter struct {
	All bool  `json:"is_to_all"`
	Tag int64 `json:"tag_id,omitempty"`
}

type massRequest struct {
	audience
	massContent
	Reprint     Bit    `json:"send_ignore_reprint"`
	ClientMsgID string `json:"clientmsgid,omitempty"`
	refused     error  // why the message has no place in massContent
}

// massContent is a message as mass sending words it, which differs from customer
// service for pictures and videos.
type massContent struct {
	Type   string        `json:"msgtype"`
	Text   *textBody     `json:"text,omitempty"`
	Image  *mediaBody    `json:"image,omitempty"` // in a preview
	Images *picturesBody `json:"images,omitempty"`
	Voice  *mediaBody    `json:"voice,omitempty"`
	Video  *massVideo    `json:"mpvideo,omitempty"`
	Card   *cardBody     `json:"wxcard,omitempty"`
	MPNews *mediaBody    `json:"mpnews,omitempty"`
}

type picturesBody struct {
	MediaIDs    []string `json:"media_ids"`
	Recommend   string   `json:"recommend,omitempty"`
	OpenComment Bit      `json:"need_open_comment"`
	FansOnly    Bit      `json:"only_fans_can_comment"`
}

type massVideo struct {
	MediaID     string `json:"media_id"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
}

// massForm says m as mass sending does.
func massForm(m Message, p Pictures) (massContent, error) {
	if err := m.c.complete(); err != nil {
		return massContent{}, err
	}
	out := massContent{Type: m.c.Type}
	switch m.c.Type {
	case KindText:
		out.Text = m.c.Text
	case KindImage:
		out.Images = &picturesBody{append([]string{m.c.Image.MediaID}, p.More...), p.Recommend, Bit(p.OpenComment), Bit(p.FansOnly)}
	case KindVoice:
		out.Voice = m.c.Voice
	case KindVideo:
		out.Type, out.Video = "mpvideo", &massVideo{m.c.Video.MediaID, m.c.Video.Title, m.c.Video.Description}
	case KindCard:
		out.Card = m.c.Card
	case KindMPNews:
		out.MPNews = m.c.MPNews
	default:
		return out, wechat.Invalid("msgtype", "mass sending takes text, image, voice, video, wxcard and mpnews only, not "+m.String())
	}
	return out, nil
}

func newMassRequest(to audience, in Mass) massRequest {
	content, refused := massForm(in.Message, in.Pictures)
	return massRequest{audience: to, massContent: content, Reprint: Bit(in.Reprint), ClientMsgID: in.ClientMsgID, refused: refused}
}

const (
	leastOpenIDs = 2
	mostOpenIDs  = 10000
)

// Validate checks what needs no network.
func (r massRequest) Validate() error {
	if r.refused != nil {
		return r.refused
	}
	var f check.Fields
	switch {
	case r.Filter == nil:
		f.Must(len(r.To) >= leastOpenIDs && len(r.To) <= mostOpenIDs, "touser", "has %d openids, want %d to %d", len(r.To), leastOpenIDs, mostOpenIDs)
		for i, id := range r.To {
			f.ID(fmt.Sprintf("touser[%d]", i), id, maxOpenID)
		}
	case !r.Filter.All:
		f.Must(r.Filter.Tag > 0, "filter.tag_id", "is not a tag: to reach everybody call SendToAll")
	}
	if r.Images != nil {
		for i, id := range r.Images.MediaIDs {
			f.ID(fmt.Sprintf("images.media_ids[%d]", i), id, 256)
		}
	}
	f.OptionalID("clientmsgid", r.ClientMsgID, 32)
	return f.Err()
}

// MassSent is an accepted mass message: the event MASSSENDJOBFINISH tells what
// became of it, after the administrator has confirmed it if the account is so
// protected.
type MassSent struct {
	MsgID     ID `json:"msg_id"`
	MsgDataID ID `json:"msg_data_id"` // of articles only, for statistics
}

// SendToAll sends a message to all followers: once a day for a subscription
// account; four times a month for a service account, of whose messages a user
// also gets no more than four a month.
//
// 根据标签群发消息
func (s *Service) SendToAll(ctx context.Context, m Mass) (*MassSent, error) {
	return s.sendAll(ctx, filter{All: true}, m)
}

// SendToTag sends a message to the followers with a tag.
//
// 根据标签群发消息
func (s *Service) SendToTag(ctx context.Context, tag int64, m Mass) (*MassSent, error) {
	return s.sendAll(ctx, filter{Tag: tag}, m)
}

func (s *Service) sendAll(ctx context.Context, to filter, m Mass) (*MassSent, error) {
	return wechat.Call[MassSent](ctx, s.app, keyedBy(m.ClientMsgID, wechat.POST("/cgi-bin/message/mass/sendall")), newMassRequest(audience{Filter: &to}, m))
}

// SendToUsers sends a message to 2 to 10,000 followers by their openids; service
// accounts only.
//
// 根据OpenID群发消息
func (s *Service) SendToUsers(ctx context.Context, openIDs []string, m Mass) (*MassSent, error) {
	return wechat.Call[MassSent](ctx, s.app, keyedBy(m.ClientMsgID, wechat.POST("/cgi-bin/message/mass/send")), newMassRequest(audience{To: openIDs}, m))
}

// Duplicate returns the number of the mass message that was sent before under the
// same ClientMsgID, if that is what err says.
func Duplicate(err error) (msgID ID, ok bool) {
	var call *wechat.CallError
	if !errors.Is(err, ErrMassDuplicate) || !errors.As(err, &call) {
		return 0, false
	}
	var sent MassSent
	if json.Unmarshal(call.Body, &sent) != nil || sent.MsgID == 0 {
		return 0, false
	}
	return sent.MsgID, true
}
