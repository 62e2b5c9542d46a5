package wechattest

import (
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Button is a button as a user sees it.
type Button struct {
	Name, Type string
	Sub        []Button
}

// Menu is what the user sees of the account's menu, nil if there is none. Unlike
// a real phone, which may lag by five minutes, it shows changes at once.
func (a *App) Menu(u User) []Button {
	a.mu.Lock()
	defer a.mu.Unlock()
	m := a.menuFor(a.meet(u))
	if m == nil {
		return nil
	}
	return buttonsOf(m.buttons)
}

func buttonsOf(list []menuButton) (all []Button) {
	for _, b := range list {
		all = append(all, Button{b.Name, b.Type, buttonsOf(b.Sub)})
	}
	return all
}

// Touch is a tap on the menu and, for buttons that ask for something, what the user
// gives.
type Touch struct {
	Path     []string // the names of the buttons: one, or the container's and its own
	Scan     string   // what the scanner reads; a barcode's begins with its kind, as in EAN_13,690…
	Pictures [][]byte
	Place    Place
}

// Opened is what a tap opens on the phone; empty if nothing.
type Opened struct {
	URL         string
	AppID, Page string // of a mini program
}

// Tap is a tap of a follower on the account's menu. The event is pushed; pictures
// and places follow it as messages. It fails with ErrNotFollowing or ErrNoSuchThing.
func (a *App) Tap(u User, t Touch) (Opened, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.meet(u)
	if !p.follows() {
		return Opened{}, ErrNotFollowing
	}
	m := a.menuFor(p)
	b := m.button(t.Path)
	if b == nil {
		return Opened{}, fmt.Errorf("%w: no button %s in the menu", ErrNoSuchThing, strings.Join(t.Path, " › "))
	}
	number := []pushItem{}
	if m != a.menus.standard {
		number = []pushItem{{"MenuId", m.id}}
	}
	switch b.Type {
	case "click":
		p.open(windowMenu, a.clock.Now())
		a.pushEvent(p.openID, "CLICK", pushItem{"EventKey", b.Key})
	case "view":
		a.pushEvent(p.openID, "VIEW", append([]pushItem{{"EventKey", b.URL}}, number...)...)
		return Opened{URL: b.URL}, nil
	case "miniprogram":
		a.pushEvent(p.openID, "view_miniprogram", append([]pushItem{{"EventKey", b.Page}}, number...)...)
		return Opened{AppID: b.AppID, Page: b.Page, URL: b.URL}, nil
	case "view_limited", "article_view_limited":
		return a.openArticle(*b), nil
	case "media_id", "article_id":
		a.showButton(p, *b)
	case "scancode_push", "scancode_waitmsg":
		return a.tapScan(p, *b, t.Scan)
	case "location_select":
		return Opened{}, a.tapPlace(p, *b, t.Place)
	default:
		return Opened{}, a.tapPictures(p, *b, t.Pictures)
	}
	return Opened{}, nil
}

// button finds a button that is no container.
func (m *menu) button(path []string) *menuButton {
	if m == nil || len(path) < 1 || len(path) > 2 {
		return nil
	}
	list := m.buttons
	for i, name := range path {
		at := slices.IndexFunc(list, func(b menuButton) bool { return b.Name == name })
		if at < 0 {
			return nil
		}
		if i == len(path)-1 {
			if len(list[at].Sub) > 0 {
				return nil
			}
			return &list[at]
		}
		list = list[at].Sub
	}
	return nil
}

func (a *App) openArticle(b menuButton) Opened {
	if art := a.articles[b.ArticleID]; art != nil {
		return Opened{URL: art.URL}
	}
	return Opened{URL: a.mediaURL(b.MediaID)}
}

func (a *App) showButton(p *person, b menuButton) {
	e := ChatEntry{From: FromAccount, Way: "passive", Type: "image", MediaID: b.MediaID}
	if m := a.media.all[b.MediaID]; m != nil {
		e.Type = m.kind
	}
	if art := a.articles[b.ArticleID]; art != nil {
		e.Type, e.Articles = "mpnewsarticle", []ChatArticle{*art}
	}
	p.show(a.clock.Now(), e)
}

var errNothingGiven = errors.New("wechattest: the button asks for something that the touch does not give")

func (a *App) tapScan(p *person, b menuButton, result string) (Opened, error) {
	if result == "" {
		return Opened{}, fmt.Errorf("%w: Scan", errNothingGiven)
	}
	kind := "qrcode"
	if name, digits, ok := strings.Cut(result, ","); ok && allDigits.MatchString(digits) && !strings.Contains(name, ":") {
		kind = "barcode"
	}
	p.open(windowMenu, a.clock.Now())
	a.pushEvent(p.openID, b.Type, pushItem{"EventKey", b.Key},
		pushItem{"ScanCodeInfo", []pushItem{{"ScanType", kind}, {"ScanResult", result}}})
	if b.Type == "scancode_push" && strings.HasPrefix(result, "http") {
		return Opened{URL: result}, nil
	}
	return Opened{}, nil
}

func (a *App) tapPlace(p *person, b menuButton, at Place) error {
	if err := at.check(); err != nil {
		return err
	}
	a.pushEvent(p.openID, b.Type, pushItem{"EventKey", b.Key}, pushItem{"SendLocationInfo", append(at.items(), pushItem{"Poiname", at.Name})})
	a.say(p, ChatEntry{Type: "location", Text: at.Label}, at.items()...)
	return nil
}

func (a *App) tapPictures(p *person, b menuButton, pictures [][]byte) error {
	if len(pictures) == 0 {
		return fmt.Errorf("%w: Pictures", errNothingGiven)
	}
	var sums [][]pushItem
	for _, data := range pictures {
		sum := md5.Sum(data)
		sums = append(sums, []pushItem{{"PicMd5Sum", hex.EncodeToString(sum[:])}})
	}
	a.pushEvent(p.openID, b.Type, pushItem{"EventKey", b.Key}, pushItem{"SendPicsInfo",
		[]pushItem{{"Count", strconv.Itoa(len(pictures))}, {"PicList", []pushItem{{"item", sums}}}}})
	for _, data := range pictures {
		id := a.keepMedia("image", "image", data).id
		a.say(p, ChatEntry{Type: "image", MediaID: id}, pushItem{"PicUrl", a.mediaURL(id)}, pushItem{"MediaId", id})
	}
	return nil
}
