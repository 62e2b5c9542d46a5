package wechattest

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

const typingWindow = 30 * time.Second

func (a *App) routeCustom() {
	a.route("POST", "/cgi-bin/message/custom/send", (*App).sendCustom).limited(500_000).only(OfficialAccount, MiniProgram)
	a.route("POST", "/cgi-bin/message/custom/typing", (*App).showTyping).only(OfficialAccount, MiniProgram)
}

// said is the content of a message as the sending calls word it.
type said struct {
	Type  string `json:"msgtype"`
	Text  struct{ Content string }
	Image struct {
		MediaID string `json:"media_id"`
	}
	Images struct {
		MediaIDs []string `json:"media_ids"`
	}
	Voice struct {
		MediaID string `json:"media_id"`
	}
	Video   saidVideo
	MPVideo saidVideo
	Music   struct {
		Title, Description string
		URL                string `json:"musicurl"`
		Thumb              string `json:"thumb_media_id"`
	}
	News struct {
		Articles []struct{ Title, Description, URL, PicURL string }
	}
	MPNews struct {
		MediaID string `json:"media_id"`
	}
	Article struct {
		ID string `json:"article_id"`
	} `json:"mpnewsarticle"`
	Menu struct {
		Head string `json:"head_content"`
		List []struct {
			ID      json.RawMessage
			Content string
		}
		Tail string `json:"tail_content"`
	} `json:"msgmenu"`
	Card struct {
		ID string `json:"card_id"`
	} `json:"wxcard"`
	Page struct {
		Title, AppID string
		Path         string `json:"pagepath"`
		Thumb        string `json:"thumb_media_id"`
	} `json:"miniprogrampage"`
	Link struct{ Title, Description, URL string }
}

type saidVideo struct {
	MediaID            string `json:"media_id"`
	Thumb              string `json:"thumb_media_id"`
	Title, Description string
}

// entry is what the user would see of it, or why he cannot.
func (a *App) entry(m said) (e ChatEntry, no *errcode) {
	e.Type, e.From = m.Type, FromAccount
	media := func(id string, kinds ...string) {
		if e.MediaID = id; a.medium(id, kinds...) == nil {
			no = wrong(40007, "invalid media_id")
		}
	}
	switch m.Type {
	case "text":
		e.Text = m.Text.Content
		if e.Text == "" {
			no = wrong(44004, "empty content")
		} else if len(e.Text) > 2048 {
			no = wrong(45002, "content size out of limit")
		}
	case "image":
		if len(m.Images.MediaIDs) > 0 {
			m.Image.MediaID = m.Images.MediaIDs[0]
		}
		media(m.Image.MediaID, "image", "thumb")
	case "voice":
		media(m.Voice.MediaID, "voice")
	case "video":
		e.Title, e.Description = m.Video.Title, m.Video.Description
		media(m.Video.MediaID, "video")
	case "mpvideo":
		e.Title, e.Description = m.MPVideo.Title, m.MPVideo.Description
		media(m.MPVideo.MediaID, "mpvideo", "video")
	case "music":
		e.Title, e.Description, e.URL = m.Music.Title, m.Music.Description, m.Music.URL
		media(m.Music.Thumb, "thumb", "image")
	default:
		return a.entryOfPages(m, e)
	}
	return e, no
}

// entryOfPages are the messages that lead somewhere.
func (a *App) entryOfPages(m said, e ChatEntry) (ChatEntry, *errcode) {
	switch m.Type {
	case "news":
		if len(m.News.Articles) != 1 {
			return e, wrong(45008, "article count out of limit")
		}
		n := m.News.Articles[0]
		e.Articles = []ChatArticle{{Title: n.Title, Description: n.Description, URL: n.URL, PicURL: n.PicURL}}
	case "mpnews":
		if e.MediaID = m.MPNews.MediaID; a.drafts[e.MediaID] == nil {
			return e, wrong(40007, "invalid media_id")
		}
		e.Articles = a.drafts[e.MediaID]
	case "mpnewsarticle":
		art := a.articles[m.Article.ID]
		if art == nil {
			return e, wrong(53600, "article_id is invalid")
		}
		e.Articles = []ChatArticle{*art}
	case "msgmenu":
		e.Text, e.Description = m.Menu.Head, m.Menu.Tail
		for _, c := range m.Menu.List {
			e.Choices = append(e.Choices, ChatChoice{strings.Trim(string(c.ID), `"`), c.Content})
		}
		if len(e.Choices) == 0 {
			return e, wrong(47003, "argument invalid! msgmenu.list is empty")
		}
	case "wxcard":
		e.Title = m.Card.ID
	case "miniprogrampage":
		e.Title, e.AppID, e.Page, e.MediaID = m.Page.Title, m.Page.AppID, m.Page.Path, m.Page.Thumb
		switch {
		case a.cfg.Kind == MiniProgram:
			e.AppID = a.AppID
		case e.AppID == "":
			return e, wrong(40013, "invalid appid")
		}
		if a.medium(e.MediaID) == nil {
			return e, wrong(40007, "invalid media_id")
		}
	case "link":
		if a.cfg.Kind != MiniProgram {
			return e, wrong(40008, "invalid message type")
		}
		e.Title, e.Description, e.URL = m.Link.Title, m.Link.Description, m.Link.URL
	default:
		return e, wrong(40008, "invalid message type")
	}
	return e, nil
}

func (a *App) sendCustom(c *appCall) (any, *errcode) {
	var b struct {
		To string `json:"touser"`
		said
		Agent struct {
			Account string `json:"kf_account"`
		} `json:"customservice"`
		AI struct {
			Is int `json:"is_ai_msg"`
		} `json:"aimsgcontext"`
	}
	if e := c.decode(&b); e != nil {
		return nil, e
	}
	p := a.people.all[b.To]
	if p == nil {
		return nil, wrong(40003, "invalid openid")
	}
	e, no := a.entry(b.said)
	if no != nil {
		return nil, no
	}
	if b.Agent.Account != "" && !slices.Contains(a.agents, b.Agent.Account) {
		return nil, wrong(65401, "invalid custom service account")
	}
	if no := p.spend(c.now); no != nil {
		return nil, no
	}
	e.Way, e.Agent, e.AI = "custom", b.Agent.Account, b.AI.Is == 1
	p.show(c.now, e)
	return nil, nil
}

// AddAgent makes a kf_account that messages may be sent as.
func (a *App) AddAgent(account string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.agents = append(a.agents, account)
}

func (a *App) showTyping(c *appCall) (any, *errcode) {
	var b struct {
		To      string `json:"touser"`
		Command string `json:"command"`
	}
	if e := c.decode(&b); e != nil {
		return nil, e
	}
	p := a.people.all[b.To]
	switch {
	case p == nil:
		return nil, wrong(40003, "invalid openid")
	case b.Command != "Typing" && b.Command != "CancelTyping":
		return nil, wrong(45072, "command is invalid")
	case c.now.Sub(p.spoke()) > typingWindow:
		return nil, wrong(45080, "the user has not written within 30 seconds")
	case b.Command == "CancelTyping":
		p.typing = time.Time{}
		return nil, nil
	case c.now.Before(p.typing):
		return nil, wrong(45081, "already typing")
	}
	p.typing = c.now.Add(15 * time.Second)
	return nil, nil
}

// spoke is when the user wrote last.
func (p *person) spoke() time.Time {
	for _, e := range slices.Backward(p.chat) {
		if e.From == FromUser {
			return e.At
		}
	}
	return time.Time{}
}

// Typing tells whether the user sees that the account is writing.
func (a *App) Typing(u User) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.clock.Now().Before(a.meet(u).typing)
}

// AddArticle publishes an article, for messages and buttons that show one: its
// article_id.
func (a *App) AddArticle(art ChatArticle) (articleID string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.keepArticle(art)
}

// AddDraft keeps articles for mass messages (mpnews): their media_id.
func (a *App) AddDraft(arts ...ChatArticle) (mediaID string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.keepDraft(arts)
}

func characters(s string) int { return utf8.RuneCountInString(s) }
