package wechattest

import (
	"context"
	"net/http"
	"strconv"
)

// Fault arms f, as with Pay. Nothing is signed on the account side, so that the
// kinds about signatures do nothing; Status with a Code and no Status is a refusal
// with that errcode and status 200, as WeChat words one, such as -1 or 45009.
func (a *App) Fault(f Fault) (disarm func()) { return a.faults.arm(f) }

// appBefore answers in place of the endpoint, if the fault says so.
func (f *armed) appBefore(a *App) *answer {
	if f == nil || f.After || f.Kind != Status && f.Kind != HTML {
		return nil
	}
	return f.appInstead(a)
}

// appInstead is the answer of Status and HTML.
func (f *armed) appInstead(a *App) *answer {
	status := f.Status
	if f.Kind == HTML {
		if status == 0 {
			status = http.StatusBadGateway
		}
		return f.decorate(appAnswer(status, "text/html", htmlPage(status)))
	}
	code, err := strconv.Atoi(f.Code)
	switch {
	case status == 0 && err == nil:
		status = http.StatusOK
	case status == 0:
		status = http.StatusInternalServerError
	}
	if err != nil {
		return f.decorate(appAnswer(status, "text/plain", []byte(http.StatusText(status))))
	}
	return f.decorate(a.json(status, &appCall{rid: newRID()}, nil, wrong(code, "a fault of the simulator")))
}

// appAfter spoils a finished answer, or holds it back.
func (f *armed) appAfter(ctx context.Context, a *App, ans *answer) *answer {
	if f == nil {
		return ans
	}
	switch f.Kind {
	case LostReply:
		ans.lost = true
	case CutBody:
		if ans.cut = len(ans.body) / 2; ans.cut == 0 {
			ans.lost = true
		}
	case Status, HTML:
		return f.appInstead(a)
	}
	return f.delayed(ctx, a.clock, f.decorate(ans))
}
