package notify

import (
	"context"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/wire"
)

// Dialect is how one generation of WeChat calls back: it proves who sent the raw
// bytes, gives back their meaning, and words the answers. The functions named
// after the generations make them (V3); their methods are not exported, so that
// nothing outside can hand a Handler a notice that was not proved.
type Dialect interface {
	// methods are the HTTP methods it understands.
	methods() []string
	now() time.Time
	// merchant is the first part of every business key.
	merchant() string
	// open proves r and decrypts it. It owns r.Body and may overwrite it. The fields
	// are those of the payload that has and owned are going to be asked about.
	open(ctx context.Context, r Request, fields []string) (*notice, error)
	// has reports whether the payload has a field and it is not null.
	has(n *notice, field string) bool
	// owned compares the payload's owner, and its app with appIDs, with our own.
	owned(n *notice, o owner, appIDs []string) error
	// decode reads the payload into out and refuses other spellings of known names;
	// a *json.RawMessage takes it as it is.
	decode(n *notice, out any, known wire.Names) error
	// success, failure and content word the answers; content carries what a
	// function given to Answer returned.
	success(n *notice) Reply
	failure(status int, word string) Reply
	content(ctx context.Context, n *notice, answer any) (Reply, error)
}

// notice is an authentic callback.
type notice struct {
	id       string
	kind     string // event type
	original string // what the encrypted part says it was, "" where there is no such thing
	summary  string
	created  wechat.Time
	plain    []byte // the payload in clear
	reply    *Reply // set when the dialect answers by itself, such as an URL check
	unwanted *Reply // the answer if nobody registered for it; nil makes that a failure

	fields []string // as given to open
	values [][]byte // of these in a JSON payload, nil where absent
	doc    any      // what another dialect wants to keep of its own parsing
}
