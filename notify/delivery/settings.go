package delivery

import (
	"context"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

type reminder struct {
	lookup
	Received int64 `json:"received_time"`
	from     Number
}

func (r reminder) Validate() error {
	var f check.Fields
	r.from.check(&f, "")
	f.Must(r.Received > 0, "received_time", "is missing: say when the parcel was handed over")
	return f.Err()
}

// Remind asks the buyer to confirm that the parcel has come. received is when the
// parcel service delivered it, after the shipping. It may be called once for an order
// that is Shipped by Express; after an Unknown outcome a repetition that gives
// ErrReminded says that it was done.
//
// 确认收货提醒
func (s *Service) Remind(ctx context.Context, n Number, received time.Time) error {
	_, err := wechat.Call[wechat.None](ctx, s.a, wechat.POST("/wxa/sec/order/notify_confirm_receive"), reminder{n.lookup(), unix(received), n})
	return err
}

type jumpPath struct {
	Path string `json:"path"`
}

func (r jumpPath) Validate() error {
	var f check.Fields
	f.ID("path", r.Path, 2048)
	return f.Err()
}

// SetJumpPath sets the page of the mini program that a tap on the shipping message
// opens, such as pages/order/detail?from=wx. WeChat adds transaction_id, merchant_id,
// merchant_trade_no and, where there is one, sub_merchant_id to its query.
//
// 消息跳转路径设置
func (s *Service) SetJumpPath(ctx context.Context, path string) error {
	_, err := wechat.Call[wechat.None](ctx, s.a, wechat.POST("/wxa/sec/order/set_msg_jump_path").Keyed(), jumpPath{path})
	return err
}

type ofApp struct {
	AppID string `json:"appid"`
}

type managed struct {
	Yes flag `json:"is_trade_managed"`
}

// IsManaged reports whether shipping management is switched on for this mini program.
//
// 查询小程序是否已开通发货信息管理服务
func (s *Service) IsManaged(ctx context.Context) (bool, error) {
	out, err := wechat.Call[managed](ctx, s.a, wechat.POST("/wxa/sec/order/is_trade_managed").ReadOnly(), ofApp{s.a.ID()})
	return out != nil && bool(out.Yes), err
}

type completed struct {
	Yes flag `json:"completed"`
}

// IsConfirmed reports whether the administrator has confirmed how trades of this mini
// program are settled.
//
// 查询小程序是否已完成交易结算管理确认
func (s *Service) IsConfirmed(ctx context.Context) (bool, error) {
	out, err := wechat.Call[completed](ctx, s.a, wechat.POST("/wxa/sec/order/is_trade_management_confirmation_completed").ReadOnly(), ofApp{s.a.ID()})
	return out != nil && bool(out.Yes), err
}

// SpecialType is why an order is not shipped within 48 hours.
type SpecialType int

// The reasons known today.
const (
	Presale   SpecialType = 1 // it is made or comes in later
	TestOrder SpecialType = 2 // nothing is sold
)

// Special declares that an order is shipped late or never.
type Special struct {
	OrderID string // either of its numbers
	Type    SpecialType
	Until   time.Time // when a Presale is shipped, 15 to 330 days after the payment as far as is known; optional for a TestOrder
}

type special struct {
	OrderID string      `json:"order_id"`
	Type    SpecialType `json:"type"`
	Until   int64       `json:"delay_to,omitempty"`
}

func (r special) Validate() error {
	var f check.Fields
	f.ID("order_id", r.OrderID, 64)
	f.Must(r.Type >= 1, "type", "is missing: say why the order is special")
	f.Must(r.Type != Presale || r.Until > 0, "delay_to", "is missing: say until when a presale waits")
	return f.Err()
}

// Declare makes an order a special one.
//
// 特殊发货报备
func (s *Service) Declare(ctx context.Context, in Special) error {
	_, err := wechat.Call[wechat.None](ctx, s.a, wechat.POST("/wxa/sec/order/opspecialorder"), special{in.OrderID, in.Type, unix(in.Until)})
	return err
}
