package wechattest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
)

// Kind is a way for an answer to go wrong.
type Kind int

// The kinds of faults. All but Status and HTML happen after the request had its
// effect; those two come before it unless Fault.After is set.
const (
	LostReply      Kind = iota + 1 // the connection is cut before a byte of the answer
	CutBody                        // the connection is cut in the middle of the body
	WrongSignature                 // proper form, over other bytes
	Probe                          // WECHATPAY/SIGNTEST/…, wrong on purpose
	Unsigned                       // no signature headers, as behind a bad proxy
	Stale                          // signed ten minutes ago
	Slow                           // the answer takes Fault.Delay longer
	Status                         // Fault.Status with Fault.Code, signed like any error
	HTML                           // an unsigned page of a gateway, 502 unless Fault.Status says otherwise
)

// Fault makes answers go wrong. The zero value of every field but Kind means "any"
// or "as usual".
type Fault struct {
	Kind   Kind
	Method string // such as POST
	Path   string // a pattern of path.Match on the escaped path, or a prefix that ends in /
	Match  func(*http.Request) bool
	// Skip lets so many matching requests pass first; then Times of them fail,
	// one if zero, all if negative.
	Skip, Times int
	// Chance lets each matching request fail with that probability instead, decided
	// by Config.Seed; Times still bounds how many.
	Chance float64
	After  bool          // Status and HTML: only after the request had its effect
	Delay  time.Duration // Slow: on the simulator's clock; zero waits until the caller gives up
	Status int           // Status: 500 if zero
	Code   string        // Status: chosen by Status if empty
	Header http.Header   // added to the answer, such as Retry-After
}

// armed is a fault waiting for its requests.
type armed struct {
	Fault
	skip, times int
}

// Fault arms f. Faults are asked in the order they were armed, and the first that
// fits has its way. The returned function disarms it.
func (p *Pay) Fault(f Fault) (disarm func()) { return p.faults.arm(f) }

// faultDesk holds the armed faults of one simulator, guarded by its lock.
type faultDesk struct {
	lock sync.Locker
	dice *rand.Rand
	list []*armed
}

func (d *faultDesk) arm(f Fault) (disarm func()) {
	if f.Times == 0 {
		f.Times = 1
		if f.Chance > 0 {
			f.Times = -1
		}
	}
	a := &armed{Fault: f, skip: f.Skip, times: f.Times}
	d.lock.Lock()
	defer d.lock.Unlock()
	d.list = append(slices.DeleteFunc(d.list, func(f *armed) bool { return f.times == 0 }), a)
	return func() {
		d.lock.Lock()
		defer d.lock.Unlock()
		a.times = 0
	}
}

// pick finds the fault of a request; nil means none.
func (d *faultDesk) pick(in *inbound) *armed {
	d.lock.Lock()
	faults := slices.Clone(d.list)
	d.lock.Unlock()
	for _, f := range faults {
		if !f.fits(in) { // outside the lock: Match is the caller's code
			continue
		}
		if d.take(f) {
			return f
		}
	}
	return nil
}

func (d *faultDesk) take(f *armed) bool {
	d.lock.Lock()
	defer d.lock.Unlock()
	switch {
	case f.times == 0:
		return false
	case f.skip > 0:
		f.skip--
		return false
	case f.Chance > 0 && d.dice.Float64() >= f.Chance:
		return false
	}
	if f.times > 0 {
		f.times--
	}
	return true
}

func (f *armed) fits(in *inbound) bool {
	if f.Method != "" && f.Method != in.method {
		return false
	}
	if f.Path != "" {
		ok, _ := path.Match(f.Path, in.path)
		if !ok && (!strings.HasSuffix(f.Path, "/") || !strings.HasPrefix(in.path, f.Path)) {
			return false
		}
	}
	return f.Match == nil || f.Match(in.request())
}

// before answers in place of the endpoint, if the fault says so.
func (f *armed) before(p *Pay, in *inbound) *answer {
	if f == nil || f.After || f.Kind != Status && f.Kind != HTML {
		return nil
	}
	if a, _ := parseAuthorization(in.header); in.account == nil {
		in.account = p.account(a.mchID) // good enough to sign a fault for
	}
	return f.instead(p, in)
}

// instead is the answer of Status and HTML.
func (f *armed) instead(p *Pay, in *inbound) *answer {
	status := f.Status
	if f.Kind == HTML {
		if status == 0 {
			status = http.StatusBadGateway
		}
		a := p.sign(in, reply{status: status, body: htmlPage(status), kind: "text/html"}, signature{bare: true})
		return f.decorate(a)
	}
	if status == 0 {
		status = http.StatusInternalServerError
	}
	code, number := f.Code, numParam
	if code == "" {
		switch {
		case status == http.StatusTooManyRequests:
			code, number = "FREQUENCY_LIMITED", numRateLimit
		case status >= 500:
			code = "SYSTEM_ERROR"
		default:
			code = "INVALID_REQUEST"
		}
	}
	return f.decorate(p.sign(in, p.refused(refuse(status, code, number, "a fault of the simulator: %s", code)), signature{}))
}

// after spoils a finished answer.
func (f *armed) after(p *Pay, in *inbound, a *answer) *answer {
	if f == nil {
		return a
	}
	if a.header.Get("Content-Type") == kindXML {
		a.body = spoilV2(a.body, f.Kind)
	}
	r := reply{status: a.status, body: a.body, kind: a.header.Get("Content-Type"), number: lastNumber(a.header.Get("Request-ID"))}
	switch f.Kind {
	case LostReply:
		a.lost = true
	case CutBody:
		if a.cut = len(a.body) / 2; a.cut == 0 {
			a.lost = true // nothing to cut
		}
	case WrongSignature:
		a = p.sign(in, r, signature{wrong: true})
	case Probe:
		a = p.sign(in, r, signature{probe: true})
	case Unsigned:
		a = p.sign(in, r, signature{bare: true})
	case Stale:
		a = p.sign(in, r, signature{age: 10 * time.Minute})
	case Status, HTML:
		a = f.instead(p, in)
	}
	return f.decorate(a)
}

func (f *armed) decorate(a *answer) *answer {
	for k, v := range f.Header {
		a.header[k] = v
	}
	return a
}

// delayed holds a slow answer back.
func (f *armed) delayed(ctx context.Context, clock Clock, a *answer) *answer {
	if f == nil || f.Kind != Slow {
		return a
	}
	if f.Delay <= 0 {
		<-ctx.Done()
		return a
	}
	_ = clock.wait(ctx, f.Delay) // a caller that gave up does not see the answer
	return a
}

func lastNumber(id string) string { return id[strings.LastIndexByte(id, '-')+1:] }

// request shows a fault's Match what arrived.
func (in *inbound) request() *http.Request {
	r, err := http.NewRequest(in.method, "http://"+in.host+in.target, strings.NewReader(string(in.body)))
	if err != nil {
		r, _ = http.NewRequest(in.method, "http://127.0.0.1/", nil)
	}
	r.Header = in.header.Clone()
	return r
}

// String names the fault.
func (k Kind) String() string {
	names := [...]string{"none", "lost reply", "cut body", "wrong signature", "probe", "unsigned", "stale", "slow", "status", "html"}
	if k < 0 || int(k) >= len(names) {
		return fmt.Sprintf("Kind(%d)", int(k))
	}
	return names[k]
}
