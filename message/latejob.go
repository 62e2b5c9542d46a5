package message

import (
	"context"
	"fmt"
	"time"

	"github.com/wxcommerce/wechat"
)

// job is one call of the shop's function. The Late's mutex guards waiting and late;
// m and err are written before done is closed.
type job struct {
	openID, key string
	f           func(context.Context) (Message, error)
	cancel      context.CancelFunc
	start       time.Time
	waiting     int  // pushes that wait for the result: the first one and its copies
	late        bool // nobody waits, the message will be sent

	done chan struct{}
	m    Message
	err  error
}

// Answer calls f and returns what it returned, or Silence if the time is nearly
// over or the message cannot be a reply; it is sent to openID then. key is the
// event's: a copy that WeChat sends meanwhile waits for the same call instead of
// making a second one, and a later one gets the same answer. The context given to f ends after WithAtMost, not with the
// push. Use it in functions given to notify.Answer; a Router does so by itself.
func (l *Late) Answer(ctx context.Context, openID, key string, f func(context.Context) (Message, error)) (Message, error) {
	timer := time.NewTimer(l.patience(ctx))
	defer timer.Stop()
	j := l.join(ctx, openID, key, f)
	if j == nil {
		return Silence(), nil
	}
	select {
	case <-j.done:
		return j.m, j.err
	case <-timer.C:
		return l.leave(j, nil)
	case <-ctx.Done():
		return l.leave(j, context.Cause(ctx))
	}
}

// Wait returns when no function is running and no message on its way any more, or
// when ctx ends. Stop serving before.
func (l *Late) Wait(ctx context.Context) error {
	l.mu.Lock()
	if l.running == 0 {
		l.mu.Unlock()
		return nil
	}
	if l.idle == nil {
		l.idle = make(chan struct{})
	}
	idle := l.idle
	l.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("message: late answers are still on their way: %w", context.Cause(ctx))
	}
}

// patience is how long a push may wait.
func (l *Late) patience(ctx context.Context) time.Duration {
	at, ok := ctx.Deadline()
	if !ok {
		return usualDeadline - l.margin
	}
	return time.Until(at) - l.margin
}

// join makes a job, or waits with others for the one of the same key. A job that is
// late already gives nil: its message is on the way. One that has ended is done.
func (l *Late) join(ctx context.Context, openID, key string, f func(context.Context) (Message, error)) *job {
	l.mu.Lock()
	defer l.mu.Unlock()
	if j := l.jobs[key]; j != nil && key != "" {
		if j.late {
			return nil
		}
		j.waiting++
		return j
	}
	if m, ok := l.answers.find(key, time.Now()); ok {
		return answered(m)
	}
	own, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.atMost)
	j := &job{openID: openID, key: key, f: f, cancel: cancel, start: time.Now(), waiting: 1, done: make(chan struct{})}
	l.jobs[key] = j
	l.running++
	go l.run(own, j)
	return j
}

// answered is a job that has ended with m.
func answered(m Message) *job {
	j := &job{m: m, done: make(chan struct{})}
	close(j.done)
	return j
}

// leave stops waiting. The last one makes the job late, or, if that cannot be or
// the sender has gone, gives it up.
func (l *Late) leave(j *job, cause error) (Message, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-j.done:
		return j.m, j.err
	default:
	}
	j.waiting--
	if cause == nil && j.waiting == 0 && l.late == l.mostLate {
		cause = ErrCrowded
	}
	switch {
	case j.waiting == 0 && cause != nil:
		j.cancel()
		l.forget(j)
	case j.waiting == 0:
		j.late = true
		l.late++
	}
	return Silence(), cause
}

// forget lets a copy begin anew.
func (l *Late) forget(j *job) {
	if l.jobs[j.key] == j {
		delete(l.jobs, j.key)
	}
}

func (l *Late) run(ctx context.Context, j *job) {
	defer j.cancel()
	m, err := Silence(), ErrBroken // runtime.Goexit leaves it at that
	defer func() {
		l.conclude(ctx, j, m, err)
		l.end(j)
	}()
	err = guarded(func() (err error) {
		m, err = j.f(ctx)
		return err
	})
}

// conclude hands the result to those who wait, or sends it.
func (l *Late) conclude(ctx context.Context, j *job, m Message, err error) {
	kind, sent := m.Kind(), false
	if err == nil && !m.IsSilence() && !m.isPassive() {
		m, err, sent = Silence(), l.send(ctx, j, m), true
	}
	result := err
	if sent && wechat.OutcomeOf(err) == wechat.Unknown {
		result = nil // it may have arrived: a failure would bring the push again, and a second message
	}
	taken, late := l.deliver(j, m, result)
	if late && err == nil && !m.IsSilence() {
		err, sent = l.send(ctx, j, m), true
	}
	if !taken && (late && err == nil || sent && wechat.OutcomeOf(err) != wechat.NotDone) {
		l.remember(j.key, Silence())
	}
	if sent || late && !taken {
		l.report(context.WithoutCancel(ctx), LateReport{OpenID: j.openID, Key: j.key, Kind: kind, Took: time.Since(j.start), Err: err})
	}
}

// deliver gives the result to those who wait, if any.
func (l *Late) deliver(j *job, m Message, err error) (taken, late bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if j.waiting == 0 {
		return false, j.late
	}
	j.m, j.err = m, err
	close(j.done)
	if err == nil {
		l.answers.keep(j.key, m, time.Now())
	}
	l.forget(j)
	return true, false
}

func (l *Late) remember(key string, m Message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answers.keep(key, m, time.Now())
}

func (l *Late) end(j *job) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forget(j)
	if j.late {
		l.late--
	}
	if l.running--; l.running == 0 && l.idle != nil {
		close(l.idle)
		l.idle = nil
	}
}

func (l *Late) send(ctx context.Context, j *job, m Message) error {
	return guarded(func() error { return l.sender.Send(ctx, j.openID, m) })
}

func (l *Late) report(ctx context.Context, r LateReport) {
	for _, f := range l.observe {
		_ = guarded(func() error { f(ctx, r); return nil })
	}
}

// guarded keeps a panic in somebody else's function from ending the process. The
// value may hold anything, so only its type is told.
func guarded(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: a panic of type %T", ErrBroken, p)
		}
	}()
	return f()
}
