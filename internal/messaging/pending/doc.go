// Package pending deals with what a consumer group was given and has not acknowledged: it lists those entries, gives
// them to another consumer, acknowledges them, and deletes consumers that hold none.
//
// Whatever changes something is decided and done by the server in one piece (the scripts of package server), so that
// nothing that happens between a look and an act is lost by it: an entry that its consumer has acknowledged or read again
// meanwhile stays as it is, and a consumer that was given one meanwhile is not deleted. No entry is read: ids, names, times
// and counts are enough.
package pending
