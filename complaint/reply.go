package complaint

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

// target is the complaint an action is about, as it travels.
type target struct {
	complaint *Complaint
	action    Action
	ID        string `json:"-" path:"complaint_id"`
	MchID     string `json:"complainted_mchid"`
}

var errNoComplaint = errors.New("complaint: nil; take one from Get, List or All")

// target says about whom c is; a Complaint made from an id alone is about the
// merchant this client acts for.
func (s *Service) target(c *Complaint, a Action) target {
	t := target{complaint: c, action: a, MchID: s.m.ID()}
	if s.m.IsPartner() {
		t.MchID = s.m.Sub().MchID
	}
	if c != nil {
		t.ID = c.ID
		if c.MchID != "" {
			t.MchID = c.MchID
		}
	}
	return t
}

func (t target) check(f *check.Fields) error {
	if t.complaint == nil {
		return errNoComplaint
	}
	f.ID("complaint_id", t.ID, 64)
	f.ID("complainted_mchid", t.MchID, 64)
	if err := f.Err(); err != nil {
		return err
	}
	return t.complaint.Allows(t.action)
}

// Answer is a reply that the user reads in WeChat.
type Answer struct {
	Content     string      `json:"response_content"`                // required, up to 200 characters; newer pages say 500
	Images      []string    `json:"response_images,omitempty"`       // up to 4 ids of UploadImage
	JumpURL     string      `json:"jump_url,omitempty"`              // https, up to 512 characters
	JumpText    string      `json:"jump_url_text,omitempty"`         // required with JumpURL, up to 10 characters
	MiniProgram MiniProgram `json:"mini_program_jump_info,omitzero"` // where a mini program should open
}

// MiniProgram is a page of a mini program that a reply leads to.
type MiniProgram struct {
	AppID string `json:"appid"` // all three are required
	Path  string `json:"path"`
	Text  string `json:"text"` // what the link says
}

func (m MiniProgram) check(f *check.Fields, at string) {
	if m == (MiniProgram{}) {
		return
	}
	f.ID(at+".appid", m.AppID, 32)
	f.Must(m.Path != "", at+".path", "is empty but required")
	f.Must(m.Text != "", at+".text", "is empty but required")
}

// Validate checks every rule that needs no network; Service.Reply checks it too.
// The error is a *wechat.FieldError.
func (a Answer) Validate() error {
	var f check.Fields
	f.Required("response_content", a.Content, 500)
	images(&f, "response_images", a.Images)
	link(&f, "jump_url", a.JumpURL)
	f.Text("jump_url_text", a.JumpText, 10)
	f.Must(a.JumpURL == "" || a.JumpText != "", "jump_url_text", "is empty but required with jump_url")
	a.MiniProgram.check(&f, "mini_program_jump_info")
	return f.Err()
}

func images(f *check.Fields, field string, ids []string) {
	f.Must(len(ids) <= 4, field, "has %d pictures, at most 4 are allowed", len(ids))
	for i, id := range ids {
		f.ID(fmt.Sprintf("%s[%d]", field, i), id, 512)
	}
}

func link(f *check.Fields, field, value string) {
	if value == "" {
		return
	}
	f.Text(field, value, 512)
	u, err := url.Parse(value)
	f.Must(err == nil && u.Scheme == "https" && u.Hostname() != "", field, "must be a whole address that begins with https://")
}

type replyRequest struct {
	target
	Answer
}

func (r replyRequest) Validate() error {
	var f check.Fields
	if err := r.target.check(&f); err != nil {
		return err
	}
	return r.Answer.Validate()
}

// Reply says something to the user; the first reply makes the complaint
// StateProcessing. Replying twice says it twice, so an Unknown outcome is ended by
// a look at AllHistory. Of c only ID is needed; what else it says decides whether
// the reply is possible.
//
// 提交回复API
func (s *Service) Reply(ctx context.Context, c *Complaint, in Answer) error {
	_, err := wechat.Call[wechat.None](ctx, s.m, wechat.POST("/v3/merchant-service/complaints-v2/{complaint_id}/response"),
		replyRequest{s.target(c, Reply), in})
	return err
}

type completeRequest struct{ target }

func (r completeRequest) Validate() error {
	var f check.Fields
	return r.target.check(&f)
}

// Complete says that the shop is done: the complaint becomes StateProcessed. The
// user may go on nevertheless. After an Unknown outcome Get tells.
//
// 反馈处理完成API
func (s *Service) Complete(ctx context.Context, c *Complaint) error {
	_, err := wechat.Call[wechat.None](ctx, s.m, wechat.POST("/v3/merchant-service/complaints-v2/{complaint_id}/complete"),
		completeRequest{s.target(c, Complete)})
	return err
}
