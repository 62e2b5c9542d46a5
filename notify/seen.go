package notify

import "context"

// Claim is a store's answer to who may work on a key.
type Claim int

// The three answers. Any other value, zero included, counts as Busy.
const (
	Granted  Claim = iota + 1 // nobody had it: the work is yours
	Busy                      // somebody is at it and has not finished
	Finished                  // it was done before
)

// Seen remembers business keys, so that copies of a notice cost little. It is asked
// before a handler is called: Granted calls the handler, Finished acknowledges
// without a call, Busy and errors are answered with a failure, so that the notice
// comes again. After the handler, Done follows on success and Forget on failure,
// with ten seconds of its own, whatever is left of the notice's. A handler that returns
// after the deadline is still settled, and its next copy answered accordingly.
//
// Implementations are safe for concurrent use. One that outlives the process lets
// claims lapse after some minutes, because a killed process never settles its own;
// finished keys are worth keeping for the 24 hours of WeChat Pay's resends. If Done
// fails, the notice is acknowledged all the same: the handler has succeeded.
type Seen interface {
	Claim(ctx context.Context, key string) (Claim, error)
	Done(ctx context.Context, key string) error
	Forget(ctx context.Context, key string) error
}
