package account

import (
	"context"
	"encoding/json"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
	"github.com/wxcommerce/wechat/seal"
)

// Private is a text that may hold tokens and personal data. It prints as *** in every
// verb of fmt, in JSON and slog.
type Private struct{ seal.Key }

// UnmarshalJSON reads a JSON string.
func (p *Private) UnmarshalJSON(b []byte) error {
	var s string
	err := json.Unmarshal(b, &s)
	p.Key = seal.NewKey(s)
	return err
}

// Reveal returns the text.
func (p Private) Reveal() string { return string(p.Bytes()) }

// Trace is what became of one call.
type Trace struct {
	InvokeTime int64   `json:"invoke_time"` // seconds since 1970
	Cost       int64   `json:"cost_in_ms"`
	URL        Private `json:"request_url"` // its query may hold a token
	Body       Private `json:"request_body"`
	Answer     Private `json:"response_body"`
	ClientIP   string  `json:"client_ip"`
}

// At is when the call arrived.
func (t Trace) At() time.Time { return time.Unix(t.InvokeTime, 0).In(wechat.Beijing) }

// Took is how long WeChat worked on the call.
func (t Trace) Took() time.Duration { return time.Duration(t.Cost) * time.Millisecond }

type ridRequest struct {
	RID string `json:"rid"`
}

// Validate demands an id.
func (r ridRequest) Validate() error {
	var f check.Fields
	f.ID("rid", r.RID, 64)
	return f.Err()
}

type traceAnswer struct {
	Trace Trace `json:"request"`
}

// Trace tells what became of one of the account's own calls of the last seven days.
// rid is the RequestID of an APIError, which WeChat puts at the end of its messages.
//
// 查询rid信息
func (s *Service) Trace(ctx context.Context, rid string) (*Trace, error) {
	out, err := wechat.Call[traceAnswer](ctx, s.app, wechat.POST("/cgi-bin/openapi/rid/get").ReadOnly().Sealable(), ridRequest{rid})
	if err != nil {
		return nil, err
	}
	return &out.Trace, nil
}
