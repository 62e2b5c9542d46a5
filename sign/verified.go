package sign

import (
	"fmt"
	"time"
)

// Verified is a message that came from WeChat Pay. Only a Verifier makes one that
// is not zero; the zero value proves nothing and its OK is false.
type Verified struct {
	// A function, because fmt cannot call Format on a Verified that lies in an
	// unexported field, and follows pointers to structs for unfitting verbs.
	open func() proof
}

type proof struct {
	body   []byte
	serial string
	at     time.Time
}

// OK reports whether a Verifier made this value.
func (v Verified) OK() bool { return v.open != nil }

// Body returns the bytes that were signed; they are those given to Verify, not a
// copy, and nil in the zero value.
func (v Verified) Body() []byte { return v.proof().body }

// Serial returns the id of the platform key that signed, "" in the zero value.
func (v Verified) Serial() string { return v.proof().serial }

// Time returns when WeChat Pay signed, to the second; zero in the zero value.
func (v Verified) Time() time.Time { return v.proof().at }

// Format prints key id, time and size, never the body.
func (v Verified) Format(f fmt.State, _ rune) {
	if !v.OK() {
		fmt.Fprint(f, "unverified")
		return
	}
	p := v.proof()
	fmt.Fprintf(f, "verified by %s at %s, %d bytes", p.serial, stamp(p.at), len(p.body))
}

func (v Verified) proof() proof {
	if v.open == nil {
		return proof{}
	}
	return v.open()
}
