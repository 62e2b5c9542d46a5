package menu

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/wxcommerce/wechat/internal/check"
)

// Menu is up to three buttons. It is plain data: read it from JSON, or from YAML by
// way of JSON.
type Menu struct {
	Buttons []Button `json:"button"`
}

// Of is the menu of these buttons, from left to right.
func Of(buttons ...Button) Menu { return Menu{Buttons: buttons} }

// The limits of WeChat.
const (
	mostButtons = 3
	mostSub     = 5
	mostKey     = 128
	mostURL     = 1024
	topName     = 16 // bytes
	subName     = 60
)

// Validate checks every rule that needs no network; Create and AddConditional check
// it too. The error is a *wechat.FieldError. How long a name may be is left to
// WeChat, whose documents disagree; see Warnings.
func (m Menu) Validate() error {
	var f check.Fields
	f.Must(len(m.Buttons) >= 1 && len(m.Buttons) <= mostButtons, "button", "has %d entries, want 1 to %d", len(m.Buttons), mostButtons)
	for i, b := range m.Buttons {
		at := fmt.Sprintf("button[%d].", i)
		b.check(&f, at)
		if b.Type == "" {
			f.Must(len(b.Sub) >= 1 && len(b.Sub) <= mostSub, at+"sub_button", "has %d entries, want 1 to %d in a group, or give the button a type", len(b.Sub), mostSub)
		}
		for j, s := range b.Sub {
			at := fmt.Sprintf("%ssub_button[%d].", at, j)
			s.check(&f, at)
			f.Must(s.Type != "", at+"type", "is empty but required: a group holds no other group")
		}
	}
	return f.Err()
}

// Warnings names the buttons whose names are longer than 16 bytes, or 60 in a
// group: WeChat may refuse them (ErrName, ErrSubName) or show their end as dots.
// Phones show four Chinese characters, in a group seven or eight.
func (m Menu) Warnings() (all []string) {
	warn := func(at, name string, most int) {
		if len(name) > most {
			all = append(all, fmt.Sprintf("%sname: has %d bytes, more than %d may be refused or cut", at, len(name), most))
		}
	}
	for i, b := range m.Buttons {
		at := fmt.Sprintf("button[%d].", i)
		warn(at, b.Name, topName)
		for j, s := range b.Sub {
			warn(fmt.Sprintf("%ssub_button[%d].", at, j), s.Name, subName)
		}
	}
	return all
}

// needs are the members each type has to have. It may have no others.
var needs = map[Type][]string{
	TypeClick: {"key"}, TypeScanPush: {"key"}, TypeScanWait: {"key"}, TypePhoto: {"key"},
	TypePhotoOrAlbum: {"key"}, TypeAlbum: {"key"}, TypeLocation: {"key"},
	TypeView: {"url"}, TypeMedia: {"media_id"}, TypeViewLimited: {"media_id"},
	TypeArticle: {"article_id"}, TypeViewArticle: {"article_id"},
	TypeMiniProgram: {"appid", "pagepath", "url"},
	"":              {}, // a group
}

func (b Button) check(f *check.Fields, at string) {
	checkName(f, at+"name", b.Name)
	members := []struct{ name, value string }{{"key", b.Key}, {"url", b.URL}, {"media_id", b.MediaID},
		{"article_id", b.ArticleID}, {"appid", b.AppID}, {"pagepath", b.PagePath}}
	wanted, known := needs[b.Type]
	for _, m := range members {
		switch want := slices.Contains(wanted, m.name); {
		case !known: // a type newer than this list
		case want:
			f.Must(m.value != "", at+m.name, "is empty but required for a button of type %s", b.Type)
		case b.Type == "":
			f.Must(m.value == "", at+m.name, "is set on a button without a type: a group has a name and a sub_button only")
		default:
			f.Must(m.value == "", at+m.name, "is set but does not belong to a button of type %s", b.Type)
		}
	}
	f.Must(b.Type == "" || len(b.Sub) == 0, at+"sub_button", "has %d entries in a button of type %s: it is either a group or an action", len(b.Sub), b.Type)
	f.OptionalID(at+"type", string(b.Type), 64)
	f.Must(len(b.Key) <= mostKey, at+"key", "has %d bytes, the limit is %d", len(b.Key), mostKey)
	checkText(f, at+"key", b.Key, mostKey)
	checkURL(f, at+"url", b.URL)
	f.OptionalID(at+"media_id", b.MediaID, 256)
	f.OptionalID(at+"article_id", b.ArticleID, 256)
	f.OptionalID(at+"appid", b.AppID, 32)
	checkText(f, at+"pagepath", b.PagePath, 1024)
}

func checkName(f *check.Fields, field, name string) {
	f.Must(strings.TrimSpace(name) != "", field, "is empty but required")
	checkText(f, field, name, 60)
}

// checkText refuses what JSON would have to write as \uXXXX, which WeChat takes
// literally or refuses.
func checkText(f *check.Fields, field, text string, most int) {
	f.Words(field, text, most)
	if at := strings.IndexFunc(text, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }); at >= 0 {
		f.Fail(field, "byte %d of %d begins a control character or a line separator: leave it out", at+1, len(text))
	}
}

func checkURL(f *check.Fields, field, value string) {
	if value == "" {
		return
	}
	f.Must(len(value) <= mostURL, field, "has %d bytes, the limit is %d", len(value), mostURL)
	checkText(f, field, value, mostURL)
	u, err := url.Parse(value)
	f.Must(err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "", field,
		"must be a whole address that begins with https:// or http:// (%d bytes)", len(value))
}
