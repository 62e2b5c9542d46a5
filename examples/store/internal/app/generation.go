package app

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/examples/store/internal/aftersale"
	"github.com/wxcommerce/wechat/examples/store/internal/cashier"
	"github.com/wxcommerce/wechat/examples/store/internal/phone"
	"github.com/wxcommerce/wechat/wechattest"
)

// Simulator is the WeChat of one generation, as the shop's owner would see it if
// the owner were allowed to.
type Simulator interface {
	// Handler serves WeChat and its customer's side to the pages of a shop.
	Handler(shop string) http.Handler
	// Fault and FaultNotice make answers and notices go wrong.
	Fault(wechattest.Fault) (disarm func())
	FaultNotice(wechattest.NoticeFault) (disarm func())
	// Ledger is WeChat's account of the shop's money.
	Ledger() []wechattest.Entry
	// Orders is how many orders WeChat knows.
	Orders() int
	// Paid tells whether WeChat has the money of an order.
	Paid(no string) bool
	// Confirm is a customer who pays what a page asks for.
	Confirm(page cashier.PageParams) error
	// Paths are where orders are placed, "" if that takes no call, and refunds asked for.
	Paths() (place, refund string)
	// Close closes its books.
	Close() error

	// Target is where the go-live check of the generation begins; see App.Targets.
	Target() wechattest.Targets
	phone.Customer

	till(noticeURL string, opts ...wechat.Option) (cashier.Till, error)
	line(opts ...wechat.Option) (aftersale.Line, error)
	connect(ctx context.Context, url string, opts ...wechat.Option) error
}

// beginning is how a generation begins.
type beginning struct {
	name     string
	simulate func(Config, *App) (Simulator, error)
}

// beginnings are the generations, newest first. This is the one place where one of
// them is chosen.
var beginnings = []beginning{
	{"v3", func(c Config, a *App) (Simulator, error) { return openModern(c, a, tillV3) }},
	{"v2", func(c Config, a *App) (Simulator, error) { return openModern(c, a, tillV2) }},
	{"2014", func(c Config, a *App) (Simulator, error) { return openOld(c, a) }},
}

// Generations are the names that Config.Generation takes.
func Generations() []string {
	var names []string
	for _, b := range beginnings {
		names = append(names, b.name)
	}
	return names
}

// generation finds the one that cfg names, and its folder.
func generation(cfg *Config) (beginning, error) {
	if cfg.Generation == "" {
		cfg.Generation = beginnings[0].name
	}
	for i, b := range beginnings {
		if b.name != cfg.Generation {
			continue
		}
		if i > 0 {
			cfg.Data = filepath.Join(cfg.Data, b.name)
		}
		return b, nil
	}
	return beginning{}, fmt.Errorf("store: -generation: want one of %s", strings.Join(Generations(), ", "))
}
