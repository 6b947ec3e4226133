package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"redistop/internal/server"
	"redistop/internal/stats"
)

// The exit codes; the help of every verb documents them. A signal ends the program with
// exitSignal plus its number, as shells say it: 130 for SIGINT, 143 for SIGTERM.
const (
	exitOK      = 0
	exitError   = 1
	exitUsage   = 2
	exitConnect = 3
	exitDenied  = 4
	exitSignal  = 128
)

// A failure is an error with its exit code and what the user can do about it.
type failure struct {
	code int
	err  error
	hint string // one line; empty when there is nothing to do
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// quiet says that the user knows already: the end was their own signal, or the report says it.
func (f *failure) quiet() bool {
	var s signalError
	var found severe
	return errors.As(f.err, &s) || errors.As(f.err, &found)
}

// ownCodes is the annotation of a verb whose exit codes 1 and 2 tell what it found.
const ownCodes = "redistop_codes"

// codeOf is the exit code of a failure of cmd.
func (f *failure) codeOf(cmd *cobra.Command) int {
	var found severe
	if errors.As(f.err, &found) {
		return found.code
	}
	for ; cmd != nil; cmd = cmd.Parent() {
		if cmd.Annotations[ownCodes] == "" {
			continue
		}
		switch f.code {
		case exitUsage:
			return exitDoctorUsage
		case exitError:
			return exitDoctorError
		}
	}
	return f.code
}

// failureOf finds the failure in err, or makes one: any other error ends with exitError.
func failureOf(err error) *failure {
	var f *failure
	if errors.As(err, &f) {
		return f
	}
	var s signalError
	if errors.As(err, &s) {
		return &failure{code: exitSignal + s.number(), err: s}
	}
	return &failure{code: exitError, err: err}
}

// usageError marks err as a wrong use of the command line.
func usageError(err error) error { return &failure{code: exitUsage, err: err} }

// usagef is usageError of a new error.
func usagef(format string, args ...any) error { return usageError(fmt.Errorf(format, args...)) }

// linkError is the error of a link that is not up when a bounded run ends; nil for one that is.
func linkError(addr string, link stats.Link) error {
	if link.State == stats.Up {
		return nil
	}
	code := exitConnect
	if link.State == stats.Denied {
		code = exitDenied
	}
	if strings.Contains(link.Message, server.ErrNoDB.Error()) {
		code, link.Hint = exitUsage, noDBHint
	}
	err := errors.New(link.Message)
	if !strings.Contains(link.Message, addr) { // most messages name it
		err = fmt.Errorf("watch %s: %s", addr, cmp.Or(link.Message, string(link.State)))
	}
	return &failure{code: code, err: err, hint: link.Hint}
}

// noDBHint is for a wrong -n.
const noDBHint = "-n counts from 0; INFO keyspace names the databases that have keys, and most clusters have database 0 alone"

// serverError gives an error of package server its exit code and its hint.
func serverError(err error) error {
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, server.ErrNoDB):
		return &failure{code: exitUsage, err: err, hint: noDBHint}
	case errors.Is(err, server.ErrDenied):
		return &failure{code: exitDenied, err: err, hint: server.Hint(err)}
	case errors.Is(err, server.ErrNoACL):
		return err
	}
	return &failure{code: exitConnect, err: err, hint: server.Hint(err)}
}

// signalError says that a signal asked for the end.
type signalError struct{ signal os.Signal }

func (e signalError) Error() string { return "ended by " + e.signal.String() }

func (e signalError) number() int {
	if s, ok := e.signal.(syscall.Signal); ok {
		return int(s)
	}
	return 0
}
