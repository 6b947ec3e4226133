// Package canary proves a pipeline from outside: it sends numbered, timed messages through a channel, a list or a
// stream with a group, reads them back over another connection, and counts what became of each.
//
//	sender ── PUBLISH, RPUSH or XADD ──> server ──> receiver
//	   └─────────────> track <─────────────┘
//
// Two goroutines and two connections a canary. The sender has one message under way at a time, as a careful producer has:
// where messages are kept it sends one again until the server has said that it took it, so that what is lost after that is the
// server's loss; over Pub/Sub, which promises nothing, it sends each once.
package canary
