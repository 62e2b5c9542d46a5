// Package crash lets a test kill the store between any two steps.
//
// It does nothing unless the environment variable STORE_CRASH_AT names a point,
// so the calls may stay where they are in a shop that runs for real.
package crash

import (
	"os"
	"sync"
)

// Env is the variable that names the point to die at.
const Env = "STORE_CRASH_AT"

// The points, in the order in which one sale passes them.
const (
	AfterOrderInsert    = "after-order-insert"    // the order is committed, WeChat knows nothing
	BeforeAPICall       = "before-api-call"       // just before the prepay call leaves
	AfterAPICall        = "after-api-call"        // WeChat has the order, the shop has not noted prepay_id
	BeforeEffectCommit  = "before-effect-commit"  // notice checked, its effect not committed
	AfterEffectCommit   = "after-effect-commit"   // effect committed, handler still running
	BeforeAck           = "before-ack"            // handler returned, WeChat has no answer
	AfterRefundInsert   = "after-refund-insert"   // refund number committed, WeChat knows nothing
	BeforeRefundOutcome = "before-refund-outcome" // WeChat has the refund, the shop has not noted it
	AfterShipInsert     = "after-ship-insert"     // parcel committed, WeChat knows nothing
	BeforeShipOutcome   = "before-ship-outcome"   // WeChat knows the parcel, the shop has not noted it
)

// Points lists every point, for tests that walk through all of them.
func Points() []string {
	return []string{AfterOrderInsert, BeforeAPICall, AfterAPICall, BeforeEffectCommit,
		AfterEffectCommit, BeforeAck, AfterRefundInsert, BeforeRefundOutcome, AfterShipInsert, BeforeShipOutcome}
}

// target is read once: a running store cannot be armed from outside.
var target = sync.OnceValue(func() string { return os.Getenv(Env) })

// At kills the process without any cleaning up when point is the one asked for.
// Safe for concurrent use.
func At(point string) {
	if t := target(); t != "" && t == point {
		die()
	}
}

// die is kill -9 sent to ourselves: no deferred call, no flush, no goodbye.
func die() {
	if p, err := os.FindProcess(os.Getpid()); err == nil {
		_ = p.Kill() // nothing is left to do with an error here
	}
	select {}
}
