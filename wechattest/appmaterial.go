package wechattest

import (
	"slices"
	"time"
)

// mostMaterial is how many permanent files there may be, by kind.
var mostMaterial = map[string]int{"image": 100_000, "voice": 1000, "video": 1000, "thumb": 100_000}

func (a *App) addMaterial(c *appCall) (any, *errcode) {
	kind := c.q.Get("type")
	name, data, fields, e := c.takeFile(kind)
	if e != nil {
		return nil, e
	}
	if len(a.materials(kind)) >= mostMaterial[kind] {
		return nil, wrong(45001, "media size out of limit")
	}
	title := readName(fields["description"], "title")
	if kind == "video" && title == "" {
		return nil, wrong(44002, "empty post data: description")
	}
	m := a.keepMedia(kind, name, data)
	m.until, m.title, m.intro = time.Time{}, title, readName(fields["description"], "introduction")
	a.media.material = append(a.media.material, m.id)
	out := struct {
		MediaID string `json:"media_id"`
		URL     string `json:"url,omitempty"`
	}{MediaID: m.id}
	if kind == "image" || kind == "thumb" {
		out.URL = a.mediaURL(m.id)
	}
	return out, nil
}

// materials are the permanent files of a kind, newest first; a.mu is held.
func (a *App) materials(kind string) (all []*medium) {
	for _, id := range slices.Backward(a.media.material) {
		if m := a.media.all[id]; m.kind == kind {
			all = append(all, m)
		}
	}
	return all
}

// material finds the permanent file that the body names.
func (a *App) material(c *appCall) (*medium, *errcode) {
	var b struct {
		MediaID string `json:"media_id"`
	}
	if e := c.decode(&b); e != nil {
		return nil, e
	}
	if !slices.Contains(a.media.material, b.MediaID) {
		return nil, wrong(40007, "invalid media_id")
	}
	return a.media.all[b.MediaID], nil
}

func (a *App) getMaterial(c *appCall) (any, *errcode) {
	m, e := a.material(c)
	switch {
	case e != nil:
		return nil, e
	case m.kind == "video":
		return struct {
			Title string `json:"title"`
			Intro string `json:"description"`
			URL   string `json:"down_url"`
		}{m.title, m.intro, a.mediaURL(m.id)}, nil
	}
	return m.answer(), nil
}

func (a *App) deleteMaterial(c *appCall) (any, *errcode) {
	m, e := a.material(c)
	if e != nil {
		return nil, e
	}
	if a.menuUses(m.id) {
		return nil, wrong(48005, "material is used by the menu")
	}
	delete(a.media.all, m.id)
	a.media.material = slices.DeleteFunc(a.media.material, func(id string) bool { return id == m.id })
	return nil, nil
}

func (a *App) countMaterial(*appCall) (any, *errcode) {
	return struct {
		Voice int `json:"voice_count"`
		Video int `json:"video_count"`
		Image int `json:"image_count"`
		News  int `json:"news_count"`
	}{len(a.materials("voice")), len(a.materials("video")), len(a.materials("image")) + len(a.materials("thumb")), 0}, nil
}

func (a *App) listMaterial(c *appCall) (any, *errcode) {
	var b struct {
		Type   string `json:"type"`
		Offset int    `json:"offset"`
		Count  int    `json:"count"`
	}
	if e := c.decode(&b); e != nil {
		return nil, e
	}
	if b.Type != "image" && b.Type != "voice" && b.Type != "video" {
		return nil, wrong(40004, "invalid media type")
	}
	if b.Count < 1 || b.Count > 20 || b.Offset < 0 {
		return nil, wrong(40097, "invalid args")
	}
	type item struct {
		MediaID string `json:"media_id"`
		Name    string `json:"name"`
		Updated int64  `json:"update_time"`
		URL     string `json:"url,omitempty"`
	}
	all := a.materials(b.Type)
	out := struct {
		Total int    `json:"total_count"`
		Count int    `json:"item_count"`
		Items []item `json:"item"`
	}{Total: len(all), Items: []item{}}
	for _, m := range all[min(b.Offset, len(all)):min(b.Offset+b.Count, len(all))] {
		it := item{MediaID: m.id, Name: m.name, Updated: m.made.Unix()}
		if b.Type == "image" {
			it.URL = a.mediaURL(m.id)
		}
		out.Items = append(out.Items, it)
	}
	out.Count = len(out.Items)
	return out, nil
}
