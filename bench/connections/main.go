// Command connections measures what watching costs a server that has many idle connections: what
// redistop says that it takes of the server's time, what the server's own counters say, and what
// the server's process really takes; how long a client beside it waits; and whether the budget held.
//
//	go run ./bench/connections
//	go run ./bench/connections -servers valkey-9 -connections 5000,10000 -for 1m
//
// Every line is measured without redistop and with it, each time first undisturbed and then with a
// client that sends PING every 5 ms.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"redistop/bench/lab"
	"redistop/internal/redistest"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "connections:", err)
		os.Exit(1)
	}
}

// maxConnections is what one address on loopback can open to one server, with room for others.
const maxConnections = 25_000

func run() error {
	servers := flag.String("servers", "redis-7.0,redis-8.0,valkey-9", "servers, each a path or a beginning of flavor-version")
	counts := flag.String("connections", "0,1000,5000,10000", "numbers of idle connections")
	redistop := flag.String("redistop", "./redistop", "the program measured, made by make")
	interval := flag.Duration("interval", 2*time.Second, "redistop's --interval")
	budget := flag.String("budget", "1%", "redistop's --budget")
	lasts := flag.Duration("for", 20*time.Second, "time that each of a line's four measurements lasts")
	flag.Parse()
	if *lasts < 2**interval || *lasts > 10*time.Minute {
		return fmt.Errorf("check flags: -for is two intervals to 10m")
	}
	if _, err := os.Stat(*redistop); err != nil {
		return fmt.Errorf("find redistop: %w (make builds it)", err)
	}
	numbers, err := parseCounts(*counts)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()

	w := watch{redistop: *redistop, interval: *interval, budget: *budget, lasts: *lasts}
	fmt.Printf("redistop top --json --interval %s --budget %s for twice %s, and as long without it; server, watcher and prober share %s\n",
		w.interval, w.budget, w.lasts, lab.Machine())
	fmt.Println("The counters count the time that passes in a command: where the machine is busy they say more than the process took.")
	for _, name := range strings.Split(*servers, ",") {
		binary, err := lab.Find(name)
		if err != nil {
			fmt.Println("\nleft out:", err)
			continue
		}
		if err := table(ctx, binary, numbers, w); err != nil {
			return err
		}
	}
	return nil
}

func parseCounts(text string) ([]int, error) {
	var numbers []int
	for _, word := range strings.Split(text, ",") {
		n, err := strconv.Atoi(word)
		if err != nil || n < 0 || n > maxConnections {
			return nil, fmt.Errorf("read -connections: %q is no number from 0 to %d", word, maxConnections)
		}
		numbers = append(numbers, n)
	}
	return numbers, nil
}

// table measures one server version, with a new server for every line.
func table(ctx context.Context, binary redistest.Binary, counts []int, w watch) error {
	fmt.Printf("\n%s\n", binary)
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', 0)
	fmt.Fprintln(t, "idle\tshare of the server's time: redistop says\tits counters say\tits process took\tbudget kept\tworst PING alone\twith redistop\twhole list after\tthen every")
	for _, n := range counts {
		line, err := measure(ctx, binary, n, w)
		if err != nil {
			return fmt.Errorf("measure %s with %d connections: %w", binary, n, err)
		}
		fmt.Fprintln(t, line)
	}
	return t.Flush()
}
