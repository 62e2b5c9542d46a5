package complaint_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"encoding/base64"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/complaint"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
	"github.com/wxcommerce/wechat/wechattest"
)

const (
	base  = "/v3/merchant-service/complaints-v2"
	one   = base + "/" + complaintID
	about = `"complainted_mchid":"0000190002"`

	answer = `{"complaint_id":"200201820200101080076610000","complaint_time":"2015-05-20T13:29:35.120+08:00","complaint_detail":"反馈一个重复扣费的问题","complaint_state":"PENDING","complainted_mchid":"0000190002","payer_phone":"PHONE","payer_openid":"oUpF8uMuAJO_M2pxb1Q9zNjWeS6o",
"complaint_order_info":[{"transaction_id":"4200000404201909069117582536","out_trade_no":"20190906154617947762231","amount":3}],"service_order_info":[{"order_id":"1564","out_order_no":"1234","state":"DOING"}],
"complaint_media_list":[{"media_type":"USER_COMPLAINT_IMAGE","media_url":["https://api.mch.weixin.qq.com/v3/merchant-service/images/x%2By"]}],"complaint_full_refunded":true,"incoming_user_response":true,"problem_description":"不满意商家服务","user_complaint_times":2,"problem_type":"REFUND","apply_refund_amount":10,"user_tag_list":["TRUSTED"],
"additional_info":{"type":"SHARE_POWER_TYPE","share_power_info":{"return_time":"2015-05-20T13:29:35+08:00","return_address_info":{"return_address":"海天二路","longitude":"113.93","latitude":"22.52"},"is_returned_to_same_machine":true}},"in_platform_service":true,"need_immediate_service":true,"is_agent_mode":true}`

	history = `{"data":[{"complaint_media_list":{"media_type":"OPERATION_IMAGE","media_url":["https://api.mch.weixin.qq.com/v3/merchant-service/images/z"]},"log_id":"300285320210322170000071077","operator":"投诉人","operate_time":"2015-05-20T13:29:35.120+08:00","operate_type":"MERCHANT_REFUSE_RERUND","operate_details":"已电话沟通","image_list":["https://qpic.cn/x"],
"user_appy_platform_service_reason":"商家响应不及时","user_appy_platform_service_reason_description":"一周前","normal_message":{"blocks":[{"type":"TEXT","text":{"text":"t","color":"DEFAULT","is_bold":true}},{"type":"BUTTON","button":{"text":"b","action":{"action_type":"ACTION_TYPE_SEND_MESSAGE","message_info":{"content":"c","custom_data":"d"},"action_id":"7"},"invalid_info":{"expired_time":"2015-05-20T13:29:35+08:00","multi_clickable":true}}}],"sender_identity":"MANUAL","custom_data":"e"},
"click_message":{"message_content":{"content":"c"},"action_id":"7","clicked_log_id":"3"}}],"limit":50,"offset":10,"total_count":61}`
)

func at(milli int) wechat.Time {
	return wechat.Time{Time: time.Date(2015, 5, 20, 13, 29, 35, milli*1e6, wechat.Beijing)}
}

// want is answer, read; the phone number is compared by itself.
func want() complaint.Complaint {
	return complaint.Complaint{ID: complaintID, Time: at(120), Detail: "反馈一个重复扣费的问题", State: complaint.StatePending, MchID: subMchID, PayerOpenID: "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o",
		Orders:        []complaint.Order{{TransactionID: "4200000404201909069117582536", OutTradeNo: "20190906154617947762231", Amount: 3}},
		ServiceOrders: []complaint.ServiceOrder{{OrderID: "1564", OutOrderNo: "1234", State: "DOING"}},
		Media:         []complaint.Media{{Type: complaint.MediaUser, URLs: []string{"https://api.mch.weixin.qq.com/v3/merchant-service/images/x%2By"}}},
		FullRefunded:  true, UserWaits: true, Problem: "不满意商家服务", Times: 2, ProblemType: complaint.ProblemRefund, RefundAsked: 10, UserTags: []complaint.UserTag{complaint.UserTrusted},
		Additional: complaint.Additional{Type: "SHARE_POWER_TYPE", SharePower: complaint.SharePower{ReturnTime: at(0),
			Return: complaint.ReturnAddress{Address: "海天二路", Longitude: "113.93", Latitude: "22.52"}, SameMachine: true}},
		InPlatformService: true, NeedsReplyNow: true, AgentMode: true}
}

func wantHistory() complaint.HistoryPage {
	return complaint.HistoryPage{Limit: 50, Offset: 10, Total: 61, Entries: []complaint.Entry{{LogID: "300285320210322170000071077", Operator: "投诉人", Time: at(120), Type: complaint.MerchantRejected,
		Details: "已电话沟通", Images: []string{"https://qpic.cn/x"}, Media: complaint.Media{Type: complaint.MediaOperation, URLs: []string{"https://api.mch.weixin.qq.com/v3/merchant-service/images/z"}},
		PlatformHelpReason: "商家响应不及时", PlatformHelpDescription: "一周前",
		Message: complaint.NormalMessage{Sender: complaint.SenderManual, CustomData: "e", Blocks: []complaint.Block{
			{Type: complaint.BlockText, Text: complaint.TextBlock{Text: "t", Color: "DEFAULT", Bold: true}},
			{Type: complaint.BlockButton, Button: complaint.Button{Text: "b", Action: complaint.Tap{Type: complaint.TapSend, ID: "7", Message: complaint.MessageInfo{Content: "c", CustomData: "d"}},
				Invalid: complaint.Invalid{Expires: at(0), Again: true}}}}},
		Click: complaint.ClickMessage{Content: complaint.MessageInfo{Content: "c"}, ActionID: "7", ClickedLogID: "3"}}}}
}

// same compares what was read with what was meant, times as moments.
func same(t *testing.T, want, got any) {
	t.Helper()
	if p, ok := got.(*complaint.Complaint); ok {
		c := *p
		phone, err := c.PayerPhone.Reveal()
		require.NoError(t, err)
		assert.Equal(t, "13800001111", phone)
		c.PayerPhone = seal.Secret{}
		got = &c
	}
	assert.EqualExportedValues(t, want, got)
}

type endpoint struct {
	name                 string
	method, target, body string
	answer               string // "" is 204
	want                 any
	refused              wechat.Code
	call                 func(context.Context, *complaint.Service) (any, error)
}

func open() *complaint.Complaint {
	return &complaint.Complaint{ID: complaintID, State: complaint.StateProcessing, MchID: subMchID, ProblemType: complaint.ProblemRefund, NeedsReplyNow: true}
}

func done(err error) (any, error) { return nil, err }

func endpoints() []endpoint {
	day := time.Date(2026, 1, 1, 17, 0, 0, 0, time.UTC) // the 2nd in Beijing
	msg := complaint.Urgent{IdempotentID: "550e8400", Message: complaint.NormalMessage{Blocks: []complaint.Block{complaint.Text("请稍候 <1>"), complaint.Picture("m1")}, Sender: complaint.SenderMachine, CustomData: "x"}}
	note := func(n *complaint.Notification, err error) (any, error) { return n, err }
	const url, place = `{"url":"https://shop.example/complaints"}`, "/v3/merchant-service/complaint-notifications"
	where := &complaint.Notification{MchID: mchID, URL: "https://shop.example/complaints"}
	return []endpoint{
		{"List", "GET", base + "?begin_date=2026-01-02&end_date=2026-01-03&complainted_mchid=0000190002&limit=5&offset=10", "", `{"data":[` + answer + `],"limit":5,"offset":10}`,
			nil, wechat.ErrParam, func(ctx context.Context, s *complaint.Service) (any, error) {
				p, err := s.List(ctx, complaint.ListRequest{Begin: day, End: day.AddDate(0, 0, 1), Limit: 5, Offset: 10})
				if err != nil {
					return nil, err
				}
				return &p.Complaints[0], nil
			}},
		{"Get", "GET", one, "", answer, nil, wechat.ErrNotFound, func(ctx context.Context, s *complaint.Service) (any, error) {
			c, err := s.Get(ctx, complaintID)
			if err != nil {
				return nil, err
			}
			return c, nil
		}},
		{"History", "GET", one + "/negotiation-historys?limit=50&offset=10", "", history, nil, wechat.ErrNotFound, func(ctx context.Context, s *complaint.Service) (any, error) {
			p, err := s.History(ctx, complaint.HistoryRequest{ID: complaintID, Limit: 50, Offset: 10})
			if err != nil {
				return nil, err
			}
			return p, nil
		}},
		{"Reply", "POST", one + "/response", `{` + about + `,"response_content":"已沟通 <1> & 2","response_images":["a.jpg","b+/=.png"],"jump_url":"https://shop.example/o?id=1","jump_url_text":"查看订单","mini_program_jump_info":{"appid":"wx1","path":"p?x=1","text":"打开"}}`,
			"", nil, wechat.ErrRequest, func(ctx context.Context, s *complaint.Service) (any, error) {
				return done(s.Reply(ctx, open(), complaint.Answer{Content: "已沟通 <1> & 2", Images: []string{"a.jpg", "b+/=.png"}, JumpURL: "https://shop.example/o?id=1", JumpText: "查看订单",
					MiniProgram: complaint.MiniProgram{AppID: "wx1", Path: "p?x=1", Text: "打开"}}))
			}},
		{"Reply, by id", "POST", one + "/response", `{` + about + `,"response_content":"好"}`, "", nil, wechat.ErrRequest, func(ctx context.Context, s *complaint.Service) (any, error) {
			return done(s.Reply(ctx, &complaint.Complaint{ID: complaintID}, complaint.Answer{Content: "好"}))
		}},
		{"ReplyNow", "POST", one + "/response-immediate-service", `{` + about + `,"message":{"blocks":[{"type":"TEXT","text":{"text":"请稍候 <1>"}},{"type":"IMAGE","image":{"media_id":"m1"}}],"sender_identity":"MACHINE","custom_data":"x"},"idempotent_id":"550e8400"}`,
			`{"log_id":"300285"}`, &complaint.Sent{LogID: "300285"}, wechat.ErrRequest, func(ctx context.Context, s *complaint.Service) (any, error) {
				sent, err := s.ReplyNow(ctx, open(), msg)
				return sent, err
			}},
		{"Complete", "POST", one + "/complete", `{` + about + `}`, "", nil, wechat.ErrRequest, func(ctx context.Context, s *complaint.Service) (any, error) { return done(s.Complete(ctx, open())) }},
		{"Approve", "POST", one + "/update-refund-progress", `{"action":"APPROVE","launch_refund_day":0,"remark":"好"}`, "", nil, wechat.ErrRequest, func(ctx context.Context, s *complaint.Service) (any, error) {
			return done(s.Approve(ctx, open(), complaint.Approval{Remark: "好"}))
		}},
		{"Reject", "POST", one + "/update-refund-progress", `{"action":"REJECT","reject_reason":"已使用","reject_media_list":["a.jpg"],"remark":"无"}`, "", nil, wechat.ErrRequest, func(ctx context.Context, s *complaint.Service) (any, error) {
			return done(s.Reject(ctx, open(), complaint.Rejection{Reason: "已使用", Images: []string{"a.jpg"}, Remark: "无"}))
		}},
		{"CreateNotification", "POST", place, url, `{"mchid":"0000190001","url":"https://shop.example/complaints"}`, where, wechat.ErrExists, func(ctx context.Context, s *complaint.Service) (any, error) {
			return note(s.CreateNotification(ctx, "https://shop.example/complaints"))
		}},
		{"Notification", "GET", place, "", `{"mchid":"0000190001","url":"https://shop.example/complaints"}`, where, wechat.ErrNotFound, func(ctx context.Context, s *complaint.Service) (any, error) {
			return note(s.Notification(ctx))
		}},
		{"UpdateNotification", "PUT", place, url, `{"mchid":"0000190001","url":"https://shop.example/complaints"}`, where, wechat.ErrNotFound, func(ctx context.Context, s *complaint.Service) (any, error) {
			return note(s.UpdateNotification(ctx, "https://shop.example/complaints"))
		}},
		{"DeleteNotification", "DELETE", place, "", "", nil, wechat.ErrNotFound, func(ctx context.Context, s *complaint.Service) (any, error) {
			return done(s.DeleteNotification(ctx))
		}},
	}
}

// phone puts the payer's phone into an answer, encrypted for the merchant.
func (d *desk) phone(body string) string {
	b, err := rsa.EncryptOAEP(sha1.New(), rand.Reader, &d.account.PrivateKey.PublicKey, []byte("13800001111"), nil)
	require.NoError(d.t, err)
	return strings.ReplaceAll(body, "PHONE", base64.StdEncoding.EncodeToString(b))
}

func (e endpoint) on(t *testing.T, d *desk, s step) (any, error) {
	d.script = []step{s}
	return e.call(t.Context(), d.partner)
}

func (e endpoint) good(d *desk) step {
	if e.answer == "" {
		return step{status: 204}
	}
	return step{status: 200, body: d.phone(e.answer)}
}

func TestEndpoints(t *testing.T) {
	t.Parallel()
	for _, e := range endpoints() {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			got, err := e.on(t, d, e.good(d))
			require.NoError(t, err)
			switch want, wantHistory := want(), wantHistory(); {
			case e.answer == "":
				assert.Nil(t, got)
			case e.want != nil:
				assert.Equal(t, e.want, got)
			case e.name == "History":
				same(t, &wantHistory, got)
			default:
				same(t, &want, got)
			}
			r := d.only()
			assert.Equal(t, e.method, r.method)
			assert.Equal(t, e.target, r.target)
			if e.body == "" {
				assert.Empty(t, r.body)
				return
			}
			assert.JSONEq(t, e.body, r.body)
			assert.NotContains(t, r.body, `\u00`, "no HTML escapes")
		})
	}
}

func TestEndpointsTolerateNewFieldsAndValues(t *testing.T) {
	t.Parallel()
	for _, e := range endpoints() {
		if e.answer == "" {
			continue
		}
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			s := e.good(d)
			s.body = `{"brand_new":{"deep":[1,"x",null]},` + strings.NewReplacer(`"PENDING"`, `"DREAMING"`, `"REFUND"`, `"HUG"`, `"MERCHANT_REFUSE_RERUND"`, `"DANCE"`, `"OPERATION_IMAGE"`, `"FILM"`).Replace(s.body)[1:]
			got, err := e.on(t, d, s)
			require.NoError(t, err)
			switch got := got.(type) {
			case *complaint.Complaint:
				assert.Equal(t, complaint.State("DREAMING"), got.State)
				assert.Equal(t, complaint.ProblemType("HUG"), got.ProblemType)
				require.NoError(t, got.Allows(complaint.Complete), "an unknown state forbids nothing")
			case *complaint.HistoryPage:
				assert.Equal(t, complaint.OperateType("DANCE"), got.Entries[0].Type)
			}
		})
	}
}

func TestEndpointsReportRefusals(t *testing.T) {
	t.Parallel()
	for _, e := range endpoints() {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			_, err := e.on(t, newDesk(t), refuses(400, e.refused))
			require.ErrorIs(t, err, e.refused)
			assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
		})
	}
}

func TestG14_EndpointsRejectUnprovedAnswers(t *testing.T) {
	t.Parallel()
	for _, e := range endpoints() {
		for kind, cause := range map[wechattest.Kind]error{wechattest.Unsigned: sign.ErrUnsigned, wechattest.WrongSignature: sign.ErrMismatch, wechattest.Probe: sign.ErrProbe} {
			t.Run(e.name, func(t *testing.T) {
				t.Parallel()
				d := newDesk(t)
				s := e.good(d)
				s.fault.Kind = kind
				_, err := e.on(t, d, s)
				require.ErrorIs(t, err, cause)
				assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
			})
		}
	}
}

// What is safe to repeat is repeated after a 500, and nothing else.
func TestRepeats(t *testing.T) {
	t.Parallel()
	for _, e := range endpoints() {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t, wechat.WithBackoff(wechat.DefaultBackoff))
				d.script = []step{refuses(500, wechat.ErrSystem), e.good(d)}
				_, err := e.call(t.Context(), d.partner)
				if e.method == "GET" || e.method == "PUT" || e.name == "ReplyNow" {
					require.NoError(t, err)
					assert.Len(t, d.all(), 2)
					return
				}
				require.ErrorIs(t, err, wechat.ErrSystem)
				assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
				assert.Len(t, d.all(), 1)
			})
		})
	}
}

func TestPartnersBaseClientUsesTheComplaintsMerchant(t *testing.T) {
	t.Parallel()
	d := newDesk(t).says(step{status: 204}, step{status: 204}, step{status: 200, body: `{"limit":10,"offset":0}`})
	require.NoError(t, d.direct.Reply(t.Context(), open(), complaint.Answer{Content: "好"}))
	require.NoError(t, d.direct.Reply(t.Context(), &complaint.Complaint{ID: complaintID}, complaint.Answer{Content: "好"}))
	_, err := d.direct.List(t.Context(), complaint.ListRequest{Begin: time.Unix(0, 0), End: time.Unix(0, 0), MchID: subMchID})
	require.NoError(t, err)
	all := d.all()
	assert.Contains(t, all[0].body, about)
	assert.Contains(t, all[1].body, `"complainted_mchid":"0000190001"`)
	assert.Equal(t, base+"?begin_date=1970-01-01&end_date=1970-01-01&complainted_mchid=0000190002", all[2].target)
}

func TestImages(t *testing.T) {
	t.Parallel()
	d := newDesk(t).says(step{status: 200, body: `{"media_id":"BB04.bmp"}`}, step{status: 200, body: "\x89PNG picture", bare: true}, step{status: 200, body: "\x89PNG other", bare: true},
		refuses(404, wechat.ErrNotFound), refuses(400, wechat.ErrParam))
	up, err := d.partner.UploadImage(t.Context(), wechat.File{Name: "a.png", Data: strings.NewReader("\x89PNG picture")})
	require.NoError(t, err)
	assert.Equal(t, "BB04.bmp", up.MediaID)
	r := d.only()
	assert.Equal(t, "POST /v3/merchant-service/images/upload", r.method+" "+r.target)
	assert.Contains(t, r.body, `{"filename":"a.png","sha256":"`)
	assert.Contains(t, r.header.Get("Content-Type"), "multipart/form-data")

	s, err := d.partner.Image(t.Context(), "x+/=y")
	require.NoError(t, err)
	assert.Equal(t, "\x89PNG picture", read(t, s))
	assert.Equal(t, "GET /v3/merchant-service/images/x+%2F=y", d.all()[1].method+" "+d.all()[1].target)
	assert.NotEmpty(t, d.all()[1].header.Get("Authorization"))

	c, err := d.partner.ImageAt(t.Context(), "http://127.0.0.1/v3/merchant-service/images/x%2By")
	require.NoError(t, err)
	assert.Equal(t, "\x89PNG other", read(t, c))
	assert.Equal(t, "GET /v3/merchant-service/images/x%2By", d.all()[2].method+" "+d.all()[2].target)

	_, err = d.partner.Image(t.Context(), "gone")
	require.ErrorIs(t, err, wechat.ErrNotFound)
	_, err = d.partner.UploadImage(t.Context(), wechat.File{Name: "a.png", Data: bytes.NewReader([]byte("x"))})
	require.ErrorIs(t, err, wechat.ErrParam)
	for _, address := range []string{"https://qpic.cn/x", "http://127.0.0.1/v3/pay/transactions", "http://api.mch.weixin.qq.com/v3/merchant-service/images/x"} {
		_, err = d.partner.ImageAt(t.Context(), address)
		var field *wechat.FieldError
		require.ErrorAs(t, err, &field, address)
	}
	require.Len(t, d.all(), 5, "nothing signed travels elsewhere")
}

func read(t *testing.T, r io.ReadCloser) string {
	t.Helper()
	b, err := io.ReadAll(r)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	return string(b)
}
