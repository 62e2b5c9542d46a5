package menu_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/menu"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/user"
	"github.com/wxcommerce/wechat/wechattest"
)

var (
	li   = wechattest.User{Name: "li"}
	spot = wechattest.Place{Latitude: "23.1", Longitude: "113.4", Scale: 15, Label: "tea house", Name: "tea"}
)

// shop is an account on the simulator, with a menu and a server for its events.
type shop struct {
	sim     *wechattest.App
	clock   *wechattest.VirtualClock
	menus   *menu.Service
	users   *user.Service
	handler *notify.Handler
	got     []any
}

// Do carries a push to the shop.
func (s *shop) Do(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w.Result(), nil
}

func newShop(t *testing.T, mode wechattest.PushMode) *shop {
	t.Helper()
	s := &shop{clock: wechattest.NewClock(time.Time{})}
	var err error
	s.sim, err = wechattest.NewApp(wechattest.AppConfig{Clock: s.clock, Name: "tea", Sender: s, Push: wechattest.AppPush{URL: "http://127.0.0.1/push", Mode: mode}})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.sim.Close()) })
	app, err := s.sim.Client()
	require.NoError(t, err)
	s.menus, s.users = menu.New(app), user.New(app)
	cfg := notify.PushConfig{AppID: s.sim.AppID, Token: seal.NewKey(s.sim.Push().Token), Now: s.clock.Now, Window: time.Minute}
	if mode != wechattest.PushPlain {
		cfg.EncodingAESKey = seal.NewKey(s.sim.Push().EncodingAESKey)
	}
	dialect, err := notify.Push(cfg)
	require.NoError(t, err)
	s.handler = notify.NewHandler(dialect)
	on(s, menu.Clicked)
	on(s, menu.Viewed)
	on(s, menu.OpenedMiniProgram)
	on(s, menu.Scanned)
	on(s, menu.ScannedWaiting)
	on(s, menu.Photographed)
	on(s, menu.PhotographedOrPicked)
	on(s, menu.Picked)
	on(s, menu.Located)
	return s
}

func on[T any](s *shop, k notify.Kind[T]) {
	notify.On(s.handler, k, func(_ context.Context, e notify.Event[T]) error {
		s.got = append(s.got, e.Data)
		return nil
	})
}

// tap is a tap of li's, and what it pushed.
func (s *shop) tap(t *testing.T, touch wechattest.Touch) any {
	t.Helper()
	s.got = nil
	_, err := s.sim.Tap(li, touch)
	require.NoError(t, err)
	s.clock.Advance(time.Second)
	require.Len(t, s.got, 1)
	return s.got[0]
}

// Every button that pushes something, from the call that makes it to the event, in
// the plain and in the safe mode.
func TestWholeWay(t *testing.T) {
	t.Parallel()
	for name, mode := range map[string]wechattest.PushMode{"plain": wechattest.PushPlain, "safe": wechattest.PushSafe} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, mode)
			const page = "https://shop.example/?a=1&b=2"
			require.NoError(t, s.menus.Create(t.Context(), menu.Of(
				menu.Group("One", menu.Click("click", "K<&>1"), menu.View("view", page), menu.MiniProgram("mini", "wx0000000000000009", "pages/index?x=1", page)),
				menu.Group("Two", menu.ScanPush("push", "K2"), menu.ScanWait("wait", "K3"), menu.Location("where", "K4")),
				menu.Group("Three", menu.Photo("photo", "K5"), menu.PhotoOrAlbum("either", "K6"), menu.Album("album", "K7")))))
			s.sim.Follow(li)
			s.clock.Advance(time.Second)
			openID := li.OpenID(s.sim.AppID)

			tap := s.tap(t, wechattest.Touch{Path: []string{"One", "click"}}).(menu.Tap)
			assert.Equal(t, "K<&>1 CLICK "+openID, tap.Key+" "+tap.Event+" "+tap.FromUserName)
			assert.NotEmpty(t, tap.ToUserName)
			assert.NotZero(t, tap.CreateTime)
			visit := s.tap(t, wechattest.Touch{Path: []string{"One", "view"}}).(menu.Visit)
			assert.Equal(t, page, visit.URL)
			assert.Equal(t, "pages/index?x=1", s.tap(t, wechattest.Touch{Path: []string{"One", "mini"}}).(menu.Launch).PagePath)

			scan := s.tap(t, wechattest.Touch{Path: []string{"Two", "push"}, Scan: "https://shop.example/p/1"}).(menu.Scan)
			assert.Equal(t, "K2 scancode_push", scan.Key+" "+scan.Event)
			assert.Equal(t, menu.ScanCode{Type: "qrcode", Result: "https://shop.example/p/1"}, scan.Code)
			scan = s.tap(t, wechattest.Touch{Path: []string{"Two", "wait"}, Scan: "EAN_13,6900000000000"}).(menu.Scan)
			assert.Equal(t, "K3 scancode_waitmsg", scan.Key+" "+scan.Event)
			assert.Equal(t, menu.ScanCode{Type: "barcode", Result: "EAN_13,6900000000000"}, scan.Code)
			place := s.tap(t, wechattest.Touch{Path: []string{"Two", "where"}, Place: spot}).(menu.Place)
			assert.Equal(t, "K4", place.Key)
			assert.Equal(t, "23.1 113.4", place.At.Latitude+" "+place.At.Longitude)
			assert.Equal(t, "tea house", place.At.Label)

			for path, key := range map[string]string{"photo": "K5", "either": "K6", "album": "K7"} {
				pictures := [][]byte{[]byte("\x89PNG1")}
				if path == "album" {
					pictures = append(pictures, []byte("\x89PNG2"))
				}
				p := s.tap(t, wechattest.Touch{Path: []string{"Three", path}, Pictures: pictures}).(menu.Pictures)
				assert.Equal(t, key, p.Key)
				assert.Equal(t, len(pictures), p.Sent.Count)
				require.Len(t, p.Sent.List, len(pictures))
				assert.Len(t, p.Sent.List[0].MD5, 32)
			}
		})
	}
}

// Conditional menus: who sees which, the numbers of both spellings, and the way back.
func TestConditionalMenusOfTheSimulator(t *testing.T) {
	t.Parallel()
	s := newShop(t, wechattest.PushSafe)
	ctx, openID := t.Context(), li.OpenID(s.sim.AppID)
	_, err := s.menus.Get(ctx)
	require.ErrorIs(t, err, menu.ErrNoMenu)
	vip := menu.Conditional{Menu: menu.Of(menu.View("VIP", "https://shop.example/vip"))}
	s.sim.Follow(li)
	tag, err := s.users.CreateTag(ctx, "VIP")
	require.NoError(t, err)
	require.NoError(t, s.users.Tag(ctx, tag.ID, openID))
	vip.Rule = menu.ForTag(tag.ID)
	_, err = s.menus.AddConditional(ctx, vip)
	require.ErrorIs(t, err, menu.ErrNoDefault)

	standard := menu.Of(menu.Click("Today", "TODAY"))
	require.NoError(t, s.menus.Create(ctx, standard))
	id, err := s.menus.AddConditional(ctx, vip)
	require.NoError(t, err)
	all, err := s.menus.Get(ctx)
	require.NoError(t, err)
	require.Len(t, all.Conditional, 1)
	assert.Equal(t, id, all.Conditional[0].ID)
	assert.Equal(t, vip.Rule, all.Conditional[0].Rule)
	assert.Equal(t, "Today", all.Default.Buttons[0].Name)
	seen, err := s.menus.TryMatch(ctx, openID)
	require.NoError(t, err)
	assert.Equal(t, "VIP", seen[0].Name)
	assert.Equal(t, id, s.tap(t, wechattest.Touch{Path: []string{"VIP"}}).(menu.Visit).MenuID)

	require.NoError(t, s.menus.DeleteConditional(ctx, id))
	require.ErrorIs(t, s.menus.DeleteConditional(ctx, id), menu.ErrNoSuchMenu)
	seen, err = s.menus.TryMatch(ctx, openID)
	require.NoError(t, err)
	assert.Equal(t, "Today", seen[0].Name)
	current, err := s.menus.Current(ctx)
	require.NoError(t, err)
	assert.True(t, current.Open())
	assert.Equal(t, "TODAY", current.Info.Buttons[0].Key)
	require.NoError(t, s.menus.Delete(ctx))
	_, err = s.menus.Get(ctx)
	require.ErrorIs(t, err, menu.ErrNoMenu)
}
