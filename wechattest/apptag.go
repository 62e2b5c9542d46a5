package wechattest

import (
	"slices"
	"unicode/utf8"
)

const (
	mostTags   = 100
	mostOfUser = 20
	firstTag   = 100 // own tags; 0, 1 and 2 are the system's
)

// tagDesk keeps the tags; App.mu guards it.
type tagDesk struct {
	all  []*tag
	made int
}

type tag struct {
	ID    int    `json:"id"`
	Name  string `json:"name"`
	Count int    `json:"count"`
}

func (d *tagDesk) find(id int) *tag {
	if i := slices.IndexFunc(d.all, func(t *tag) bool { return t.ID == id }); i >= 0 {
		return d.all[i]
	}
	return nil
}

func (a *App) routeTags() {
	for path, serve := range map[string]appEndpoint{
		"create": (*App).createTag, "update": (*App).updateTag, "delete": (*App).deleteTag,
		"members/batchtagging": tagging(true), "members/batchuntagging": tagging(false), "getidlist": (*App).tagsOfUser,
		"members/getblacklist": (*App).blacklist, "members/batchblacklist": blacking(true), "members/batchunblacklist": blacking(false),
	} {
		a.route("POST", "/cgi-bin/tags/"+path, serve).only(OfficialAccount)
	}
	a.route("GET", "/cgi-bin/tags/get", (*App).listTags).only(OfficialAccount)
	a.route("POST", "/cgi-bin/user/tag/get", (*App).tagMembers).only(OfficialAccount)
}

type tagBody struct {
	Tag struct {
		ID   int    `json:"id"`
		Name string `json:"name"`
	} `json:"tag"`
}

// name checks the name of a tag.
func (d *tagDesk) name(id int, name string) *errcode {
	switch {
	case utf8.RuneCountInString(name) > 30:
		return wrong(45158, "tag name length exceeds 30 bytes")
	case name == "" || slices.ContainsFunc(d.all, func(t *tag) bool { return t.Name == name && t.ID != id }):
		return wrong(45157, "invalid tag name, it may be in use")
	}
	return nil
}

func (a *App) createTag(c *appCall) (any, *errcode) {
	var b tagBody
	if e := c.decode(&b); e != nil {
		return nil, e
	}
	if e := a.tags.name(0, b.Tag.Name); e != nil {
		return nil, e
	}
	if len(a.tags.all) >= mostTags {
		return nil, wrong(45056, "too many tags now, no longer can create tag")
	}
	t := &tag{ID: firstTag + a.tags.made, Name: b.Tag.Name}
	a.tags.made++
	a.tags.all = append(a.tags.all, t)
	var out tagBody
	out.Tag.ID, out.Tag.Name = t.ID, t.Name
	return out, nil
}

func (a *App) listTags(*appCall) (any, *errcode) {
	for _, t := range a.tags.all {
		t.Count = len(a.tagged(t.ID))
	}
	return struct {
		Tags []*tag `json:"tags"`
	}{append([]*tag{}, a.tags.all...)}, nil
}

// own finds a tag that may be changed.
func (a *App) ownTag(id int) (*tag, *errcode) {
	t := a.tags.find(id)
	switch {
	case id >= 0 && id <= 2:
		return nil, wrong(45058, "can't modify sys tag")
	case t == nil:
		return nil, wrong(45159, "invalid tag id")
	}
	return t, nil
}

func (a *App) updateTag(c *appCall) (any, *errcode) {
	var b tagBody
	if e := c.decode(&b); e != nil {
		return nil, e
	}
	t, e := a.ownTag(b.Tag.ID)
	if e != nil {
		return nil, e
	}
	if e := a.tags.name(t.ID, b.Tag.Name); e != nil {
		return nil, e
	}
	t.Name = b.Tag.Name
	return nil, nil
}

func (a *App) deleteTag(c *appCall) (any, *errcode) {
	var b tagBody
	if e := c.decode(&b); e != nil {
		return nil, e
	}
	t, e := a.ownTag(b.Tag.ID)
	if e != nil {
		return nil, e
	}
	if len(a.tagged(t.ID)) > 100_000 {
		return nil, wrong(45057, "the tag has more than 100000 fans")
	}
	a.tags.all = slices.DeleteFunc(a.tags.all, func(o *tag) bool { return o == t })
	for _, p := range a.people.all {
		p.untag(t.ID)
	}
	return nil, nil
}

func (p *person) untag(id int) {
	p.tags = slices.DeleteFunc(p.tags, func(o int) bool { return o == id })
}

// tagged are the openids of the followers with a tag.
func (a *App) tagged(id int) (all []string) {
	for _, openID := range a.people.followers {
		if slices.Contains(a.people.all[openID].tags, id) {
			all = append(all, openID)
		}
	}
	return all
}

// openIDs finds the followers of a list of at most so many.
func (a *App) openIDs(list []string, most int) (all []*person, e *errcode) {
	if len(list) < 1 || len(list) > most {
		return nil, wrong(40032, "invalid openid list size")
	}
	for _, id := range list {
		p := a.people.all[id]
		if p == nil {
			return nil, wrong(40003, "invalid openid")
		}
		all = append(all, p)
	}
	return all, nil
}

func tagging(give bool) appEndpoint {
	return func(a *App, c *appCall) (any, *errcode) {
		var b struct {
			List []string `json:"openid_list"`
			ID   int      `json:"tagid"`
		}
		if e := c.decode(&b); e != nil {
			return nil, e
		}
		all, e := a.openIDs(b.List, 50)
		switch {
		case e != nil:
			return nil, e
		case b.ID != 2 && a.tags.find(b.ID) == nil:
			return nil, wrong(45159, "invalid tag id")
		}
		for _, p := range all {
			if give && !p.follows() {
				return nil, wrong(40003, "invalid openid")
			}
			if give && len(p.tags) >= mostOfUser && !slices.Contains(p.tags, b.ID) {
				return nil, wrong(45059, "can't add this tag because of too many tags")
			}
		}
		for _, p := range all {
			if p.untag(b.ID); give {
				p.tags = append(p.tags, b.ID)
			}
		}
		return nil, nil
	}
}

func (a *App) tagsOfUser(c *appCall) (any, *errcode) {
	var b struct {
		OpenID string `json:"openid"`
	}
	if e := c.decode(&b); e != nil {
		return nil, e
	}
	p := a.people.all[b.OpenID]
	if p == nil {
		return nil, wrong(40003, "invalid openid")
	}
	return struct {
		Tags []int `json:"tagid_list"`
	}{append([]int{}, p.tags...)}, nil
}

func (a *App) tagMembers(c *appCall) (any, *errcode) {
	var b struct {
		ID   int    `json:"tagid"`
		Next string `json:"next_openid"`
	}
	if e := c.decode(&b); e != nil {
		return nil, e
	}
	if b.ID != 2 && a.tags.find(b.ID) == nil {
		return nil, wrong(45159, "invalid tag id")
	}
	page := pageOf(a.tagged(b.ID), b.Next)
	page.Total = nil
	return page, nil
}
