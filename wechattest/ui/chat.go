package ui

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/wxcommerce/wechat/wechattest"
)

// chatView is the phone with the account's chat on it.
type chatView struct {
	Account string
	User    string // "": the phone has no owner yet
	Follows bool
	Entries []wechattest.ChatEntry
	Menu    []wechattest.Button
	Draft   string // what stands in the field already
	Problem string
}

// Clock is the time of an entry as phones show it.
func (chatView) Clock(at time.Time) string { return at.In(shanghai).Format("15:04") }

// Initial stands for a picture of the account.
func (v chatView) Initial() string {
	for _, r := range v.Account {
		return string(r)
	}
	return ""
}

var shanghai = time.FixedZone("UTC+8", 8*60*60)

func (s *account) view(r *http.Request) chatView {
	v := chatView{Account: s.name}
	u, ok := s.app.Browser(r)
	if !ok {
		return v
	}
	v.User, v.Follows, v.Entries = u.Name, s.app.Follows(u), s.app.Chat(u)
	if v.User == "" {
		v.User = u.ID
	}
	if v.Follows {
		v.Menu = s.app.Menu(u)
	}
	return v
}

func (s *account) chat(w http.ResponseWriter, r *http.Request) {
	v := s.view(r)
	v.Draft = r.URL.Query().Get("say")
	s.render(w, http.StatusOK, "'none'", "chat.html", v)
}

// act is what the user does in the chat.
func (s *account) act(w http.ResponseWriter, r *http.Request) {
	if name := strings.TrimSpace(r.PostFormValue("name")); name != "" && len(name) <= 60 {
		http.SetCookie(w, s.app.Cookie(wechattest.User{Name: name}))
		http.Redirect(w, r, "/ui/chat", http.StatusSeeOther)
		return
	}
	u, ok := s.app.Browser(r)
	if !ok {
		http.Redirect(w, r, "/ui/chat", http.StatusSeeOther)
		return
	}
	to, err := s.do(u, r.PostForm)
	if err != nil {
		v := s.view(r)
		v.Problem = err.Error()
		s.render(w, http.StatusOK, "'none'", "chat.html", v)
		return
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// do does it and says where the phone goes then.
func (s *account) do(u wechattest.User, form url.Values) (to string, err error) {
	const chat = "/ui/chat"
	switch form.Get("act") {
	case "follow":
		s.app.Follow(u)
		return chat, nil
	case "unfollow":
		s.app.Unfollow(u)
		return chat, nil
	case "say":
		if text := strings.TrimSpace(form.Get("text")); text != "" {
			_, err = s.app.SayText(u, text)
		}
		return chat, err
	case "choose":
		_, err = s.app.Choose(u, form.Get("choice"))
		return chat, err
	case "tap":
		opened, err := s.app.Tap(u, wechattest.Touch{Path: form["button"]})
		if opened.URL != "" {
			return opened.URL, err
		}
		return chat, err
	}
	return chat, errors.New("wechattest: nothing was asked for")
}
