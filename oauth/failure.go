package oauth

import (
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"

	"github.com/wxcommerce/wechat"
)

// Why a login did not succeed; compare a Failure with errors.Is. The other causes
// are the errors of Service.Exchange and of LoginConfig's Done.
var (
	ErrNoState      = errors.New("the state is missing or malformed")                         // not an address that WeChat sends browsers to
	ErrOtherBrowser = errors.New("the login began in another browser, or the cookie is gone") // or cookies are off
	ErrStateExpired = errors.New("the user came back too late")                               // see LoginConfig.Wait
	ErrStateUsed    = errors.New("the user came back for a second time")                      // the first time counts
	ErrRefused      = errors.New("the user did not agree")                                    // to the scope asked for
	ErrSnapshot     = errors.New("the user sees a snapshot of the page and is nobody")        // see Grant.Snapshot
	ErrLoginNeeded  = errors.New("not logged in, and this request cannot be sent to WeChat")  // from Require, for scripts and forms
	ErrMethod       = errors.New("only GET is allowed")                                       // of Login itself
	errMemory       = errors.New("cannot tell whether the login was used before")
	errDone         = errors.New("the shop failed to take the user in")
)

// Failure is a login that did not succeed.
type Failure struct {
	Status int    // of the answer: 400, 401, 403, 405, 500, 502 or 503
	Again  string // path on this shop that begins a new login
	Err    error
}

// Error is one line and names no secret.
func (f *Failure) Error() string { return "oauth: login: " + f.Err.Error() }

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.Err }

// says is what a user reads: Chinese, then English.
func (f *Failure) says() [2]string {
	switch {
	case errors.Is(f.Err, ErrRefused):
		return [2]string{"您没有同意登录。", "You did not agree to log in."}
	case errors.Is(f.Err, ErrSnapshot):
		return [2]string{"请点击“使用完整服务”后再试。", "Please open the full page and try again."}
	case errors.Is(f.Err, ErrRisky), errors.Is(f.Err, ErrFrozen):
		return [2]string{"微信不允许此账号登录。", "WeChat does not let this account log in."}
	case errors.Is(f.Err, ErrLoginNeeded):
		return [2]string{"请先登录。", "Please log in first."}
	case f.Status >= 500:
		return [2]string{"登录暂时不可用，请稍后再试。", "Logging in does not work right now. Please try again later."}
	}
	return [2]string{"登录已失效，请重新登录。", "This login is no longer good. Please begin again."}
}

// Page answers with a small page of its own, in Chinese and English, that says what
// to do and links to Again. It quotes nothing of the request.
func (f *Failure) Page(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	if f.Status == http.StatusMethodNotAllowed {
		h.Set("Allow", http.MethodGet)
	}
	w.WriteHeader(f.Status)
	says, again := f.says(), html.EscapeString(f.Again)
	_, _ = io.WriteString(w, fmt.Sprintf(`<!DOCTYPE html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width">`+
		`<title>登录 Login</title><p>%s</p><p lang="en">%s</p><p><a href="%s">重新登录 Log in</a></p></html>`, says[0], says[1], again))
}

// statusOf is the answer's status for a failed exchange.
func statusOf(err error) int {
	switch {
	case Restart(err):
		return http.StatusBadRequest
	case errors.Is(err, ErrRisky), errors.Is(err, ErrFrozen):
		return http.StatusForbidden
	}
	var field *wechat.FieldError
	if errors.As(err, &field) {
		return http.StatusBadRequest
	}
	return http.StatusBadGateway
}
