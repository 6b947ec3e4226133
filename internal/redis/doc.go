// Package redis holds Redis's own words as Go values: RESP replies, INFO, CLIENT LIST, SLOWLOG,
// MEMORY STATS, LATENCY HISTOGRAM. It is pure: bytes in, values out. No sockets, no clocks, no
// goroutines; a parser never panics whatever the bytes, and keeps no more than it is told to.
//
// The fields follow the replies of Redis 5.0 to 8.x and Valkey 7.2 to 9.x as recorded in testdata.
package redis
