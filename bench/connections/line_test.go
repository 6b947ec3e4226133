package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// printed is what redistop prints, as far as it is read here, with so many connections.
func printed(connections, usec int, more string) string {
	rows := strings.TrimSuffix(strings.Repeat("{},", connections), ",")
	return fmt.Sprintf(`{"connections":[%s],"observer":{"total_usec":%d%s}}`+"\n", rows, usec, more)
}

// The line of a server with 3 connections, watched for 10 s from the second Snapshot on.
func TestLine(t *testing.T) {
	got := newSnapshots()
	output := printed(1, 10_000, `,"clients_known":1`) +
		printed(2, 20_000, `,"clients_known":2,"server_cpu_share":0.5`) +
		printed(4, 30_000, `,"server_cpu_share":0.004`) +
		printed(4, 120_000, `,"server_cpu_share":0.012,"clients_every_seconds":6`)
	for piece := range strings.SplitAfterSeq(output, "s") { // as a pipe may cut it
		if n, err := got.Write([]byte(piece)); n != len(piece) || err != nil {
			t.Fatalf("Write = %d, %v", n, err)
		}
	}
	all, err := got.all()
	if err != nil || len(all) != 4 {
		t.Fatalf("%d snapshots, %v", len(all), err)
	}
	start := time.Unix(1000, 0)
	for i := range all {
		all[i].at = start.Add(time.Duration(5*i) * time.Second)
	}
	l := line{connections: 3, lasts: 10 * time.Second, budget: 0.01,
		alone: cost{usec: 1000, cpu: 50 * time.Millisecond, wait: 1500 * time.Microsecond},
		with:  cost{usec: 91_000, cpu: 200 * time.Millisecond, wait: 4 * time.Millisecond}}
	l.read(all, start.Add(6*time.Second), start)

	want := "3\t1.00 % (at most 1.20 %)\t0.90 %\t1.50 %\tyes\t1.5 ms\t4.0 ms\t10.0 s\t6.0 s"
	if d := cmp.Diff(want, l.String()); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	l.with.usec = 102_000
	if l.kept() != "NO" {
		t.Errorf("%.4f of the server's time is within the budget of %.4f", l.counted(), l.budget)
	}
}

func TestBrokenOutput(t *testing.T) {
	got := newSnapshots()
	got.Write([]byte("panic: no\n{}\n"))
	if _, err := got.all(); err == nil {
		t.Error("what is no JSON goes unseen")
	}
}

func TestBudgetOf(t *testing.T) {
	if share, err := budgetOf("0.5%"); share != 0.005 || err != nil {
		t.Errorf("0.5%%: %v, %v", share, err)
	}
	for _, text := range []string{"", "1", "%", "x%"} {
		if share, err := budgetOf(text); err == nil {
			t.Errorf("%q: %v", text, share)
		}
	}
}
