package apiv2

import (
	"context"
	"fmt"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/wire"
	"github.com/wxcommerce/wechat/pay/internal/check"
	"github.com/wxcommerce/wechat/sign"
)

// RedPackRequest is money given away in a red packet (红包).
type RedPackRequest struct {
	BillNo   string     `xml:"mch_billno"`   // required, our number: up to 28 letters and digits
	SendName string     `xml:"send_name"`    // required: who gives; up to 32 characters
	OpenID   string     `xml:"re_openid"`    // required: who gets it, under the app given to New
	Total    wechat.Fen `xml:"total_amount"` // required
	Number   int        `xml:"total_num"`    // 1; of a group at least 3
	Wishing  string     `xml:"wishing"`      // required, up to 128 characters
	ClientIP string     `xml:"client_ip"`    // IPv4 of the server; not of a group or a mini program
	ActName  string     `xml:"act_name"`     // required, up to 32 characters
	Remark   string     `xml:"remark"`       // required, up to 256 characters
	SceneID  string     `xml:"scene_id"`     // PRODUCT_1 to PRODUCT_8; required above 200 yuan and below 1
	RiskInfo string     `xml:"risk_info"`    // URL-encoded pairs about the user, up to 128 characters
}

// Validate checks every rule that needs no network. The error is a
// *wechat.FieldError.
func (r RedPackRequest) Validate() error {
	var f check.Fields
	f.Number("mch_billno", r.BillNo, 1, 28, "")
	f.Required("send_name", r.SendName, 32)
	f.ID("re_openid", r.OpenID, 32)
	f.Positive("total_amount", r.Total)
	f.Must(r.Number >= 1, "total_num", "must be at least 1")
	f.Required("wishing", r.Wishing, 128)
	f.Address("client_ip", r.ClientIP)
	f.Required("act_name", r.ActName, 32)
	f.Required("remark", r.Remark, 256)
	f.OptionalID("scene_id", r.SceneID, 32)
	f.Must(r.SceneID != "" || r.Total >= 100 && r.Total <= 20000, "scene_id", "is empty but required above 200 yuan and below 1")
	f.Text("risk_info", r.RiskInfo, 128)
	return f.Err()
}

type redPack struct {
	MchID    string `xml:"mch_id"`
	SubMchID string `xml:"sub_mch_id"`
	AppID    string `xml:"wxappid"`
	MsgAppID string `xml:"msgappid"` // of a partner: the sub-merchant's app
	RedPackRequest
	AmtType   string `xml:"amt_type"`
	NotifyWay string `xml:"notify_way"`
}

func (s *Service) redPack(in RedPackRequest) redPack {
	p := s.party()
	return redPack{MchID: p.MchID, SubMchID: p.SubMchID, AppID: p.AppID, MsgAppID: p.SubAppID, RedPackRequest: in}
}

// RedPack is a red packet that was sent; RedPackInfo tells whether it was opened.
type RedPack struct {
	BillNo  string     `xml:"mch_billno"`
	OpenID  string     `xml:"re_openid"`
	Total   wechat.Fen `xml:"total_amount"`
	ListID  string     `xml:"send_listid"` // WeChat Pay's number
	Package string     `xml:"package"`     // in mini programs: give it to RedPackParams
}

// SendRedPack gives one user money in a chat message. Whatever it is refused with,
// the outcome is Unknown until RedPackInfo tells; send again under the same number
// only. It demands the client certificate. WeChat still accepts it; APIv3 has no
// red packets.
//
// 发放普通红包
func (s *Service) SendRedPack(ctx context.Context, in RedPackRequest) (*RedPack, error) {
	return wechat.Call[RedPack](ctx, s.m, wechat.POST("/mmpaymkttransfers/sendredpack").Keyed().Wary().Certified().Unsigned().MD5Only(), s.redPack(in))
}

// SendGroupRedPack gives one user a red packet to share with others, of random
// amounts; Number is how many get one. See SendRedPack.
//
// 发放裂变红包
func (s *Service) SendGroupRedPack(ctx context.Context, in RedPackRequest) (*RedPack, error) {
	out := s.redPack(in)
	out.AmtType, out.ClientIP = "ALL_RAND", ""
	return wechat.Call[RedPack](ctx, s.m, wechat.POST("/mmpaymkttransfers/sendgroupredpack").Keyed().Wary().Certified().Unsigned().MD5Only(), out)
}

// SendMiniProgramRedPack gives one user a red packet to open in the mini program;
// hand the result's Package to RedPackParams. See SendRedPack.
//
// 发放小程序红包接口
func (s *Service) SendMiniProgramRedPack(ctx context.Context, in RedPackRequest) (*RedPack, error) {
	out := s.redPack(in)
	out.NotifyWay, out.ClientIP = "MINI_PROGRAM_JSAPI", ""
	return wechat.Call[RedPack](ctx, s.m, wechat.POST("/mmpaymkttransfers/sendminiprogramhb").Keyed().Wary().Certified().Unsigned().MD5Only(), out)
}

// RedPackParams is what a mini program hands to wx.sendBizRedPacket.
type RedPackParams struct {
	Timestamp string `json:"timeStamp"`
	NonceStr  string `json:"nonceStr"`
	Package   string `json:"package"` // URL-encoded
	SignType  string `json:"signType"`
	PaySign   string `json:"paySign"`
}

// RedPackParams signs the parameters that open a red packet in the mini program.
// Sources disagree whether the signature covers the package encoded; here it does.
func (s *Service) RedPackParams(packed string) (*RedPackParams, error) {
	var f check.Fields
	f.Required("package", packed, 1024)
	now, nonce, err := s.ground("-")
	if f.Err() != nil || err != nil {
		return nil, orFirst(f.Err(), err)
	}
	p := &RedPackParams{Timestamp: now, NonceStr: nonce, Package: wire.EscapeQuery(packed), SignType: "MD5"}
	p.PaySign = s.m.SignMD5([]sign.Pair{{Name: "appId", Value: s.pageApp()}, {Name: "nonceStr", Value: p.NonceStr},
		{Name: "package", Value: p.Package}, {Name: "timeStamp", Value: p.Timestamp}})
	return p, nil
}

func orFirst(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

type redPackQuery struct {
	AppID    string `xml:"appid"`
	MchID    string `xml:"mch_id"`
	BillNo   string `xml:"mch_billno"`
	BillType string `xml:"bill_type"`
}

func (q redPackQuery) Validate() error {
	var f check.Fields
	f.Number("mch_billno", q.BillNo, 1, 28, "")
	return f.Err()
}

// RedPackState is where a red packet stands.
type RedPackState string

// The states known today.
const (
	RedPackSending   RedPackState = "SENDING"
	RedPackSent      RedPackState = "SENT"     // waits to be opened
	RedPackFailed    RedPackState = "FAILED"   // nothing was given
	RedPackReceived  RedPackState = "RECEIVED" // the user has it
	RedPackRefunding RedPackState = "RFUND_ING"
	RedPackRefunded  RedPackState = "REFUND" // not opened in 24 hours: the money is back
)

// RedPackInfo is what became of a red packet.
type RedPackInfo struct {
	BillNo       string       `xml:"mch_billno"`
	DetailID     string       `xml:"detail_id"` // WeChat Pay's number
	State        RedPackState `xml:"status"`
	SendType     string       `xml:"send_type"` // API, UPLOAD or ACTIVITY
	Kind         string       `xml:"hb_type"`   // NORMAL or GROUP
	Number       int          `xml:"total_num"`
	Total        wechat.Fen   `xml:"total_amount"`
	Reason       string       `xml:"reason"` // why it failed
	SendTime     Time         `xml:"send_time"`
	RefundTime   Time         `xml:"refund_time"`
	RefundAmount wechat.Fen   `xml:"refund_amount"`
	Wishing      string       `xml:"wishing"`
	Remark       string       `xml:"remark"`
	ActName      string       `xml:"act_name"`
	List         Openers      `xml:"hblist"`
}

// Openers are those who opened a red packet.
type Openers []Opener

// Opener is one who opened a red packet.
type Opener struct {
	OpenID string     `xml:"openid"`
	Amount wechat.Fen `xml:"amount"`
	At     Time       `xml:"rcv_time"`
}

// UnmarshalText reads the XML inside of hblist.
func (o *Openers) UnmarshalText(b []byte) error {
	items, err := wire.SplitXML(string(b), "hbinfo")
	if err != nil {
		return fmt.Errorf("apiv2: %w", err)
	}
	*o = make(Openers, len(items))
	for i, pairs := range items {
		if err := wire.DecodePairs(pairs, &(*o)[i]); err != nil {
			return err
		}
	}
	return nil
}

// RedPackInfo tells what became of a red packet, for thirty days. It demands the
// client certificate. WeChat still accepts it; APIv3 has no red packets.
//
// 查询红包记录
func (s *Service) RedPackInfo(ctx context.Context, billNo string) (*RedPackInfo, error) {
	return wechat.Call[RedPackInfo](ctx, s.m, wechat.POST("/mmpaymkttransfers/gethbinfo").ReadOnly().Certified().Unsigned().MD5Only().Listing("hblist"),
		redPackQuery{s.appID, s.m.ID(), billNo, "MCHT"})
}
