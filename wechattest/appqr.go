package wechattest

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wxcommerce/wechat/qrcode"
)

const mostPermanent = 100_000

// codeDesk keeps parameter QR codes; App.mu guards it.
type codeDesk struct {
	byTicket  map[string]*paramCode
	byURL     map[string]*paramCode
	permanent map[string]*paramCode // by scene
}

type paramCode struct {
	ticket, url, text string // text is the scene
	number            int64  // the scene, if it is one
	until             time.Time
}

func (a *App) routeCodes() {
	a.codes = codeDesk{map[string]*paramCode{}, map[string]*paramCode{}, map[string]*paramCode{}}
	a.route("POST", "/cgi-bin/qrcode/create", (*App).createCode).limited(100_000).only(OfficialAccount)
	a.route("GET", "/cgi-bin/showqrcode", (*App).showCode).tokenless().only(OfficialAccount)
}

func (a *App) createCode(c *appCall) (any, *errcode) {
	var b struct {
		Action string `json:"action_name"`
		Expire *int64 `json:"expire_seconds"`
		Info   struct {
			Scene struct {
				ID   int64  `json:"scene_id"`
				Text string `json:"scene_str"`
			} `json:"scene"`
		} `json:"action_info"`
	}
	if e := c.decode(&b); e != nil {
		return nil, e
	}
	scene := b.Info.Scene
	permanent := b.Action == "QR_LIMIT_SCENE" || b.Action == "QR_LIMIT_STR_SCENE"
	code := &paramCode{text: scene.Text}
	switch b.Action {
	case "QR_SCENE", "QR_LIMIT_SCENE":
		if scene.ID < 1 || scene.ID > 1<<32-1 || permanent && scene.ID > 100_000 {
			return nil, wrong(40053, "invalid action info")
		}
		code.number, code.text = scene.ID, strconv.FormatInt(scene.ID, 10)
	case "QR_STR_SCENE", "QR_LIMIT_STR_SCENE":
		if n := utf8.RuneCountInString(scene.Text); n < 1 || n > 64 {
			return nil, wrong(40053, "invalid action info")
		}
	default:
		return nil, wrong(40097, "invalid args")
	}
	life := int64(60)
	if b.Expire != nil {
		life = *b.Expire
	}
	if !permanent && (life < 1 || life > 2_592_000) {
		return nil, wrong(40097, "invalid args")
	}
	out := struct {
		Ticket string `json:"ticket"`
		Life   int64  `json:"expire_seconds,omitempty"`
		URL    string `json:"url"`
	}{}
	if permanent {
		if old := a.codes.permanent[code.text]; old != nil {
			out.Ticket, out.URL = old.ticket, old.url
			return out, nil
		}
		if len(a.codes.permanent) >= mostPermanent {
			return nil, wrong(45029, "qrcode count out of limit")
		}
		a.codes.permanent[code.text] = code
	} else {
		code.until, out.Life = c.now.Add(time.Duration(life)*time.Second), life
	}
	code.ticket, code.url = "gQ0000"+randomText(40)+"+/"+randomText(40)+"==", "http://weixin.qq.com/q/0000"+randomText(18)
	a.codes.byTicket[code.ticket], a.codes.byURL[code.url] = code, code
	out.Ticket, out.URL = code.ticket, code.url
	return out, nil
}

// showCode is the picture at mp.weixin.qq.com.
func (a *App) showCode(c *appCall) (any, *errcode) {
	code := a.codes.byTicket[c.q.Get("ticket")]
	if code == nil || code.over(c.now) {
		return appAnswer(http.StatusNotFound, "text/html", htmlPage(http.StatusNotFound)), nil
	}
	drawn, err := qrcode.New(code.url)
	var b bytes.Buffer
	if err == nil {
		err = drawn.PNG(&b)
	}
	if err != nil {
		return nil, wrong(-1, "system error")
	}
	return appAnswer(http.StatusOK, "image/png", b.Bytes()), nil
}

func (code *paramCode) over(now time.Time) bool {
	return !code.until.IsZero() && !now.Before(code.until)
}

// ScanCode is a user who scans a parameter QR code of the account, given by what is
// in it (the url of qrcode/create) or by its ticket. Who does not follow yet does so
// by it: subscribe is pushed then, and SCAN otherwise. It fails with ErrNoSuchThing
// for codes that never were, and ErrExpired for those that are over.
func (a *App) ScanCode(u User, code string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	found := a.codes.byURL[strings.Replace(code, "https://", "http://", 1)]
	if found == nil {
		found = a.codes.byTicket[code]
	}
	switch {
	case found == nil:
		return fmt.Errorf("%w: no such QR code", ErrNoSuchThing)
	case found.over(a.clock.Now()):
		return fmt.Errorf("%w: the QR code is over", ErrExpired)
	}
	p := a.meet(u)
	if !p.follows() {
		p.qrScene, p.qrText = found.number, found.text
		if found.number != 0 {
			p.qrText = ""
		}
		a.follow(p, "ADD_SCENE_QR_CODE", "qrscene_"+found.text, found.ticket)
	} else {
		a.pushEvent(p.openID, "SCAN", pushItem{"EventKey", found.text}, pushItem{"Ticket", found.ticket})
	}
	p.open(windowScan, a.clock.Now())
	return nil
}
