// Package keys looks at keys the safe way: by SCAN and its kin, in steps that hold the server for a
// fraction of a millisecond each, at a pace that keeps a budget of the server's time.
//
// A server visits its keys in the order of their hashes. Two things follow. The first keys of a scan
// are a random sample of all (sample.go). And a key can come twice only when the table has shrunk, and
// only near the place where the scan stood then (seen.go).
package keys
