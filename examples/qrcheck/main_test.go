package qrcheck_test

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sample reports whether one level, and every eighth size, is enough. The race
// detector makes the arithmetic ten times slower and finds nothing new in the rest.
func sample() bool { return race || testing.Short() }
