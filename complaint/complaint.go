package complaint

import (
	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/seal"
)

// Complaint is what a user complains about, as Get and List answer it.
type Complaint struct {
	ID                string         `json:"complaint_id"`
	Time              wechat.Time    `json:"complaint_time"`
	Detail            string         `json:"complaint_detail"` // in the user's words
	State             State          `json:"complaint_state"`
	MchID             string         `json:"complainted_mchid"`      // about whom; for a partner a sub-merchant
	PayerPhone        seal.Secret    `json:"payer_phone,omitzero"`   // opened; may be absent
	PayerOpenID       string         `json:"payer_openid,omitempty"` // Get only
	Orders            []Order        `json:"complaint_order_info,omitempty"`
	ServiceOrders     []ServiceOrder `json:"service_order_info,omitempty"`
	Media             []Media        `json:"complaint_media_list,omitempty"`
	FullRefunded      bool           `json:"complaint_full_refunded"`
	UserWaits         bool           `json:"incoming_user_response"` // the user's last word has no reply yet
	Problem           string         `json:"problem_description"`
	Times             int            `json:"user_complaint_times"` // 1 for the first, more after the user went on
	ProblemType       ProblemType    `json:"problem_type,omitempty"`
	RefundAsked       wechat.Fen     `json:"apply_refund_amount,omitempty"`
	UserTags          []UserTag      `json:"user_tag_list,omitempty"`
	Additional        Additional     `json:"additional_info,omitzero"`
	InPlatformService bool           `json:"in_platform_service"`    // WeChat Pay's own staff helps
	NeedsReplyNow     bool           `json:"need_immediate_service"` // ReplyNow is possible
	AgentMode         bool           `json:"is_agent_mode"`
}

// Order is an order of the shop that a complaint is about.
type Order struct {
	TransactionID string     `json:"transaction_id"`
	OutTradeNo    string     `json:"out_trade_no"`
	Amount        wechat.Fen `json:"amount"`
}

// ServiceOrder is a payscore order that a complaint is about.
type ServiceOrder struct {
	OrderID    string `json:"order_id"`
	OutOrderNo string `json:"out_order_no"`
	State      string `json:"state"` // DOING, REVOKED, WAITPAY or DONE today
}

// Media are pictures; Service.ImageAt opens one of the addresses.
type Media struct {
	Type MediaType `json:"media_type"`
	URLs []string  `json:"media_url,omitempty"`
}

// MediaType says whose pictures they are. New ones pass through.
type MediaType string

// The types of pictures known today.
const (
	MediaUser      MediaType = "USER_COMPLAINT_IMAGE" // with the complaint
	MediaOperation MediaType = "OPERATION_IMAGE"      // with a later step
)

// ProblemType is what a user wants. New ones pass through.
type ProblemType string

// The problems known today.
const (
	ProblemRefund  ProblemType = "REFUND" // money back: see Service.Approve and Reject
	ProblemService ProblemType = "SERVICE_NOT_WORK"
	ProblemOther   ProblemType = "OTHERS"
)

// UserTag is what WeChat Pay thinks of a user. New ones pass through.
type UserTag string

// The tags known today.
const (
	UserTrusted  UserTag = "TRUSTED"
	UserHighRisk UserTag = "HIGH_RISK"
)

// Additional is what complaints of some trades say beside the rest: rented power
// banks today.
type Additional struct {
	Type       string     `json:"type"` // SHARE_POWER_TYPE
	SharePower SharePower `json:"share_power_info,omitzero"`
}

// SharePower is where and when a power bank was given back.
type SharePower struct {
	ReturnTime  wechat.Time   `json:"return_time,omitzero"`
	Return      ReturnAddress `json:"return_address_info,omitzero"`
	SameMachine bool          `json:"is_returned_to_same_machine"`
}

// ReturnAddress is a place; its numbers are decimal text.
type ReturnAddress struct {
	Address   string `json:"return_address"`
	Longitude string `json:"longitude"`
	Latitude  string `json:"latitude"`
}
