// Package history keeps what was seen: Snapshots as points of series, rolled up as they age, the life of each
// connection, findings and changes; in SQLite, or in PostgreSQL where several watchers share one store.
//
// Whoever records (Snapshot, Presence, Action) puts into a bounded queue in memory and never waits. Run alone
// writes: all that is queued in one transaction every Options.Flush, so a process that is killed loses no more
// than that. A question first has the queue written, so its answer holds what came a moment ago; while nothing
// can be written, what waits is merged into the answer.
//
// A store that fails (a full disk, a database that is away, a damaged file) stops nothing: the queue holds what
// it can, Status says why and what was lost, and writing resumes by itself.
package history
