// Package trial holds the hard tests of the whole shop: killed at every crash
// point and started again, two instances over one database, answers in time.
package trial
