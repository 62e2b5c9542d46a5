package complaint_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/complaint"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/pay"
	"github.com/wxcommerce/wechat/pay/refund"
	"github.com/wxcommerce/wechat/wechattest"
)

const notifyURL = "http://127.0.0.1:1/notify"

var (
	lin     = wechattest.User{Name: "lin"}
	picture = []byte("\x89PNG\r\n\x1a\n a cup in two parts")
)

// store is a shop on the library whose customers are in the simulator.
type store struct {
	*complaint.Service
	sim     *wechattest.Pay
	clock   *wechattest.VirtualClock
	account *wechattest.Account
	mchID   string // whose shop it is
	orders  *pay.Service
	refunds *refund.Service
	handler *notify.Handler

	mu  sync.Mutex
	got []notify.Event[complaint.Notice]
}

// Do carries a notice to the shop.
func (s *store) Do(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w.Result(), nil
}

type failer interface {
	require.TestingT
	Cleanup(func())
	Helper()
}

func newStore(t failer, partner bool) *store {
	t.Helper()
	s := &store{clock: wechattest.NewClock(time.Time{})}
	var err error
	s.sim, err = wechattest.NewPay(wechattest.Config{Clock: s.clock, Keys: wechattest.ReusedKeys(), Notify: s, RefundDelay: time.Hour})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.sim.Close()) })
	o := wechattest.MerchantOptions{Partner: partner}
	if partner {
		o.Subs = []wechattest.SubMerchant{{Name: "tea"}}
	}
	s.account, err = s.sim.NewMerchant(o)
	require.NoError(t, err)
	m, err := wechat.NewMerchant(s.account.Config(), append(s.account.Options(), wechat.WithBackoff(wechat.NoRetry))...)
	require.NoError(t, err)
	s.mchID = s.account.MchID
	if partner {
		s.mchID = s.account.Subs[0].MchID
		m = m.For(wechat.Sub{MchID: s.mchID})
	}
	s.Service, s.orders, s.refunds, s.handler = complaint.New(m), pay.New(m, s.account.AppID), refund.New(m), notify.NewHandler(notify.V3(m))
	notify.On(s.handler, pay.Paid, func(context.Context, notify.Event[pay.Transaction]) error { return nil })
	notify.On(s.handler, refund.AnyState, func(context.Context, notify.Event[refund.Refund]) error { return nil })
	notify.On(s.handler, complaint.Moved, func(_ context.Context, e notify.Event[complaint.Notice]) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.got = append(s.got, e)
		return nil
	})
	return s
}

// paid is an order of 100 fen, its transaction id.
func (s *store) paid(t failer, ctx context.Context, no string) string {
	t.Helper()
	n, err := s.orders.PrepayNative(ctx, pay.NativeRequest{Description: "茶", OutTradeNo: no, NotifyURL: notifyURL, Amount: pay.Amount{Total: 100}})
	require.NoError(t, err)
	o, err := s.sim.Pay(n.CodeURL, lin)
	require.NoError(t, err)
	return o.TransactionID
}

// heard are the actions of the notices since the last call.
func (s *store) heard() (actions []complaint.NoticeType) {
	s.clock.Advance(time.Second)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.got {
		actions = append(actions, e.Data.Action)
	}
	s.got = nil
	return actions
}

func types(t *testing.T, s *store, id string) (all []complaint.OperateType) {
	t.Helper()
	for e, err := range s.AllHistory(t.Context(), id) {
		require.NoError(t, err)
		all = append(all, e.Type)
	}
	return all
}

// From the complaint to the user who is content: words, pictures, notices.
func TestWholeWay(t *testing.T) {
	t.Parallel()
	for side, partner := range map[string]bool{"direct": false, "partner": true} {
		t.Run(side, func(t *testing.T) {
			t.Parallel()
			s, ctx := newStore(t, partner), t.Context()
			_, err := s.CreateNotification(ctx, notifyURL)
			require.NoError(t, err)
			id := s.paid(t, ctx, "order-0001")
			made, err := s.sim.Complain(id, lin, wechattest.Grievance{Detail: "杯子碎了", Problem: "商品有质量问题", Phone: "13800001111", Pictures: [][]byte{picture}})
			require.NoError(t, err)
			assert.Equal(t, []complaint.NoticeType{complaint.NoticeCreated}, s.heard())

			c, err := s.Get(ctx, made.ID)
			require.NoError(t, err)
			phone, err := c.PayerPhone.Reveal()
			require.NoError(t, err)
			assert.Equal(t, "13800001111", phone)
			assert.Equal(t, lin.OpenID(s.account.AppID), c.PayerOpenID)
			assert.Equal(t, s.mchID, c.MchID)
			assert.Equal(t, complaint.StatePending, c.State)
			assert.Equal(t, []complaint.Order{{TransactionID: id, OutTradeNo: "order-0001", Amount: 100}}, c.Orders)
			assert.Equal(t, "杯子碎了", c.Detail)
			assert.True(t, c.UserWaits)
			s.seesPictures(t, c)

			require.ErrorIs(t, s.Complete(ctx, c), complaint.ErrNotAllowed)
			up, err := s.UploadImage(ctx, wechat.File{Name: "cup.png", Data: strings.NewReader(string(picture) + " glued")})
			require.NoError(t, err)
			require.NoError(t, s.Reply(ctx, c, complaint.Answer{Content: "抱歉，我们补发一个", Images: []string{up.MediaID}}))
			require.ErrorIs(t, s.Reply(ctx, c, complaint.Answer{Content: "1", Images: []string{"none.png"}}), wechat.ErrParam)
			_, err = s.sim.RespondToComplaint(made.ID, "快一点", picture)
			require.NoError(t, err)
			c, err = s.Get(ctx, made.ID)
			require.NoError(t, err)
			assert.Equal(t, complaint.StateProcessing, c.State)
			require.NoError(t, s.Complete(ctx, c))
			require.ErrorIs(t, s.Complete(ctx, c), wechat.ErrRequest, "it has moved on since c was read")
			assert.Equal(t, []complaint.NoticeType{complaint.NoticeResponded, complaint.NoticeUserResponded, complaint.NoticeCompleted}, s.heard())

			_, err = s.sim.ContinueComplaint(made.ID, "又碎了")
			require.NoError(t, err)
			c, err = s.Get(ctx, made.ID)
			require.NoError(t, err)
			assert.Equal(t, complaint.StatePending, c.State)
			assert.Equal(t, 2, c.Times)
			require.NoError(t, s.Reply(ctx, c, complaint.Answer{Content: "再补发一个"}))
			c.State = complaint.StateProcessing
			require.NoError(t, s.Complete(ctx, c))
			_, err = s.sim.ConfirmComplaint(made.ID)
			require.NoError(t, err)
			_, err = s.sim.ContinueComplaint(made.ID, "又碎了")
			require.ErrorIs(t, err, wechattest.ErrComplaint)
			assert.Equal(t, []complaint.NoticeType{complaint.NoticeContinued, complaint.NoticeResponded, complaint.NoticeCompleted}, s.heard())
			assert.Equal(t, []complaint.OperateType{complaint.UserCreated, complaint.MerchantResponded, complaint.UserResponded, complaint.MerchantCompleted,
				complaint.UserContinued, complaint.MerchantResponded, complaint.MerchantCompleted, complaint.UserConfirmed}, types(t, s, made.ID))
		})
	}
}

// seesPictures opens the user's picture in every way.
func (s *store) seesPictures(t *testing.T, c *complaint.Complaint) {
	t.Helper()
	require.Len(t, c.Media, 1)
	assert.Equal(t, complaint.MediaUser, c.Media[0].Type)
	address := c.Media[0].URLs[0]
	r, err := s.ImageAt(t.Context(), address)
	require.NoError(t, err)
	assert.Equal(t, string(picture), read(t, r))
	stream, err := s.Image(t.Context(), address[strings.LastIndexByte(address, '/')+1:])
	require.NoError(t, err)
	assert.Equal(t, "image/png", stream.ContentType)
	assert.Equal(t, string(picture), read(t, stream))
	_, err = s.Image(t.Context(), "none.png")
	require.ErrorIs(t, err, wechat.ErrNotFound)
	for e, err := range s.AllHistory(t.Context(), c.ID) {
		require.NoError(t, err)
		assert.Equal(t, []string{address}, e.Images)
		assert.Equal(t, complaint.Media{Type: complaint.MediaUser, URLs: []string{address}}, e.Media)
	}
}

// A user asks for money back; the shop agrees in two steps.
func TestRefundsEndComplaints(t *testing.T) {
	t.Parallel()
	s, ctx := newStore(t, false), t.Context()
	_, err := s.CreateNotification(ctx, notifyURL)
	require.NoError(t, err)
	made, err := s.sim.Complain(s.paid(t, ctx, "order-0002"), lin, wechattest.Grievance{Refund: 100})
	require.NoError(t, err)
	c, err := s.Get(ctx, made.ID)
	require.NoError(t, err)
	assert.Equal(t, complaint.ProblemRefund, c.ProblemType)
	assert.Equal(t, wechat.Fen(100), c.RefundAsked)
	require.NoError(t, s.Approve(ctx, c, complaint.Approval{Days: 1}))
	for _, no := range []string{"R1", "R2"} {
		_, err = s.refunds.Apply(ctx, refund.Request{OutTradeNo: "order-0002", OutRefundNo: no, NotifyURL: notifyURL, Amount: refund.Amount{Refund: 50, Total: 100}})
		require.NoError(t, err)
		s.clock.Advance(2 * time.Hour)
		c, err = s.Get(ctx, made.ID)
		require.NoError(t, err)
		assert.Equal(t, no == "R2", c.FullRefunded)
	}
	assert.Equal(t, complaint.StateProcessed, c.State)
	assert.Equal(t, []complaint.NoticeType{complaint.NoticeCreated, complaint.NoticeApproved, complaint.NoticeRefunding, complaint.NoticeRefunded,
		complaint.NoticeRefunding, complaint.NoticeRefunded}, s.heard())
	assert.Equal(t, []complaint.OperateType{complaint.UserCreated, complaint.MerchantApproved, complaint.SystemPartlyRefunded, complaint.SystemRefundArrived,
		complaint.SystemRefunded, complaint.SystemRefundArrived}, types(t, s, made.ID))
}

func TestRejectionThatIsAccepted(t *testing.T) {
	t.Parallel()
	s, ctx := newStore(t, true), t.Context()
	made, err := s.sim.Complain(s.paid(t, ctx, "order-0003"), lin, wechattest.Grievance{Refund: 50})
	require.NoError(t, err)
	c := &complaint.Complaint{ID: made.ID}
	require.NoError(t, s.Reject(ctx, c, complaint.Rejection{Reason: "已使用"}))
	require.ErrorIs(t, s.Reject(ctx, c, complaint.Rejection{}), wechat.ErrRequest)
	got, err := s.Get(ctx, made.ID)
	require.NoError(t, err)
	assert.Equal(t, complaint.StateProcessed, got.State)
	require.ErrorIs(t, s.Approve(ctx, got, complaint.Approval{}), complaint.ErrNotAllowed)
	for e, err := range s.AllHistory(ctx, made.ID) {
		require.NoError(t, err)
		if e.Type == complaint.MerchantRejected {
			assert.Equal(t, "已使用", e.Details)
		}
	}
}

// The same reply under the same id is said once, also when the first answer is lost.
func TestImmediateReplies(t *testing.T) {
	t.Parallel()
	s, ctx := newStore(t, false), t.Context()
	made, err := s.sim.Complain(s.paid(t, ctx, "order-0004"), lin, wechattest.Grievance{Immediate: true})
	require.NoError(t, err)
	c, err := s.Get(ctx, made.ID)
	require.NoError(t, err)
	require.True(t, c.NeedsReplyNow)
	in := complaint.Urgent{IdempotentID: "a1", Message: complaint.NormalMessage{Sender: complaint.SenderMachine, Blocks: []complaint.Block{complaint.Text("请问有什么可以帮您？")}}}
	s.sim.Fault(wechattest.Fault{Kind: wechattest.LostReply, Method: http.MethodPost})
	_, err = s.ReplyNow(ctx, c, in)
	require.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
	first, err := s.ReplyNow(ctx, c, in)
	require.NoError(t, err)
	again, err := s.ReplyNow(ctx, c, in)
	require.NoError(t, err)
	assert.Equal(t, first, again)
	var last complaint.Entry
	n := 0
	for e, err := range s.AllHistory(ctx, made.ID) {
		require.NoError(t, err)
		last, n = e, n+1
	}
	assert.Equal(t, 2, n)
	assert.Equal(t, first.LogID, last.LogID)
	assert.Equal(t, in.Message, last.Message)
}

// Without a reply the platform urges, and then helps, on the virtual clock.
func TestDeadlines(t *testing.T) {
	t.Parallel()
	s, ctx := newStore(t, false), t.Context()
	_, err := s.CreateNotification(ctx, notifyURL)
	require.NoError(t, err)
	made, err := s.sim.Complain(s.paid(t, ctx, "order-0005"), lin, wechattest.Grievance{})
	require.NoError(t, err)
	s.clock.Advance(23 * time.Hour)
	assert.Equal(t, []complaint.NoticeType{complaint.NoticeCreated}, s.heard())
	s.clock.Advance(time.Hour)
	assert.Equal(t, []complaint.NoticeType{complaint.NoticePlatformResponded}, s.heard())
	s.clock.Advance(48 * time.Hour)
	assert.Equal(t, []complaint.NoticeType{complaint.NoticePlatformResponded}, s.heard())
	c, err := s.Get(ctx, made.ID)
	require.NoError(t, err)
	assert.True(t, c.InPlatformService)
	require.NoError(t, s.Reply(ctx, c, complaint.Answer{Content: "来了"}))
	s.clock.Advance(240 * time.Hour)
	assert.Equal(t, []complaint.NoticeType{complaint.NoticeResponded}, s.heard())
	assert.Equal(t, []complaint.OperateType{complaint.UserCreated, complaint.PlatformUrged, complaint.PlatformResponded, complaint.MerchantResponded}, types(t, s, made.ID))
}

func TestListsAndAddresses(t *testing.T) {
	t.Parallel()
	s, ctx := newStore(t, true), t.Context()
	day := s.clock.Now()
	for n := range 5 {
		_, err := s.sim.Complain(s.paid(t, ctx, "order-100"+string(rune('0'+n))), lin, wechattest.Grievance{Phone: "1380000"})
		require.NoError(t, err)
		s.clock.Advance(24 * time.Hour)
	}
	var numbers []string
	for c, err := range s.All(ctx, complaint.ListRequest{Begin: day, End: day.AddDate(0, 0, 3), Limit: 2}) {
		require.NoError(t, err)
		assert.Empty(t, c.PayerOpenID)
		numbers = append(numbers, c.Orders[0].OutTradeNo)
	}
	assert.Equal(t, []string{"order-1000", "order-1001", "order-1002", "order-1003"}, numbers)
	p, err := s.List(ctx, complaint.ListRequest{Begin: day, End: day.AddDate(0, 0, 30), Offset: 4})
	require.NoError(t, err)
	assert.Len(t, p.Complaints, 1)
	assert.Zero(t, p.Total)

	_, err = s.Notification(ctx)
	require.ErrorIs(t, err, wechat.ErrNotFound)
	require.ErrorIs(t, s.DeleteNotification(ctx), wechat.ErrNotFound)
	_, err = s.CreateNotification(ctx, notifyURL)
	require.NoError(t, err)
	_, err = s.CreateNotification(ctx, notifyURL)
	require.ErrorIs(t, err, wechat.ErrExists)
	_, err = s.UpdateNotification(ctx, notifyURL+"/2")
	require.NoError(t, err)
	n, err := s.Notification(ctx)
	require.NoError(t, err)
	assert.Equal(t, complaint.Notification{MchID: s.account.MchID, URL: notifyURL + "/2"}, *n)
	require.NoError(t, s.DeleteNotification(ctx))
	_, err = s.Notification(ctx)
	require.ErrorIs(t, err, wechat.ErrNotFound)
}

// A notice that is refused comes again under the same key; two notices about the
// same thing have two.
func TestNoticesHaveKeysOfTheirOwn(t *testing.T) {
	t.Parallel()
	s, ctx := newStore(t, false), t.Context()
	_, err := s.CreateNotification(ctx, notifyURL)
	require.NoError(t, err)
	made, err := s.sim.Complain(s.paid(t, ctx, "order-0006"), lin, wechattest.Grievance{})
	require.NoError(t, err)
	s.heard()
	s.sim.FaultNotice(wechattest.NoticeFault{Kind: wechattest.NoticeDuplicate, Times: 1})
	for range 2 {
		_, err = s.sim.RespondToComplaint(made.ID, "在吗")
		require.NoError(t, err)
		s.clock.Advance(time.Second)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	require.Len(t, s.got, 3)
	assert.Equal(t, s.got[0].Key, s.got[1].Key)
	assert.NotEqual(t, s.got[1].Key, s.got[2].Key)
	assert.Equal(t, s.account.MchID+"/COMPLAINT.STATE_CHANGE/"+made.ID+"/"+s.got[0].ID, s.got[0].Key)
}

// Whatever shop and user do in whatever order: what Allows permits the server does,
// with the state that Next says, and what it forbids the server refuses.
func TestStateMachineIsTheServers(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	rapid.Check(t, func(t *rapid.T) {
		s := newStore(t, rapid.Bool().Draw(t, "partner"))
		g := wechattest.Grievance{Immediate: rapid.Bool().Draw(t, "immediate")}
		if rapid.Bool().Draw(t, "asks for money") {
			g.Refund = 10
		}
		made, err := s.sim.Complain(s.paid(t, ctx, "order-0001"), lin, g)
		require.NoError(t, err)
		for n := range rapid.IntRange(1, 12).Draw(t, "steps") {
			if user := rapid.IntRange(0, 6).Draw(t, "who"); user < 4 {
				s.userDoes(t, user, made.ID)
				continue
			}
			s.shopDoes(t, ctx, made.ID, n)
		}
	})
}

func (s *store) userDoes(t *rapid.T, what int, id string) {
	before, err := s.sim.Complaint(id)
	require.NoError(t, err)
	state := complaint.StateProcessed
	switch what {
	case 0:
		state = complaint.State(before.State)
		_, err = s.sim.RespondToComplaint(id, "在吗")
	case 1:
		state = complaint.StatePending
		_, err = s.sim.ContinueComplaint(id, "还没好")
	case 2:
		_, err = s.sim.WithdrawComplaint(id)
	case 3:
		_, err = s.sim.ConfirmComplaint(id)
	}
	if err != nil {
		require.ErrorIs(t, err, wechattest.ErrComplaint)
		state = complaint.State(before.State)
	}
	after, err := s.sim.Complaint(id)
	require.NoError(t, err)
	require.Equal(t, state, complaint.State(after.State))
}

func (s *store) shopDoes(t *rapid.T, ctx context.Context, id string, n int) {
	c, err := s.Get(ctx, id)
	require.NoError(t, err)
	a := rapid.SampledFrom([]complaint.Action{complaint.Reply, complaint.ReplyNow, complaint.Approve, complaint.Reject, complaint.Complete}).Draw(t, "action")
	do := func(c *complaint.Complaint) (err error) {
		switch a {
		case complaint.Reply:
			err = s.Reply(ctx, c, complaint.Answer{Content: "好"})
		case complaint.ReplyNow:
			_, err = s.ReplyNow(ctx, c, complaint.Urgent{IdempotentID: string(rune('a' + n)), Message: complaint.NormalMessage{Blocks: []complaint.Block{complaint.Text("好")}}})
		case complaint.Approve:
			err = s.Approve(ctx, c, complaint.Approval{})
		case complaint.Reject:
			err = s.Reject(ctx, c, complaint.Rejection{})
		case complaint.Complete:
			err = s.Complete(ctx, c)
		}
		return err
	}
	before := len(mustSteps(t, s, id))
	want := c.State
	if err := c.Allows(a); err == nil {
		require.NoError(t, do(c))
		want, _ = c.State.Next(a)
		require.NotEmpty(t, want)
		before++
	} else {
		require.ErrorIs(t, do(c), complaint.ErrNotAllowed)
		require.ErrorIs(t, do(&complaint.Complaint{ID: id}), wechat.ErrRequest, "the server refuses it too")
	}
	after, err := s.Get(ctx, id)
	require.NoError(t, err)
	require.Equal(t, want, after.State)
	require.Len(t, mustSteps(t, s, id), before)
}

func mustSteps(t *rapid.T, s *store, id string) []wechattest.ComplaintStep {
	c, err := s.sim.Complaint(id)
	require.NoError(t, err)
	return c.Steps
}
