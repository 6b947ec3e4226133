package lab

import (
	"io"
	"runtime"
	"strings"
	"testing"
	"time"
)

// lines hands out what was written, once, when it holds a text.
type lines struct {
	text  strings.Builder
	want  string
	found chan string
}

func (l *lines) Write(b []byte) (int, error) {
	l.text.Write(b)
	if strings.Contains(l.text.String(), l.want) {
		l.want = "\x00 only once"
		l.found <- l.text.String()
	}
	return len(b), nil
}

// A program in a terminal of ours sees its size, and what it burns and holds is measured.
func TestProcessInTerminal(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip(errNotHere)
	}
	out := &lines{want: "ready", found: make(chan string, 1)}
	p, err := StartOn(140, 45, out, "sh", "-c", "stty size; while [ $((i += 1)) -lt 300000 ]; do :; done; echo ready; cat")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop()
	select {
	case text := <-out.found:
		if !strings.HasPrefix(text, "45 140\r\n") {
			t.Errorf("the terminal is not 140x45: %q", text)
		}
	case <-time.After(20 * time.Second):
		t.Fatalf("it does not come up: %v", p.Check())
	}
	cpu, err := CPUTime(p.PID())
	if err != nil || cpu < 20*time.Millisecond || cpu > 20*time.Second {
		t.Errorf("CPU time of a busy loop: %s, %v", cpu, err)
	}
	peak, err := PeakMemory(p.PID())
	if err != nil || peak < 100<<10 || peak > 100<<20 {
		t.Errorf("peak memory of a shell: %d bytes, %v", peak, err)
	}
	if err := p.Check(); err != nil {
		t.Error(err)
	}
	if err := p.Stop(); err != nil {
		t.Error(err)
	}
	if _, err := CPUTime(p.PID()); err == nil {
		t.Error("it runs on after Stop")
	}
}

const errNotHere = "the benchmarks measure on Linux only"

// A program that ends by itself says why.
func TestProcessEnds(t *testing.T) {
	p, err := Start(io.Discard, "sh", "-c", "echo no such server >&2; exit 3")
	if err != nil {
		t.Fatal(err)
	}
	<-p.done
	if err := p.Check(); err == nil || !strings.Contains(err.Error(), "no such server") || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("got %v", err)
	}
}

func TestPeakInRefuses(t *testing.T) {
	for _, status := range []string{"", "Name:\tsh\n", "VmHWM:\tmuch kB\n"} {
		if kib, err := peakIn([]byte(status)); err == nil {
			t.Errorf("%q: %d", status, kib)
		}
	}
}
