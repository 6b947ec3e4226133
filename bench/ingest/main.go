// Command ingest measures how fast one core takes in the MONITOR stream: from the bytes of a firehose
// through parser and tally into Snapshots, with few and many distinct keys and clients. Beside it stands a
// bare count of the line ends in the same bytes. It needs no server. Times are CPU times, those of
// making the lines left out.
//
//	go run ./bench/ingest
//	go run ./bench/ingest -lines 5000000
//	go run ./bench/ingest -file saved-monitor-output
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"time"

	"redistop/bench/lab"
)

// cases are the rows of the table. Each runs in a process of its own, which has a peak of memory of its own.
var cases = []struct{ work, keys, clients string }{
	{"count", "100", "50"},
	{"parse", "100", "50"},
	{"tally", "100", "50"},
	{"tally", "10000000", "50"},
	{"tally", "100", "1000000"},
	{"tally", "10000000", "1000000"},
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "ingest:", err)
		os.Exit(1)
	}
}

func run() error {
	lines := flag.Int("lines", 20_000_000, "lines of each case")
	file := flag.String("file", "", "read this file instead of made lines")
	work := flag.String("work", "", "only this case: count, parse or tally")
	keys := flag.Uint64("keys", 100, "distinct keys of that case")
	clients := flag.Uint64("clients", 50, "distinct clients of that case")
	profile := flag.String("cpuprofile", "", "write a CPU profile of that case")
	flag.Parse()
	if *lines < 1 || *keys < 1 || *keys > 90_000_000 || *clients < 1 || *clients > 4_000_000 {
		return errors.New("check flags: at least one line, 1 to 90,000,000 keys, 1 to 4,000,000 clients")
	}
	if *work == "" {
		return table(*lines, *file)
	}
	if *profile != "" {
		f, err := os.Create(*profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	return one(*work, &source{file: *file, lines: *lines, firehose: firehose{keys: *keys, clients: *clients}})
}

// table runs all cases.
func table(lines int, file string) error {
	fmt.Printf("%d lines of %d bytes, one core of %s\n\n", lines, lineLength, lab.Machine())
	fmt.Println("| work | keys | clients | lines/s | ns a line | lines/s, best million | allocations a line | peak memory |")
	fmt.Println("|---|---|---|---|---|---|---|---|")
	for i, c := range cases {
		if file != "" && i > 2 {
			break // the file has the keys and clients that it has
		}
		cmd := exec.Command(os.Args[0], "-work", c.work, "-keys", c.keys, "-clients", c.clients,
			"-lines", strconv.Itoa(lines), "-file", file)
		cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			return fmt.Errorf("measure %s: %w", c.work, err)
		}
		fmt.Print(string(out))
	}
	return nil
}

// source gives the bytes of one case.
type source struct {
	file  string
	lines int
	firehose
}

// open begins anew.
func (s *source) open() (io.ReadCloser, error) {
	if s.file != "" {
		return os.Open(s.file)
	}
	return io.NopCloser(&s.firehose), nil
}

// one measures one case and prints its row.
func one(work string, s *source) error {
	do := map[string]func(io.Reader, int, *laps) (int, error){"count": count, "parse": parse, "tally": tally}[work]
	if do == nil {
		return fmt.Errorf("check flags: no work %q", work)
	}
	in, err := s.open()
	if err != nil {
		return err
	}
	defer in.Close()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	l := laps{clock: s.worked}
	began := s.worked()
	n, err := do(in, s.lines, &l)
	if err != nil {
		return err
	}
	took := s.worked() - began
	runtime.ReadMemStats(&after)
	peak, err := lab.PeakMemory(os.Getpid())
	if err != nil {
		return err
	}
	keys, clients := strconv.FormatUint(s.keys, 10), strconv.FormatUint(s.clients, 10)
	if s.file != "" {
		keys, clients = "of the file", "of the file"
	}
	fmt.Println("|", strings.Join([]string{
		work, keys, clients,
		fmt.Sprintf("%.2f M", float64(n)/took.Seconds()/1e6),
		fmt.Sprintf("%.0f", float64(took.Nanoseconds())/float64(n)),
		l.String(),
		fmt.Sprintf("%.5f", float64(after.Mallocs-before.Mallocs)/float64(n)),
		fmt.Sprintf("%.0f MB", float64(peak)/1e6),
	}, " | "), "|")
	return nil
}

// worked is the CPU time of this process without that of making lines. 0 where the system does not tell it.
func (s *source) worked() time.Duration {
	all, err := lab.CPUTime(os.Getpid())
	if err != nil {
		return 0
	}
	return all - s.taken
}

// laps finds the quickest million lines: other programs can only make a core slower.
type laps struct {
	clock   func() time.Duration
	n       int // lines of this lap
	began   time.Duration
	fastest time.Duration
}

const lapLines = 1_000_000

// add counts lines that were taken in, once a buffer or so.
func (l *laps) add(lines int) {
	if l.began == 0 {
		l.n, l.began = 0, l.clock()
		return
	}
	if l.n += lines; l.n < lapLines {
		return
	}
	now := l.clock()
	took := (now - l.began) * lapLines / time.Duration(l.n)
	if l.fastest == 0 || took < l.fastest {
		l.fastest = took
	}
	l.n, l.began = 0, now
}

func (l *laps) String() string {
	if l.fastest == 0 {
		return "n/a"
	}
	return fmt.Sprintf("%.2f M", lapLines/l.fastest.Seconds()/1e6)
}

// count only finds the line ends.
func count(in io.Reader, lines int, l *laps) (int, error) {
	buf := make([]byte, 256<<10)
	for n := 0; ; {
		got, err := in.Read(buf)
		found := bytes.Count(buf[:got], []byte{'\n'})
		n += found
		l.add(found)
		switch {
		case n >= lines || err == io.EOF && n > 0:
			return n, nil
		case err != nil:
			return n, err
		}
	}
}
