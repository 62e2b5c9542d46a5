package wechattest

import (
	"encoding/json"
	"fmt"
	"strings"
)

// refusal is an answer that says no, in the official form: status, code, a
// message for people, a detail for programs, and a number for Request-ID.
type refusal struct {
	status        int
	code, message string
	number        string // after the last dash of Request-ID
	detail        any
}

// detail of a PARAM_ERROR: field is a JSON pointer or a name.
type detail struct {
	Field    string `json:"field"`
	Value    any    `json:"value,omitempty"`
	Issue    string `json:"issue"`
	Location string `json:"location"`
}

// Numbers after the last dash of a Request-ID.
const (
	numSuccess       = "0"
	numParam         = "268435461"
	numRange         = "268435464"
	numUnknownField  = "270924358"
	numNoOrder       = "268512771"
	numPaid          = "268498689"
	numPaidOnClose   = "268449538"
	numOtherParams   = "268498688"
	numClosed        = "268447914"
	numOnlyReverse   = "268449641"
	numSignature     = "268443699"
	numNoRelation    = "268443701"
	numSubMissing    = "268443704"
	numSubIsOwn      = "268443705"
	numNotBound      = "268445527"
	numOpenID        = "268501013"
	numWrongMerchant = "268447843"
	numWrongSub      = "268447845"
	numRateLimit     = "268447840"
)

func refuse(status int, code, number, format string, args ...any) *refusal {
	return &refusal{status: status, code: code, number: number, message: fmt.Sprintf(format, args...)}
}

// badParam is 400 PARAM_ERROR about one field of the body ("/amount/total") or of
// another location.
func badParam(location, field, issue string) *refusal {
	r := refuse(400, "PARAM_ERROR", numParam, "parameter %s: %s", field, issue)
	r.detail = detail{Field: field, Issue: issue, Location: location}
	return r
}

func (r *refusal) with(value any) *refusal {
	if d, ok := r.detail.(detail); ok {
		if s, ok := value.(string); ok && len(s) > 64 {
			value = s[:64]
		}
		d.Value = value
		r.detail = d
	}
	return r
}

func (r *refusal) numbered(number string) *refusal { r.number = number; return r }

// body is the JSON of the error.
func (r *refusal) body() []byte {
	return mustJSON(struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Detail  any    `json:"detail,omitempty"`
	}{r.code, r.message, r.detail})
}

// signInformation shows a merchant what the server verified.
type signInformation struct {
	Method    string `json:"method"`
	URL       string `json:"url"`
	Truncated string `json:"truncated_sign_message"`
	Length    int    `json:"sign_message_length"`
}

// unsigned is 401 SIGN_ERROR with the server's view of the message.
func unsigned(in *inbound, issue, message string) *refusal {
	r := refuse(401, "SIGN_ERROR", numSignature, "%s", message)
	full := strings.Join([]string{in.method, in.target, in.auth.timestamp, in.auth.nonce, string(in.signed), ""}, "\n")
	head := []rune(full)
	if len(head) > 200 {
		head = head[:200]
	}
	r.detail = struct {
		Detail struct {
			Issue string `json:"issue"`
		} `json:"detail"`
		Issue    string          `json:"issue"`
		Field    string          `json:"field"`
		Location string          `json:"location"`
		Sign     signInformation `json:"sign_information"`
	}{struct {
		Issue string `json:"issue"`
	}{issue}, issue, "signature", "authorization",
		signInformation{in.method, in.target, strings.ReplaceAll(string(head), "\n", `\n`), len(full)}}
	return r
}

// mustJSON writes v without HTML escapes. Only the simulator's own types come
// here, and none of them can fail.
func mustJSON(v any) []byte {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return []byte(`{"code":"SYSTEM_ERROR","message":"the simulator cannot write its answer"}`)
	}
	return []byte(strings.TrimSuffix(b.String(), "\n"))
}
