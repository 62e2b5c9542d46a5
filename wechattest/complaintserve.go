package wechattest

import (
	"slices"
	"strconv"
	"time"

	"github.com/wxcommerce/wechat"
)

// complaintRoutes are the endpoints of complaints and of violation notices.
func complaintRoutes() []route {
	const all = "/v3/merchant-service/complaints-v2"
	const one = all + "/{complaint_id}"
	routes := []route{
		newRoute("GET", all, (*Pay).listComplaints),
		newRoute("GET", one, (*Pay).findComplaint),
		newRoute("GET", one+"/negotiation-historys", (*Pay).complaintHistory),
		newRoute("POST", one+"/response", (*Pay).respondComplaint),
		newRoute("POST", one+"/response-immediate-service", (*Pay).respondNow),
		newRoute("POST", one+"/complete", (*Pay).completeComplaint),
		newRoute("POST", one+"/update-refund-progress", (*Pay).decideRefund),
		newRoute("GET", imagePath+"{media_id}", (*Pay).complaintImage),
	}
	upload := newRoute("POST", "/v3/merchant-service/images/upload", (*Pay).uploadComplaintImage)
	upload.upload = true
	return append(append(append(routes, upload), complaintAddress.routes()...), violationAddress.routes()...)
}

type complaintEntity struct {
	ID            string           `json:"complaint_id"`
	Time          wechat.Time      `json:"complaint_time"`
	Detail        string           `json:"complaint_detail"`
	State         string           `json:"complaint_state"`
	MchID         string           `json:"complainted_mchid"`
	Phone         string           `json:"payer_phone,omitempty"`
	OpenID        string           `json:"payer_openid,omitempty"`
	Orders        []complaintOrder `json:"complaint_order_info"`
	ServiceOrders []struct{}       `json:"service_order_info"`
	Media         []complaintMedia `json:"complaint_media_list,omitempty"`
	Refunded      bool             `json:"complaint_full_refunded"`
	Waits         bool             `json:"incoming_user_response"`
	Problem       string           `json:"problem_description"`
	Times         int              `json:"user_complaint_times"`
	Type          string           `json:"problem_type"`
	Asked         int64            `json:"apply_refund_amount,omitempty"`
	Tags          []string         `json:"user_tag_list"`
	Helped        bool             `json:"in_platform_service"`
	Immediate     bool             `json:"need_immediate_service"`
	Agent         bool             `json:"is_agent_mode"`
}

type complaintOrder struct {
	TransactionID string `json:"transaction_id"`
	OutTradeNo    string `json:"out_trade_no"`
	Amount        int64  `json:"amount"`
}

type complaintMedia struct {
	Type string   `json:"media_type"`
	URLs []string `json:"media_url"`
}

// entity is a complaint in the words of the list and, with the openid, of the detail.
func (p *Pay) entity(c *complaint, a *account, detail bool) (complaintEntity, error) {
	e := complaintEntity{ID: c.ID, Time: wechat.Time{Time: c.Created}, Detail: c.Detail, State: c.State, MchID: c.Accused,
		Orders: []complaintOrder{{c.TransactionID, c.OutTradeNo, c.Amount}}, ServiceOrders: []struct{}{}, Refunded: c.Refunded, Waits: c.Waits, Problem: c.Problem,
		Times: c.Times, Type: c.Type, Asked: c.Asked, Tags: []string{}, Helped: c.Helped, Immediate: c.Immediate}
	if len(c.Pictures) > 0 {
		e.Media = []complaintMedia{{"USER_COMPLAINT_IMAGE", p.imageURLs(c.Pictures)}}
	}
	if detail {
		e.OpenID = c.OpenID
	}
	if c.Phone == "" {
		return e, nil
	}
	var err error
	e.Phone, err = sealOAEP(&a.Key.PublicKey, c.Phone)
	return e, err
}

// spanOf reads limit and offset.
func spanOf(limit, offset string, usual, most int) (int, int, *refusal) {
	n, at := usual, 0
	var err error
	if limit != "" {
		if n, err = strconv.Atoi(limit); err != nil || n < 1 || n > most {
			return 0, 0, badParam("query", "limit", "must be from 1 to "+strconv.Itoa(most)).with(limit)
		}
	}
	if offset != "" {
		if at, err = strconv.Atoi(offset); err != nil || at < 0 {
			return 0, 0, badParam("query", "offset", "must be a number from 0").with(offset)
		}
	}
	return n, at, nil
}

// cut is one page of all.
func cut[T any](all []T, limit, offset int) []T {
	from := min(offset, len(all))
	return all[from:min(from+limit, len(all))]
}

// listComplaints answers 查询投诉单列表.
func (p *Pay) listComplaints(in *inbound, _ map[string]string) (reply, *refusal) {
	q, no := in.queryValues("limit", "offset", "begin_date!", "end_date!", "complainted_mchid")
	if no != nil {
		return reply{}, no
	}
	begin, err := time.ParseInLocation(time.DateOnly, q.Get("begin_date"), beijing)
	end, err2 := time.ParseInLocation(time.DateOnly, q.Get("end_date"), beijing)
	limit, offset, no := spanOf(q.Get("limit"), q.Get("offset"), 10, 50)
	accused := q.Get("complainted_mchid")
	switch {
	case err != nil:
		return reply{}, badParam("query", "begin_date", "is not a day, such as 2019-01-01")
	case err2 != nil || end.Before(begin) || end.After(begin.AddDate(0, 0, 30)):
		return reply{}, badParam("query", "end_date", "is not a day up to 30 days after begin_date")
	case no != nil:
		return reply{}, no
	case accused != "" && accused != in.account.MchID && in.account.sub(accused) == nil:
		return reply{}, refuse(403, "NO_AUTH", numNoRelation, "complainted_mchid is no merchant of yours")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	all := []complaintEntity{}
	for _, id := range p.state.complaintList {
		c := p.state.complaints[id]
		if c.MchID != in.account.MchID || accused != "" && c.Accused != accused || c.Created.Before(begin) || !c.Created.Before(end.AddDate(0, 0, 1)) {
			continue
		}
		e, err := p.entity(c, in.account, false)
		if err != nil {
			return reply{}, broke(err)
		}
		all = append(all, e)
	}
	out := map[string]any{"data": cut(all, limit, offset), "limit": limit, "offset": offset}
	if offset == 0 {
		out["total_count"] = len(all)
	}
	return replyJSON(200, out), nil
}

// complaint finds one of the account's; p.mu is held.
func (p *Pay) complaintFor(a *account, id string) (*complaint, *refusal) {
	c := p.state.complaints[id]
	if c == nil || c.MchID != a.MchID {
		return nil, refuse(404, "RESOURCE_NOT_EXISTS", numNoOrder, "the complaint does not exist")
	}
	return c, nil
}

// findComplaint answers 查询投诉单详情.
func (p *Pay) findComplaint(in *inbound, vars map[string]string) (reply, *refusal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c, no := p.complaintFor(in.account, vars["complaint_id"])
	if no != nil {
		return reply{}, no
	}
	e, err := p.entity(c, in.account, true)
	if err != nil {
		return reply{}, broke(err)
	}
	return replyJSON(200, e), nil
}

type historyEntity struct {
	Media    *complaintMedia `json:"complaint_media_list,omitempty"`
	ID       string          `json:"log_id"`
	Operator string          `json:"operator"`
	Time     wechat.Time     `json:"operate_time"`
	Type     string          `json:"operate_type"`
	Details  string          `json:"operate_details,omitempty"`
	Images   []string        `json:"image_list"`
	Message  any             `json:"normal_message,omitempty"`
}

// complaintHistory answers 查询投诉协商历史.
func (p *Pay) complaintHistory(in *inbound, vars map[string]string) (reply, *refusal) {
	q, no := in.queryValues("limit", "offset")
	if no != nil {
		return reply{}, no
	}
	limit, offset, no := spanOf(q.Get("limit"), q.Get("offset"), 100, 300)
	if no != nil {
		return reply{}, no
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	c, no := p.complaintFor(in.account, vars["complaint_id"])
	if no != nil {
		return reply{}, no
	}
	data := []historyEntity{}
	for _, e := range cut(c.Log, limit, offset) {
		h := historyEntity{ID: e.ID, Operator: e.Operator, Time: wechat.Time{Time: e.At}, Type: e.Type, Details: e.Details, Images: p.imageURLs(e.Pictures), Message: e.Message}
		if len(e.Pictures) > 0 {
			h.Media = &complaintMedia{"OPERATION_IMAGE", h.Images}
			if slices.Equal(e.Pictures, c.Pictures) && e.Type == "USER_CREATE_COMPLAINT" {
				h.Media.Type = "USER_COMPLAINT_IMAGE"
			}
		}
		data = append(data, h)
	}
	return replyJSON(200, map[string]any{"data": data, "limit": limit, "offset": offset, "total_count": len(c.Log)}), nil
}
