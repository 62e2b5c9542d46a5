package message

import (
	"html"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"
)

// Window is the time after something a user did in which customer service may
// write, and how often. Windows are independent of each other: a click opens its
// own three messages while those of a message are still open.
type Window struct {
	Lasts    time.Duration
	Messages int
}

// AfterMessage, AfterClick, AfterFollow and AfterScan are the windows. Years ago
// they were wider.
var (
	AfterMessage = Window{48 * time.Hour, 5}
	AfterClick   = Window{time.Minute, 3} // a click or a scan by way of the menu
	AfterFollow  = Window{time.Minute, 3}
	AfterScan    = Window{time.Minute, 3} // of a QR code with a parameter
)

// Open reports whether one more message fits at now, when the user did it at since
// and sent messages have gone out already. WeChat's own count decides.
func (w Window) Open(since, now time.Time, sent int) bool {
	return now.Sub(since) < w.Lasts && sent < w.Messages
}

// A chat about an order: in a mini program the contact button of the order's page
// carries SessionFrom, and the event user_enter_tempsession brings it back. A
// service account answers with OrderPage.Card, or with a Text that holds a link.

const orderSession = "order:"

// SessionFrom is the session-from of the contact button on an order's page.
func SessionFrom(orderNo string) string { return orderSession + orderNo }

// OrderOf is the order that a chat was opened from, by the SessionFrom of the event.
// Users can send what they like: look whether the order is theirs.
func OrderOf(sessionFrom string) (orderNo string, ok bool) {
	no, ok := strings.CutPrefix(sessionFrom, orderSession)
	return no, ok && no != "" && len(no) <= 64 && utf8.ValidString(no)
}

// OrderPage is where a mini program shows an order.
type OrderPage struct {
	AppID        string // the mini program; "" in its own customer service
	Path         string // the page, such as pages/order
	ThumbMediaID string // temporary or permanent picture
}

// Card is the message that leads to the order, as customer service sends it.
func (p OrderPage) Card(title, orderNo string) Message {
	return MiniProgram(Page{Title: title, AppID: p.AppID, Path: p.path(orderNo), ThumbMediaID: p.ThumbMediaID})
}

// Jump leads from a template or subscription message to the order.
func (p OrderPage) Jump(orderNo string) *Jump { return &Jump{AppID: p.AppID, Path: p.path(orderNo)} }

// Link is words for a Text that lead to the order; old clients go to fallback.
func (p OrderPage) Link(words, orderNo, fallback string) string {
	return `<a href="` + html.EscapeString(fallback) + `" data-miniprogram-appid="` + html.EscapeString(p.AppID) +
		`" data-miniprogram-path="` + html.EscapeString(p.path(orderNo)) + `">` + html.EscapeString(words) + `</a>`
}

func (p OrderPage) path(orderNo string) string {
	mark := "?"
	if strings.Contains(p.Path, "?") {
		mark = "&"
	}
	return p.Path + mark + "id=" + url.QueryEscape(orderNo)
}

// LinkWords is words for a Text that lead to an address.
func LinkWords(words, address string) string {
	return `<a href="` + html.EscapeString(address) + `">` + html.EscapeString(words) + `</a>`
}
