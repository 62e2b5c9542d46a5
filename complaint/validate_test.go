package complaint_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/complaint"
)

// Everything here is refused before the network: the desk has no script.
func TestRefusedBeforeSending(t *testing.T) {
	t.Parallel()
	four := []string{"a", "b", "c", "d"}
	day := func(n int) time.Time { return time.Date(2026, 1, n, 23, 0, 0, 0, wechat.Beijing) }
	list := func(in complaint.ListRequest) func(*desk) error {
		return func(d *desk) error { _, err := d.partner.List(d.t.Context(), in); return err }
	}
	reply := func(in complaint.Answer) func(*desk) error {
		return func(d *desk) error { return d.partner.Reply(d.t.Context(), open(), in) }
	}
	urgent := func(in complaint.Urgent) func(*desk) error {
		return func(d *desk) error { _, err := d.partner.ReplyNow(d.t.Context(), open(), in); return err }
	}
	history := func(in complaint.HistoryRequest) func(*desk) error {
		return func(d *desk) error { _, err := d.partner.History(d.t.Context(), in); return err }
	}
	place := func(url string) func(*desk) error {
		return func(d *desk) error { _, err := d.partner.CreateNotification(d.t.Context(), url); return err }
	}
	blocks := func(b ...complaint.Block) complaint.Urgent {
		return complaint.Urgent{IdempotentID: "1", Message: complaint.NormalMessage{Blocks: b}}
	}
	tests := []struct {
		name string
		call func(*desk) error
		says string
	}{
		{"no begin", list(complaint.ListRequest{End: day(1)}), "begin_date: is empty"},
		{"no end", list(complaint.ListRequest{Begin: day(1)}), "end_date: is empty"},
		{"end before begin", list(complaint.ListRequest{Begin: day(2), End: day(1)}), "end_date: is before begin_date"},
		{"31 days apart", list(complaint.ListRequest{Begin: day(1), End: day(32)}), "end_date: is more than 30 days after"},
		{"limit 51", list(complaint.ListRequest{Begin: day(1), End: day(31), Limit: 51}), "limit: is 51"},
		{"negative offset", list(complaint.ListRequest{Begin: day(1), End: day(1), Offset: -1}), "offset: is -1"},
		{"another merchant", list(complaint.ListRequest{Begin: day(1), End: day(1), MchID: "0000190003"}), "complainted_mchid: is another merchant"},
		{"merchant with a space", list(complaint.ListRequest{Begin: day(1), End: day(1), MchID: "0 1"}), "complainted_mchid: byte 2 of 3"},
		{"get nothing", func(d *desk) error { _, err := d.partner.Get(d.t.Context(), ""); return err }, "complaint_id: is empty"},
		{"get a long id", func(d *desk) error { _, err := d.partner.Get(d.t.Context(), strings.Repeat("1", 65)); return err }, "complaint_id: has 65 bytes"},
		{"history of nothing", history(complaint.HistoryRequest{}), "complaint_id: is empty"},
		{"history limit 301", history(complaint.HistoryRequest{ID: "1", Limit: 301}), "limit: is 301"},
		{"history offset", history(complaint.HistoryRequest{ID: "1", Offset: -2}), "offset: is -2"},
		{"no complaint", func(d *desk) error { return d.partner.Complete(d.t.Context(), nil) }, "complaint: nil; take one from Get"},
		{"complaint without id", func(d *desk) error { return d.partner.Complete(d.t.Context(), &complaint.Complaint{}) }, "complaint_id: is empty"},
		{"empty reply", reply(complaint.Answer{}), "response_content: is empty"},
		{"reply of 501 characters", reply(complaint.Answer{Content: strings.Repeat("好", 501)}), "response_content: has 501 characters"},
		{"emoji", reply(complaint.Answer{Content: "🍵"}), "response_content: character 1 of 1 takes four bytes"},
		{"five pictures", reply(complaint.Answer{Content: "1", Images: append(four, "e")}), "response_images: has 5 pictures, at most 4"},
		{"picture without id", reply(complaint.Answer{Content: "1", Images: []string{"a", ""}}), "response_images[1]: is empty"},
		{"link without text", reply(complaint.Answer{Content: "1", JumpURL: "https://a.example"}), "jump_url_text: is empty but required with jump_url"},
		{"link text of 11", reply(complaint.Answer{Content: "1", JumpText: strings.Repeat("好", 11)}), "jump_url_text: has 11 characters"},
		{"link without TLS", reply(complaint.Answer{Content: "1", JumpURL: "http://a.example", JumpText: "x"}), "jump_url: must be a whole address"},
		{"link of 513", reply(complaint.Answer{Content: "1", JumpURL: "https://a.example/" + strings.Repeat("x", 495), JumpText: "x"}), "jump_url: has 513 characters"},
		{"mini program without app", reply(complaint.Answer{Content: "1", MiniProgram: complaint.MiniProgram{Path: "p", Text: "t"}}), "mini_program_jump_info.appid: is empty"},
		{"mini program without path", reply(complaint.Answer{Content: "1", MiniProgram: complaint.MiniProgram{AppID: "wx1", Text: "t"}}), "mini_program_jump_info.path: is empty"},
		{"mini program without text", reply(complaint.Answer{Content: "1", MiniProgram: complaint.MiniProgram{AppID: "wx1", Path: "p"}}), "mini_program_jump_info.text: is empty"},
		{"no blocks", urgent(blocks()), "message.blocks: is empty"},
		{"no idempotent id", urgent(complaint.Urgent{Message: complaint.NormalMessage{Blocks: []complaint.Block{complaint.Text("1")}}}), "idempotent_id: is empty"},
		{"block without type", urgent(blocks(complaint.Text("1"), complaint.Block{})), "message.blocks[1].type: is empty"},
		{"empty text", urgent(blocks(complaint.Text(""))), "message.blocks[0].text.text: is empty"},
		{"picture block without id", urgent(blocks(complaint.Picture(""))), "message.blocks[0].image.media_id: is empty"},
		{"negative days", func(d *desk) error { return d.partner.Approve(d.t.Context(), open(), complaint.Approval{Days: -1}) }, "launch_refund_day: must not be negative"},
		{"long reason", func(d *desk) error {
			return d.partner.Reject(d.t.Context(), open(), complaint.Rejection{Reason: strings.Repeat("好", 201)})
		}, "reject_reason: has 201 characters"},
		{"five proofs", func(d *desk) error {
			return d.partner.Reject(d.t.Context(), open(), complaint.Rejection{Images: append(four, "e")})
		}, "reject_media_list: has 5 pictures"},
		{"long remark", func(d *desk) error {
			return d.partner.Approve(d.t.Context(), open(), complaint.Approval{Remark: strings.Repeat("好", 201)})
		}, "remark: has 201 characters"},
		{"no address", place(""), "url: is empty"},
		{"address with a query", place("https://a.example/?x=1"), "url: must not have a query"},
		{"no picture", func(d *desk) error { _, err := d.partner.Image(d.t.Context(), ""); return err }, "media_id: is empty"},
		{"no file", func(d *desk) error {
			_, err := d.partner.UploadImage(d.t.Context(), wechat.File{Name: "a.png"})
			return err
		}, "file: no data"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			err := tt.call(d)
			require.ErrorContains(t, err, tt.says)
			assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
			assert.Empty(t, d.all())
		})
	}
}

func TestLimitsAreReachable(t *testing.T) {
	t.Parallel()
	day := func(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, wechat.Beijing) }
	require.NoError(t, complaint.ListRequest{Begin: day(1), End: day(31).Add(23 * time.Hour), Limit: 50}.Validate())
	require.NoError(t, complaint.HistoryRequest{ID: strings.Repeat("1", 64), Limit: 300}.Validate())
	require.NoError(t, complaint.Answer{Content: strings.Repeat("好", 500), Images: []string{"a", "b", "c", "d"},
		JumpURL: "https://a.example/" + strings.Repeat("x", 494), JumpText: strings.Repeat("好", 10)}.Validate())
}

func TestAllows(t *testing.T) {
	t.Parallel()
	const pending, processing, processed = complaint.StatePending, complaint.StateProcessing, complaint.StateProcessed
	money := complaint.Complaint{ProblemType: complaint.ProblemRefund}
	in := func(c complaint.Complaint, s complaint.State) complaint.Complaint { c.State = s; return c }
	tests := []struct {
		name   string
		c      complaint.Complaint
		action complaint.Action
		says   string // "" for allowed
	}{
		{"reply first", in(money, pending), complaint.Reply, ""},
		{"reply again", in(money, processing), complaint.Reply, ""},
		{"reply when it is over", in(money, processed), complaint.Reply, "complaint: not possible now: cannot reply: the complaint is PROCESSED"},
		{"complete unreplied", in(money, pending), complaint.Complete, "complaint: not possible now: cannot complete: the complaint is PENDING"},
		{"complete", in(money, processing), complaint.Complete, ""},
		{"complete twice", in(money, processed), complaint.Complete, "complaint: not possible now: cannot complete: the complaint is PROCESSED"},
		{"approve at once", in(money, pending), complaint.Approve, ""},
		{"reject at once", in(money, pending), complaint.Reject, ""},
		{"approve what nobody asks", complaint.Complaint{State: pending, ProblemType: complaint.ProblemOther}, complaint.Approve, "complaint: not possible now: cannot approve the refund: the user asks for none"},
		{"reject what nobody asks", complaint.Complaint{State: pending, ProblemType: complaint.ProblemService}, complaint.Reject, "complaint: not possible now: cannot reject the refund: the user asks for none"},
		{"type not told", complaint.Complaint{State: pending}, complaint.Approve, ""},
		{"no hurry", in(money, pending), complaint.ReplyNow, "complaint: not possible now: cannot reply now: the complaint does not need it"},
		{"hurry", complaint.Complaint{State: pending, NeedsReplyNow: true}, complaint.ReplyNow, ""},
		{"hurry, over", complaint.Complaint{State: processed, NeedsReplyNow: true}, complaint.ReplyNow, "complaint: not possible now: cannot reply now: the complaint is PROCESSED"},
		{"only an id", complaint.Complaint{ID: "1"}, complaint.ReplyNow, ""},
		{"state of tomorrow", in(money, "DREAMING"), complaint.Complete, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := tt.c.Allows(tt.action)
			if tt.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, complaint.ErrNotAllowed)
			require.EqualError(t, err, tt.says)
		})
	}
}

func TestImpossibleActionsAreNotSent(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	over := &complaint.Complaint{ID: complaintID, State: complaint.StateProcessed, MchID: subMchID}
	_, now := d.partner.ReplyNow(t.Context(), over, complaint.Urgent{IdempotentID: "1"})
	for _, err := range []error{d.partner.Reply(t.Context(), over, complaint.Answer{Content: "1"}), d.partner.Complete(t.Context(), over), now,
		d.partner.Approve(t.Context(), over, complaint.Approval{}), d.partner.Reject(t.Context(), over, complaint.Rejection{})} {
		require.ErrorIs(t, err, complaint.ErrNotAllowed)
		assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
	}
	assert.Empty(t, d.all())
}

func TestComplaintsPrintNothingPersonal(t *testing.T) {
	t.Parallel()
	c := complaint.Complaint{ID: "1", State: complaint.StatePending, Detail: "my neighbour", PayerOpenID: "oSecret"}
	assert.Equal(t, "complaint 1 (PENDING)", c.String())
	assert.Equal(t, "complaint 1 (PENDING)", (&c).String())
}
