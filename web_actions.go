package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"redistop/internal/observe"
	"redistop/internal/server"
	"redistop/internal/stats"
	"redistop/internal/web"
)

// acting is the flags of web that say what may be done through it, and to whom.
type acting struct {
	allowed  bool
	log      string // a file; "": the default
	watchers watchers
}

func (a *acting) addTo(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&a.allowed, "allow-actions", false, "let who is let in kill connections and ask for MONITOR")
	f.StringVar(&a.log, "audit-log", "", "write actions and logins to `FILE`, not ~/.local/state/redistop/audit.log")
	group(cmd, "Actions", "allow-actions", "audit-log")
	mustRegister(cmd.MarkFlagFilename("audit-log"))
}

// audit is the log of actions and logins. One that was asked for, or that actions need, has to be writable from
// the start.
func (a *acting) audit() (*web.Audit, error) {
	path := a.log
	if path == "" {
		path = userState("audit.log")
	}
	if path == "" && !a.allowed {
		return nil, nil
	}
	if path == "" {
		return nil, &failure{code: exitUsage, err: errors.New("--allow-actions needs a place for the audit log, and the user has no home"), hint: "give --audit-log FILE"}
	}
	audit := web.NewAudit(path, func(err error) { fmt.Fprintf(os.Stderr, "redistop: web: %s\n", oneLine(err.Error())) })
	if a.allowed || a.log != "" {
		if err := audit.Check(); err != nil {
			return nil, &failure{code: exitUsage, err: err, hint: "give --audit-log a file that can be written"}
		}
	}
	return audit, nil
}

// actions are what web may do; nil: nothing.
func (a *acting) actions(sampled bool) *web.Actions {
	if !a.allowed {
		return nil
	}
	actions := &web.Actions{Kill: a.watchers.kill}
	if sampled {
		actions.Watch, actions.Live = a.watchers.watch, a.watchers.live
	}
	return actions
}

// watchers are the observers of web by the names of their servers. Any goroutine may use them.
type watchers struct {
	mu  sync.Mutex
	all map[string]*observe.Observer // guarded by mu
}

func (w *watchers) add(name string, o *observe.Observer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.all == nil {
		w.all = map[string]*observe.Observer{}
	}
	w.all[name] = o
}

// of is the observer of a server; nil for the moment in which it is being started.
func (w *watchers) of(name string) *observe.Observer {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all[name]
}

func (w *watchers) kill(ctx context.Context, name string, id int64, addr string) error {
	o := w.of(name)
	if o == nil {
		return errors.New("it is not watched yet")
	}
	err := o.Kill(ctx, id, addr)
	switch {
	case errors.Is(err, server.ErrGone):
		return web.ErrGone
	case err != nil:
		return &web.HintedError{Err: err, Hint: server.Hint(err)}
	}
	return nil
}

func (w *watchers) watch(name string, d time.Duration) {
	if o := w.of(name); o != nil {
		o.Watch(d)
	}
}

func (w *watchers) live(name string, from int64) (lines []stats.LiveCommand, next, dropped int64) {
	if o := w.of(name); o != nil {
		return o.Live().Since(from)
	}
	return nil, 0, 0
}
