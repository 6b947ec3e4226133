package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

const benchTimeout = 3 * time.Minute

// frameTime runs the benchmark of the screen.
func frameTime(ctx context.Context, _ *bench) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, benchTimeout)
	defer cancel()
	out, err := exec.CommandContext(ctx, "go", "test", "-run", "-", "-bench", "Frame200x60", "-benchmem", "./internal/tui").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("run benchmark: %w: %.500s", err, out)
	}
	results, err := parseBench(out)
	if err != nil {
		return "", err
	}
	var parts []string
	for _, r := range results {
		parts = append(parts, fmt.Sprintf("%s: %.1f ms", r.name, r.perOp.Seconds()*1e3))
	}
	return strings.Join(parts, "; "), nil
}

// result is one line of go test -bench.
type result struct {
	name  string // after the last slash: "sorted by age"
	perOp time.Duration
}

// parseBench reads "BenchmarkFrame200x60/sorted_by_age-2   123   9876543 ns/op   12 B/op".
func parseBench(out []byte) ([]result, error) {
	var results []result
	for line := range bytes.Lines(out) {
		fields := strings.Fields(string(line))
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") || fields[3] != "ns/op" {
			continue
		}
		ns, err := strconv.ParseFloat(fields[2], 64)
		if err != nil {
			return nil, fmt.Errorf("read benchmark: %w", err)
		}
		name := fields[0][strings.LastIndex(fields[0], "/")+1:]
		if at := strings.LastIndex(name, "-"); at > 0 { // the number of cores
			name = name[:at]
		}
		results = append(results, result{strings.ReplaceAll(name, "_", " "), time.Duration(ns)})
	}
	if len(results) == 0 {
		return nil, errors.New("read benchmark: no result in its output")
	}
	return results, nil
}
