// Redistop is top for Redis and Valkey. This package is wiring: it turns a verb and its flags into
// a call of one of the internal packages, and an error into one line, a hint and an exit code.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

func main() { os.Exit(run()) }

// run is the whole program; it returns the exit code, so that deferred work is done before the end.
func run() int {
	args := hideSecrets(os.Args)
	ctx, stop := withSignals(context.Background())
	defer stop()

	root := newRoot()
	root.SetArgs(args[1:])
	root.SetContext(ctx)
	cmd, err := root.ExecuteC()
	if signalled, ok := context.Cause(ctx).(signalError); ok && (err == nil || errors.Is(err, context.Canceled)) {
		err = signalled
	}
	return complain(os.Stderr, cmd, err)
}

// newRoot builds the command tree. Without a verb it does what top does.
func newRoot() *cobra.Command {
	root := newTop()
	root.Use = "redistop [ADDRESS]"
	root.Args = cobra.MatchAll(root.Args, spelt)
	root.Version = version()
	root.SilenceErrors = true
	root.SilenceUsage = true
	root.SetVersionTemplate("redistop {{.Version}}\n")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError(err) })
	root.PersistentFlags().BoolP("help", "?", false, "show this help")
	root.SetHelpCommand(newHelp())
	root.SetHelpFunc(printHelp)
	root.AddCommand(newTop(), newDoctor(), newMonitor(), newKeys(), newUsage(), newMessaging(), newWeb(), newCanary(), newExport(), newDemo(), newACL(), newVersion())
	completeShells(root)
	return root
}

// withSignals returns a context that the first SIGINT, SIGTERM or SIGHUP cancels, with a
// signalError as its cause. A second signal has its usual effect and ends the program at once.
// SIGPIPE is taken too, so that a reader who goes away is an error of Write (EPIPE) and deferred
// work is still done.
func withSignals(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	pipe := make(chan os.Signal, 1)
	signal.Notify(pipe, syscall.SIGPIPE)
	go func() {
		select {
		case s := <-signals:
			signal.Stop(signals)
			cancel(signalError{s})
		case <-ctx.Done():
		}
	}()
	return ctx, func() { signal.Stop(signals); cancel(nil) }
}

// complain prints err as one line, and a hint on a second where the user can act. It returns the
// exit code.
func complain(w io.Writer, cmd *cobra.Command, err error) int {
	if err == nil || errors.Is(err, syscall.EPIPE) {
		return exitOK
	}
	f := failureOf(err)
	if f.quiet() {
		return f.codeOf(cmd)
	}
	fmt.Fprintf(w, "redistop: %s\n", oneLine(err.Error()))
	hint := f.hint
	if hint == "" && f.code == exitUsage {
		hint = "see " + helpFor(cmd)
	}
	if hint != "" {
		fmt.Fprintf(w, "  %s\n", oneLine(hint))
	}
	return f.codeOf(cmd)
}

// helpFor is what shows the flags of cmd.
func helpFor(cmd *cobra.Command) string {
	switch {
	case cmd.HasParent() && cmd.Name() != "help":
		return cmd.CommandPath() + " --help"
	case cmd.HasParent():
		return "redistop --help"
	}
	return "redistop top --help"
}

// oneLine keeps an error on its line and free of control characters, whatever it quotes.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) {
			return ' '
		}
		return r
	}, s)
}
