package menu_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/wxcommerce/wechat/menu"
)

// FuzzMenu reads menus that somebody wrote by hand. What Validate lets pass is sent as
// raw UTF-8, because WeChat takes an escape literally or refuses it, and survives a
// round trip.
func FuzzMenu(f *testing.F) {
	text, err := json.Marshal(example())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text))
	f.Add(`{"button":[{"type":"click","name":"a\u0001","key":"\u2028"}]}`)
	f.Add(`{"button":[{"type":"hologram","name":"茶","url":"https://a.example/\u2029","sub_button":[]}]}`)
	f.Add(`{"button":[{"name":"a","sub_button":[{"name":"b","sub_button":[{}]}]}]}`)
	f.Add(`{"button":[{"type":"miniprogram","name":"a","appid":"wx1","pagepath":"\u007f","url":"http://[::1]/"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		var m menu.Menu
		if json.Unmarshal([]byte(text), &m) != nil {
			return
		}
		m.Warnings()
		if m.Validate() != nil {
			return
		}
		s, c := newService(t, `{"errcode":0}`)
		if err := s.Create(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		_, sent, _ := strings.Cut(c.asked[0], " {")
		if strings.Contains(strings.ReplaceAll(sent, `\\`, ""), `\u`) {
			t.Fatalf("escaped: %q", sent)
		}
		var back menu.Menu
		if err := json.Unmarshal([]byte("{"+sent), &back); err != nil || back.Validate() != nil {
			t.Fatalf("%q does not survive: %v", sent, err)
		}
	})
}

// FuzzID reads numbers of menus in any spelling.
func FuzzID(f *testing.F) {
	for _, s := range []string{`208379533`, `"208379533"`, `null`, `""`, `1e3`, `-0`, `[1]`, `{`, `99999999999999999999`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var in struct {
			ID menu.ID `json:"menuid"`
		}
		if json.Unmarshal([]byte(`{"menuid":`+text+`}`), &in) != nil {
			return
		}
		if _, err := json.Marshal(in); err != nil {
			t.Fatal(err)
		}
	})
}
