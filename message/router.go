package message

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/notify"
)

// Incoming is what a function of a Router answers.
type Incoming struct {
	Head
	Type     string   // as in notify.Event: message.text, event.subscribe …
	Key      string   // the same for every copy of the push
	Text     string   // what the user wrote, without the blanks around it; of a recording, what WeChat understood
	MenuID   string   // ID of the Choice that the user tapped
	EventKey string   // key of the menu button, or scene of the code
	Matches  []string // of Prefix: the rest of the text; of Regexp: the match and its groups
}

// Reply answers one push. It may return Silence. An error makes WeChat push again,
// and in the end tell the user that the account is out of order; the context ends
// shortly before WeChat would hang up, or, with a Sender, after WithAtMost.
type Reply func(ctx context.Context, in Incoming) (Message, error)

// Router answers users: texts by keyword, and follows, scans and taps on a menu.
// Fill it, then Register it once. The first entry that fits answers: entries with
// Choice before Exact before Prefix before Regexp, each in their order, and Default
// last. The zero value is ready; it is not safe for concurrent use while being
// filled.
type Router struct {
	late       *Late
	entries    []entry
	subscribe  Reply
	scan       Reply
	clicks     map[string]Reply
	otherClick Reply
	other      Reply
}

// entry is a keyword: fits gives nil for texts it does not fit.
type entry struct {
	rank  int
	fits  func(*Incoming) []string
	reply Reply
}

// NewRouter makes a Router. With a Sender, such as a *Service, replies that are not
// ready in time, or that a reply cannot carry, are sent by customer service; see
// Late. Without one (nil) they are failures.
func NewRouter(s Sender, opts ...LateOption) *Router {
	r := &Router{}
	if s != nil {
		r.late, _ = NewLate(s, opts...) // fails without a Sender only
	}
	return r
}

// Late is what sends the answers that do not travel in a reply, nil without a
// Sender. Wait for it when the program ends.
func (r *Router) Late() *Late { return r.late }

func (r *Router) add(rank int, reply Reply, fits func(*Incoming) []string) {
	if reply != nil {
		r.entries = append(r.entries, entry{rank, fits, reply})
	}
}

var whole = []string{}

// Exact answers a text that is word, whatever the case and the blanks around it.
func (r *Router) Exact(word string, reply Reply) {
	word = strings.TrimSpace(word)
	r.add(1, reply, func(in *Incoming) []string {
		if !strings.EqualFold(in.Text, word) {
			return nil
		}
		return whole
	})
}

// Prefix answers a text that begins with prefix, whatever the case. Matches[0] is
// the rest without blanks around it.
func (r *Router) Prefix(prefix string, reply Reply) {
	r.add(2, reply, func(in *Incoming) []string {
		if len(in.Text) < len(prefix) || !strings.EqualFold(in.Text[:len(prefix)], prefix) {
			return nil
		}
		return []string{strings.TrimSpace(in.Text[len(prefix):])}
	})
}

// Regexp answers a text in which re finds something; Matches is the match and its
// groups.
func (r *Router) Regexp(re *regexp.Regexp, reply Reply) {
	if re != nil {
		r.add(3, reply, func(in *Incoming) []string { return re.FindStringSubmatch(in.Text) })
	}
}

// Choice answers a tap on the Choice with this ID.
func (r *Router) Choice(id string, reply Reply) {
	r.add(0, reply, func(in *Incoming) []string {
		if in.MenuID == "" || in.MenuID != id {
			return nil
		}
		return whole
	})
}

// Default answers every message of a user, text or not, that no keyword fits.
func (r *Router) Default(reply Reply) { r.other = reply }

// Subscribe answers users who begin to follow; EventKey is the scene if they came
// by a code.
func (r *Router) Subscribe(reply Reply) { r.subscribe = reply }

// Scan answers followers who scan a code with a scene, which is in EventKey.
func (r *Router) Scan(reply Reply) { r.scan = reply }

// Click answers a tap on the menu button with this key, or on any other button if
// key is empty.
func (r *Router) Click(key string, reply Reply) {
	if key == "" {
		r.otherClick = reply
		return
	}
	if r.clicks == nil {
		r.clicks = map[string]Reply{}
	}
	r.clicks[key] = reply
}

// userKinds are the messages a user can send, text aside.
var userKinds = []string{"message.image", "message.voice", "message.video", "message.shortvideo", "message.location",
	"message.link", "message.miniprogrampage"}

// Register makes h ask the Router for everything that has an entry. What has none
// is left to others who register with h, or acknowledged.
func (r *Router) Register(h *notify.Handler) {
	slices.SortStableFunc(r.entries, func(a, b entry) int { return a.rank - b.rank })
	if len(r.entries) > 0 || r.other != nil {
		r.answer(h, r.keyword, "message.text")
	}
	if r.other != nil {
		r.answer(h, func(*Incoming) Reply { return r.other }, userKinds...)
	}
	if r.subscribe != nil {
		r.answer(h, func(*Incoming) Reply { return r.subscribe }, "event.subscribe")
	}
	if r.scan != nil {
		r.answer(h, func(*Incoming) Reply { return r.scan }, "event.scan")
	}
	if r.otherClick != nil || len(r.clicks) > 0 {
		r.answer(h, r.click, "event.click")
	}
}

func (r *Router) keyword(in *Incoming) Reply {
	for _, e := range r.entries {
		if found := e.fits(in); found != nil {
			in.Matches = found
			return e.reply
		}
	}
	return r.other
}

func (r *Router) click(in *Incoming) Reply {
	if reply := r.clicks[in.EventKey]; reply != nil {
		return reply
	}
	return r.otherClick
}

// pushed is as much of a push as a Router looks at.
type pushed struct {
	Head
	Content     string `json:"Content"`
	Recognition string `json:"Recognition"`
	MenuID      string `json:"bizmsgmenuid"`
	EventKey    string `json:"EventKey"`
}

func (r *Router) answer(h *notify.Handler, pick func(*Incoming) Reply, kinds ...string) {
	notify.Answer(h, notify.Asking[Message](notify.Of[pushed](kinds...)), func(ctx context.Context, e notify.Event[pushed]) (Message, error) {
		p := e.Data
		in := Incoming{Head: p.Head, Type: e.Type, Key: e.Key, Text: strings.TrimSpace(p.Content + p.Recognition),
			MenuID: p.MenuID, EventKey: strings.TrimPrefix(p.EventKey, scenePrefix(e.Type))}
		reply := pick(&in)
		if reply == nil {
			return Silence(), nil
		}
		if r.late == nil {
			return inTime(reply(ctx, in))
		}
		return r.late.Answer(ctx, in.From, e.Key, func(ctx context.Context) (Message, error) { return reply(ctx, in) })
	})
}

// inTime refuses what only a Sender could bring to the user.
func inTime(m Message, err error) (Message, error) {
	if err == nil && !m.IsSilence() && !m.isPassive() {
		return Silence(), wechat.Invalid("msgtype", "a reply cannot carry "+m.Kind()+", and this Router has no Sender to send it with")
	}
	return m, err
}

func scenePrefix(kind string) string {
	if kind == "event.subscribe" {
		return qrScene
	}
	return ""
}
