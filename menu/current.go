package menu

import (
	"bytes"
	"encoding/json"
)

// Current is the default menu that users see.
type Current struct {
	IsMenuOpen int  `json:"is_menu_open"` // 1 if the menu is switched on
	Info       Info `json:"selfmenu_info"`
}

// Open reports whether the menu is switched on.
func (c Current) Open() bool { return c.IsMenuOpen == 1 }

// Info holds the buttons of a Current.
type Info struct {
	Buttons []CurrentButton `json:"button"`
}

// The types that only the web console makes. What they send or open is in Value.
const (
	TypeText  Type = "text"  // the text
	TypeImage Type = "img"   // a media id; the name "photo" is seen too
	TypeVoice Type = "voice" // a media id
	TypeVideo Type = "video" // an address to download from
	TypeNews  Type = "news"  // a media id, with News
)

// CurrentButton is a button of the API or of the web console.
type CurrentButton struct {
	Button
	Value string `json:"value"`
	News  News   `json:"news_info"`
	Sub   List   `json:"sub_button"` // in place of Button.Sub
}

// List is the buttons of a group, which this call wraps into an object.
type List struct {
	Buttons []CurrentButton `json:"list"`
}

// UnmarshalJSON reads the object, and the bare array of the other calls as well.
func (l *List) UnmarshalJSON(b []byte) error {
	if bytes.HasPrefix(b, []byte("[")) {
		return json.Unmarshal(b, &l.Buttons)
	}
	type plain List
	return json.Unmarshal(b, (*plain)(l))
}

// News is the articles that a console button of TypeNews sends.
type News struct {
	Articles []Headline `json:"list"`
}

// Headline is one article of a News.
type Headline struct {
	Title      string `json:"title"`
	Author     string `json:"author"`
	Digest     string `json:"digest"`
	ShowCover  int    `json:"show_cover"` // 1 if the article shows its cover
	CoverURL   string `json:"cover_url"`
	ContentURL string `json:"content_url"`
	SourceURL  string `json:"source_url"`
}
