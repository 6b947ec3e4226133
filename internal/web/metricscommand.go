package web

import (
	"cmp"
	"slices"

	"redistop/internal/stats"
)

// mostCommands bounds the commands of one server; those with the most calls are kept.
const mostCommands = 500

// commandMetrics are the server's counters of each command or subcommand. Our own calls are among them.
var commandMetrics = []metric{
	{name: "redistop_command_calls_total", kind: counter, labels: []string{"command"}, most: mostCommands, help: "Calls of a command.", of: perCommand(func(r *stats.CommandRow) stats.Maybe[float64] { return stats.Some(float64(r.Calls)) })},
	{name: "redistop_command_seconds_total", kind: counter, labels: []string{"command"}, most: mostCommands, help: "Time spent running a command.", of: perCommand(func(r *stats.CommandRow) stats.Maybe[float64] { return stats.Some(float64(r.TotalUsec) / 1e6) })},
	{name: "redistop_command_failed_calls_total", kind: counter, labels: []string{"command"}, most: mostCommands, help: "Calls of a command that ran and ended in an error (6.2+).", of: perCommand(func(r *stats.CommandRow) stats.Maybe[float64] { return float(r.FailedCalls) })},
	{name: "redistop_command_rejected_calls_total", kind: counter, labels: []string{"command"}, most: mostCommands, help: "Calls of a command that were refused before they ran (6.2+).", of: perCommand(func(r *stats.CommandRow) stats.Maybe[float64] { return float(r.RejectedCalls) })},
}

func perCommand(fact func(*stats.CommandRow) stats.Maybe[float64]) func(*moment, emit) {
	return func(m *moment, emit emit) {
		for _, r := range mostCalled(m.snapshot.Commands) {
			if v, ok := fact(&r).Get(); ok {
				emit(v, r.Name)
			}
		}
	}
}

// mostCalled are the commands that get a series, the same ones as long as the totals keep their order.
func mostCalled(rows []stats.CommandRow) []stats.CommandRow {
	if len(rows) <= mostCommands {
		return rows
	}
	rows = slices.Clone(rows)
	slices.SortFunc(rows, func(a, b stats.CommandRow) int {
		return cmp.Or(cmp.Compare(b.Calls, a.Calls), cmp.Compare(a.Name, b.Name))
	})
	return rows[:mostCommands]
}

func float(n stats.Maybe[int64]) stats.Maybe[float64] {
	v, ok := n.Get()
	if !ok {
		return stats.Maybe[float64]{}
	}
	return stats.Some(float64(v))
}
