package monitor

import "testing"

// On a unix socket, where all clients have one address, a canary's commands are known by the names in them; on TCP its address
// is known, and a stranger's command that names such a key is a stranger's.
func TestCanaryIsOursOnASocket(t *testing.T) {
	for _, tt := range []struct {
		line string
		ours bool
	}{
		{`1700000000.000001 [0 unix:/run/redis.sock] "RPUSH" "redistop:canary:list:abc" "canary abc 1 1"`, true},
		{`1700000000.000001 [0 unix:/run/redis.sock] "XREADGROUP" "GROUP" "redistop:canary:abc" "canary" "COUNT" "100"`, true},
		{`1700000000.000001 [0 unix:/run/redis.sock] "RPUSH" "orders" "redistop"`, false},
		{`1700000000.000001 [0 10.0.0.1:5000] "RPUSH" "redistop:canary:list:abc" "x"`, false},
	} {
		w := &watcher{own: map[string]bool{}}
		if err := w.line.Parse([]byte(tt.line)); err != nil {
			t.Fatalf("%s: %v", tt.line, err)
		}
		if got := w.ours(); got != tt.ours {
			t.Errorf("%s: ours %v, want %v", tt.line, got, tt.ours)
		}
	}
}
