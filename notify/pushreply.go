package notify

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/wire"
	"github.com/wxcommerce/wechat/sign"
)

// Passive is an answer to a push: message.Message, or a type of the shop's own.
type Passive interface {
	// Passive returns the elements of the reply without those that every reply has
	// (ToUserName, FromUserName, CreateTime). None at all stands for silence.
	Passive() ([]Element, error)
}

// Element is one element of a passive reply: a text, a number, or others inside.
type Element struct {
	Name   string
	Text   string
	Number bool // Text is a number, written as such
	Inside []Element
}

// pushSuccess acknowledges a push without saying anything, in every mode.
var pushSuccess = Reply{Status: http.StatusOK, ContentType: textType, Body: []byte("success")}

func (d *push) success(*notice) Reply { return pushSuccess }

// failure says something that is neither success nor a reply; an empty body would
// acknowledge the push.
func (d *push) failure(status int, _ string) Reply {
	return Reply{Status: status, ContentType: textType, Body: []byte("fail")}
}

// content words a passive reply in the format of the push, encrypted if that was.
func (d *push) content(_ context.Context, n *notice, answer any) (Reply, error) {
	passive, ok := answer.(Passive)
	if !ok {
		return Reply{}, fmt.Errorf("notify: answer: a %T is no Passive, such as message.Message", answer)
	}
	elements, err := passive.Passive()
	if err != nil {
		return Reply{}, fmt.Errorf("notify: answer: %w", err)
	}
	if len(elements) == 0 {
		return pushSuccess, nil
	}
	p := n.doc.(*pushed)
	now := strconv.FormatInt(d.now().Unix(), 10)
	body := p.word(now, elements)
	if p.key.box != nil {
		if body, err = p.encrypt(now, body); err != nil {
			return Reply{}, err
		}
	}
	if p.json {
		return Reply{Status: http.StatusOK, ContentType: jsonType, Body: body}, nil
	}
	return Reply{Status: http.StatusOK, ContentType: xmlType, Body: body}, nil
}

// word writes a reply from the account to the user.
func (p *pushed) word(now string, elements []Element) []byte {
	head := [...]Element{{Name: "ToUserName", Text: p.from}, {Name: "FromUserName", Text: p.to}, {Name: "CreateTime", Text: now, Number: true}}
	if p.json {
		return appendObject(nil, slices.Concat(head[:], elements))
	}
	body := append(make([]byte, 0, 256+sizeOf(elements)), "<xml>"...)
	return append(appendElements(appendElements(body, head[:]), elements), "</xml>"...)
}

// encrypt puts a reply into the envelope of its format, with a signature over our
// own time and nonce. None of the texts holds anything to escape.
func (p *pushed) encrypt(now string, body []byte) ([]byte, error) {
	encrypted, err := p.key.box.Seal(body, nil)
	if err != nil {
		return nil, err
	}
	text, nonce := string(encrypted), wechat.Nonce()
	signature := sign.Push(p.key.token, now, nonce, text)
	parts := [...]string{"<xml><Encrypt><![CDATA[", text, "]]></Encrypt><MsgSignature><![CDATA[", signature,
		"]]></MsgSignature><TimeStamp>", now, "</TimeStamp><Nonce><![CDATA[", nonce, "]]></Nonce></xml>"}
	if p.json {
		parts = [...]string{`{"Encrypt":"`, text, `","MsgSignature":"`, signature, `","TimeStamp":`, now, `,"Nonce":"`, nonce, `"}`}
	}
	out := make([]byte, 0, len(text)+256)
	for _, part := range parts {
		out = append(out, part...)
	}
	return out, nil
}

func sizeOf(elements []Element) int {
	n := 0
	for _, e := range elements {
		n += len(e.Name) + len(e.Text) + 16 + sizeOf(e.Inside)
	}
	return n
}

// appendElements writes XML. What no XML document can hold is dropped, and the end
// of a CDATA section inside of a text is divided among two sections.
func appendElements(dst []byte, elements []Element) []byte {
	for _, e := range elements {
		dst = append(append(append(dst, '<'), e.Name...), '>')
		switch {
		case e.Inside != nil:
			dst = appendElements(dst, e.Inside)
		case e.Number:
			dst = append(dst, e.Text...)
		default:
			dst = append(dst, "<![CDATA["...)
			dst = append(dst, strings.ReplaceAll(wire.CleanXML(e.Text), "]]>", "]]]]><![CDATA[>")...)
			dst = append(dst, "]]>"...)
		}
		dst = append(append(append(dst, "</"...), e.Name...), '>')
	}
	return dst
}

// appendObject writes JSON; elements of one name, one after another, are an array.
func appendObject(dst []byte, elements []Element) []byte {
	dst = append(dst, '{')
	for i := 0; i < len(elements); {
		if i > 0 {
			dst = append(dst, ',')
		}
		same := i + 1
		for same < len(elements) && elements[same].Name == elements[i].Name {
			same++
		}
		dst = append(append(append(dst, '"'), elements[i].Name...), `":`...)
		if same == i+1 {
			dst = appendValue(dst, elements[i])
			i = same
			continue
		}
		for sep := byte('['); i < same; i++ {
			dst = appendValue(append(dst, sep), elements[i])
			sep = ','
		}
		dst = append(dst, ']')
	}
	return append(dst, '}')
}

func appendValue(dst []byte, e Element) []byte {
	switch {
	case e.Inside != nil:
		return appendObject(dst, e.Inside)
	case e.Number:
		return append(dst, e.Text...)
	}
	text, err := wire.JSON(e.Text)
	if err != nil { // a string always encodes
		return append(dst, `""`...)
	}
	return append(dst, text...)
}
