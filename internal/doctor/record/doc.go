// Package record keeps an observation in a file and reads it back: a gzip stream of lines of JSON, a header,
// the Snapshots in their order, and an end that says that nothing is missing. It is pure.
//
// Of the commands in the server's logs it keeps what redis.LogArgs leaves: no values.
package record
