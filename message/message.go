package message

import (
	"fmt"
	"io"
	"slices"

	"github.com/wxcommerce/wechat/internal/check"
)

// The kinds of messages, as WeChat calls them.
const (
	KindText        = "text"
	KindImage       = "image"
	KindVoice       = "voice"
	KindVideo       = "video"
	KindMusic       = "music"
	KindNews        = "news"          // links to pages elsewhere
	KindMPNews      = "mpnews"        // a draft or permanent article by its media id
	KindArticle     = "mpnewsarticle" // a published article
	KindMenu        = "msgmenu"       // a question with answers to tap
	KindCard        = "wxcard"        // a coupon
	KindMiniProgram = "miniprogrampage"
	KindLink        = "link"                      // from a mini program's customer service
	KindTransfer    = "transfer_customer_service" // a human takes over
)

// Message is something an account says, made by one of the constructors. The same
// value answers a push and is sent by customer service; a channel that cannot carry
// its kind refuses it before anything is sent. The zero value is Silence. It is
// immutable and prints its kind only.
type Message struct{ c content }

// content is a message as the JSON channels write it. Requests embed it.
type content struct {
	Type        string       `json:"msgtype"`
	Text        *textBody    `json:"text,omitempty"`
	Image       *mediaBody   `json:"image,omitempty"`
	Voice       *mediaBody   `json:"voice,omitempty"`
	Video       *Clip        `json:"video,omitempty"`
	Music       *Track       `json:"music,omitempty"`
	News        *newsBody    `json:"news,omitempty"`
	MPNews      *mediaBody   `json:"mpnews,omitempty"`
	Article     *articleBody `json:"mpnewsarticle,omitempty"`
	Menu        *Choices     `json:"msgmenu,omitempty"`
	Card        *cardBody    `json:"wxcard,omitempty"`
	MiniProgram *Page        `json:"miniprogrampage,omitempty"`
	Link        *linkBody    `json:"link,omitempty"`
	agent       string       // whom Transfer asks for
}

type (
	textBody struct {
		Content string `json:"content"`
	}
	mediaBody struct {
		MediaID string `json:"media_id"`
	}
	newsBody struct {
		Articles []Story `json:"articles"`
	}
	articleBody struct {
		ArticleID string `json:"article_id"`
	}
	cardBody struct {
		CardID string `json:"card_id"`
	}
	linkBody struct {
		Title       string `json:"title"`
		Description string `json:"description"`
		URL         string `json:"url"`
		ThumbURL    string `json:"thumb_url"`
	}
)

// Clip is a video. A passive reply leaves the thumbnail out, customer service
// needs it.
type Clip struct {
	MediaID      string `json:"media_id"`
	ThumbMediaID string `json:"thumb_media_id,omitempty"`
	Title        string `json:"title,omitempty"`
	Description  string `json:"description,omitempty"`
}

// Track is a piece of music somewhere on the web. The thumbnail is required.
type Track struct {
	Title        string `json:"title,omitempty"`
	Description  string `json:"description,omitempty"`
	URL          string `json:"musicurl"`
	HQURL        string `json:"hqmusicurl"` // taken on Wi-Fi
	ThumbMediaID string `json:"thumb_media_id"`
}

// Story is a link with a picture: 360×200 pixels for the first of several, 200×200
// for the others.
type Story struct {
	Title       string `json:"title"`
	Description string `json:"description"`
	URL         string `json:"url"`
	PicURL      string `json:"picurl"`
}

// Choices is a question with answers to tap. The answer comes back as a text
// message whose Text.MenuID is the choice's ID.
type Choices struct {
	Head string   `json:"head_content"`
	List []Choice `json:"list"`
	Tail string   `json:"tail_content"`
}

// Choice is one answer of Choices.
type Choice struct {
	ID      string `json:"id"`
	Content string `json:"content"`
}

// Page is a card that opens a page of a mini program, such as a product or an
// order. AppID is of a mini program linked to the account; a mini program's own
// customer service leaves it empty.
type Page struct {
	Title        string `json:"title"`
	AppID        string `json:"appid,omitempty"`
	Path         string `json:"pagepath"`
	ThumbMediaID string `json:"thumb_media_id"`
}

// Text is words, with line breaks and <a href="…"> links if wanted.
func Text(words string) Message {
	return Message{c: content{Type: KindText, Text: &textBody{words}}}
}

// Image is a picture by its media id, temporary or permanent; no GIF in a passive
// reply.
func Image(mediaID string) Message {
	return Message{c: content{Type: KindImage, Image: &mediaBody{mediaID}}}
}

// Voice is a recording by its media id.
func Voice(mediaID string) Message {
	return Message{c: content{Type: KindVoice, Voice: &mediaBody{mediaID}}}
}

// Video is a video.
func Video(c Clip) Message { return Message{c: content{Type: KindVideo, Video: &c}} }

// Music is a piece of music.
func Music(t Track) Message { return Message{c: content{Type: KindMusic, Music: &t}} }

// News is links to pages elsewhere. Customer service carries exactly one, a passive
// reply eight; to a user who just wrote something, WeChat shows the first only.
func News(stories ...Story) Message {
	return Message{c: content{Type: KindNews, News: &newsBody{slices.Clone(stories)}}}
}

// MPNews is an article by its media id: a draft's in a mass message. Customer
// service wants Article nowadays.
func MPNews(mediaID string) Message {
	return Message{c: content{Type: KindMPNews, MPNews: &mediaBody{mediaID}}}
}

// Article is a published article by its article id.
func Article(articleID string) Message {
	return Message{c: content{Type: KindArticle, Article: &articleBody{articleID}}}
}

// Menu is a question with answers to tap.
func Menu(c Choices) Message {
	c.List = slices.Clone(c.List)
	return Message{c: content{Type: KindMenu, Menu: &c}}
}

// Card is a coupon by its card id.
func Card(cardID string) Message { return Message{c: content{Type: KindCard, Card: &cardBody{cardID}}} }

// MiniProgram is a card that opens a page of a mini program.
func MiniProgram(p Page) Message {
	return Message{c: content{Type: KindMiniProgram, MiniProgram: &p}}
}

// Link is a link that a mini program's customer service sends; PicURL is its
// thumbnail.
func Link(s Story) Message {
	return Message{c: content{Type: KindLink, Link: &linkBody{s.Title, s.Description, s.URL, s.PicURL}}}
}

// Transfer hands the conversation over to the account's human agents, to a certain
// one (such as kf2001@shop) unless agent is empty. It only is a passive reply.
func Transfer(agent string) Message { return Message{c: content{Type: KindTransfer, agent: agent}} }

// Silence is to say nothing.
func Silence() Message { return Message{} }

// Kind is what WeChat calls this kind of message, "" for Silence.
func (m Message) Kind() string { return m.c.Type }

// IsSilence reports whether the message says nothing.
func (m Message) IsSilence() bool { return m.c.Type == "" }

// String names the kind and nothing of what is said.
func (m Message) String() string {
	if m.IsSilence() {
		return "silence"
	}
	return m.c.Type + " message"
}

// Format prints String whatever the verb, because messages hold personal data.
func (m Message) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, m.String()) }

// complete checks what every channel wants of a kind; limits and what only one
// channel wants are that channel's.
func (c content) complete() error {
	var f check.Fields
	must := func(field, value string) { f.Must(value != "", field, "is empty but required") }
	switch c.Type {
	case KindText:
		must("text.content", c.Text.Content)
	case KindImage:
		must("image.media_id", c.Image.MediaID)
	case KindVoice:
		must("voice.media_id", c.Voice.MediaID)
	case KindVideo:
		must("video.media_id", c.Video.MediaID)
	case KindMusic:
		must("music.thumb_media_id", c.Music.ThumbMediaID)
	case KindNews:
		f.Must(len(c.News.Articles) > 0, "news.articles", "is empty: it takes at least one link")
		for i, s := range c.News.Articles {
			f.Must(s.Title != "" || s.URL != "", fmt.Sprintf("news.articles[%d]", i), "has neither a title nor an address")
		}
	case KindMPNews:
		must("mpnews.media_id", c.MPNews.MediaID)
	case KindArticle:
		must("mpnewsarticle.article_id", c.Article.ArticleID)
	case KindMenu:
		f.Must(len(c.Menu.List) > 0, "msgmenu.list", "is empty: it takes at least one choice")
		for i, one := range c.Menu.List {
			must(fmt.Sprintf("msgmenu.list[%d].id", i), one.ID)
			must(fmt.Sprintf("msgmenu.list[%d].content", i), one.Content)
		}
	case KindCard:
		must("wxcard.card_id", c.Card.CardID)
	case KindMiniProgram:
		must("miniprogrampage.title", c.MiniProgram.Title)
		must("miniprogrampage.pagepath", c.MiniProgram.Path)
		must("miniprogrampage.thumb_media_id", c.MiniProgram.ThumbMediaID)
	case KindLink:
		must("link.title", c.Link.Title)
		must("link.url", c.Link.URL)
	}
	return f.Err()
}
