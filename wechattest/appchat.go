package wechattest

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// ChatSide is who put something into a chat.
type ChatSide string

// The sides of a chat. System is WeChat itself, such as its notice that the
// account's server is out of order.
const (
	FromUser    ChatSide = "user"
	FromAccount ChatSide = "account"
	FromSystem  ChatSide = "system"
)

// ChatEntry is one thing in the chat of a user with the account.
type ChatEntry struct {
	At   time.Time
	From ChatSide
	// Type is the msgtype: text, image, news … and, of the account, template,
	// subscribe, transfer_customer_service.
	Type string
	// Way is how the account said it: passive, custom, template, subscribe or mass.
	Way         string
	Text        string // content of a text, title line of a choice
	Title       string
	Description string
	URL         string // opened by a tap
	MediaID     string
	AppID, Page string // the mini program a tap opens
	Articles    []ChatArticle
	Choices     []ChatChoice // of a msgmenu
	Values      []ChatValue  // of a template, in its order
	Agent       string       // kf_account that says it
	AI          bool         // labelled as made by AI
	MsgID       int64
}

// ChatArticle is one article of a news message.
type ChatArticle struct {
	Title, Description, URL, PicURL string
	Product                         string // product_id of what is sold in it, if anything
}

// ChatChoice is one entry of a msgmenu.
type ChatChoice struct{ ID, Content string }

// ChatValue is one filled-in keyword of a template.
type ChatValue struct{ Key, Value string }

const (
	mostChat    = 1000 // entries kept of a chat
	unavailable = "该公众号提供的服务出现故障，请稍后再试"
)

// Chat is what the user sees in the chat with the account, oldest first, the last
// thousand entries at most.
func (a *App) Chat(u User) []ChatEntry {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.meet(u).chat)
}

func (p *person) show(now time.Time, e ChatEntry) {
	e.At = now
	if p.chat = append(p.chat, e); len(p.chat) > mostChat {
		p.chat = slices.Clone(p.chat[mostChat/2:])
	}
	if e.From == FromAccount {
		p.typing = time.Time{}
	}
}

// say is a message of the user: into the chat and to the server; a.mu is held.
func (a *App) say(p *person, e ChatEntry, items ...pushItem) int64 {
	p.open(windowMessage, a.clock.Now())
	e.From = FromUser
	if !p.blocked {
		e.MsgID = a.pushMessage(p.openID, e.Type, items...)
	}
	p.show(a.clock.Now(), e)
	return e.MsgID
}

// speaker is the user, if he may write to the account: followers, and everybody
// in a mini program's customer service; a.mu is held.
func (a *App) speaker(u User) (*person, error) {
	p := a.meet(u)
	switch {
	case a.cfg.Kind == Website:
		return nil, fmt.Errorf("%w: a website has no chat", ErrNoSuchThing)
	case a.cfg.Kind == OfficialAccount && !p.follows():
		return nil, ErrNotFollowing
	}
	return p, nil
}

// SayText is a text the user writes; the MsgId it is pushed with. All messages
// fail with ErrNotFollowing for who does not follow an account.
func (a *App) SayText(u User, text string) (int64, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p, err := a.speaker(u)
	if err != nil {
		return 0, err
	}
	return a.say(p, ChatEntry{Type: "text", Text: text}, pushItem{"Content", text}), nil
}

// SayImage is a picture the user sends, PNG or JPEG; it becomes temporary media.
func (a *App) SayImage(u User, picture []byte) (int64, error) {
	return a.sayMedia(u, "image", picture)
}

// SayVoice is a voice message in AMR.
func (a *App) SayVoice(u User, amr []byte) (int64, error) { return a.sayMedia(u, "voice", amr) }

// SayVideo is a video in MP4.
func (a *App) SayVideo(u User, mp4 []byte) (int64, error) { return a.sayMedia(u, "video", mp4) }

func (a *App) sayMedia(u User, kind string, data []byte) (int64, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p, err := a.speaker(u)
	if err != nil {
		return 0, err
	}
	id := a.keepMedia(kind, kind, data).id
	items := map[string][]pushItem{
		"image": {{"PicUrl", a.mediaURL(id)}, {"MediaId", id}},
		"voice": {{"MediaId", id}, {"Format", "amr"}, {"MediaId16K", id}, {"Recognition", ""}},
		"video": {{"MediaId", id}, {"ThumbMediaId", id}},
	}
	return a.say(p, ChatEntry{Type: kind, MediaID: id}, items[kind]...), nil
}

// Place is a point on the map, in decimal degrees.
type Place struct {
	Latitude, Longitude string
	Scale               int
	Label               string
	Name                string // of the point of interest, for buttons
}

var degrees = regexp.MustCompile(`^-?[0-9]{1,3}(\.[0-9]{1,15})?$`)

func (at Place) check() error {
	if !degrees.MatchString(at.Latitude) || !degrees.MatchString(at.Longitude) {
		return fmt.Errorf("wechattest: place: want latitude and longitude in decimal degrees")
	}
	return nil
}

func (at Place) items() []pushItem {
	return []pushItem{{"Location_X", at.Latitude}, {"Location_Y", at.Longitude}, {"Scale", strconv.Itoa(at.Scale)}, {"Label", at.Label}}
}

// SayLocation is a place the user sends.
func (a *App) SayLocation(u User, at Place) (int64, error) {
	if err := at.check(); err != nil {
		return 0, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	p, err := a.speaker(u)
	if err != nil {
		return 0, err
	}
	return a.say(p, ChatEntry{Type: "location", Text: at.Label}, at.items()...), nil
}

// SayLink is a page the user forwards.
func (a *App) SayLink(u User, title, description, address string) (int64, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p, err := a.speaker(u)
	if err != nil {
		return 0, err
	}
	return a.say(p, ChatEntry{Type: "link", Title: title, Description: description, URL: address},
		pushItem{"Title", title}, pushItem{"Description", description}, pushItem{"Url", address}), nil
}

// Choose taps an entry of the msgmenu that the account sent last, which comes to
// the server as a text with bizmsgmenuid.
func (a *App) Choose(u User, id string) (int64, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p, err := a.speaker(u)
	if err != nil {
		return 0, err
	}
	for _, e := range slices.Backward(p.chat) {
		for _, c := range e.Choices {
			if c.ID == id {
				return a.say(p, ChatEntry{Type: "text", Text: c.Content}, pushItem{"Content", c.Content}, pushItem{"bizmsgmenuid", id}), nil
			}
		}
		if len(e.Choices) > 0 {
			break
		}
	}
	return 0, fmt.Errorf("%w: no choice %q in the chat", ErrNoSuchThing, id)
}

// EnterChat is a user who opens the chat: a mini program's server hears of it
// with what the page wants it to know, an account's server hears the place, if
// the user lets it.
func (a *App) EnterChat(u User, from string, at *Place) error {
	if at != nil {
		if err := at.check(); err != nil {
			return err
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	p, err := a.speaker(u)
	switch {
	case err != nil:
		return err
	case a.cfg.Kind == MiniProgram:
		a.pushEvent(p.openID, "user_enter_tempsession", pushItem{"SessionFrom", from})
	case at != nil:
		a.pushEvent(p.openID, "LOCATION", pushItem{"Latitude", at.Latitude}, pushItem{"Longitude", at.Longitude}, pushItem{"Precision", "119.385040"})
	}
	return nil
}
