package menu

import (
	"context"

	"github.com/wxcommerce/wechat"
)

// Service keeps the menus of one account. It is immutable and safe for concurrent
// use.
type Service struct{ app *wechat.App }

// New makes a Service. The App needs a TokenSource. wechat.ErrUnauthorized says that
// the account may not make menus by API: it has to be certified.
func New(app *wechat.App) *Service { return &Service{app} }

// Create puts m in the place of the whole default menu; there is no way to change a
// part. Phones ask for it again when the user opens the account and five minutes
// have passed. Repeating it is safe. At most 1000 times a day.
//
// 创建自定义菜单
func (s *Service) Create(ctx context.Context, m Menu) error {
	_, err := wechat.Call[wechat.None](ctx, s.app, wechat.POST("/cgi-bin/menu/create").Keyed(), m)
	return err
}

// All is what Get finds: the default menu and the conditional ones.
type All struct {
	Default     Default  `json:"menu"`
	Conditional []Stored `json:"conditionalmenu"` // empty if there is none
}

// Default is the default menu as WeChat keeps it.
type Default struct {
	Menu
	ID ID `json:"menuid"` // empty unless there are conditional menus
}

// Get reads the menus that were made by API. ErrNoMenu says that there is none; of
// a menu made in the web console parts can be missing, Current has them.
//
// 获取自定义菜单配置
func (s *Service) Get(ctx context.Context) (*All, error) {
	return wechat.Call[All](ctx, s.app, wechat.GET("/cgi-bin/menu/get"), nil)
}

// Delete removes the default menu and all conditional ones. It is repeated when the
// answer was lost, so ErrNoMenu may also mean that it has just been removed.
//
// 删除自定义菜单
func (s *Service) Delete(ctx context.Context) error {
	_, err := wechat.Call[wechat.None](ctx, s.app, wechat.GET("/cgi-bin/menu/delete"), nil)
	return err
}

// Current reads the default menu that users see, whether it was made by API or in the
// web console.
//
// 查询自定义菜单信息
func (s *Service) Current(ctx context.Context) (*Current, error) {
	return wechat.Call[Current](ctx, s.app, wechat.GET("/cgi-bin/get_current_selfmenu_info"), nil)
}
