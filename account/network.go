package account

import (
	"context"
	"net/netip"
	"slices"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

// Addresses is a list of WeChat's addresses. It changes: ask once a day, and do not
// build a firewall on an old copy.
type Addresses struct {
	List []string `json:"ip_list"` // addresses, or blocks such as 203.0.113.0/24
}

// Contains reports whether ip is one of the addresses, or lies in one of the blocks.
// Entries that are neither are passed over.
func (a Addresses) Contains(ip netip.Addr) bool {
	ip = ip.Unmap()
	return slices.ContainsFunc(a.List, func(s string) bool {
		if block, err := netip.ParsePrefix(s); err == nil {
			return block.Contains(ip)
		}
		one, err := netip.ParseAddr(s)
		return err == nil && one.Unmap() == ip
	})
}

// Servers are the addresses that the account calls.
//
// 获取微信API服务器IP
func (s *Service) Servers(ctx context.Context) (*Addresses, error) {
	return wechat.Call[Addresses](ctx, s.app, wechat.GET("/cgi-bin/get_api_domain_ip"), nil)
}

// Callers are the addresses that call the account. They are one more line of defence;
// who sent a push is proved by its signature alone.
//
// 获取微信推送服务器IP
func (s *Service) Callers(ctx context.Context) (*Addresses, error) {
	return wechat.Call[Addresses](ctx, s.app, wechat.GET("/cgi-bin/getcallbackip"), nil)
}

// Action is what Diagnose looks at.
type Action string

// The actions.
const (
	ActionDNS  Action = "dns"
	ActionPing Action = "ping"
	ActionAll  Action = "all"
)

// Operator is the network that Diagnose looks from.
type Operator string

// The networks.
const (
	ChinaNet Operator = "CHINANET"
	Unicom   Operator = "UNICOM"
	CAP      Operator = "CAP"     // Tencent's own
	Any      Operator = "DEFAULT" // chosen by the address
)

// Diagnosis is how the shop's callback address looks from WeChat.
type Diagnosis struct {
	DNS  []Resolved `json:"dns"`
	Ping []Pinged   `json:"ping"`
}

// Resolved is an address that the shop's name resolves to.
type Resolved struct {
	IP       string   `json:"ip"`
	Operator Operator `json:"real_operator"` // of the address
}

// Pinged is how a ping of one address went.
type Pinged struct {
	IP   string   `json:"ip"`
	From Operator `json:"from_operator"`
	Loss string   `json:"package_loss"` // such as 0%
	Time string   `json:"time"`         // such as 23.079ms
}

type diagnosisRequest struct {
	Action   Action   `json:"action"`
	Operator Operator `json:"check_operator"`
}

// Validate demands both fields.
func (r diagnosisRequest) Validate() error {
	var f check.Fields
	f.ID("action", string(r.Action), 32)
	f.ID("check_operator", string(r.Operator), 32)
	return f.Err()
}

// Diagnose has WeChat look up and ping the shop's callback address, from the network
// of an operator; usually ActionAll from Any.
//
// 网络通信检测
func (s *Service) Diagnose(ctx context.Context, a Action, from Operator) (*Diagnosis, error) {
	return wechat.Call[Diagnosis](ctx, s.app, wechat.POST("/cgi-bin/callback/check").ReadOnly(), diagnosisRequest{a, from})
}
