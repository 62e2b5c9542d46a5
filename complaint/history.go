package complaint

import (
	"context"
	"iter"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

// Entry is one step in the history of a complaint.
type Entry struct {
	LogID                   string        `json:"log_id"`
	Operator                string        `json:"operator"` // in words, such as 投诉人
	Time                    wechat.Time   `json:"operate_time"`
	Type                    OperateType   `json:"operate_type"`
	Details                 string        `json:"operate_details,omitempty"`
	Images                  []string      `json:"image_list,omitempty"` // addresses, see Service.ImageAt
	Media                   Media         `json:"complaint_media_list,omitzero"`
	PlatformHelpReason      string        `json:"user_appy_platform_service_reason,omitempty"`
	PlatformHelpDescription string        `json:"user_appy_platform_service_reason_description,omitempty"`
	Message                 NormalMessage `json:"normal_message,omitzero"` // of ReplyNow
	Click                   ClickMessage  `json:"click_message,omitzero"`
}

// ClickMessage is what a user said by a click in a NormalMessage.
type ClickMessage struct {
	Content      MessageInfo `json:"message_content,omitzero"`
	ActionID     string      `json:"action_id"`
	ClickedLogID string      `json:"clicked_log_id"` // the entry with the message
}

// OperateType is what an entry of the history is. New ones pass through.
type OperateType string

// The entries known today, in WeChat's spelling.
const (
	UserCreated              OperateType = "USER_CREATE_COMPLAINT"
	UserContinued            OperateType = "USER_CONTINUE_COMPLAINT"
	UserResponded            OperateType = "USER_RESPONSE"
	UserClicked              OperateType = "USER_CLICK_RESPONSE"
	UserRevoked              OperateType = "USER_REVOKE_COMPLAINT"
	UserConfirmed            OperateType = "USER_COMFIRM_COMPLAINT"
	UserRated                OperateType = "USER_SUBMIT_SATISFACTION"
	UserAskedPlatform        OperateType = "USER_APPLY_PLATFORM_SERVICE"
	UserAskedPlatformHelp    OperateType = "USER_APPLY_PLATFORM_HELP"
	UserCancelledPlatform    OperateType = "USER_CANCEL_PLATFORM_SERVICE"
	PlatformResponded        OperateType = "PLATFORM_RESPONSE"
	PlatformUrged            OperateType = "PLATFORM_HELP_APPLICATION"
	PlatformFinished         OperateType = "PLATFORM_SERVICE_FINISHED"
	MerchantResponded        OperateType = "MERCHANT_RESPONSE"
	MerchantCompleted        OperateType = "MERCHANT_CONFIRM_COMPLETE"
	MerchantApproved         OperateType = "MERCHANT_APPROVE_REFUND"
	MerchantRejected         OperateType = "MERCHANT_REFUSE_RERUND" // Details holds the reason
	SystemCreated            OperateType = "USER_CREATE_COMPLAINT_SYSTEM_MESSAGE"
	SystemContinued          OperateType = "USER_CONTINUE_COMPLAINT_SYSTEM_MESSAGE"
	SystemRefunded           OperateType = "COMPLAINT_FULL_REFUNDED_SYSTEM_MESSAGE"
	SystemPartlyRefunded     OperateType = "COMPLAINT_PARTIAL_REFUNDED_SYSTEM_MESSAGE"
	SystemRefundArrived      OperateType = "COMPLAINT_REFUND_RECEIVED_SYSTEM_MESSAGE"
	SystemRefundedOnBehalf   OperateType = "COMPLAINT_ENTRUSTED_REFUND_SYSTEM_MESSAGE"
	ServiceOrderWasCancelled OperateType = "SERVICE_ORDER_CANCEL"
	ServiceOrderWasCompleted OperateType = "SERVICE_ORDER_COMPLETE"
)

// HistoryRequest asks for the history of a complaint.
type HistoryRequest struct {
	ID     string `json:"-" path:"complaint_id"` // required
	Limit  int    `json:"-" query:"limit"`       // of one page, up to 300; 0 means 100, and 300 for AllHistory
	Offset int    `json:"-" query:"offset"`      // how many to pass over; AllHistory begins at the first
}

// Validate checks every rule that needs no network. The error is a
// *wechat.FieldError.
func (r HistoryRequest) Validate() error {
	var f check.Fields
	f.ID("complaint_id", r.ID, 64)
	f.Must(r.Limit >= 0 && r.Limit <= 300, "limit", "is %d, want 0 to 300", r.Limit)
	f.Must(r.Offset >= 0, "offset", "is %d, want 0 or more", r.Offset)
	return f.Err()
}

// HistoryPage is a part of a history.
type HistoryPage struct {
	Entries []Entry `json:"data"`
	Limit   int     `json:"limit"`
	Offset  int     `json:"offset"`
	Total   int     `json:"total_count"`
}

// History is one page of what was said and done about a complaint.
//
// 查询投诉协商历史API
func (s *Service) History(ctx context.Context, in HistoryRequest) (*HistoryPage, error) {
	return wechat.Call[HistoryPage](ctx, s.m, wechat.GET("/v3/merchant-service/complaints-v2/{complaint_id}/negotiation-historys"), in)
}

// AllHistory walks the whole history of a complaint and stops after the first error.
func (s *Service) AllHistory(ctx context.Context, id string) iter.Seq2[Entry, error] {
	return walk(ctx, func(ctx context.Context, offset int) ([]Entry, int, error) {
		p, err := s.History(ctx, HistoryRequest{ID: id, Limit: 300, Offset: offset})
		if err != nil {
			return nil, 0, err
		}
		return p.Entries, p.Total, nil
	})
}
