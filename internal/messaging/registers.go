package messaging

import (
	"context"
	"strconv"
	"time"

	"redistop/internal/redis"
	"redistop/internal/usage"
)

// registers are the keys by which frameworks name their queues, and the queues that those name: one whose jobs are all taken has no
// key of its own. Its zero value knows none.
type registers struct {
	list   []usage.Register
	names  map[usage.Key]registerNames // of sets
	lists  map[place]registered        // where jobs of the queues wait
	stale  bool                        // list or names have changed since lists was made
	untold int64                       // queues that are named beyond mostNamed
}

// registerNames are the queues that a set named when it was read.
type registerNames struct {
	read   time.Time
	queues []string
	more   int64 // members beyond those
}

// registered is whose queue a list was named as.
type registered struct{ framework, queue string }

const (
	// registersEvery is how often a set of names is read: a new queue shows by itself as soon as jobs wait in it.
	registersEvery = time.Minute
	mostRegisters  = 64  // sets that are read
	mostNamed      = 500 // queues that are followed because they are named
	namesAtOnce    = 100 // members of a set
	longestNamed   = 256 // bytes of one
)

// arranged takes the registers that were found.
func (r *registers) arranged(list []usage.Register) {
	r.list, r.stale = list, true
	there := map[usage.Key]registerNames{}
	for _, one := range list {
		if names, known := r.names[one.Key]; known {
			there[one.Key] = names
		}
	}
	r.names = there
}

// readRegisters reads names that are due, and follows the queues that are named. In a cluster it does not: their lists may be another
// node's.
func (w *Watcher) readRegisters(ctx context.Context) error {
	r := &w.registers
	if w.tool.Info().Int("cluster_enabled").Or(0) == 1 || !w.tool.Has("type") {
		return nil
	}
	now, sets := time.Now(), 0
	for i := range r.list {
		one := &r.list[i]
		if one.Queue != "" {
			continue
		}
		if sets++; sets > mostRegisters || !w.tool.Has("sscan") || !w.tool.Has("scard") {
			break
		}
		if now.Sub(r.names[one.Key].read) < registersEvery {
			continue
		}
		names, err := w.readNames(ctx, one)
		if err != nil {
			return err
		}
		names.read = now
		r.names[one.Key], r.stale = names, true
	}
	if !r.stale {
		return nil
	}
	r.stale = false
	return w.followNamed(ctx)
}

// readNames reads the members of a set, some at a time.
func (w *Watcher) readNames(ctx context.Context, one *usage.Register) (names registerNames, err error) {
	if err := w.selectDB(ctx, one.DB); err != nil {
		return names, err
	}
	ignore := func(error) {} // the key is gone, or another one now
	var members int64
	if err := w.ask(ctx, []question{{[]string{"SCARD", one.Name}, func(v redis.Value) error { members = v.Int; return nil }, ignore}}); err != nil {
		return names, err
	}
	seen := map[string]bool{}
	cursor := uint64(0)
	// Some members come twice while a set is rehashed, so there is a step or two more than there would have to be.
	for step := 0; members > 0 && len(seen) < mostNamed && step < 2*mostNamed/namesAtOnce; step++ {
		var some []string
		err := w.ask(ctx, []question{{[]string{"SSCAN", one.Name, strconv.FormatUint(cursor, 10), "COUNT", strconv.Itoa(namesAtOnce)}, func(v redis.Value) (err error) {
			cursor, some, err = redis.ParseScan(v)
			return err
		}, ignore}})
		if err != nil {
			return names, err
		}
		for _, member := range some {
			if seen[member] || len(member) > longestNamed || len(seen) >= mostNamed {
				continue
			}
			seen[member] = true
			if queue, ok := one.Named(member); ok {
				names.queues = append(names.queues, queue)
			}
		}
		if cursor == 0 {
			break
		}
	}
	names.more = max(0, members-int64(len(seen)))
	return names, nil
}

// followNamed follows the lists of the queues that are named, unless such a key is something else.
func (w *Watcher) followNamed(ctx context.Context) error {
	r := &w.registers
	named := map[place]registered{}
	var order []place
	r.untold = 0
	for i := range r.list {
		one := &r.list[i]
		names := r.names[one.Key]
		if one.Queue != "" {
			names = registerNames{queues: []string{one.Queue}}
		}
		r.untold += names.more
		for _, queue := range names.queues {
			at := place{one.DB, one.Waits(queue)}
			if _, twice := named[at]; twice {
				continue
			}
			if len(named) >= mostNamed {
				r.untold++
				continue
			}
			named[at] = registered{one.Framework, queue}
			order = append(order, at)
		}
	}
	for at := range r.lists {
		if s := w.known.at[at]; s != nil {
			s.named = registered{} // it is kept for as long as any other queue without jobs
		}
	}
	r.lists = named
	return w.registerLists(ctx, order)
}

// registerLists follows lists, of which those that are new are asked what they are, all of one database together.
func (w *Watcher) registerLists(ctx context.Context, order []place) error {
	r := &w.registers
	for len(order) > 0 {
		n := 1
		for n < len(order) && order[n].db == order[0].db {
			n++
		}
		var list []question
		for _, at := range order[:n] {
			if w.known.at[at] != nil {
				w.known.register(w.table, at, r.lists[at])
				continue
			}
			list = append(list, question{[]string{"TYPE", at.key}, func(v redis.Value) error {
				if v.Text == "list" || v.Text == "none" {
					w.known.register(w.table, at, r.lists[at])
				}
				return nil
			}, nil})
		}
		if len(list) > 0 {
			if err := w.selectDB(ctx, order[0].db); err != nil {
				return err
			}
			if err := w.ask(ctx, list); err != nil {
				return err
			}
		}
		order = order[n:]
	}
	return nil
}

// register follows a list that a framework's own key names as a queue, whether or not it is there.
func (k *known) register(table *usage.Table, at place, by registered) {
	s := k.at[at]
	if s == nil {
		var ok bool
		if s, ok = admission(table, at, "list"); !ok {
			return
		}
		s.pattern = ""
		k.admit(s)
	}
	if s.kind == "list" {
		s.named = by
	}
}

// idle says that nothing of a queue is there but its name.
func idle(list []*subject) bool {
	named := false
	for _, s := range list {
		if s.length > 0 {
			return false
		}
		named = named || s.named.queue != ""
	}
	return named
}
