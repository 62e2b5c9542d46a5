package wechattest

import (
	"strconv"
	"strings"
)

// pushItem is one member of a pushed document. Its value is a text, an int64, a
// []pushItem for an object, or a [][]pushItem for one that repeats.
type pushItem struct {
	name  string
	value any
}

// pushed is a message or event on its way to the app's server.
type pushed struct {
	openID string
	items  []pushItem
	tries  int
}

// write gives the document as XML or JSON.
func (m *pushed) write(asJSON bool) string {
	var b strings.Builder
	if asJSON {
		writePushJSON(&b, m.items)
		return b.String()
	}
	b.WriteString("<xml>")
	writePushXML(&b, m.items)
	b.WriteString("</xml>")
	return b.String()
}

func writePushXML(b *strings.Builder, items []pushItem) {
	for _, it := range items {
		switch v := it.value.(type) {
		case string:
			b.WriteString("<" + it.name + "><![CDATA[" + strings.ReplaceAll(v, "]]>", "]]]]><![CDATA[>") + "]]></" + it.name + ">\n")
		case int64:
			b.WriteString("<" + it.name + ">" + strconv.FormatInt(v, 10) + "</" + it.name + ">\n")
		case []pushItem:
			b.WriteString("<" + it.name + ">")
			writePushXML(b, v)
			b.WriteString("</" + it.name + ">\n")
		case [][]pushItem:
			for _, one := range v {
				writePushXML(b, []pushItem{{it.name, one}})
			}
		}
	}
}

// writePushJSON writes what repeats as an array, or as the object itself where
// there is one, as WeChat does.
func writePushJSON(b *strings.Builder, items []pushItem) {
	b.WriteByte('{')
	for i, it := range items {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(mustJSON(it.name))
		b.WriteByte(':')
		switch v := it.value.(type) {
		case []pushItem:
			writePushJSON(b, v)
		case [][]pushItem:
			if len(v) == 1 {
				writePushJSON(b, v[0])
				continue
			}
			b.WriteByte('[')
			for j, one := range v {
				if j > 0 {
					b.WriteByte(',')
				}
				writePushJSON(b, one)
			}
			b.WriteByte(']')
		default:
			b.Write(mustJSON(v))
		}
	}
	b.WriteByte('}')
}
