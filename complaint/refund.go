package complaint

import (
	"context"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

// Approval agrees to a refund.
type Approval struct {
	Days   int    // until the shop is going to refund; 0 is today
	Remark string // up to 200 characters
}

// Rejection refuses a refund.
type Rejection struct {
	Reason string   // the user reads it; up to 200 characters
	Images []string // up to 4 ids of UploadImage that show why
	Remark string   // up to 200 characters
}

// decision is either of them, as it travels. It names no merchant.
type decision struct {
	about  target
	ID     string   `json:"-" path:"complaint_id"`
	Action string   `json:"action"`
	Days   *int     `json:"launch_refund_day,omitempty"` // 0 is not absent
	Reason string   `json:"reject_reason,omitempty"`
	Images []string `json:"reject_media_list,omitempty"`
	Remark string   `json:"remark,omitempty"`
}

func (d decision) Validate() error {
	var f check.Fields
	if err := d.about.check(&f); err != nil {
		return err
	}
	f.Must(d.Days == nil || *d.Days >= 0, "launch_refund_day", "must not be negative")
	f.Text("reject_reason", d.Reason, 200)
	images(&f, "reject_media_list", d.Images)
	f.Text("remark", d.Remark, 200)
	return f.Err()
}

// Approve agrees to the refund a user asks for. It moves no money: apply for the
// refund with package refund as well. When all of it has arrived the complaint
// becomes StateProcessed by itself. After an Unknown outcome look at AllHistory.
//
// 更新退款审批结果API
func (s *Service) Approve(ctx context.Context, c *Complaint, in Approval) error {
	t := s.target(c, Approve)
	_, err := wechat.Call[wechat.None](ctx, s.m, wechat.POST("/v3/merchant-service/complaints-v2/{complaint_id}/update-refund-progress"),
		decision{about: t, ID: t.ID, Action: "APPROVE", Days: &in.Days, Remark: in.Remark})
	return err
}

// Reject refuses the refund a user asks for: the complaint becomes StateProcessed,
// and the user may go on. After an Unknown outcome look at AllHistory.
//
// 更新退款审批结果API
func (s *Service) Reject(ctx context.Context, c *Complaint, in Rejection) error {
	t := s.target(c, Reject)
	_, err := wechat.Call[wechat.None](ctx, s.m, wechat.POST("/v3/merchant-service/complaints-v2/{complaint_id}/update-refund-progress"),
		decision{about: t, ID: t.ID, Action: "REJECT", Reason: in.Reason, Images: in.Images, Remark: in.Remark})
	return err
}
