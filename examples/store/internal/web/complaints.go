package web

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/examples/store/internal/aftersale"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
)

// complaintRow is a complaint in the list.
type complaintRow struct {
	shop.Complaint
	Left time.Duration // until its deadline; negative when it is over
}

func (s *Server) left(c shop.Complaint) time.Duration {
	if c.Deadline().IsZero() {
		return 0
	}
	return c.Deadline().Sub(s.Desk.Now()).Truncate(time.Minute)
}

// complaintsPage lists complaints.
type complaintsPage struct{ Rows []complaintRow }

func (s *Server) complaints(w http.ResponseWriter, r *http.Request) {
	all, err := s.Store.Complaints(r.Context(), "")
	if err != nil {
		s.broken(w, r, err)
		return
	}
	var p complaintsPage
	for _, c := range all {
		p.Rows = append(p.Rows, complaintRow{c, s.left(c)})
	}
	s.show(w, r, http.StatusOK, "complaints", p)
}

// complaintPage is one complaint with its order and what can be done.
type complaintPage struct {
	complaintRow
	Order     shop.Order
	Shots     []string // addresses of its pictures on this site, none if the shop does not open them
	Replies   bool
	MaxWords  int
	Suggest   wechat.Fen
	FormToken string
}

func (s *Server) complaint(w http.ResponseWriter, r *http.Request) {
	c, err := s.Store.ComplaintByID(r.Context(), r.PathValue("id"))
	var o shop.Order
	if err == nil {
		o, err = s.Store.Order(r.Context(), c.OrderNo)
	}
	switch {
	case errors.Is(err, shop.ErrNotFound):
		s.notFound(w, r)
		return
	case err != nil:
		s.broken(w, r, err)
		return
	}
	p := complaintPage{complaintRow: complaintRow{c, s.left(c)}, Order: o, Replies: s.Desk.Replies(), MaxWords: aftersale.MaxWords,
		Suggest: o.Refundable(), FormToken: rand.Text()}
	if c.RefundAsked > 0 {
		p.Suggest = min(c.RefundAsked, o.Refundable())
	}
	for i := range c.Pictures {
		if p.Replies {
			p.Shots = append(p.Shots, "/merchant/complaints/"+c.ID+"/pictures/"+strconv.Itoa(i))
		}
	}
	s.show(w, r, http.StatusOK, "complaint", p)
}

// maxPicture bounds a picture of a complaint.
const maxPicture = 8 << 20

// picture shows a stranger's picture: only what is one, and nothing else.
func (s *Server) picture(w http.ResponseWriter, r *http.Request) {
	at, err := strconv.Atoi(r.PathValue("at"))
	if err != nil {
		s.notFound(w, r)
		return
	}
	p, err := s.Desk.Picture(r.Context(), r.PathValue("id"), at)
	if err != nil {
		s.Log.Warn("picture", "error", err)
		s.notFound(w, r)
		return
	}
	b, err := io.ReadAll(io.LimitReader(p, maxPicture+1))
	if err = errors.Join(err, p.Close()); err != nil || len(b) > maxPicture {
		s.Log.Warn("picture", "size", len(b), "error", err)
		s.notFound(w, r)
		return
	}
	kind := http.DetectContentType(b)
	if kind != "image/png" && kind != "image/jpeg" && kind != "image/bmp" {
		s.notFound(w, r)
		return
	}
	w.Header().Set("Content-Type", kind)
	_, _ = io.Copy(w, bytes.NewReader(b)) // a reader that has gone needs nothing
}

func (s *Server) reply(w http.ResponseWriter, r *http.Request) {
	s.acted(w, r, "replied", s.Desk.Reply(r.Context(), r.PathValue("id"), r.PostForm.Get("words")))
}

func (s *Server) complete(w http.ResponseWriter, r *http.Request) {
	s.acted(w, r, "completed", s.Desk.Complete(r.Context(), r.PathValue("id")))
}

func (s *Server) complaintRefund(w http.ResponseWriter, r *http.Request) {
	amount, err := wechat.ParseYuan(r.PostForm.Get("amount"))
	if err != nil {
		back(w, r, "/merchant/complaints/"+r.PathValue("id"), "amount")
		return
	}
	_, err = s.Desk.Refund(r.Context(), r.PathValue("id"), amount, r.PostForm.Get("form"))
	s.acted(w, r, "refunded", err)
}

// acted goes back to the complaint and says what came of it.
func (s *Server) acted(w http.ResponseWriter, r *http.Request, notice string, err error) {
	switch {
	case err == nil:
	case errors.Is(err, shop.ErrNotFound):
		s.notFound(w, r)
		return
	case errors.Is(err, aftersale.ErrNotNow):
		notice = "notnow"
	case errors.Is(err, aftersale.ErrUnsure):
		notice = "unsure"
	case errors.Is(err, shop.ErrOverRefund):
		notice = "over"
	case errors.Is(err, shop.ErrTooManyRefunds):
		notice = "many"
	case errors.Is(err, shop.ErrNotPaid):
		notice = "notpaid"
	case errors.Is(err, shop.ErrText), errors.Is(err, shop.ErrFormToken):
		notice = "words"
	default:
		s.broken(w, r, err)
		return
	}
	if err != nil {
		s.Log.Warn("complaint", "id", r.PathValue("id"), "error", err)
	}
	back(w, r, "/merchant/complaints/"+r.PathValue("id"), notice)
}

// hours is a time that is left, in words.
func hours(v view, d time.Duration) string {
	if d <= 0 {
		return v.Say("已超时", "overdue")
	}
	h, m := int(d.Hours()), int(d.Minutes())%60
	if h == 0 {
		return v.Say("剩 "+strconv.Itoa(m)+" 分钟", strconv.Itoa(m)+" min left")
	}
	return v.Say("剩 "+strconv.Itoa(h)+" 小时 "+strconv.Itoa(m)+" 分", strconv.Itoa(h)+" h "+strconv.Itoa(m)+" min left")
}

// stepName is what happened to a complaint.
func stepName(v view, what string) string {
	names := map[string][2]string{
		"USER_CREATE_COMPLAINT": {"发起投诉", "complained"}, "USER_CONTINUE_COMPLAINT": {"再次投诉", "went on"}, "USER_RESPONSE": {"补充", "said"},
		"USER_REVOKE_COMPLAINT": {"撤销投诉", "withdrew it"}, "USER_COMFIRM_COMPLAINT": {"确认解决", "is content"},
		"MERCHANT_RESPONSE": {"回复", "answered"}, "MERCHANT_CONFIRM_COMPLETE": {"反馈处理完成", "completed it"},
		"MERCHANT_APPROVE_REFUND": {"同意退款", "agreed to the refund"}, "MERCHANT_REFUSE_RERUND": {"拒绝退款", "refused the refund"},
		"COMPLAINT_FULL_REFUNDED_SYSTEM_MESSAGE": {"全额退款", "full refund"}, "COMPLAINT_PARTIAL_REFUNDED_SYSTEM_MESSAGE": {"部分退款", "part refund"},
		"COMPLAINT_REFUND_RECEIVED_SYSTEM_MESSAGE": {"退款到账", "refund arrived"}, "PLATFORM_HELP_APPLICATION": {"平台催办", "urges"}, "PLATFORM_RESPONSE": {"平台介入", "stepped in"},
		"USER_REQUEST": {"发起维权", "complained"}, "USER_CONFIRM": {"确认解决", "is content"}, "USER_REJECT": {"不接受处理结果", "is not content"}, "MERCHANT_HANDLED": {"反馈处理完成", "said it is done"},
	}
	n, ok := names[what]
	if !ok {
		return what
	}
	return v.Say(n[0], n[1])
}
