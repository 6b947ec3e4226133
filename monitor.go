package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"redistop/internal/monitor"
	"redistop/internal/redis"
	"redistop/internal/stats"
)

// monitoring is the flags that say which commands are looked for, and what becomes of them.
type monitoring struct {
	length  time.Duration
	from    string // a file, "-" for standard input; "": a server
	sample  bool
	budget  float64
	held    int64 // bytes that the server may hold for us
	pattern string
	limit   int // commands, then it ends; 0: no end

	json, values bool
	summaryOnly  bool
	lines        bool // of a file
	filter       monitor.Filter
}

// exitGuarded is the exit code of monitor alone: a guard of the server's health forbids it.
const exitGuarded = 5

func newMonitor() *cobra.Command {
	var conn connection
	var m monitoring
	cmd := &cobra.Command{
		Use:   "monitor [ADDRESS]",
		Short: "print the commands that a server gets, and a summary",
		Long: `Print the commands that a server gets, for 10 s, and a summary: who sent them,
which commands, which key patterns and hot keys, how large. Values are left out
unless --values is given; passwords always are. The summary goes to standard
error, so that a pipe gets the commands alone.

It is MONITOR in windows that the server ends by itself, whatever becomes of
redistop. Seeing every command can halve the throughput of a busy server;
--sample looks for a hundredth of the time only. Nothing is seen while the
server is loading or within 10 % of maxmemory. A slow reader of the output slows
nothing: what it misses is counted. ADMIN commands (CONFIG, CLIENT LIST ...) are
never in MONITOR.

--from reads what redis-cli MONITOR of any server wrote, and gives the summary
of that.`,
		Example: `  redistop monitor cache.local --for 5s --filter '@write key:session:*'
  redistop monitor --sample --for 1m --summary-only
  redistop monitor --json | jq -r 'select(.command == "keys") | .addr'
  redis-cli monitor | redistop monitor --from -`,
		Annotations: map[string]string{"exit": `Exit code: 0 ok, 1 error, 2 wrong use, 3 cannot connect, 4 denied, 5 a guard of
the server's health forbids it; 128 + N when signal N ended it (130: Ctrl-C).

Filter: terms with spaces between, all have to hold; -term turns one around, a
comma stands between values of which one has to hold, * ? [a-z] are as in KEYS.
` + monitor.FilterHelp + "\n"},
		Args:              usageArgs(cobra.MaximumNArgs(1)),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := m.check(cmd.Flags(), args); err != nil {
				return err
			}
			if m.from != "" {
				return m.readFile(cmd.Context())
			}
			target, err := conn.target(cmd.Flags(), args)
			if err != nil {
				return err
			}
			return m.watch(cmd.Context(), target)
		},
	}
	cmd.Flags().SortFlags = false
	m.addTo(cmd)
	conn.addTo(cmd)
	return cmd
}

func (m *monitoring) addTo(cmd *cobra.Command) {
	m.length, m.budget, m.held = 10*time.Second, 0.01, 8<<20
	f := cmd.Flags()
	f.Var(&checked[time.Duration]{&m.length, parseWatch, time.Duration.String}, "for", "look for `TIME`, 1s to 10m")
	f.StringVar(&m.pattern, "filter", "", "only commands that pass `FILTER`, see below")
	f.Var(&checked[int]{&m.limit, parseCount, strconv.Itoa}, "limit", "end after `N` commands (that pass)")
	f.BoolVar(&m.sample, "sample", false, "look at random moments, within --budget")
	f.Var(&checked[float64]{&m.budget, parseBudget, percent}, "budget", "with --sample take at most `SHARE` of the server's time")
	f.Var(&checked[int64]{&m.held, parseHeld, mebibytes}, "held", "let the server hold `SIZE` of the stream for us")
	f.StringVar(&m.from, "from", "", "read a saved MONITOR output from `FILE`; - is standard input")
	group(cmd, "Watching", "for", "filter", "limit", "sample", "budget", "held", "from")

	f.BoolVar(&m.json, "json", false, "one JSON object a command (NDJSON), the last one is {\"summary\": ...}")
	f.BoolVar(&m.values, "values", false, "print the values too, not only their lengths")
	f.BoolVar(&m.summaryOnly, "summary-only", false, "the summary alone, on standard output; --from does so anyway")
	f.BoolVar(&m.lines, "lines", false, "with --from: the commands too")
	group(cmd, "Output", "json", "values", "summary-only", "lines")
	mustRegister(cmd.MarkFlagFilename("from"))
	for _, free := range []string{"for", "filter", "limit", "budget", "held"} {
		mustRegister(cmd.RegisterFlagCompletionFunc(free, cobra.NoFileCompletions))
	}
}

// check refuses flags that contradict each other, and reads the filter.
func (m *monitoring) check(flags *pflag.FlagSet, args []string) (err error) {
	if m.filter, err = monitor.ParseFilter(m.pattern); err != nil {
		return usageError(fmt.Errorf("--%w", err))
	}
	if m.summaryOnly && (m.lines || m.values) {
		return usagef("--summary-only: no commands are printed, so neither --lines nor --values goes with it")
	}
	if m.from == "" {
		if m.lines {
			return usagef("--lines goes with --from")
		}
		if flags.Changed("budget") && !m.sample {
			return usagef("--budget goes with --sample")
		}
		return nil
	}
	if len(args) > 0 {
		return usagef("--from and ADDRESS: give one of them")
	}
	if live := liveFlag(flags); live != "" {
		return usagef("--from and --%s: there is no server to ask", live)
	}
	if m.values && !m.lines {
		return usagef("--values goes with --lines when --from is given")
	}
	if m.filter.NeedsNames() {
		return usagef("--filter name: a MONITOR output does not tell the names of connections")
	}
	return nil
}

// liveFlag is one that was given and speaks of a server; "" when none does.
func liveFlag(flags *pflag.FlagSet) (name string) {
	flags.Visit(func(f *pflag.Flag) {
		switch {
		case slices.Contains([]string{"Server", "Login", "TLS"}, titleOf(f)),
			slices.Contains([]string{"for", "sample", "budget", "held"}, f.Name):
			name = f.Name
		}
	})
	return name
}

// prints says whether commands are printed one by one.
func (m *monitoring) prints() bool { return m.lines || m.from == "" && !m.summaryOnly }

// passing returns what decides of each command, in one goroutine; reached is called when the limit is.
func (m *monitoring) passing(name func([]byte) string, out *lineQueue, reached context.CancelFunc) func(*redis.MonitorLine) bool {
	passed := 0
	return func(l *redis.MonitorLine) bool {
		if m.limit > 0 && passed == m.limit || !m.filter.Match(l, name) {
			return false
		}
		if passed++; passed == m.limit {
			reached()
		}
		if out != nil {
			out.put(l)
		}
		return true
	}
}

// mode is how the command stream is seen.
func (m *monitoring) mode() monitor.Mode {
	if m.sample {
		return monitor.Sample
	}
	return monitor.Full
}

// newTally makes what counts the commands; known may be nil.
func newTally(known func() *stats.Identities) *stats.Tally {
	return stats.NewTally(stats.TallyOptions{Identities: known})
}
