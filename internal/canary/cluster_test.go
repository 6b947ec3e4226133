package canary

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"redistop/internal/redistest"
)

// In a cluster a canary finds keys of the node that was named, whose slots are half of them here.
func TestCluster(t *testing.T) {
	t.Parallel()
	config := redistest.Config("cluster-enabled yes", "cluster-node-timeout 2000")
	a, b := redistest.New(t, redistest.TCP(), config), redistest.New(t, redistest.TCP(), config)
	must := func(s *redistest.Server, args ...string) string {
		t.Helper()
		text, err := s.CLI(args...)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	must(a, "CLUSTER", "ADDSLOTSRANGE", "0", "8191")
	must(b, "CLUSTER", "ADDSLOTSRANGE", "8192", "16383")
	must(a, "CLUSTER", "MEET", "127.0.0.1", strconv.Itoa(b.Port()))
	for end := time.Now().Add(30 * time.Second); !strings.Contains(must(a, "CLUSTER", "INFO"), "cluster_state:ok"); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the cluster does not come up: ", must(a, "CLUSTER", "INFO"))
		}
	}
	for _, kind := range Kinds {
		for range 3 {
			c := sing(t, Config{Kind: kind, Write: at(a)})
			c.received(10)
			if p := c.end(); p.Lost+p.Errors != 0 {
				t.Errorf("%s: %+v", kind, p)
			}
		}
	}
	if left := keys(t, a); left != "" {
		t.Errorf("left: %q", left)
	}
}
