package wechattest

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/wxcommerce/wechat"
)

// Config says how a Pay works. Its zero value is good: in memory, on the wall
// clock, for requests through Transport.
type Config struct {
	// Dir is the folder of the journal, made if it is missing; a Pay that starts
	// in it again knows everything the last one knew. Empty means memory only. One
	// process at a time may use a folder.
	Dir string
	// Clock is RealClock if nil.
	Clock Clock
	// BaseURL is where this Pay is served, scheme and host only. It stands in
	// h5_url and in Account.Options. Empty means http://127.0.0.1.
	BaseURL string
	// Notify sends the notices. Nil means a plain client that reaches loopback
	// addresses only and follows no redirect.
	Notify wechat.Transport
	// NoticeTimeout is how long the answer to a notice may take; 5 s if zero.
	NoticeTimeout time.Duration
	// RefundDelay is how long a refund stays in PROCESSING: 5 s if zero, none if
	// negative.
	RefundDelay time.Duration
	// RefundGap refuses a second refund of one order within that time, with 429
	// FREQUENCY_LIMITED. WeChat Pay asks for a minute; zero leaves it out.
	RefundGap time.Duration
	// ReplyWithin is how long a complaint may wait for a reply before the platform
	// urges; a day if zero.
	ReplyWithin time.Duration
	// Keys hands out RSA keys; NewKeys if nil. Test suites want ReusedKeys.
	Keys KeySource
	// Seed decides every Fault that has a Chance. The same seed and the same
	// requests in the same order give the same history.
	Seed uint64
	// UnsignedErrors leaves every error answer without a signature; otherwise only
	// 401 has none.
	UnsignedErrors bool
	// AllowReplay accepts a nonce that was used before.
	AllowReplay bool
}

// Pay is a simulated WeChat Pay. It is safe for concurrent use and an
// http.Handler; with RealClock it runs one goroutine until Close.
type Pay struct {
	clock          Clock
	base           string
	sender         wechat.Transport
	noticeTimeout  time.Duration
	refundDelay    time.Duration
	refundGap      time.Duration
	replyWithin    time.Duration
	keys           KeySource
	unsignedErrors bool
	allowReplay    bool
	nonces         *nonceLog
	routes         []route
	stop           func()

	mu      sync.Mutex // guards what follows; never held while waiting
	state   state
	journal *journal
	dice    *rand.Rand
	faults  faultDesk
	notes   noticeDesk
	closed  bool
}

// NewPay starts a simulator, from the journal in cfg.Dir if there is one.
func NewPay(cfg Config) (*Pay, error) {
	p := &Pay{
		clock: cfg.Clock, base: cfg.BaseURL, sender: cfg.Notify, noticeTimeout: cfg.NoticeTimeout,
		refundDelay: cfg.RefundDelay, refundGap: cfg.RefundGap, replyWithin: cfg.ReplyWithin, keys: cfg.Keys,
		unsignedErrors: cfg.UnsignedErrors, allowReplay: cfg.AllowReplay,
		nonces: newNonceLog(), state: newState(), dice: rand.New(rand.NewPCG(cfg.Seed, 0x0000)),
	}
	p.defaults()
	if err := checkBase(p.base); err != nil {
		return nil, err
	}
	j, err := openJournal(cfg.Dir, &p.state)
	if err != nil {
		return nil, err
	}
	p.journal = j
	p.faults.lock, p.faults.dice = &p.mu, p.dice
	p.routes = table()
	p.notes.start(p)
	p.stop = p.clock.follow(&p.notes)
	return p, nil
}

func (p *Pay) defaults() {
	if p.clock == nil {
		p.clock = RealClock()
	}
	if p.base == "" {
		p.base = "http://127.0.0.1"
	}
	if p.noticeTimeout <= 0 {
		p.noticeTimeout = 5 * time.Second
	}
	if p.refundDelay == 0 {
		p.refundDelay = 5 * time.Second
	}
	if p.replyWithin <= 0 {
		p.replyWithin = 24 * time.Hour
	}
	if p.keys == nil {
		p.keys = NewKeys()
	}
	if p.sender == nil {
		p.sender = newLoopbackClient()
	}
}

// Close ends deliveries and closes the journal; what was due stays due for the
// next Pay in the same folder. Requests that still arrive get 500. Closing twice
// is fine.
func (p *Pay) Close() error {
	p.stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil
	}
	p.closed = true
	if c, ok := p.sender.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
	return p.journal.close()
}

// Now is the simulator's time.
func (p *Pay) Now() time.Time { return p.clock.Now() }

var errClosed = errors.New("wechattest: the simulator is closed")

// commit writes the records in one line of the journal and then makes them
// true, all of them or none. It is called with p.mu held; sync asks for the line
// to be on disk first, which everything about money does.
func (p *Pay) commit(sync bool, records ...record) error {
	if p.closed {
		return errClosed
	}
	if err := p.journal.write(records, sync); err != nil {
		return err
	}
	for _, r := range records {
		p.state.install(r)
	}
	p.notes.wake()
	return nil
}

// ServeHTTP answers like the API hosts of WeChat Pay.
func (p *Pay) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	in, no := receive(r, r.RequestURI)
	a := p.answer(r.Context(), in, no)
	a.writeTo(w)
}
