// Package monitor sees the command stream in short windows of MONITOR that the server itself ends
// (see server.Stream), and counts what it sees in stats.Tallies.
//
// Three things keep it harmless. Windows end without us: a reader that is stopped or killed has left
// MONITOR when its time is over. Windows are few: their share of time is bounded by a duty, since the
// worst that a window can cost is its own length. And windows are not opened at all while the server
// is near maxmemory, loading, or late. What is left out is said: Status carries the reason.
package monitor
