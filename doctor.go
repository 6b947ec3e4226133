package main

import (
	"errors"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"redistop/internal/doctor/report"
	"redistop/internal/stats"
)

// diagnosis is the flags that say how a server is looked at and what becomes of the report.
type diagnosis struct {
	length     time.Duration
	budget     float64
	held       int64
	noSample   bool
	noProbe    bool
	noMessages bool
	config     config

	from   string // a saved observation, "-" for standard input; "": a server
	save   string
	format string
	colour string
	failOn string
}

// The exit codes of doctor alone: 1 and 2 say what was found, so that what went wrong has others.
const (
	exitWarning     = 1
	exitCritical    = 2
	exitDoctorUsage = 64 // as sysexits.h has it
	exitDoctorError = 70
)

const doctorExit = `Exit code: 0 nothing found of --fail-on or above, 1 the worst found is a warning
(or information, with --fail-on info), 2 it is critical; 3 cannot connect, or
the server did not answer in the end, 4 denied, 64 wrong use, 70 another error;
128 + N when signal N ended it (130: Ctrl-C; what was seen is reported first).
A finding goes before 3 and 4. What is over by the end counts too.
`

func newDoctor() *cobra.Command {
	var conn connection
	var d diagnosis
	cmd := &cobra.Command{
		Use:   "doctor [ADDRESS | FILE]",
		Short: "what hurts a server, who does it, and what to do instead",
		Long: `Look at a server for 10 s and report what hurts it, who does it, how we know,
what others feel of it, what to do instead, and what could not be known. It
looks as top does: at the server's own counters and, for who sends what, at
moments of MONITOR, within a --budget of 1 %. Nothing is changed on the server.

--save keeps what was seen, without values, in a file that doctor FILE reports
on later, on any machine. There --config judges it anew, by that file's limits.`,
		Example: `  redistop doctor cache.local
  redistop doctor cache.local --for 1m --save incident.redistop
  redistop doctor incident.redistop --format html > incident.html
  redistop doctor --format json --fail-on critical | jq '.findings[].title'`,
		Annotations: map[string]string{"exit": doctorExit, ownCodes: "yes"},
		Args:        usageArgs(cobra.MaximumNArgs(1)),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveDefault
		},
		RunE: func(cmd *cobra.Command, args []string) error { return d.run(cmd, &conn, args) },
	}
	cmd.Flags().SortFlags = false
	d.addTo(cmd)
	conn.addTo(cmd)
	cmd.AddCommand(newRules())
	return cmd
}

// What --format and --fail-on take.
var (
	reportFormats = []string{"text", "markdown", "json", "html"}
	failLevels    = []string{"critical", "warning", "info", "never"}
	colourModes   = []string{"auto", "always", "never"}
)

func (d *diagnosis) addTo(cmd *cobra.Command) {
	d.length, d.budget, d.held, d.format, d.colour, d.failOn = 10*time.Second, 0.01, 8<<20, "text", "auto", "warning"
	f := cmd.Flags()
	f.Var(&checked[time.Duration]{&d.length, parseLook, time.Duration.String}, "for", "look for `TIME`, 1s to 1h")
	f.Var(&checked[float64]{&d.budget, parseBudget, percent}, "budget", "take at most `SHARE` of the server's time")
	f.BoolVar(&d.noSample, "no-sample", false, "no samples of the command stream: the counters alone")
	f.BoolVar(&d.noProbe, "no-probe", false, "no PINGs that feel how long clients wait")
	f.BoolVar(&d.noMessages, "no-messaging", false, "do not look for streams, queues and channels")
	f.Var(&checked[int64]{&d.held, parseHeld, mebibytes}, "held", "let the server hold `SIZE` of that stream for us")
	f.StringVar(&d.from, "from", "", "report on the observation in `FILE`; - is standard input")
	group(cmd, "Looking", "for", "budget", "no-sample", "no-probe", "no-messaging", "held", "from")
	d.config.addTo(cmd, "Looking")

	f.Var(&checked[string]{&d.format, oneOf(reportFormats), quote}, "format", "report as `NAME`: "+strings.Join(reportFormats, ", "))
	f.Var(&checked[string]{&d.colour, oneOf(colourModes), quote}, "color", "colours `WHEN`: auto, always or never")
	f.StringVar(&d.save, "save", "", "keep what was seen in `FILE`, which only you may read")
	f.Var(&checked[string]{&d.failOn, oneOf(failLevels), quote}, "fail-on", "exit 1 or 2 from `LEVEL` on: "+strings.Join(failLevels, ", "))
	group(cmd, "Report", "format", "color", "save", "fail-on")
	for flag, words := range map[string][]string{"format": reportFormats, "color": colourModes, "fail-on": failLevels} {
		mustRegister(cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)))
	}
	for _, free := range []string{"for", "budget", "held"} {
		mustRegister(cmd.RegisterFlagCompletionFunc(free, cobra.NoFileCompletions))
	}
	mustRegister(cmd.MarkFlagFilename("from"))
	mustRegister(cmd.MarkFlagFilename("save"))
}

// parseLook reads for how long a server is looked at.
func parseLook(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d < time.Second || d > time.Hour {
		return 0, errors.New("not a time from 1s to 1h")
	}
	return d, nil
}

// run looks at a server, or reads what was seen of one, and reports.
func (d *diagnosis) run(cmd *cobra.Command, conn *connection, args []string) error {
	if len(args) == 1 && d.from == "" {
		isFile, err := savedObservation(args[0])
		if err != nil {
			return err
		}
		if isFile {
			d.from, args = args[0], nil
		}
	}
	if d.from != "" {
		if err := d.checkFile(cmd.Flags(), args); err != nil {
			return err
		}
		return d.readFile(cmd.Flags().Changed("config"))
	}
	target, err := conn.target(cmd.Flags(), args)
	if err != nil {
		return err
	}
	options, err := d.config.load()
	if err != nil {
		return err
	}
	return d.observe(cmd.Context(), target, options)
}

// checkFile refuses what says something of a server beside a file.
func (d *diagnosis) checkFile(flags *pflag.FlagSet, args []string) error {
	if len(args) > 0 {
		return usagef("--from and ADDRESS: give one of them")
	}
	var live string
	flags.Visit(func(f *pflag.Flag) {
		if slices.Contains([]string{"Server", "Login", "TLS"}, titleOf(f)) || slices.Contains([]string{"for", "budget", "no-sample", "no-probe", "no-messaging", "held", "save"}, f.Name) {
			live = f.Name
		}
	})
	if live != "" {
		return usagef("--%s and a saved observation: there is no server to ask", live)
	}
	return nil
}

// write prints the report.
func (d *diagnosis) write(r *report.Report) error {
	var text []byte
	var err error
	switch d.format {
	case "json":
		if text, err = report.JSON(r); err == nil {
			text = escapeControls(text)
		}
	case "html":
		text, err = report.HTML(r)
	case "markdown":
		text = []byte(report.Markdown(r))
	default:
		text = []byte(report.Text(r, reportWidth(), d.coloured()))
	}
	if err == nil {
		err = writeOut(text)
	}
	return err
}

// Widths of a text report: longer lines are hard to read.
const defaultReportWidth, mostReportWidth = 80, 100

func reportWidth() int {
	if w, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil && w > 0 {
		return min(w, mostReportWidth)
	}
	return sizeFrom("COLUMNS", defaultReportWidth)
}

func (d *diagnosis) coloured() bool {
	switch d.colour {
	case "always":
		return true
	case "never":
		return false
	}
	return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(os.Stdout.Fd()))
}

// severe is the error of a report that found something that the user wants to hear of by the exit code.
type severe struct{ code int }

func (severe) Error() string { return "something was found" }

// judge says by its error whether the exit code tells of findings.
func (d *diagnosis) judge(r *report.Report) error {
	level := stats.Severity(d.failOn).Rank() // of "never": -1
	worst := r.Worst.Rank()
	switch {
	case level < 0 || worst < level:
		return nil
	case r.Worst == stats.Critical:
		return severe{exitCritical}
	}
	return severe{exitWarning}
}
