package wechattest

import (
	"fmt"
	"time"
)

// state is everything a Pay knows. Its values are never changed in place: commit
// replaces them by new ones.
type state struct {
	accounts map[string]*account // by merchant number
	numbers  []string            // merchant numbers in order of birth
}

// record is one replaced value, and a line's part in the journal: exactly one
// field is set.
type record struct {
	Account *account `json:"account,omitempty"`
}

func newState() state {
	return state{accounts: map[string]*account{}}
}

// install makes a record true.
func (s *state) install(r record) {
	if a := r.Account; a != nil {
		if s.accounts[a.MchID] == nil {
			s.numbers = append(s.numbers, a.MchID)
		}
		s.accounts[a.MchID] = a
	}
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
	// Platform holds the keys of both modes; Answers and Notices name the ones
	// that sign where the request does not choose.
	Platform []platformKey `json:"platform"`
	Answers  string        `json:"answers"`
	Notices  string        `json:"notices"`
	Refunds  string        `json:"refund_notify_url,omitempty"`
	Born     time.Time     `json:"born"`
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

func (a *account) String() string { return fmt.Sprintf("account %s", a.MchID) }
