package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"redistop/internal/canary"
	"redistop/internal/doctor"
)

// The bounds of --interval.
const (
	minInterval = 500 * time.Millisecond
	maxInterval = time.Minute
)

// view is the flags that say how a server is watched and what becomes of the Snapshots.
type view struct {
	interval   time.Duration
	budget     float64
	own        bool
	readOnly   bool
	theme      string
	noSample   bool
	noProbe    bool
	canary     []canary.Kind
	noMessages bool
	monitor    time.Duration // see every command for this long from the start; 0: not
	held       int64         // bytes that the server may hold of the command stream for us
	config     config
	doctor     doctor.Options // by that file; check reads it
	json, text bool
	once       bool
	count      int // Snapshots to print; 0: no end
}

// addTo defines the flags on cmd.
func (v *view) addTo(cmd *cobra.Command) {
	v.interval, v.budget, v.theme, v.held = 2*time.Second, 0.01, "auto", 8<<20
	f := cmd.Flags()
	f.VarP(&checked[time.Duration]{&v.interval, parseInterval, time.Duration.String}, "interval", "i", "look every `TIME`, 500ms to 60s")
	f.Var(&checked[float64]{&v.budget, parseBudget, percent}, "budget", "take at most `SHARE` of the server's time")
	f.BoolVar(&v.own, "own", false, "show our own connections and commands too")
	f.BoolVar(&v.noSample, "no-sample", false, "no samples of the command stream: the counters alone")
	f.BoolVar(&v.noProbe, "no-probe", false, "no PINGs that feel how long clients wait")
	f.BoolVar(&v.noMessages, "no-messaging", false, "do not look for streams, queues and channels")
	f.Var(&checked[time.Duration]{&v.monitor, parseWatch, time.Duration.String}, "monitor", "see every command for `TIME` from the start, up to 10m")
	f.Var(&checked[int64]{&v.held, parseHeld, mebibytes}, "held", "let the server hold `SIZE` of that stream for us")
	group(cmd, "Watching", "interval", "budget", "own", "no-sample", "no-probe", "no-messaging", "monitor", "held")
	addCanary(cmd, &v.canary)
	v.config.addTo(cmd, "Watching")

	f.BoolVar(&v.readOnly, "read-only", false, "take away what changes the server (killing a connection)")
	f.Var(&checked[string]{&v.theme, oneOf(themes), quote}, "theme", "colours `NAME`: "+strings.Join(themes, ", "))
	group(cmd, "Screen", "read-only", "theme")
	mustRegister(cmd.RegisterFlagCompletionFunc("theme", cobra.FixedCompletions(themes, cobra.ShellCompDirectiveNoFileComp)))

	f.BoolVar(&v.json, "json", false, "print one JSON object an interval (NDJSON)")
	f.BoolVar(&v.text, "text", false, "print plain frames; the default where there is no terminal")
	f.Var(&checked[int]{&v.count, parseCount, strconv.Itoa}, "count", "print `N` and end; plain frames unless --json is given")
	f.BoolVar(&v.once, "once", false, "the same as --count 1")
	group(cmd, "Output", "json", "text", "count", "once")
	for _, free := range []string{"interval", "budget", "count", "monitor", "held"} {
		mustRegister(cmd.RegisterFlagCompletionFunc(free, cobra.NoFileCompletions))
	}
}

// check refuses flags that contradict each other, and reads the configuration.
func (v *view) check() (err error) {
	switch {
	case v.json && v.text:
		return usagef("--json and --text: give one of them")
	case v.once && v.count > 1:
		return usagef("--once and --count %d: give one of them", v.count)
	}
	v.doctor, err = v.config.load()
	return err
}

// limit is how many Snapshots are printed; 0: no end.
func (v *view) limit() int {
	if v.once {
		return 1
	}
	return v.count
}

// onScreen says whether the live screen is wanted: standard output is a terminal and nothing was
// said about printing.
func (v *view) onScreen() bool {
	return !v.json && !v.text && v.limit() == 0 && term.IsTerminal(int(os.Stdout.Fd()))
}

// themes that --theme knows.
var themes = []string{"auto", "dark", "light", "none"}

// checked is a flag whose text is parsed and checked at once.
type checked[T any] struct {
	value *T
	parse func(string) (T, error)
	show  func(T) string
}

func (c *checked[T]) Set(s string) error {
	v, err := c.parse(s)
	if err == nil {
		*c.value = v
	}
	return err
}

func (c *checked[T]) String() string {
	if c.value == nil { // the zero value, which pflag makes to compare defaults
		return ""
	}
	return c.show(*c.value)
}

func (c *checked[T]) Type() string { return "value" }

func parseInterval(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, fmt.Errorf("not a time such as 500ms, 2s or 1m")
	}
	if d < minInterval || d > maxInterval {
		return 0, fmt.Errorf("not from 500ms to 60s")
	}
	return d, nil
}

func parseBudget(s string) (float64, error) {
	number, isPercent := strings.CutSuffix(s, "%")
	share, err := strconv.ParseFloat(number, 64)
	if isPercent {
		share /= 100
	}
	// A bare 1 is refused: it may mean 1 % as well as all. NaN is in no range.
	if err != nil || !(share > 0 && share < 1 || share == 1 && isPercent) {
		return 0, fmt.Errorf("not a share such as 1%%, 0.5%% or 0.01")
	}
	return share, nil
}

// parseWatch reads how long every command is to be seen. It always ends.
func parseWatch(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d < time.Second || d > 10*time.Minute {
		return 0, fmt.Errorf("not a time from 1s to 10m")
	}
	return d, nil
}

// parseHeld reads a size in whole mebibytes: 1MB to 64MB.
func parseHeld(s string) (int64, error) {
	n, err := strconv.ParseInt(strings.TrimRight(strings.ToUpper(s), "MIB"), 10, 64)
	if err != nil || n < 1 || n > 64 {
		return 0, fmt.Errorf("not a size from 1MB to 64MB")
	}
	return n << 20, nil
}

func mebibytes(n int64) string { return strconv.FormatInt(n>>20, 10) + "MB" }

func parseCount(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("not a number from 1")
	}
	return n, nil
}

func oneOf(words []string) func(string) (string, error) {
	return func(s string) (string, error) {
		for _, w := range words {
			if s == w {
				return s, nil
			}
		}
		return "", fmt.Errorf("not one of %s", strings.Join(words, ", "))
	}
}

func quote(s string) string { return s }

func percent(share float64) string { return strconv.FormatFloat(share*100, 'g', 4, 64) + "%" }
