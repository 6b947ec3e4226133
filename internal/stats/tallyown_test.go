package stats

import (
	"testing"
	"time"

	"redistop/internal/redis"
)

// Commands of the observer count as nobody's from the first on, also while CLIENT LIST shows their connection and
// nobody has said yet that it is ours; of a
// unix socket, where all have one address, by what they are.
func TestTallyLeavesOutOurOwn(t *testing.T) {
	known := listedClients(redis.Client{ID: 9, Addr: "10.0.0.1:5000"}, redis.Client{ID: 10, Addr: "10.0.0.1:5001"}) // as one that was just made
	tally := NewTally(TallyOptions{
		Identities: func() *Identities { return known },
		Own:        func(addr []byte) bool { return string(addr) == "10.0.0.1:5000" },
		OwnCommand: func(name string) bool { return name == "type" },
	})
	tally.Open(t0)
	feed(t, tally,
		`[0 10.0.0.1:5000] "TYPE" "prod:1"`, `[0 10.0.0.1:5000] "GET" "prod:1"`, `[0 10.0.0.1:5001] "TYPE" "cart:1"`,
		`[0 unix:/run/redis.sock] "type" "prod:1"`, `[0 unix:/run/redis.sock] "GET" "cart:1"`)
	tally.Close(time.Second)
	if tally.Commands() != 2 || tally.own != 3 {
		t.Errorf("%d commands and %d of our own, want 2 and 3", tally.Commands(), tally.own)
	}
}
