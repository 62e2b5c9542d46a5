package message

import (
	"strconv"
	"unicode/utf8"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/notify"
)

const (
	mostStories  = 8
	passiveKinds = "text, image, voice, video, music, news and the transfer to an agent"
)

// Passive words m as the direct answer to a push; functions registered with
// notify.Answer or a Router return messages and need not call it. Kinds that a
// reply cannot carry are refused: return Silence and send them by customer
// service, which a Router with a Sender does by itself.
func (m Message) Passive() ([]notify.Element, error) {
	if m.IsSilence() {
		return nil, nil
	}
	if err := m.c.complete(); err != nil {
		return nil, err
	}
	body, err := m.passiveBody()
	if err != nil {
		return nil, err
	}
	return append([]notify.Element{{Name: "MsgType", Text: m.Kind()}}, body...), nil
}

// isPassive reports whether a reply can carry m.
func (m Message) isPassive() bool {
	switch m.c.Type {
	case KindText, KindImage, KindVoice, KindVideo, KindMusic, KindNews, KindTransfer:
		return true
	}
	return false
}

func (m Message) passiveBody() ([]notify.Element, error) {
	c := m.c
	switch c.Type {
	case KindText:
		if !utf8.ValidString(c.Text.Content) {
			return nil, wechat.Invalid("text.content", "is not valid UTF-8: convert it first")
		}
		return texts("Content", c.Text.Content), nil
	case KindImage:
		return inside("Image", texts("MediaId", c.Image.MediaID)), nil
	case KindVoice:
		return inside("Voice", texts("MediaId", c.Voice.MediaID)), nil
	case KindVideo:
		return inside("Video", texts("MediaId", c.Video.MediaID, "Title", c.Video.Title, "Description", c.Video.Description)), nil
	case KindMusic:
		t := c.Music
		return inside("Music", texts("Title", t.Title, "Description", t.Description, "MusicUrl", t.URL, "HQMusicUrl", t.HQURL,
			"ThumbMediaId", t.ThumbMediaID)), nil
	case KindNews:
		return passiveNews(c.News.Articles)
	case KindTransfer:
		if c.agent == "" {
			return nil, nil
		}
		return inside("TransInfo", texts("KfAccount", c.agent)), nil
	}
	return nil, wechat.Invalid("msgtype", "a passive reply cannot carry "+c.Type+", only "+passiveKinds+": send it by customer service")
}

func passiveNews(stories []Story) ([]notify.Element, error) {
	if len(stories) > mostStories {
		return nil, wechat.Invalid("news.articles", "has "+strconv.Itoa(len(stories))+" links, a passive reply takes 8")
	}
	items := make([]notify.Element, len(stories))
	for i, s := range stories {
		items[i] = notify.Element{Name: "item", Inside: texts("Title", s.Title, "Description", s.Description, "PicUrl", s.PicURL, "Url", s.URL)}
	}
	return []notify.Element{{Name: "ArticleCount", Text: strconv.Itoa(len(items)), Number: true}, {Name: "Articles", Inside: items}}, nil
}

// texts makes elements of names and texts, leaving the empty ones out.
func texts(pairs ...string) []notify.Element {
	out := make([]notify.Element, 0, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			out = append(out, notify.Element{Name: pairs[i], Text: pairs[i+1]})
		}
	}
	return out
}

func inside(name string, elements []notify.Element) []notify.Element {
	return []notify.Element{{Name: name, Inside: elements}}
}
