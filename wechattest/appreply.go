package wechattest

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// node is one element of a reply.
type node struct {
	name, text string
	kids       []*node
}

// at is the text of a descendant, "" if there is none.
func (n *node) at(path ...string) string {
	for _, name := range path {
		if n = n.kid(name); n == nil {
			return ""
		}
	}
	return n.text
}

func (n *node) kid(name string) *node {
	for _, k := range n.kids {
		if k.name == name {
			return k
		}
	}
	return nil
}

var errReply = errors.New("the reply is not a document that WeChat takes")

// readReply reads a reply, XML or JSON by its first byte.
func readReply(text []byte) (*node, error) {
	text = bytes.TrimSpace(text)
	if bytes.HasPrefix(text, []byte("{")) {
		tree, err := readTree(text)
		if err != nil {
			return nil, errReply
		}
		return nodeOf("xml", tree), nil
	}
	return readReplyXML(text)
}

func readReplyXML(text []byte) (*node, error) {
	d := xml.NewDecoder(bytes.NewReader(text))
	var stack []*node
	for {
		token, err := d.Token()
		if err != nil {
			return nil, errReply
		}
		switch t := token.(type) {
		case xml.StartElement:
			n := &node{name: t.Name.Local}
			if len(stack) > 6 || len(t.Attr) > 0 {
				return nil, errReply
			}
			if len(stack) > 0 {
				top := stack[len(stack)-1]
				top.kids = append(top.kids, n)
			}
			stack = append(stack, n)
		case xml.EndElement:
			n := stack[len(stack)-1]
			if len(n.kids) > 0 {
				n.text = ""
			}
			if stack = stack[:len(stack)-1]; len(stack) == 0 {
				if _, err := d.Token(); !errors.Is(err, io.EOF) || n.name != "xml" {
					return nil, errReply
				}
				return n, nil
			}
		case xml.CharData:
			if len(stack) > 0 {
				stack[len(stack)-1].text += string(t)
			} else if len(bytes.TrimSpace(t)) > 0 {
				return nil, errReply
			}
		default:
			return nil, errReply
		}
	}
}

func nodeOf(name string, v any) *node {
	n := &node{name: name}
	switch v := v.(type) {
	case string:
		n.text = v
	case json.Number:
		n.text = v.String()
	case map[string]any:
		for _, k := range sortedKeys(v) {
			if list, ok := v[k].([]any); ok {
				for _, one := range list {
					n.kids = append(n.kids, nodeOf(k, one))
				}
				continue
			}
			n.kids = append(n.kids, nodeOf(k, v[k]))
		}
	}
	return n
}

// openReply takes the envelope off a reply, as the mode demands.
func (a *App) openReply(set AppPush, body []byte) (*node, error) {
	n, err := readReply(body)
	if err != nil || set.Mode == PushPlain {
		return n, err
	}
	sealed := n.at("Encrypt")
	switch {
	case sealed == "" && set.Mode == PushSafe:
		return nil, errors.New("the reply is not encrypted, which safe mode demands")
	case sealed == "":
		return n, nil
	case n.at("MsgSignature") != sumPush(set.Token, n.at("TimeStamp"), n.at("Nonce"), sealed):
		return nil, errors.New("the reply's MsgSignature is wrong")
	}
	key, err := pushKey(set.EncodingAESKey)
	if err != nil {
		return nil, err
	}
	plain, err := openPush(key, sealed, a.AppID)
	if err != nil {
		return nil, errors.New("the reply cannot be decrypted, or is for another app")
	}
	return readReply(plain)
}

// reply shows what the server answered to m in the user's chat; a.mu is held. It
// returns the msgtype.
func (a *App) reply(set AppPush, m *pushed, body []byte) (string, error) {
	if text := string(body); text == "" || text == "success" {
		return "", nil
	}
	p := a.people.all[m.openID]
	n, err := a.openReply(set, body)
	var e ChatEntry
	if err == nil {
		e, err = a.entryOf(m, n)
	}
	if err != nil {
		if p != nil {
			p.show(a.clock.Now(), ChatEntry{From: FromSystem, Type: "text", Text: unavailable})
		}
		return "", err
	}
	e.From, e.Way = FromAccount, "passive"
	if p != nil {
		p.show(a.clock.Now(), e)
	}
	return e.Type, nil
}

// entryOf checks a passive reply.
func (a *App) entryOf(m *pushed, n *node) (e ChatEntry, err error) {
	e.Type = n.at("MsgType")
	at, timeErr := strconv.ParseInt(strings.TrimSpace(n.at("CreateTime")), 10, 64)
	switch {
	case n.at("ToUserName") != m.openID:
		return e, errors.New("ToUserName is not the user who wrote")
	case n.at("FromUserName") != a.UserName:
		return e, errors.New("FromUserName is not the account")
	case timeErr != nil || at <= 0:
		return e, errors.New("CreateTime is not a time")
	}
	media := func(path ...string) bool {
		e.MediaID = n.at(path...)
		return a.medium(e.MediaID) != nil
	}
	good := false
	switch e.Type {
	case "text":
		e.Text = n.at("Content")
		good = e.Text != ""
	case "image":
		good = media("Image", "MediaId")
	case "voice":
		good = media("Voice", "MediaId")
	case "video":
		good = media("Video", "MediaId")
		e.Title, e.Description = n.at("Video", "Title"), n.at("Video", "Description")
	case "music":
		good = media("Music", "ThumbMediaId")
		e.Title, e.Description, e.URL = n.at("Music", "Title"), n.at("Music", "Description"), n.at("Music", "MusicUrl")
	case "news":
		e.Articles = articlesOf(n, m.textOf("MsgType") != "event")
		good = len(e.Articles) > 0
	case "transfer_customer_service":
		e.Agent = n.at("TransInfo", "KfAccount")
		good = true
	}
	if !good {
		return e, fmt.Errorf("a reply of MsgType %q lacks what it has to show", e.Type)
	}
	return e, nil
}

// articlesOf are the articles that are shown: one after a message, up to eight
// after an event.
func articlesOf(n *node, one bool) (all []ChatArticle) {
	most, err := strconv.Atoi(strings.TrimSpace(n.at("ArticleCount")))
	list := n.kid("Articles")
	if err != nil || list == nil {
		return nil
	}
	if most = min(most, 8); one {
		most = min(most, 1)
	}
	for _, item := range list.kids {
		if item.name == "item" && len(all) < most {
			all = append(all, ChatArticle{Title: item.at("Title"), Description: item.at("Description"), URL: item.at("Url"), PicURL: item.at("PicUrl")})
		}
	}
	return all
}
