package wechattest

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"
)

// Verdict is what became of one rule.
type Verdict string

// The verdicts.
const (
	Passed  Verdict = "pass"
	Failed  Verdict = "fail"
	Skipped Verdict = "skip" // something the rule needs was not given
)

// LaunchFinding is one rule at one address.
type LaunchFinding struct {
	Target  string  `json:"target"` // such as "v3 payment notice"
	Rule    string  `json:"rule"`   // a short name that stays the same
	Says    string  `json:"says"`   // the rule in words
	Verdict Verdict `json:"verdict"`
	Sent    string  `json:"sent"`
	Got     string  `json:"got"`
	Mend    string  `json:"mend,omitempty"` // what to do, unless it passed
}

// LaunchReport is the outcome of Launch. It holds no key.
type LaunchReport struct {
	Shop     string          `json:"shop"`
	Begun    time.Time       `json:"begun"`
	Took     time.Duration   `json:"took_ns"`
	Findings []LaunchFinding `json:"findings"`
}

// OK reports whether no rule failed.
func (r *LaunchReport) OK() bool { return r.Of(Failed) == 0 }

// Of counts the findings with a verdict.
func (r *LaunchReport) Of(v Verdict) int { return len(r.Those(v)) }

// Those are the findings with a verdict, in order.
func (r *LaunchReport) Those(v Verdict) (some []LaunchFinding) {
	for _, f := range r.Findings {
		if f.Verdict == v {
			some = append(some, f)
		}
	}
	return some
}

// Summary is one sentence.
func (r *LaunchReport) Summary() string {
	word := "is ready"
	if !r.OK() {
		word = "is NOT ready"
	}
	return fmt.Sprintf("%s %s to go live: %d rules passed, %d failed, %d skipped.", r.name(), word, r.Of(Passed), r.Of(Failed), r.Of(Skipped))
}

func (r *LaunchReport) name() string {
	if r.Shop == "" {
		return "The shop"
	}
	return r.Shop
}

// WriteText writes the report for a terminal.
func (r *LaunchReport) WriteText(w io.Writer) error {
	var b strings.Builder
	target := ""
	for _, f := range r.Findings {
		if f.Target != target {
			target = f.Target
			fmt.Fprintf(&b, "\n%s\n", target)
		}
		fmt.Fprintf(&b, "  %-4s  %s\n", strings.ToUpper(string(f.Verdict)), f.Says)
		if f.Verdict != Passed {
			fmt.Fprintf(&b, "        sent: %s\n        got:  %s\n        mend: %s\n", f.Sent, f.Got, f.Mend)
		}
	}
	fmt.Fprintf(&b, "\n%s\n", r.Summary())
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteJSON writes the report for programs.
func (r *LaunchReport) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

//go:embed launch.html
var launchPage string

var launchTemplate = template.Must(template.New("launch").Parse(launchPage))

// WriteHTML writes the report as one page that needs nothing else.
func (r *LaunchReport) WriteHTML(w io.Writer) error { return launchTemplate.Execute(w, r) }

// Groups are the findings by target, in order.
func (r *LaunchReport) Groups() (groups [][]LaunchFinding) {
	for _, f := range r.Findings {
		if n := len(groups); n > 0 && groups[n-1][0].Target == f.Target {
			groups[n-1] = append(groups[n-1], f)
			continue
		}
		groups = append(groups, []LaunchFinding{f})
	}
	return groups
}
