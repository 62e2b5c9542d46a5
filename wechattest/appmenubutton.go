package wechattest

import (
	"iter"
	"net/url"
	"slices"
	"strings"
)

// buttonNeeds is the member each type of button needs beside its name.
var buttonNeeds = map[string]string{
	"click": "key", "scancode_push": "key", "scancode_waitmsg": "key", "pic_sysphoto": "key", "pic_photo_or_album": "key",
	"pic_weixin": "key", "location_select": "key", "view": "url", "miniprogram": "appid", "media_id": "media_id",
	"view_limited": "media_id", "article_id": "article_id", "article_view_limited": "article_id",
}

// buttonCodes are the errcodes of one level.
type buttonCodes struct{ kind, name, key, url int }

// leaves are the buttons that do something.
func leaves(list []menuButton) iter.Seq[menuButton] {
	return func(yield func(menuButton) bool) {
		for _, b := range list {
			under := b.Sub
			if len(under) == 0 {
				under = []menuButton{b}
			}
			for _, one := range under {
				if !yield(one) {
					return
				}
			}
		}
	}
}

// checkButton checks a button of a level, 1 or 2.
func (a *App) checkButton(b *menuButton, level int) *errcode {
	codes, most := buttonCodes{40017, 40018, 40019, 40020}, 16
	if level == 2 {
		codes, most = buttonCodes{40024, 40025, 40026, 40027}, 60
	}
	switch {
	case b.Name == "" || len(b.Name) > most:
		return wrong(codes.name, "invalid button name size")
	case level == 2 && len(b.Sub) > 0:
		return wrong(40022, "invalid sub button level")
	case len(b.Sub) > 5:
		return wrong(40023, "invalid sub button size")
	case len(b.Sub) > 0:
		for i := range b.Sub {
			if e := a.checkButton(&b.Sub[i], 2); e != nil {
				return e
			}
		}
		return nil
	}
	b.Sub = []menuButton{}
	return a.checkLeaf(b, codes)
}

func (a *App) checkLeaf(b *menuButton, codes buttonCodes) *errcode {
	needs, ok := buttonNeeds[b.Type]
	if !ok {
		return wrong(codes.kind, "invalid button type")
	}
	if b.URL != "" || needs == "url" || needs == "appid" {
		u, err := url.Parse(b.URL)
		if err != nil || len(b.URL) > 1024 || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return wrong(codes.url, "invalid button url size")
		}
	}
	switch {
	case (needs == "key" && b.Key == "") || len(b.Key) > 128:
		return wrong(codes.key, "invalid button key size")
	case needs == "appid" && (!strings.HasPrefix(b.AppID, "wx") || b.Page == ""):
		return wrong(45064, "no permission to use weapp in menu")
	case needs == "media_id" && !slices.Contains(a.media.material, b.MediaID):
		return wrong(40007, "invalid media_id")
	case needs == "article_id" && a.articles[b.ArticleID] == nil:
		return wrong(53600, "article_id is invalid")
	}
	return nil
}
