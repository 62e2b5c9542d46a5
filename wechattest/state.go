package wechattest

import (
	"fmt"
	"time"
)

// state is everything a Pay knows. Its values are never changed in place: commit
// replaces them by new ones.
type state struct {
	accounts      map[string]*account   // by merchant number
	numbers       []string              // merchant numbers in order of birth
	orders        map[string]*order     // by orderKey
	orderList     []string              // keys in order of birth
	refs          map[string]string     // prepay_id, code_url, …, transaction id -> orderKey
	refunds       map[string]*refund    // by refundKey
	refundIDs     map[string]string     // refund_id -> refundKey
	refunded      []string              // keys in order of birth
	notices       map[string]*notice    // by id; only those that may still be sent
	codes         map[string]*code      // payment codes
	links         map[string]string     // short link of native mode 1 -> long
	complaints    map[string]*complaint // by id
	complaintList []string              // ids in order of birth
	complaintOf   map[string]string     // orderKey -> id
	photos        map[string]*photo     // of complaints, by id
	comments      []*comment            // oldest first
	payouts       map[string]*payout    // red packets and transfers, by payoutKey
	paidOut       []string              // keys in order of birth
	shares        map[string]*share     // by key, with what came back
	shareList     []string              // keys in order of birth
	receivers     map[string]bool       // of shares
	agenda        dueHeap               // notices to send, refunds to end, complaints to look at
	seq           int                   // records installed so far: the source of new ids
}

// record is one replaced value, and a line's part in the journal: exactly one
// field is set.
type record struct {
	Account   *account   `json:"account,omitempty"`
	Order     *order     `json:"order,omitempty"`
	Refund    *refund    `json:"refund,omitempty"`
	Notice    *notice    `json:"notice,omitempty"`
	Code      *code      `json:"code,omitempty"`
	Link      *link      `json:"link,omitempty"`
	Complaint *complaint `json:"complaint,omitempty"`
	Photo     *photo     `json:"photo,omitempty"`
	Comment   *comment   `json:"comment,omitempty"`
	Payout    *payout    `json:"payout,omitempty"`
	Share     *share     `json:"share,omitempty"`
	Receiver  *receiver  `json:"receiver,omitempty"`
}

func newState() state {
	return state{accounts: map[string]*account{}, orders: map[string]*order{}, refs: map[string]string{},
		refunds: map[string]*refund{}, refundIDs: map[string]string{}, notices: map[string]*notice{}, codes: map[string]*code{},
		links: map[string]string{}, complaints: map[string]*complaint{}, complaintOf: map[string]string{}, photos: map[string]*photo{},
		payouts: map[string]*payout{},
		shares:  map[string]*share{}, receivers: map[string]bool{}}
}

// install makes a record true.
func (s *state) install(r record) {
	s.seq++
	if a := r.Account; a != nil {
		if s.accounts[a.MchID] == nil {
			s.numbers = append(s.numbers, a.MchID)
		}
		s.accounts[a.MchID] = a
	}
	if o := r.Order; o != nil {
		s.installOrder(o)
	}
	if f := r.Refund; f != nil {
		if s.refunds[f.key()] == nil {
			s.refunded = append(s.refunded, f.key())
		}
		s.refunds[f.key()], s.refundIDs[f.RefundID] = f, f.key()
		if !f.Due.IsZero() {
			s.plan(due{at: f.Due, refund: f.key()})
		}
	}
	if n := r.Notice; n != nil {
		s.notices[n.ID] = n
		s.plan(due{at: n.Next, notice: n.ID})
		if n.Over {
			delete(s.notices, n.ID)
		}
	}
	if c := r.Code; c != nil {
		s.codes[c.Code] = c
	}
	if c := r.Comment; c != nil {
		s.comments = append(s.comments, c)
	}
	if o := r.Payout; o != nil {
		if s.payouts[o.key()] == nil {
			s.paidOut = append(s.paidOut, o.key())
		}
		s.payouts[o.key()] = o
	}
	if f := r.Share; f != nil {
		s.shares[f.key()], s.shareList = f, append(s.shareList, f.key())
	}
	if f := r.Receiver; f != nil {
		s.receivers[f.Key] = !f.Gone
	}
	if l := r.Link; l != nil {
		s.links[l.Short] = l.Long
	}
	if c := r.Complaint; c != nil {
		s.installComplaint(c)
	}
	if i := r.Photo; i != nil {
		s.photos[i.ID] = i
	}
}

func (s *state) installComplaint(c *complaint) {
	if s.complaints[c.ID] == nil {
		s.complaintList = append(s.complaintList, c.ID)
	}
	s.complaints[c.ID], s.complaintOf[c.Order] = c, c.ID
	if !c.Due.IsZero() {
		s.plan(due{at: c.Due, complaint: c.ID})
	}
}

func (s *state) installOrder(o *order) {
	key := o.key()
	if s.orders[key] == nil {
		s.orderList = append(s.orderList, key)
	}
	s.orders[key] = o
	for _, k := range o.Prepays {
		s.refs[refKey(k.Ref)] = key
		if k.ID != "" {
			s.refs[k.ID] = key
		}
	}
	for _, ref := range []string{o.TransactionID, o.AuthCode} {
		if ref != "" {
			s.refs[ref] = key
		}
	}
}

// id makes a new number of 28 digits: a prefix that tells what it is for, zeros
// that tell it from a real one, the day, and a serial number.
func (s *state) id(prefix string, now time.Time) string {
	return fmt.Sprintf("%s0000%s%012d", prefix, now.In(beijing).Format("20060102"), s.seq+1)
}

// account is what the simulator keeps about a merchant number.
type account struct {
	MchID   string        `json:"mchid"`
	Name    string        `json:"name,omitempty"`
	AppIDs  []string      `json:"appids"`
	Partner bool          `json:"partner,omitempty"`
	Subs    []SubMerchant `json:"subs,omitempty"`
	Mode    Mode          `json:"mode"`
	Serial  string        `json:"serial"`
	Key     privateKey    `json:"key"`
	Cert    []byte        `json:"cert"`
	APIv3   string        `json:"apiv3"`
	APIv2   string        `json:"apiv2,omitempty"`
	HMAC    bool          `json:"hmac,omitempty"`       // native mode 1 signs with it
	Native  string        `json:"native_url,omitempty"` // callback of native mode 1
	// Platform holds the keys of both modes; Answers and Notices name the ones
	// that sign where the request does not choose.
	Platform   []platformKey `json:"platform"`
	Answers    string        `json:"answers"`
	Notices    string        `json:"notices"`
	Refunds    string        `json:"refund_notify_url,omitempty"`
	Complaints string        `json:"complaint_notify_url,omitempty"`
	Violations string        `json:"violation_notify_url,omitempty"`
	Born       time.Time     `json:"born"`
}

// SubMerchant is a merchant served by a partner.
type SubMerchant struct {
	MchID  string   `json:"mchid"`
	Name   string   `json:"name,omitempty"`
	AppIDs []string `json:"appids,omitempty"`
}

// platformKey finds a key by id.
func (a *account) platformKey(id string) (platformKey, bool) {
	for _, k := range a.Platform {
		if k.ID == id {
			return k, true
		}
	}
	return platformKey{}, false
}

func (a *account) sub(mchID string) *SubMerchant {
	for i := range a.Subs {
		if a.Subs[i].MchID == mchID {
			return &a.Subs[i]
		}
	}
	return nil
}

// account finds a merchant number.
func (p *Pay) account(mchID string) *account {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state.accounts[mchID]
}
