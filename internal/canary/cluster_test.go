package canary

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"redistop/internal/redistest"
	"redistop/internal/server"
	"redistop/internal/stats"
)

// nodes are a cluster's primaries, each with a third of the slots.
type nodes []*redistest.Server

func cluster(t *testing.T) nodes {
	t.Helper()
	var all nodes
	for i := range 3 {
		s := newNode(t)
		must(t, s, "CLUSTER", "ADDSLOTSRANGE", strconv.Itoa(i*5461), strconv.Itoa(min(i*5461+5460, 16383)))
		all = append(all, s)
	}
	must(t, all[2], "CLUSTER", "ADDSLOTS", "16383")
	all.join(t, all...)
	return all
}

func newNode(t *testing.T) *redistest.Server {
	return redistest.New(t, redistest.TCP(), redistest.Config("cluster-enabled yes", "cluster-node-timeout 1000"))
}

// join makes nodes meet the first one and waits until all of them know it.
func (all nodes) join(t *testing.T, joining ...*redistest.Server) {
	t.Helper()
	for _, s := range joining {
		must(t, all[0], "CLUSTER", "MEET", "127.0.0.1", strconv.Itoa(s.Port()))
	}
	for _, s := range append(all, joining...) {
		eventually(t, "the cluster is up", func() bool {
			text := must(t, s, "CLUSTER", "INFO")
			known := strings.Count(must(t, s, "CLUSTER", "NODES"), " connected")
			return strings.Contains(text, "cluster_state:ok") && known >= len(all)
		})
	}
}

// ownerOf is the node that has a key's slot, and another one.
func (all nodes) ownerOf(t *testing.T, key string) (owner, other *redistest.Server, slot string) {
	t.Helper()
	slot = strings.TrimSpace(must(t, all[0], "CLUSTER", "KEYSLOT", key))
	n, err := strconv.Atoi(slot)
	if err != nil {
		t.Fatal(err)
	}
	i := min(n/5461, 2)
	return all[i], all[(i+1)%3], slot
}

func must(t *testing.T, s *redistest.Server, args ...string) string {
	t.Helper()
	text, err := s.CLI(args...)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (all nodes) left(t *testing.T) {
	t.Helper()
	for _, s := range all {
		if left := keys(t, s); left != "" {
			t.Errorf("left: %q", left)
		}
	}
}

// In a cluster a canary finds keys of the node that was named, whose slots are a third of them here, with the least rights.
func TestCluster(t *testing.T) {
	t.Parallel()
	all := cluster(t)
	rule, err := server.ACLRule(t.Context(), at(all[0]), server.ACLWish{User: "bird", Canary: true})
	if err != nil {
		t.Fatal(err)
	}
	must(t, all[0], strings.Fields(strings.Replace(rule, ">PASSWORD", "nopass", 1))...)
	bird := at(all[0])
	bird.Username = "bird"
	for _, kind := range Kinds {
		for range 3 {
			c := sing(t, Config{Kind: kind, Write: bird})
			c.received(10)
			if p := c.end(); p.Lost+p.Errors+p.Moves != 0 {
				t.Errorf("%s: %+v", kind, p)
			}
		}
	}
	if text := must(t, all[0], "INFO", "errorstats"); strings.Contains(text, "NOPERM") {
		t.Errorf("refusals: %s", text)
	}
	all.left(t)
}

// A slot that is moved to another node while messages go through it costs none of them: the canary follows ASK while it is
// moved, and MOVED then.
func TestSlotMoves(t *testing.T) {
	t.Parallel()
	all := cluster(t)
	for _, kind := range []Kind{List, Stream} {
		c := sing(t, Config{Kind: kind, Write: server.Target{Network: "tcp", Address: all[1].Addr()}, Rate: 200})
		c.received(20)
		key := c.Probe().Key
		from, to, slot := all.ownerOf(t, key)
		fromID, toID := strings.TrimSpace(must(t, from, "CLUSTER", "MYID")), strings.TrimSpace(must(t, to, "CLUSTER", "MYID"))
		must(t, to, "CLUSTER", "SETSLOT", slot, "IMPORTING", fromID)
		must(t, from, "CLUSTER", "SETSLOT", slot, "MIGRATING", toID)
		c.received(50)
		must(t, from, "MIGRATE", "127.0.0.1", strconv.Itoa(to.Port()), key, "0", "5000")
		c.received(50)
		if p := c.Probe(); p.Moves != 0 {
			t.Errorf("%s: before the slot has moved: %+v", kind, p)
		}
		if n := asks(t, to); n == 0 {
			t.Errorf("%s: nobody was asked while the slot was moved", kind)
		}
		for _, s := range []*redistest.Server{to, from} {
			must(t, s, "CLUSTER", "SETSLOT", slot, "NODE", toID)
		}
		c.until("the move", func(p stats.Probe) bool { return p.Moves > 0 })
		c.received(50)
		p := c.end()
		if p.Lost+p.Duplicated+p.Unsure+p.Restarts+p.InFlight != 0 || p.Moves != 1 || !strings.Contains(p.Verdict, "the key moved to another node") {
			t.Errorf("%s: %+v", kind, p)
		}
		if ids, _ := c.Own(); len(ids) != 0 {
			t.Errorf("%s: connections to another node pass for some to the one that was named: %v", kind, ids)
		}
		all.left(t)
	}
}

// asks is how many commands were sent to a node for a slot that is being moved to it.
func asks(t *testing.T, s *redistest.Server) int {
	t.Helper()
	_, after, _ := strings.Cut(must(t, s, "INFO", "commandstats"), "cmdstat_asking:calls=")
	n := 0
	fmt.Sscanf(after, "%d", &n)
	return n
}

// A node that dies is followed by its replica, which another node names.
func TestClusterFailover(t *testing.T) {
	t.Parallel()
	all := cluster(t)
	replica := newNode(t)
	all.join(t, replica)
	must(t, replica, "CLUSTER", "REPLICATE", strings.TrimSpace(must(t, all[0], "CLUSTER", "MYID")))
	eventually(t, "the replica is in step", func() bool {
		return strings.Contains(must(t, replica, "INFO", "replication"), "master_link_status:up")
	})
	eventually(t, "all know the replica", func() bool {
		for _, s := range all {
			if !strings.Contains(must(t, s, "CLUSTER", "SLOTS"), strconv.Itoa(replica.Port())) {
				return false
			}
		}
		return true
	})
	var singing []*running
	for _, kind := range Kinds {
		c := sing(t, Config{Kind: kind, Write: server.Target{Network: "tcp", Address: all[0].Addr()}, Rate: 100, Patience: patience(true)})
		c.received(20)
		singing = append(singing, c)
	}
	if err := all[0].Kill(); err != nil {
		t.Fatal(err)
	}
	for i, c := range singing {
		c.until("the next primary", func(p stats.Probe) bool { return p.Restarts > 0 })
		c.received(50)
		p := c.end()
		t.Log(p.Verdict)
		if kind := Kinds[i]; p.Restarts != 1 || p.Moves != 0 || p.InFlight != 0 || kind != PubSub && (p.Lost > 20 || p.GapUsec.Or(0) < 1e6) {
			t.Errorf("%s: %+v", kind, p)
		}
	}
	if left := keys(t, replica); left != "" {
		t.Errorf("left: %q", left)
	}
}

// A stream that a person named is found on whichever node has it, and a replica is read where one was named.
func TestClusterNamed(t *testing.T) {
	t.Parallel()
	all := cluster(t)
	owner, other, _ := all.ownerOf(t, "orders")
	must(t, owner, "XADD", "orders", "1-1", "a", "b")
	c := sing(t, Config{Kind: Stream, Write: server.Target{Network: "tcp", Address: other.Addr()}, Stream: "orders"})
	c.received(20)
	if p := c.end(); p.Lost+p.Errors+p.Restarts+p.Moves != 0 || p.Key != "orders" {
		t.Errorf("%+v", p)
	}
	if groups, entries := must(t, owner, "XINFO", "GROUPS", "orders"), must(t, owner, "XLEN", "orders"); strings.TrimSpace(groups) != "" || strings.TrimSpace(entries) != "1" {
		t.Errorf("left: groups %q, %s entries", groups, entries)
	}

	replica := newNode(t)
	all.join(t, replica)
	must(t, replica, "CLUSTER", "REPLICATE", strings.TrimSpace(must(t, all[1], "CLUSTER", "MYID")))
	eventually(t, "the replica is in step", func() bool {
		return strings.Contains(must(t, replica, "INFO", "replication"), "master_link_status:up")
	})
	for _, kind := range []Kind{PubSub, Stream} {
		c := sing(t, Config{Kind: kind, Write: at(all[1]), Read: at(replica)})
		c.received(20)
		if p := c.end(); p.Lost+p.Errors+p.Moves != 0 {
			t.Errorf("%s: %+v", kind, p)
		}
	}
	if text := must(t, replica, "INFO", "commandstats"); !strings.Contains(text, "cmdstat_readonly") || !strings.Contains(text, "cmdstat_xread:") {
		t.Errorf("the replica was not read: %s", text)
	}
}
