// Package web serves what is known of the watched servers to people and machines: a JSON API, events
// as they come, metrics for Prometheus, an overview page, and a webhook for findings.
//
//	observe (one a server) ── Snapshot ──> Board ── generation ──┬─> API, overview, /metrics
//	                                                             ├─> /events, one goroutine a reader
//	                                                             └─> Alerts ──> webhook
//
// A generation is the latest Snapshot of every server. It is immutable and replaced whole, so a request is
// answered from memory, whatever becomes of the servers, and no reader can slow another or a source: who
// is late takes the latest. What is expensive to encode is encoded once, when somebody first asks.
//
// Nothing here changes a server unless Options.Actions are given. What does passes guard.go: the host that is asked
// for, the site that asks, the login, the CSRF token; it stands in the audit log before it is begun (audit.go).
//
// A Server's sessions, guesses, limiter and Audit each guard their own maps; the rest of it does not change.
package web
