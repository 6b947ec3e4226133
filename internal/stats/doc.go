// Package stats is the centre: it folds observations into immutable Snapshots. It takes time as an
// argument and knows no socket, no clock and no goroutine. One goroutine owns an Aggregate; a
// Snapshot belongs to whoever reads it and never changes.
package stats

import "redistop/internal/redis"

// Maybe is redis.Maybe: a fact that may be absent.
type Maybe[T any] = redis.Maybe[T]

// Some returns a fact that is known.
func Some[T any](v T) Maybe[T] { return redis.Some(v) }
