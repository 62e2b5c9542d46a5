//go:build race

package qrcheck_test

const race = true
