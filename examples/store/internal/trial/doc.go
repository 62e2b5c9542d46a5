// Package trial holds the hard tests of the whole shop: two instances over one
// database, answers in time, failures between commit and answer.
package trial
