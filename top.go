package main

import (
	"context"
	"errors"
	"os"

	"github.com/spf13/cobra"

	"redistop/internal/observe"
	"redistop/internal/server"
	"redistop/internal/stats"
)

func newTop() *cobra.Command {
	var conn connection
	var v view
	cmd := &cobra.Command{
		Use:   "top [ADDRESS]",
		Short: "watch one server: the live screen, JSON or plain text",
		Long: `Watch one server. ADDRESS is host, host:port, [ip6]:port, redis://, rediss://
(TLS), unix:///path or a socket's path; without it, 127.0.0.1:6379. On a
terminal this is the live screen; --json prints one object an interval, and
--text, or a standard output that is no terminal, plain frames. A server that
cannot be reached is tried again and again; --count and --once then end with an
exit code that says so.

A password given with -a or in a URI is taken out of the process list at once;
REDISCLI_AUTH and --askpass never put it there.`,
		Example: `  redistop -h cache.local -p 6380 --user watcher --askpass
  redistop rediss://cache.local --cacert ca.pem --interval 500ms
  redistop --json --once | jq '.commands[:5]'`,
		Annotations:       map[string]string{"exit": exitCodes},
		Args:              usageArgs(cobra.MaximumNArgs(1)),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := v.check(); err != nil {
				return err
			}
			target, err := conn.target(cmd.Flags(), args)
			if err != nil {
				return err
			}
			return v.watch(cmd.Context(), target)
		},
	}
	cmd.Flags().SortFlags = false
	conn.addTo(cmd)
	v.addTo(cmd)
	return cmd
}

// usageArgs makes the error of an argument check a usage error in our words.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		var ours *failure
		switch err := check(cmd, args); {
		case err == nil || errors.As(err, &ours):
			return err
		case len(args) > 0:
			return usagef("%q: one argument more than %s takes", args[len(args)-1], cmd.CommandPath())
		default:
			return usageError(err)
		}
	}
}

// watch observes the target and shows or prints what comes, until the user or ctx ends it. It
// returns when the connection is closed.
func (v *view) watch(ctx context.Context, target server.Target) error {
	ctx, cancel := context.WithCancelCause(ctx)
	observer := observe.Start(ctx, observe.Config{
		Target: target, Interval: v.interval, Budget: v.budget, ShowOwn: v.own, Eager: v.onScreen(),
		Sample: !v.noSample, Held: v.held, Doctor: v.doctor, Probe: !v.noProbe, Canary: v.canary, Messages: !v.noMessages,
	})
	if v.monitor > 0 {
		observer.Watch(v.monitor)
	}
	defer func() {
		cancel(nil)
		for range observer.Snapshots() { // it closes when the connection is closed
		}
	}()
	switch {
	case v.onScreen():
		return v.screen(ctx, observer)
	case v.json:
		return printAll(ctx, observer.Snapshots(), v.limit(), func(s *stats.Snapshot) error { return writeJSON(os.Stdout, s) })
	}
	return printAll(ctx, observer.Snapshots(), v.limit(), v.frames(os.Stdout))
}
