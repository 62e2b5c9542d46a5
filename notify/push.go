package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/wire"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
)

// PushConfig is what the console says about an account's own server. Token and
// EncodingAESKey redact themselves wherever they are printed.
type PushConfig struct {
	AppID          string   // of the account; on a third-party platform that of the component
	Token          seal.Key // required
	EncodingAESKey seal.Key // 43 characters; zero for the plain mode, in which nothing proves a body

	// Last are the token and key before a change in the console, still believed
	// while pushes signed with them arrive. Zero if nothing was changed.
	Last PushKeys

	// Account is the original id (gh_…) that ToUserName has to be; "" accepts any.
	Account string

	// Window is how far a push's timestamp may be from this machine's clock, in both
	// directions; 0 does not look. No such rule is official: a few minutes bound how
	// long an overheard push can be sent again, which in plain mode means any body.
	Window time.Duration

	Now func() time.Time // time.Now if nil
}

// PushKeys are a token and an EncodingAESKey.
type PushKeys struct{ Token, EncodingAESKey seal.Key }

// push is message push: the token in the query proves it, and with a key it is
// encrypted.
type push struct {
	appID, account string
	keys           []pushKey // the current ones first
	window         time.Duration
	clock          func() time.Time
}

type pushKey struct {
	token string
	box   *seal.Push // nil in plain mode
}

// Push receives what WeChat pushes to an account: messages of users as
// "message.<MsgType>", events as "event.<Event>", both in lower case, so that
// notify.Of[T]("event.subscribe") is a Kind. It answers the console's check of the
// URL, which is a GET, by itself.
//
// With an EncodingAESKey only what is encrypted and signed for it is believed;
// whatever stands readable beside it, or instead of it, is not. Without one the
// signature covers no body: use such an account only for trials.
//
// XML and JSON bodies are decoded into the same types, whose json tags bear the
// official names; see Event.Plain for the rest. Texts may stand for numbers, one
// object for a list. Event.Key holds MsgId, or for events sender, time and
// EventKey, as WeChat advises. A push nobody registered for is acknowledged,
// because failing would suspend the account's pushes; set a Fallback to see it.
// Functions given to Answer return a Passive, such as message.Message.
func Push(c PushConfig) (Dialect, error) {
	d := &push{appID: c.AppID, account: c.Account, window: c.Window, clock: c.Now}
	if d.clock == nil {
		d.clock = time.Now
	}
	if c.AppID == "" {
		return nil, fmt.Errorf("notify: push: %w", wechat.Invalid("AppID", "is empty but required"))
	}
	if err := d.add("", PushKeys{c.Token, c.EncodingAESKey}); err != nil {
		return nil, err
	}
	if c.Last.Token.IsZero() && c.Last.EncodingAESKey.IsZero() {
		return d, nil
	}
	if c.Last.EncodingAESKey.IsZero() != c.EncodingAESKey.IsZero() {
		return nil, fmt.Errorf("notify: push: %w", wechat.Invalid("Last.EncodingAESKey", "must be there exactly if EncodingAESKey is: readable and encrypted pushes are not believed side by side"))
	}
	return d, d.add("Last.", c.Last)
}

func (d *push) add(prefix string, k PushKeys) error {
	if k.Token.IsZero() {
		return fmt.Errorf("notify: push: %w", wechat.Invalid(prefix+"Token", "is empty but required"))
	}
	key := pushKey{token: string(k.Token.Bytes())}
	if !k.EncodingAESKey.IsZero() {
		box, err := seal.NewPush(k.EncodingAESKey, d.appID)
		if err != nil {
			return fmt.Errorf("notify: push: %sEncodingAESKey: %w", prefix, err)
		}
		key.box = box
	}
	d.keys = append(d.keys, key)
	return nil
}

var getAndPost = []string{http.MethodGet, http.MethodPost}

func (d *push) methods() []string { return getAndPost }

func (d *push) now() time.Time { return d.clock() }

func (d *push) merchant() string { return d.appID }

// pushed is what a dialect keeps of a push: its parts, and how to answer it.
type pushed struct {
	tree     wire.Tree
	to, from string
	key      *pushKey
	json     bool
}

func (d *push) open(_ context.Context, r Request, _ []string) (*notice, error) {
	q, err := parsePushQuery(r.RawQuery)
	if err != nil {
		return nil, err
	}
	if err := d.timely(q.timestamp); err != nil {
		return nil, err
	}
	if r.Method == http.MethodGet {
		return d.check(q)
	}
	if d.keys[0].box == nil {
		return d.openPlain(q, r.Body)
	}
	return d.openSealed(q, r.Body)
}

// timely compares a timestamp with the clock, if there is a window.
func (d *push) timely(timestamp string) error {
	if d.window <= 0 {
		return nil
	}
	at, err := strconv.ParseInt(timestamp, 10, 40)
	if err != nil {
		return fmt.Errorf("%w: the timestamp is no number", sign.ErrStale)
	}
	if off := d.clock().Sub(time.Unix(at, 0)); off.Abs() > d.window {
		return fmt.Errorf("%w: it is %v away, %v are allowed", sign.ErrStale, off.Round(time.Second), d.window)
	}
	return nil
}

// signed returns the first key whose token made the signature over parts.
func (d *push) signed(signature string, parts ...string) (*pushKey, error) {
	err := sign.ErrNoSign
	for i := range d.keys {
		if err = sign.CheckPush(signature, d.keys[i].token, parts...); err == nil {
			return &d.keys[i], nil
		}
	}
	return nil, hinted(err)
}

// check answers the console's check of the URL. What it echoes is a stranger's
// text until the signature is right, and plain text even then.
func (d *push) check(q pushQuery) (*notice, error) {
	if _, err := d.signed(q.signature, q.timestamp, q.nonce); err != nil {
		return nil, err
	}
	if q.echo == "" {
		return nil, fmt.Errorf("%w: no echostr", sign.ErrUnsigned)
	}
	return &notice{reply: &Reply{Status: http.StatusOK, ContentType: textType, Body: []byte(q.echo)}}, nil
}

func (d *push) openPlain(q pushQuery, body []byte) (*notice, error) {
	key, err := d.signed(q.signature, q.timestamp, q.nonce)
	if err != nil {
		return nil, err
	}
	t, err := wire.ParseTree(body)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBody, err)
	}
	if t.Text("MsgType") == "" && t.Text("Encrypt") != "" {
		return nil, fmt.Errorf("%w: the push is encrypted, but no EncodingAESKey was given", seal.ErrOpen)
	}
	return d.notice(body, pushed{tree: t, key: key})
}

// errReadable is a sign.ErrDowngrade in the words of message push.
var errReadable error = readable{}

type readable struct{}

func (readable) Unwrap() error { return sign.ErrDowngrade }

func (readable) Error() string {
	return "notify: push: a readable push where only encrypted ones are believed: choose the safe mode in the console, or leave EncodingAESKey out for trials in plain mode; it may also be a forged push"
}

// openSealed believes nothing but what is in Encrypt.
func (d *push) openSealed(q pushQuery, body []byte) (*notice, error) {
	if q.encryptType != "" && q.encryptType != "aes" || q.msgSignature == "" {
		return nil, errReadable
	}
	outer, err := wire.ParseTree(body)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBody, err)
	}
	encrypted := outer.Text("Encrypt")
	if encrypted == "" {
		return nil, errReadable
	}
	if outer.Count("Encrypt") > 1 {
		return nil, fmt.Errorf("%w: Encrypt comes twice", ErrBody)
	}
	plain, key, err := d.decrypt(q, encrypted)
	if err != nil {
		return nil, err
	}
	t, err := wire.ParseTree(plain)
	if err != nil {
		return nil, malformed(err)
	}
	return d.notice(plain, pushed{tree: t, key: key})
}

// decrypt tries the keys whose token made the signature.
func (d *push) decrypt(q pushQuery, encrypted string) ([]byte, *pushKey, error) {
	err := sign.ErrNoSign
	for i := range d.keys {
		k := &d.keys[i]
		wrong := sign.CheckPush(q.msgSignature, k.token, q.timestamp, q.nonce, encrypted)
		if wrong != nil {
			if i == 0 {
				err = wrong
			}
			continue
		}
		plain, opens := k.box.Open(encrypted)
		if opens == nil {
			return plain, k, nil
		}
		err = opens
	}
	return nil, nil, hinted(err)
}

// What is most likely wrong where only the shop's own settings can be, made once
// because forged pushes fail the same way.
var (
	errPushToken = fmt.Errorf("%w: compare Token with the one in the console; it may also be a forged push", sign.ErrMismatch)
	errPushKey   = fmt.Errorf("%w: signed with our Token, so compare EncodingAESKey and AppID with those in the console", seal.ErrOpen)
)

// hinted says which setting to look at.
func hinted(err error) error {
	switch {
	case errors.Is(err, sign.ErrMismatch):
		return errPushToken
	case errors.Is(err, seal.ErrOpen):
		return errPushKey
	}
	return err
}

// heads are the fields every push has; one of them twice would be two pushes.
var heads = []string{"ToUserName", "FromUserName", "CreateTime", "MsgType", "MsgId", "Event", "EventKey"}

func (d *push) notice(plain []byte, p pushed) (*notice, error) {
	for _, name := range heads {
		if p.tree.Count(name) > 1 {
			return nil, fmt.Errorf("%w: %s comes twice", ErrMalformed, name)
		}
	}
	p.to, p.from = p.tree.Text("ToUserName"), p.tree.Text("FromUserName")
	p.json = startsJSON(plain)
	kind := strings.ToLower(p.tree.Text("MsgType"))
	switch {
	case kind == "" || len(kind) > 64:
		return nil, fmt.Errorf("%w: MsgType is missing or far too long", ErrMalformed)
	case kind == "event":
		kind += "." + strings.ToLower(p.tree.Text("Event"))
	default:
		kind = "message." + kind
	}
	at := strings.TrimSpace(p.tree.Text("CreateTime"))
	n := &notice{kind: kind, plain: plain, created: legacyTime(at), doc: &p, unwanted: &pushSuccess}
	n.id = idOf(n, p.id(at))
	return n, nil
}

// id tells copies of a push from others: MsgId, or what WeChat advises for events.
func (p *pushed) id(at string) string {
	if id := p.tree.Text("MsgId"); id != "" {
		return id
	}
	if p.from == "" || at == "" {
		return ""
	}
	id := p.from + "/" + at
	for _, name := range []string{"EventKey", "MsgID"} {
		if more := p.tree.Text(name); more != "" {
			id += "/" + more
		}
	}
	return id
}

func startsJSON(b []byte) bool {
	b = bytes.TrimLeft(bytes.TrimPrefix(b, []byte("\uFEFF")), space)
	return len(b) > 0 && b[0] == '{'
}

// field finds the tree that a field lies in, and its name there; dots lead into
// objects.
func (p *pushed) field(path string) (wire.Tree, string) {
	t := p.tree
	for {
		name, rest, below := strings.Cut(path, ".")
		if !below {
			return t, name
		}
		t, path = t.Inside(name), rest
	}
}

func (d *push) has(n *notice, field string) bool {
	t, name := n.doc.(*pushed).field(field)
	return t.Text(name) != "" || len(t.Inside(name)) > 0
}

// owned has little to do: the key that opens a push belongs to one app. Declared
// owners name the app or the account.
func (d *push) owned(n *notice, o owner, _ []string) error {
	p := n.doc.(*pushed)
	if d.account != "" && p.to != d.account {
		return fmt.Errorf("%w: ToUserName is another account", ErrOwner)
	}
	for _, field := range o.fields {
		t, name := p.field(field)
		if got := t.Text(name); got == "" || got != d.appID && got != d.account {
			return fmt.Errorf("%w: %s is not ours", ErrOwner, field)
		}
	}
	return nil
}

// decode reads the payload. Names are exact, so nothing has two spellings.
func (d *push) decode(n *notice, out any, _ wire.Names) error {
	if raw, ok := out.(*json.RawMessage); ok {
		*raw = n.plain
		return nil
	}
	if err := n.doc.(*pushed).tree.Decode(out); err != nil {
		return malformed(err)
	}
	return nil
}
