package server

import (
	"testing"
	"testing/synctest"
	"time"
)

// An address is ours from before the first command until what was sent last has been shown; then its port may be another's.
func TestOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		own := NewOwn()
		has := func(addr string, want bool) {
			t.Helper()
			if own.Has([]byte(addr)) != want {
				t.Errorf("%s is ours: %v", addr, !want)
			}
		}
		has("10.0.0.1:5000", false)
		own.opened("10.0.0.1:5000")
		own.opened("10.0.0.1:5001")
		own.ended("10.0.0.1:5000")
		has("10.0.0.1:5000", true)
		time.Sleep(lastLines)
		has("10.0.0.1:5000", false)
		has("10.0.0.1:5001", true)
		own.opened("10.0.0.1:5000")
		has("10.0.0.1:5000", true)
		var none *Own
		none.opened("10.0.0.1:1")
		none.ended("10.0.0.1:1")
		if none.Has([]byte("10.0.0.1:1")) {
			t.Error("nobody has connections")
		}
	})
}
