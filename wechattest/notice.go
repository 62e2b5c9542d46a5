package wechattest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/wxcommerce/wechat"
)

// schedule is how long WeChat Pay waits after each try that failed: with the
// first one, a notice is sent at most 16 times within 24 h 4 min.
var schedule = [...]time.Duration{
	15 * time.Second, 15 * time.Second, 30 * time.Second, 3 * time.Minute, 10 * time.Minute, 20 * time.Minute,
	30 * time.Minute, 30 * time.Minute, 30 * time.Minute, time.Hour, 3 * time.Hour, 3 * time.Hour, 3 * time.Hour,
	6 * time.Hour, 6 * time.Hour,
}

// Schedule is a copy of the official waits between the tries of a notice.
func Schedule() []time.Duration { return append([]time.Duration(nil), schedule[:]...) }

// notice is a message to a shop, until it is answered or given up.
type notice struct {
	ID       string          `json:"id"`
	MchID    string          `json:"mchid"` // whose keys
	URL      string          `json:"url"`
	Event    string          `json:"event"`
	Original string          `json:"original"`
	Summary  string          `json:"summary"`
	Plain    json.RawMessage `json:"plain"`
	Created  time.Time       `json:"created"`
	Tries    int             `json:"tries,omitempty"` // that count
	Next     time.Time       `json:"next"`
	Over     bool            `json:"over,omitempty"`
	Trade    string          `json:"trade,omitempty"`  // out_trade_no
	Refund   string          `json:"refund,omitempty"` // out_refund_no
	V2       string          `json:"v2,omitempty"`     // sign_type of a notice in XML
}

func (p *Pay) newNotice(mchID, url, event, original, summary string, content any) *notice {
	now := p.clock.Now()
	return &notice{ID: fmt.Sprintf("EV-0000%s%012d", now.In(beijing).Format("20060102150405"), p.state.seq+1),
		MchID: mchID, URL: url, Event: event, Original: original, Summary: summary, Plain: mustJSON(content), Created: now, Next: now}
}

// paidNotice tells a shop that o was paid. p.mu is held.
func (p *Pay) paidNotice(o *order) *notice {
	if o.V2 != "" {
		return p.paidNoticeV2(o)
	}
	n := p.newNotice(o.MchID, o.NotifyURL, "TRANSACTION.SUCCESS", "transaction", "支付成功", o.transaction(o.State))
	n.Trade = o.OutTradeNo
	return n
}

type refundContent struct {
	MchID         string      `json:"mchid,omitempty"`
	SpMchID       string      `json:"sp_mchid,omitempty"`
	SubMchID      string      `json:"sub_mchid,omitempty"`
	OutTradeNo    string      `json:"out_trade_no"`
	TransactionID string      `json:"transaction_id"`
	OutRefundNo   string      `json:"out_refund_no"`
	RefundID      string      `json:"refund_id"`
	Status        string      `json:"refund_status"`
	Success       wechat.Time `json:"success_time,omitzero"`
	Received      string      `json:"user_received_account"`
	Amount        struct {
		Total       int64 `json:"total"`
		Refund      int64 `json:"refund"`
		PayerTotal  int64 `json:"payer_total"`
		PayerRefund int64 `json:"payer_refund"`
	} `json:"amount"`
}

// refundNotice tells a shop how r ended. p.mu is held.
func (p *Pay) refundNotice(r *refund) *notice {
	if r.V2 != "" {
		return p.refundNoticeV2(r)
	}
	c := refundContent{MchID: r.MchID, OutTradeNo: r.OutTradeNo, TransactionID: r.TransactionID, OutRefundNo: r.OutRefundNo,
		RefundID: r.RefundID, Status: r.Status, Success: wechat.Time{Time: r.Succeeded}, Received: r.Received}
	if r.SubMchID != "" {
		c.MchID, c.SpMchID, c.SubMchID = "", r.MchID, r.SubMchID
	}
	c.Amount.Total, c.Amount.PayerTotal, c.Amount.Refund, c.Amount.PayerRefund = r.Total, r.Total, r.Amount, r.Amount
	summary := map[string]string{refundSuccess: "退款成功", refundAbnormal: "退款异常", refundClosed: "退款关闭"}[r.Status]
	n := p.newNotice(r.MchID, r.NotifyURL, "REFUND."+r.Status, "refund", summary, c)
	n.Trade, n.Refund = r.OutTradeNo, r.OutRefundNo
	return n
}

// echoNotice is what a self test with a notify_url gets. Its event type is the
// simulator's own; WeChat Pay does not publish one.
func (p *Pay) echoNotice(a *account, url, message string) *notice {
	return p.newNotice(a.MchID, url, "SECURITY.ECHO", "echo", "回调测试", map[string]string{"echo_message": message})
}

// envelope is the body of a notice, encrypted anew for every try.
func (n *notice) envelope(a *account) ([]byte, error) {
	s, err := sealGCM(a.APIv3, randomText(12), n.Original, n.Plain)
	if err != nil {
		return nil, err
	}
	s.OriginalType = n.Original
	return mustJSON(struct {
		ID       string      `json:"id"`
		Created  wechat.Time `json:"create_time"`
		Type     string      `json:"resource_type"`
		Event    string      `json:"event_type"`
		Summary  string      `json:"summary"`
		Resource sealed      `json:"resource"`
	}{n.ID, wechat.Time{Time: n.Created}, "encrypt-resource", n.Event, n.Summary, s}), nil
}

// noticeRequest is one try of a notice, signed.
func (p *Pay) noticeRequest(ctx context.Context, n *notice, a *account, k platformKey, s signature) (*http.Request, error) {
	body, err := n.envelope(a)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, n.URL, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "*/*")
	r.Header.Set("User-Agent", "Mozilla/4.0")
	p.signHeaders(r.Header, k, body, s)
	return r, nil
}

// Notice is a request as WeChat Pay sends it to the account's address, with an
// event type, original_type and content of the test's choice, encrypted and signed
// properly: for notices the simulator does not send by itself. It is not logged and
// not sent again.
func (a *Account) Notice(ctx context.Context, address, event, original string, content []byte) (*http.Request, error) {
	p := a.pay
	p.mu.Lock()
	acc := p.state.accounts[a.MchID]
	n := p.newNotice(a.MchID, address, event, original, "通知", nil)
	p.mu.Unlock()
	n.Plain = content
	k, _ := acc.platformKey(acc.Notices)
	return p.noticeRequest(ctx, n, acc, k, signature{})
}

// answered is a copy of n after a try at a time: over, or due again.
func (n *notice) answered(at time.Time, accepted bool) *notice {
	c := *n
	c.Tries++
	if c.Over = accepted || c.Tries > len(schedule); !c.Over {
		c.Next = at.Add(schedule[c.Tries-1])
	}
	return &c
}

// postponed is a copy of n that is due at a time; the try does not count.
func (n *notice) postponed(at time.Time) *notice {
	c := *n
	c.Next = at
	return &c
}
