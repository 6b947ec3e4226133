package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"redistop/internal/demo"
	"redistop/internal/redistest"
	"redistop/internal/server"
)

// defaultDemo is how long a demo without a terminal lasts when nothing else ends it.
const defaultDemo = 20 * time.Second

// errDemoOver ends a demo whose time is up; it is no error to the user.
var errDemoOver = errors.New("the demo is over")

func newDemo() *cobra.Command {
	var v view
	var program string
	var length time.Duration
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "start a private server, drive traffic at it, and watch it",
		Long: `Start a private Redis or Valkey server on a free loopback port, drive the mixed
traffic of a small company at it, and watch it as top does. All of it ends with
the demo and leaves nothing behind. Without a terminal it lasts 20 s.`,
		Example: `  redistop demo
  redistop demo --json --count 3
  redistop demo --server /opt/valkey/bin/valkey-server --for 1m`,
		Annotations:       map[string]string{"exit": exitCodes},
		Args:              usageArgs(cobra.NoArgs),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := v.check(); err != nil {
				return err
			}
			if length < 0 {
				return usagef("--for %s: a demo cannot end before it begins", length)
			}
			if length == 0 && v.limit() == 0 && !v.onScreen() && !term.IsTerminal(int(os.Stdout.Fd())) {
				length = defaultDemo
			}
			return v.runDemo(cmd.Context(), program, length)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&program, "server", "", "run the server program `FILE`; else the one on PATH")
	f.DurationVar(&length, "for", 0, "end after this `TIME`")
	group(cmd, "Demo", "server", "for")
	mustRegister(cmd.MarkFlagFilename("server"))
	mustRegister(cmd.RegisterFlagCompletionFunc("for", cobra.NoFileCompletions))
	v.addTo(cmd)
	return cmd
}

// runDemo runs a demo for length (0: until the user ends it) and watches it.
func (v *view) runDemo(ctx context.Context, program string, length time.Duration) (err error) {
	binary, err := demoServer(program)
	if err != nil {
		return err
	}
	d, err := demo.Start(ctx, binary)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	fmt.Fprintf(os.Stderr, "redistop: demo: %s on %s, private, with live traffic; it ends with this program\n", binary, d.Addr())

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if length > 0 {
		time.AfterFunc(length, func() { cancel(errDemoOver) })
	}
	context.AfterFunc(d.Context(), func() { cancel(context.Cause(d.Context())) })
	target, err := server.ParseAddress(d.Addr())
	if err != nil {
		return err
	}
	target.Username, target.Password = demo.Observer, d.Password()
	if err := v.watch(ctx, target); !errors.Is(err, errDemoOver) {
		return err
	}
	return nil
}

// demoServer is the program to run: the one named, or the first on PATH.
func demoServer(program string) (redistest.Binary, error) {
	if program != "" {
		binary, err := redistest.Identify(program)
		if err != nil {
			return binary, usageError(fmt.Errorf("--server: %w", err))
		}
		return binary, nil
	}
	installed := redistest.Installed()
	if len(installed) == 0 {
		return redistest.Binary{}, &failure{
			code: exitError,
			err:  errors.New("find redis-server or valkey-server: there is none on PATH"),
			hint: "install one: apt install redis-server, dnf install valkey, apk add valkey or brew install redis",
		}
	}
	return installed[0], nil
}
