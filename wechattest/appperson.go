package wechattest

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Why a user cannot do something; compare with errors.Is.
var (
	// ErrNotFollowing is a user who would have to follow the account first.
	ErrNotFollowing = errors.New("wechattest: the user does not follow the account")
	// ErrNoSuchThing is a code, button, article or picture that is not there.
	ErrNoSuchThing = errors.New("wechattest: there is no such thing")
)

// Profile is what a user shows of himself. Members left empty are made from the
// user's name.
type Profile struct {
	Nickname string
	Avatar   string // address of a square picture
	Phone    string // digits, without the country code
	Platform string // "1" iOS, "2" Android, "3" another; "1" if empty
	HighRisk bool   // mini programs cannot log the user in
	Snapshot bool   // sees pages as a snapshot: logs in as a virtual user
}

// SetProfile changes what the app may learn of the user.
func (a *App) SetProfile(u User, p Profile) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.meet(u).profile = p
}

// UnionID is the user's id under an open-platform account, the Union of the
// configuration: "" under none.
func (u User) UnionID(union string) string {
	if union == "" {
		return ""
	}
	sum := sha256.Sum256([]byte("user " + cmp.Or(u.ID, u.Name) + " under " + union))
	return "u0000" + base64.RawURLEncoding.EncodeToString(sum[:])[:23]
}

// peopleDesk is everybody the app has met; App.mu guards it.
type peopleDesk struct {
	all       map[string]*person // by openid
	followers []string           // openids in the order they first came
}

// person is what the app knows of a user.
type person struct {
	user        User
	openID      string
	profile     Profile
	since       time.Time // follows since; zero if not
	scene       string    // ADD_SCENE_…
	qrScene     int64
	qrText      string
	remark      string
	tags        []int // in the order they were given
	blocked     bool  // on the blacklist
	silent      bool  // takes no template messages
	chat        []ChatEntry
	windows     map[windowKind]*window
	consents    map[string]int // template id → sends left
	typing      time.Time      // shown as being answered until
	session     string         // session_key
	minute      time.Time      // in which logins are counted
	logins      int
	book        []Address
	lastAddress int
}

func (p *person) follows() bool { return !p.since.IsZero() }

// meet finds the user or gets to know him; a.mu is held.
func (a *App) meet(u User) *person {
	id := u.OpenID(a.AppID)
	p := a.people.all[id]
	if p == nil {
		p = &person{user: u, openID: id, windows: map[windowKind]*window{}, consents: map[string]int{}}
		if a.people.all == nil {
			a.people.all = map[string]*person{}
		}
		a.people.all[id] = p
	}
	return p
}

func (p *person) nickname() string { return cmp.Or(p.profile.Nickname, p.user.Name, "微信用户") }

func (p *person) platform() string { return cmp.Or(p.profile.Platform, "1") }

func (p *person) phone() string {
	if p.profile.Phone != "" {
		return p.profile.Phone
	}
	sum := sha256.Sum256([]byte("phone of " + p.openID))
	n := uint64(0)
	for _, b := range sum[:8] {
		n = n<<8 | uint64(b)
	}
	return fmt.Sprintf("130%08d", n%100_000_000)
}

func (a *App) avatar(p *person) string {
	return cmp.Or(p.profile.Avatar, a.base+"/mmopen/"+p.openID+"/132")
}

// Follow makes the user a follower who came by searching; the event is pushed.
// Following twice changes nothing.
func (a *App) Follow(u User) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if p := a.meet(u); !p.follows() {
		a.follow(p, "ADD_SCENE_SEARCH", "", "")
	}
}

// follow is Follow for whoever comes by some way; a.mu is held.
func (a *App) follow(p *person, scene, key, ticket string) {
	p.since, p.scene = a.clock.Now(), scene
	if !slices.Contains(a.people.followers, p.openID) {
		a.people.followers = append(a.people.followers, p.openID)
	}
	p.open(windowFollow, p.since)
	items := []pushItem{{"EventKey", key}}
	if ticket != "" {
		items = append(items, pushItem{"Ticket", ticket})
	}
	a.pushEvent(p.openID, "subscribe", items...)
}

// Unfollow makes the user leave; what the account gave him (tags, remark) is gone.
func (a *App) Unfollow(u User) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.meet(u)
	if !p.follows() {
		return
	}
	p.since, p.tags, p.remark, p.scene, p.qrScene, p.qrText = time.Time{}, nil, "", "", 0, ""
	clear(p.windows)
	a.people.followers = slices.DeleteFunc(a.people.followers, func(id string) bool { return id == p.openID })
	a.pushEvent(p.openID, "unsubscribe", pushItem{"EventKey", ""})
}

// Follows tells whether the user follows the account now.
func (a *App) Follows(u User) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.meet(u).follows()
}

// Mute has the user take no template messages any more, or take them again.
func (a *App) Mute(u User, mute bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.meet(u).silent = mute
}

// windowKind is what allows customer-service messages.
type windowKind int

const (
	windowMessage windowKind = iota
	windowFollow
	windowMenu
	windowScan
)

// window is time in which a number of messages may go to a user.
type window struct {
	until time.Time
	left  int
}

// open opens a window anew: a message allows five answers in two days, anything
// else three in a minute.
func (p *person) open(k windowKind, now time.Time) {
	if k == windowMessage {
		p.windows[k] = &window{now.Add(48 * time.Hour), 5}
		return
	}
	p.windows[k] = &window{now.Add(time.Minute), 3}
}

// spend takes one message from the window that closes first.
func (p *person) spend(now time.Time) *errcode {
	var best *window
	shut := true
	for _, k := range []windowKind{windowFollow, windowMenu, windowScan, windowMessage} {
		w := p.windows[k]
		if w == nil || !now.Before(w.until) {
			continue
		}
		shut = false
		if w.left > 0 && (best == nil || w.until.Before(best.until)) {
			best = w
		}
	}
	switch {
	case shut:
		return wrong(45015, "response out of time limit or subscription is canceled")
	case best == nil:
		return wrong(45047, "out of response count limit")
	}
	best.left--
	return nil
}
