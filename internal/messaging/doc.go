// Package messaging finds the streams, queues and channels of a server and follows whether what is in them
// moves, at a pace that keeps a share of the observer's budget.
//
// Finding is a scan that goes on from look to look (discovery.go), so that a server of a hundred
// million keys is never walked in one go. What was found is polled in small pipelines, in turns where it is
// much (watcher.go). Two looks at a stream or a queue make its rates (stream.go, group.go, queue.go); those
// folds are functions of what was asked and of the time. What else a Snapshot knows, the samples of the
// command stream and the connections, is joined to it in enrich.go.
//
// No entry, job or message is read: ids, counts and times are enough.
package messaging
