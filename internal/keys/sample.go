package keys

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"

	"redistop/internal/redis"
	"redistop/internal/server"
)

// A Sample is the first keys of a scan. A server keeps keys in the order of a keyed hash, which has
// nothing to do with what they are called, hold, or cost: whatever comes first is a random sample of
// all, drawn without putting back. (Not so on a node of a cluster that keeps a table for each slot:
// keys with a common hash tag come together there.)
type Sample struct {
	Keys     int64              // that matched and were looked at
	Part     float64            // of all that match: 1 is all
	Total    redis.Maybe[int64] // keys in the database
	Complete bool               // the scan came to its end: nothing is estimated
	filtered bool               // by pattern or type: how many match is an estimate itself
}

// Survey bounds a sample.
type Survey struct {
	Search
	Size int // keys; 0: all
	Want Want
}

// patience bounds how many keys are looked at for one that matches.
const patience = 20

// Look visits keys until there are enough and hands out each with what was asked about it. scanned, which
// may be nil, is called after each step. When ctx ends, or the server fails, what came until then is a
// sample as well, if a smaller one: it is returned beside the error.
func (s Survey) Look(ctx context.Context, tool *server.Tool, each func(Key), scanned func(*Scan, Sample)) (Sample, error) {
	scan, err := NewScan(tool, s.Search)
	if err != nil {
		return Sample{}, err
	}
	var n int64
	for s.Size == 0 || n < int64(s.Size) && scan.visits < float64(s.Size)*patience {
		var names []string
		var described []Key
		if names, err = scan.Next(ctx); err != nil {
			break
		}
		if described, err = Describe(ctx, tool, names, s.Want); err != nil {
			err = fmt.Errorf("look at keys: %w", err)
			break
		}
		for _, k := range described {
			if !k.Gone {
				each(k)
				n++
			}
		}
		if scanned != nil {
			scanned(scan, s.so(scan, n, false))
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return s.so(scan, n, err == nil && scan.Done()), err
}

func (s Survey) so(scan *Scan, n int64, complete bool) Sample {
	p := scan.Progress()
	sample := Sample{Keys: n, Total: p.Total, Complete: complete, Part: 1, filtered: s.Type != "" || s.Pattern != "" && s.Pattern != "*"}
	if complete {
		return sample
	}
	sample.Part = p.Part
	if all, ok := p.Total.Get(); ok && all > 0 && !sample.filtered {
		sample.Part = min(1, float64(n)/float64(all))
	}
	return sample
}

// Estimate is a number of the whole, by a sample. Error is half of a 95 % interval, 0 when nothing was
// estimated.
type Estimate struct{ Value, Error float64 }

// z95 is how many standard errors make half of a 95 % interval.
const z95 = 1.96

// Count estimates how many keys there are of a kind that the sample has so many of. Where it
// has none, the error is what there can be all the same.
func (s Sample) Count(of int64) Estimate {
	if of == 0 && !s.Complete && s.Part > 0 && s.Part < 1 {
		return Estimate{Error: math.Ceil(unseen * (1 - s.Part) / s.Part)}
	}
	return s.Sum(Tally{Keys: of, Sum: float64(of), squares: float64(of)})
}

// unseen is the number of keys that a sample which expects so many has none of once in twenty times.
const unseen = 3

// Sum estimates the sum over all keys of what the tally has of the sample.
func (s Sample) Sum(t Tally) Estimate {
	if s.Part <= 0 || s.Keys == 0 {
		return Estimate{}
	}
	e := Estimate{Value: math.Round(t.Sum / s.Part)} // keys and bytes are whole
	if s.Complete || s.Part >= 1 {
		return e
	}
	n := float64(s.Keys)
	squares := t.squares
	if !s.filtered && s.Total.Known() {
		squares -= t.Sum * t.Sum / n // how many there are is known
	}
	e.Error = math.Ceil(z95 * math.Sqrt(max(0, squares)*(1-s.Part)*n/max(1, n-1)) / s.Part)
	return e
}

// Tally sums up a number over some of the keys of a sample.
type Tally struct {
	Keys    int64
	Sum     float64
	squares float64
}

// Add counts one key.
func (t *Tally) Add(v float64) {
	t.Keys++
	t.Sum += v
	t.squares += v * v
}
