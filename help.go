package main

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// rootHelp fits one screen of 80x24; the verbs' own help lists their flags.
const rootHelp = `redistop: top for Redis and Valkey

  redistop [ADDRESS]           watch a server; default 127.0.0.1:6379
  redistop cache.local:6380    or rediss:// (TLS), unix:///path; --askpass
  redistop --json | jq .throughput                   one JSON object an interval
  redistop demo                see it on a private server with live traffic

Verbs ("redistop VERB --help" lists the flags of each):
  top         the live screen, JSON or plain text; the verb when none is given
  doctor      what hurts a server, who does it, what to do instead
  monitor     print the commands that a server gets, and a summary
  keys        list, read, measure, delete keys without blocking the server
  usage       what a server is used for: cache, which queues, sessions, locks
  messaging   streams, consumer groups, queues and channels: do messages move?
  canary      send numbered messages through a server, and see what arrives
  web         serve what is seen of servers: page, API, events, metrics, history
  export      hand that history to a data warehouse: Parquet, CSV, NDJSON
  acl         print the least ACL user that serves it; also completion, version

The screen: ? lists the keys, q quits. It reads the server's own counters and,
for who sends what, moments of MONITOR (--no-sample), within a --budget of 1 %.

Exit code: 0 ok, 1 error, 2 wrong use, 3 cannot connect, 4 denied; a signal
ends with 128 plus its number (130: Ctrl-C).
`

// exitCodes closes the help of every verb that connects.
const exitCodes = `Exit code: 0 ok, 1 error, 2 wrong use, 3 cannot connect, 4 denied;
128 + N when signal N ended it (130: Ctrl-C).
`

// flagGroup is the annotation that says under which title a flag stands in the help.
const flagGroup = "redistop_group"

// group puts flags of cmd under one title; titles stand in the order of their first flag.
func group(cmd *cobra.Command, title string, names ...string) {
	for _, name := range names {
		mustRegister(cmd.Flags().SetAnnotation(name, flagGroup, []string{title}))
	}
}

// mustRegister holds what only a mistake in this package can break: a flag's name.
func mustRegister(err error) {
	if err != nil {
		panic(err)
	}
}

// newHelp is the help verb. An unknown topic is a usage error.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [VERB]",
		Short: "print the help of a verb",
		RunE: func(cmd *cobra.Command, args []string) error {
			verb, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return usagef("help: there is no verb %q", strings.Join(args, " "))
			}
			verb.InitDefaultHelpFlag() // as for the verb itself, so that both print the same
			return verb.Help()
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			var verbs []cobra.Completion
			for _, verb := range cmd.Root().Commands() {
				if len(args) == 0 && verb.IsAvailableCommand() {
					verbs = append(verbs, cobra.CompletionWithDesc(verb.Name(), verb.Short))
				}
			}
			return verbs, cobra.ShellCompDirectiveNoFileComp
		},
	}
}

// printHelp writes a verb's help: what it does, its flags by group, examples.
func printHelp(cmd *cobra.Command, _ []string) {
	w := cmd.OutOrStdout()
	if !cmd.HasParent() {
		fmt.Fprint(w, rootHelp)
		return
	}
	fmt.Fprintf(w, "%s\n\nUsage: %s\n", strings.TrimSpace(cmp.Or(cmd.Long, cmd.Short)), cmd.UseLine())
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			fmt.Fprintf(w, "  %-12s %s\n", sub.Name(), sub.Short)
		}
	}
	for _, title := range groupTitles(cmd) {
		fmt.Fprintf(w, "\n%s:\n%s", title, groupUsage(cmd, title))
	}
	if cmd.Example != "" {
		fmt.Fprintf(w, "\nExamples:\n%s\n", strings.Trim(cmd.Example, "\n"))
	}
	if cmd.Annotations["exit"] != "" {
		fmt.Fprintf(w, "\n%s", cmd.Annotations["exit"])
	}
}

func titleOf(f *pflag.Flag) string {
	if a := f.Annotations[flagGroup]; len(a) > 0 {
		return a[0]
	}
	return "Other"
}

func groupTitles(cmd *cobra.Command) []string {
	var titles []string
	seen := map[string]bool{}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if title := titleOf(f); !seen[title] && !f.Hidden {
			seen[title] = true
			titles = append(titles, title)
		}
	})
	return titles
}

func groupUsage(cmd *cobra.Command, title string) string {
	set := pflag.NewFlagSet(title, pflag.ContinueOnError)
	set.SortFlags = false
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if titleOf(f) == title {
			set.AddFlag(f)
		}
	})
	return set.FlagUsagesWrapped(80)
}
