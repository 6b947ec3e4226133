package stats

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"redistop/internal/redis"
)

// FuzzTally takes any lines the whole way into a Summary. What one quick look over a line finds is what the slow
// one finds.
func FuzzTally(f *testing.F) {
	files, err := filepath.Glob("../redis/testdata/monitor/*.txt")
	if err != nil || len(files) < 5 {
		f.Fatalf("recorded lines: %v, %v", files, err)
	}
	for _, file := range files {
		stream, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(stream)
		for line := range bytes.Lines(stream) {
			f.Add(line)
		}
	}
	tally := NewTally(TallyOptions{})
	f.Fuzz(func(t *testing.T, stream []byte) {
		tally.Reset()
		tally.Open(t0)
		var commands int64
		for line := range bytes.Lines(stream) {
			var l redis.MonitorLine
			if l.Parse(line) != nil && l.ParseHead(line) != nil {
				continue
			}
			checkScan(t, l.Args)
			tally.Add(&l)
			commands++
		}
		tally.Close(time.Second)
		s := tally.Summary(whole)
		if s.Sampled.Commands != commands {
			t.Errorf("%d commands of %d", s.Sampled.Commands, commands)
		}
		var by int64
		for _, c := range s.Commands {
			by += c.Seen
		}
		if by != commands && len(s.Commands) < mostSummaryRows {
			t.Errorf("%d commands by name, of %d", by, commands)
		}
	})
}

// checkScan holds scan against redis.NextArg; it says whether it found a key.
func checkScan(t *testing.T, args []byte) bool {
	t.Helper()
	at := scan(args)
	if at.size >= 0 && at.size != commandBytes(args) {
		t.Fatalf("%s: %d bytes, want %d", args, at.size, commandBytes(args))
	}
	if at.nameEnd == 0 {
		return false
	}
	name, rest, ok := redis.NextArg(args)
	if !ok || !bytes.Equal(args[1:at.nameEnd], name) {
		t.Fatalf("%s: name %q, want %q, %v", args, args[1:at.nameEnd], name, ok)
	}
	if at.keyEnd == 0 {
		return false
	}
	key, _, ok := redis.NextArg(rest)
	if !ok || !bytes.Equal(at.key(args), key) {
		t.Fatalf("%s: key %q, want %q, %v", args, at.key(args), key, ok)
	}
	return true
}
