package wechattest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
)

// channel is one address of the shop and what it has to understand.
type channel struct {
	name, url string
	// genuine is the notice of the channel, signed anew each time.
	genuine func() (parcel, error)
	// heeds tells whether an answer makes WeChat believe that the notice arrived.
	heeds func(heard) bool
	// right says what is wrong with the answer to a genuine notice beyond that; may be nil.
	right   func(heard) error
	answer  string // the answer WeChat wants, in words
	forged  []forgery
	rules   []rule
	found   []LaunchFinding
	order   string   // whose effects are counted, "" if there is none
	secrets []string // that no answer may show
}

// forgery is something that must not be heeded.
type forgery struct {
	rule, says, sent, mend string
	make                   func() (parcel, error)
}

// rule is anything else a channel is checked for.
type rule struct {
	name, says, sent, mend string
	try                    func(ctx context.Context, l *launch) (Verdict, string)
}

func (c *channel) note(f LaunchFinding) {
	f.Target = c.name
	if f.Verdict == Passed {
		f.Mend = ""
	}
	c.found = append(c.found, f)
}

// run checks one channel, but for slow peers.
func (l *launch) run(ctx context.Context, c *channel) {
	l.believes(ctx, c, "genuine", "A genuine notice is acknowledged within 5 seconds", "one notice, signed as WeChat signs",
		"Answer "+c.answer+" once the order is stored; do longer work afterwards. Compare keys and merchant numbers if the reason is a signature.")
	l.copies(ctx, c)
	for _, f := range append(c.forged, c.common()...) {
		l.disbelieves(ctx, c, f)
	}
	for _, r := range c.rules {
		verdict, got := r.try(ctx, l)
		c.note(LaunchFinding{Rule: r.name, Says: r.says, Verdict: verdict, Sent: r.sent, Got: got, Mend: r.mend})
	}
	l.believes(ctx, c, "alive", "After all that, a genuine notice is still acknowledged", "the first notice once more",
		"Something above stopped the receiver or used it up: read its log, bound what it reads, and recover from panics.")
}

// deliver sends a genuine notice and says what is wrong with the answer.
func (l *launch) deliver(ctx context.Context, c *channel) (h heard, problem error) {
	p, err := c.genuine()
	if err != nil {
		return heard{err: err}, err
	}
	h = l.post(ctx, p)
	switch {
	case h.err != nil:
		return h, h.err
	case !c.heeds(h):
		return h, fmt.Errorf("want %s", c.answer)
	case c.right != nil:
		return h, c.right(h)
	}
	return h, nil
}

func (l *launch) believes(ctx context.Context, c *channel, name, says, sent, mend string) {
	h, problem := l.deliver(ctx, c)
	f := LaunchFinding{Rule: name, Says: says, Verdict: Passed, Sent: sent, Got: h.String(), Mend: mend}
	if problem != nil {
		f.Verdict = Failed
		if h.err == nil {
			f.Got += "; " + problem.Error()
		}
	}
	c.note(f)
}

// copies sends the notice again and again, one after the other and all at once.
func (l *launch) copies(ctx context.Context, c *channel) {
	f := LaunchFinding{Rule: "copies", Says: "Copies of a notice are acknowledged, too", Verdict: Passed,
		Sent: fmt.Sprintf("%d copies, half of them at the same time", copies),
		Mend: "Look up the order under a lock first; if the effect is there already, acknowledge and do nothing."}
	var mu sync.Mutex
	good := 0
	one := func() {
		h, problem := l.deliver(ctx, c)
		mu.Lock()
		defer mu.Unlock()
		if problem == nil {
			good++
		} else {
			f.Verdict, f.Got = Failed, h.String()
		}
	}
	for range copies / 2 {
		one()
	}
	var group sync.WaitGroup
	for range copies / 2 {
		group.Go(one)
	}
	group.Wait()
	f.Got = strings.TrimSuffix(fmt.Sprintf("%d of %d acknowledged; %s", good, copies, f.Got), "; ")
	c.note(f)
	if c.order == "" {
		return
	}
	once := LaunchFinding{Rule: "once", Says: "However many copies come, the order is fulfilled once", Sent: f.Sent,
		Mend: "Store the notice's business key (merchant, kind, transaction id) in the transaction that fulfils the order, with a unique index."}
	once.Verdict, once.Got = l.fulfilled(ctx, c.order, 1)
	c.note(once)
}

// fulfilled compares how often an order was fulfilled.
func (l *launch) fulfilled(ctx context.Context, number string, want int) (Verdict, string) {
	n, ok, err := l.count(ctx, number)
	switch {
	case !ok:
		return Skipped, "the check cannot look: set Targets.Count or CountURL"
	case err != nil:
		return Failed, err.Error()
	case n != want:
		return Failed, fmt.Sprintf("fulfilled %d times, want %d", n, want)
	}
	return Passed, fmt.Sprintf("fulfilled %d times", n)
}

func (l *launch) disbelieves(ctx context.Context, c *channel, g forgery) {
	f := LaunchFinding{Rule: g.rule, Says: g.says, Verdict: Passed, Sent: g.sent, Mend: g.mend}
	p, err := g.make()
	if err != nil {
		f.Verdict, f.Got = Failed, err.Error()
		c.note(f)
		return
	}
	h := l.post(ctx, p)
	f.Got = h.String()
	hungUp := h.err != nil && g.rule == "oversize" && !errors.Is(h.err, context.DeadlineExceeded) // a fair answer to 4 MiB
	switch {
	case h.err == nil && c.heeds(h):
		f.Verdict = Failed
		f.Got += "; it was believed"
	case h.err != nil && !hungUp:
		f.Verdict, f.Mend = Failed, "Answer a refusal instead of hanging or crashing: look for a panic or a missing time limit."
	}
	for _, s := range c.secrets {
		if s != "" && bytes.Contains(h.body, []byte(s)) {
			f.Verdict, f.Got, f.Mend = Failed, "the answer shows a key", "Answer one neutral word; write the reason into your own log, without keys."
		}
	}
	c.note(f)
}

// common are the forgeries that every generation has.
func (c *channel) common() []forgery {
	changed := func(f func(*parcel)) func() (parcel, error) {
		return func() (parcel, error) {
			p, err := c.genuine()
			f(&p)
			return p, err
		}
	}
	return []forgery{
		{"method", "Another HTTP method is refused", "the genuine notice by PUT", "Accept only the method WeChat uses.",
			changed(func(p *parcel) { p.method = http.MethodPut })},
		{"empty", "An empty body is refused", "the genuine notice without its body", "Refuse what cannot be proved before reading it.",
			changed(func(p *parcel) { p.body = nil })},
		{"garbage", "A body that is neither JSON nor XML is refused", "1,024 zero bytes", "Refuse what cannot be proved before reading it.",
			changed(func(p *parcel) { p.body = make([]byte, 1024) })},
		{"depth", "A body nested 100,000 deep is refused", "100,000 opening brackets", "Prove the sender before parsing, and bound the depth.",
			changed(func(p *parcel) { p.body = bytes.Repeat([]byte("["), 100_000) })},
		{"oversize", "An oversize body is refused or cut off", "4 MiB", "Read at most a mebibyte (http.MaxBytesReader), then answer 413.",
			changed(func(p *parcel) { p.body = bytes.Repeat([]byte("x"), oversize) })},
	}
}

// slow opens connections that send a byte now and then to every channel, and
// looks whether a genuine notice gets through and the slow ones are hung up on.
func (l *launch) slow(ctx context.Context, channels []*channel) {
	findings := make([][2]LaunchFinding, len(channels))
	var group sync.WaitGroup
	for i, c := range channels {
		group.Go(func() { findings[i] = l.slowOne(ctx, c) })
	}
	group.Wait()
	for i, c := range channels {
		c.note(findings[i][0])
		c.note(findings[i][1])
	}
}

func (l *launch) slowOne(ctx context.Context, c *channel) (found [2]LaunchFinding) {
	found[0] = LaunchFinding{Rule: "held up", Says: "Slow senders do not hold up a genuine notice", Verdict: Passed,
		Sent: fmt.Sprintf("%d bodies of a byte every %v, and a genuine notice", slowPeers, slowPause), Mend: "Read bodies outside of locks and worker pools; set a ReadTimeout."}
	found[1] = LaunchFinding{Rule: "slow", Says: fmt.Sprintf("A slow sender is hung up on within %v", slowMost), Verdict: Passed,
		Sent: "the slow bodies", Mend: "Give every request a deadline for reading (http.Server.ReadTimeout, or a deadline in the handler)."}
	ctx, cancel := context.WithTimeout(ctx, slowMost)
	defer cancel()
	var group sync.WaitGroup
	ended := make([]heard, slowPeers)
	p, err := c.genuine()
	for i := range slowPeers {
		if ended[i].err = err; err != nil {
			continue
		}
		group.Go(func() {
			ended[i] = l.send(ctx, p, &trickle{ctx, bytes.Repeat([]byte("x"), 4096)}, slowMost)
		})
	}
	h, problem := l.deliver(ctx, c)
	if found[0].Got = h.String(); problem != nil {
		found[0].Verdict = Failed
	}
	group.Wait()
	still, believed := 0, 0
	for _, h := range ended {
		switch {
		case h.err != nil && ctx.Err() != nil && h.took >= slowMost-answerTime/5:
			still++
		case h.err == nil && c.heeds(h):
			believed++
		}
	}
	found[1].Got = fmt.Sprintf("%d of %d were still being read after %v, %d were believed", still, slowPeers, slowMost, believed)
	if still+believed > 0 {
		found[1].Verdict = Failed
	}
	return found
}
