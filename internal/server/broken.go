package server

import (
	"redistop/internal/redis"
	"redistop/internal/stats"
)

// Broken is the error of a question that the connection did not survive, though INFO had been answered on it. A
// proxy or firewall in between may end a connection for one command that it does not like.
type Broken struct {
	part, command string
	err           error
}

func (b *Broken) Error() string { return b.err.Error() }

func (b *Broken) Unwrap() error { return b.err }

// Same says that it was the same question.
func (b *Broken) Same(o *Broken) bool { return o != nil && b.part == o.part && b.command == o.command }

// capabilities is the question what commands there are.
var capabilities = source{part: "capabilities", command: "command|info"}

func (s source) key() string { return s.part + s.command }

func (s source) broken(err error) *Broken { return &Broken{part: s.part, command: s.command, err: err} }

// LeaveOut lets the Poller do without a question that breaks connections, and say so.
func (p *Poller) LeaveOut(b *Broken) {
	p.missing[b.part+b.command] = stats.Missing{Part: b.part, Command: spoken(b.command),
		Reason: spoken(b.command) + " ended the connection twice in a row (" + redis.PrintableCut(b.Error(), 120) + "): it is left out from now on",
		Remedy: "see whether a proxy or firewall on the way forbids " + spoken(b.command)}
}
