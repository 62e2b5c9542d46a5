package wechat

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// Outcome answers the money question: did it happen? The zero value is Unknown.
type Outcome int

// The three outcomes.
const (
	Unknown Outcome = iota // nobody knows yet: keep the number and query
	NotDone                // it certainly did not happen
	Done                   // it certainly happened
)

// String is "unknown", "not done" or "done".
func (o Outcome) String() string {
	switch o {
	case NotDone:
		return "not done"
	case Done:
		return "done"
	}
	return "unknown"
}

// OutcomeOf tells what is certain after a call returned err: Done for nil, the
// outcome of the first CallError in the chain, Unknown for any other error. It is
// the outcome of that call alone: NotDone after a query says that the query was
// refused, and nothing about the order or refund; a resolver tells about those.
func OutcomeOf(err error) Outcome {
	if err == nil {
		return Done
	}
	var e *CallError
	if errors.As(err, &e) {
		return e.Outcome
	}
	return Unknown
}

// CallError is what every failed call returns. Err is the cause: an *APIError
// when WeChat answered, a sign error when its answer could not be proved, a
// *FieldError when the request was refused before sending, or the transport's
// own error. Body keeps the raw answer, if any, and is never printed.
type CallError struct {
	Op      Op
	Outcome Outcome
	Body    []byte
	Err     error
}

// Error is one line: the operation, the cause and, unless it certainly did not
// happen, the outcome.
func (e *CallError) Error() string {
	s := "wechat: " + e.Op.String() + ": " + e.Err.Error()
	switch {
	case e.Op.reads() || e.Outcome == NotDone:
		return s
	case e.Outcome == Done:
		return s + " (it was done; the raw answer is kept in Body)"
	}
	return s + " (outcome unknown: query before trying again, and keep the same number)"
}

// Unwrap returns the cause.
func (e *CallError) Unwrap() error { return e.Err }

// Format keeps every verb to the one line of Error: the raw body and the
// request never reach a log by way of %+v or %#v.
func (e CallError) Format(s fmt.State, verb rune) { formatText(s, verb, e.Error()) }

// MarshalJSON gives the one line of Error.
func (e CallError) MarshalJSON() ([]byte, error) { return json.Marshal(e.Error()) }

// Code is WeChat's name for an error, and an error itself, so that
// errors.Is(err, pay.ErrOrderNotExist) works. Spellings that WeChat uses side
// by side (NO_AUTH and NOAUTH, …) are the same code to errors.Is.
type Code string

// Error is the code as WeChat spells it.
func (c Code) Error() string { return string(c) }

// Is reports whether target is this code or a synonym of it.
func (c Code) Is(target error) bool {
	t, ok := target.(Code)
	return ok && c.canonical() == t.canonical()
}

// Codes that any endpoint may answer with.
const (
	ErrParam       Code = "PARAM_ERROR"         // a parameter is wrong; see APIError.Detail
	ErrRequest     Code = "INVALID_REQUEST"     // the request does not fit the state
	ErrSign        Code = "SIGN_ERROR"          // number, serial, key or clock is wrong; see Merchant.Check
	ErrNoAuth      Code = "NO_AUTH"             // the product is not opened for the merchant
	ErrRateLimited Code = "FREQUENCY_LIMITED"   // slower
	ErrSystem      Code = "SYSTEM_ERROR"        // WeChat's trouble; outcome unknown
	ErrNotFound    Code = "RESOURCE_NOT_EXISTS" // nothing there, or not yet
	ErrExists      Code = "ALREADY_EXISTS"      // the number is taken
)

var synonyms = map[string]string{
	"FREQENCYLIMIT": "FREQUENCYLIMITED", "FREQUENCYLIMITEXCEED": "FREQUENCYLIMITED",
	"FREQUENCYLIMITEDEXCEED": "FREQUENCYLIMITED", "RATELIMITEXCEEDED": "FREQUENCYLIMITED",
	"RATELIMITEXCEED": "FREQUENCYLIMITED", "RATELIMITED": "FREQUENCYLIMITED",
	"RESOURCENOTFOUND": "RESOURCENOTEXISTS", "NOTFOUND": "RESOURCENOTEXISTS",
	"RESOURCEALREADYEXISTS": "ALREADYEXISTS",
}

func (c Code) canonical() string {
	s := strings.ReplaceAll(string(c), "_", "")
	if t, ok := synonyms[s]; ok {
		return t
	}
	return s
}

// APIError is an error answer from WeChat. Verified tells whether its signature
// was proved; an unverified one comes from a gateway or from somebody in between
// and must not move money state. Program on Status and Code, never on Message.
type APIError struct {
	Op        Op
	Status    int
	Code      Code
	Message   string
	Detail    []byte // raw JSON of "detail", any shape, may be nil
	RequestID string
	Verified  bool

	refused bool // the answer itself says no, rather than that something broke
	again   bool // the identical request may fare better later
}

// Error is one line without the detail.
func (e *APIError) Error() string {
	s := fmt.Sprint(e.Status)
	if e.Code != "" {
		s += " " + string(e.Code)
	}
	if e.Status >= 300 && e.Status < 400 {
		s += " redirects are not followed, look at WithBaseURL and at proxies"
	}
	if e.Message != "" {
		s += ": " + oneLine(e.Message, 300)
	}
	if !e.Verified {
		s += " (unverified answer)"
	}
	if e.RequestID != "" {
		s += " [Request-ID " + oneLine(e.RequestID, 100) + "]"
	}
	return s
}

// Is compares with a Code.
func (e *APIError) Is(target error) bool { return e.Code.Is(target) }

// Format keeps every verb to the one line of Error: Detail may quote what was sent.
func (e APIError) Format(s fmt.State, verb rune) { formatText(s, verb, e.Error()) }

// MarshalJSON gives the one line of Error.
func (e APIError) MarshalJSON() ([]byte, error) { return json.Marshal(e.Error()) }

// NumericCode is the number after the last dash of the Request-ID, such as
// 268498688 for a number used again with other parameters; "" if there is none.
func (e *APIError) NumericCode() string {
	i := strings.LastIndexByte(e.RequestID, '-')
	if i < 0 || !allDigits(e.RequestID[i+1:]) {
		return ""
	}
	return e.RequestID[i+1:]
}

// SignInformation is the server's view of a request it could not verify; it
// comes with SIGN_ERROR and shows where the two messages differ.
type SignInformation struct {
	Method    string `json:"method"`
	URL       string `json:"url"`
	Message   string `json:"truncated_sign_message"` // line feeds shown as \n, body cut
	Length    int    `json:"sign_message_length"`    // bytes
	Issue     string `json:"-"`
	Available bool   `json:"-"`
}

// SignInformation reads Detail leniently; Available is false if it holds none.
func (e *APIError) SignInformation() SignInformation {
	var d struct {
		Sign   *SignInformation `json:"sign_information"`
		Issue  string           `json:"issue"`
		Detail struct {
			Sign  *SignInformation `json:"sign_information"`
			Issue string           `json:"issue"`
		} `json:"detail"`
	}
	_ = json.Unmarshal(e.Detail, &d) // any shape is possible; what fits is used
	var out SignInformation
	if found := cmp.Or(d.Sign, d.Detail.Sign); found != nil {
		out, out.Available = *found, true
	}
	out.Issue = cmp.Or(d.Issue, d.Detail.Issue)
	return out
}

// FieldError is a request refused before sending: Field is the wire name and
// Problem the limit and the shape of the value, never the value itself.
type FieldError struct{ Field, Problem string }

// Error is "field: problem".
func (e *FieldError) Error() string { return e.Field + ": " + e.Problem }

// Invalid makes a *FieldError; requests return it from Validate.
func Invalid(field, problem string) error { return &FieldError{field, problem} }

// Validator is a request or an answer that can check itself. Call asks before anything is
// sent; the failure's outcome is NotDone.
type Validator interface{ Validate() error }

func notDone(op Op, err error) error { return &CallError{Op: op, Outcome: NotDone, Err: err} }

func formatText(s fmt.State, verb rune, text string) {
	if verb == 'q' {
		text = fmt.Sprintf("%q", text)
	}
	_, _ = s.Write([]byte(text))
}

// oneLine cuts s to limit runes and drops what could break a log line.
func oneLine(s string, limit int) string {
	n := 0
	return strings.Map(func(r rune) rune {
		if n++; n > limit || unicode.IsControl(r) {
			return -1
		}
		return r
	}, s)
}
