// Package observe watches one server: it runs the sources, feeds what they bring to stats and
// publishes the latest Snapshot.
//
//	server.Poller  ── Reading ──┐
//	                            ├─> stats.Aggregate ── Snapshot ──> tui, JSON, text
//	monitor.Sampler ── Batch ───┤
//	prober ── Latency ──────────┤
//	messenger ── Messaging ─────┤
//	canaries ── Probe ──────────┘
//
// Five goroutines. The poller owns the connection and may wait long for a frozen server; the folder
// owns the Aggregate and never waits for the server, so that it can say at once that a reply is
// overdue. The sampler reads windows of MONITOR on a connection of its own, the prober
// sends PINGs on another, the messenger looks at streams and queues on a third; canaries, where a person asked for
// them, send messages and read them back. Readers take the latest Snapshots from a bounded channel: a slow reader
// loses old ones and slows nobody.
package observe
