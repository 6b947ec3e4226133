package lab

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Process is one run of a program. Its methods may be called from any goroutine.
type Process struct {
	cmd    *exec.Cmd
	done   chan struct{} // closed when it has ended; err is set before
	err    error
	errors *tail
}

// Start runs a program with its output copied to out. A program that outlives this one loses its
// output, and ends by that.
func Start(out io.Writer, path string, args ...string) (*Process, error) {
	p := newProcess(path, args)
	p.cmd.Stdout, p.cmd.Stderr = out, p.errors
	return p, p.start(nil)
}

// StartOn runs a program in a terminal of its own, width by height cells, and copies to out what it
// draws. Nobody answers what it asks of the terminal.
func StartOn(width, height int, out io.Writer, path string, args ...string) (*Process, error) {
	master, slave, err := openTerminal(width, height)
	if err != nil {
		return nil, fmt.Errorf("open terminal: %w", err)
	}
	defer slave.Close()
	p := newProcess(path, args)
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = slave, slave, slave
	p.cmd.SysProcAttr = ownTerminal()
	p.cmd.Env = append(os.Environ(), "TERM=xterm-256color", "LANG=C.UTF-8", "NO_COLOR=")
	return p, p.start(func() {
		io.Copy(io.MultiWriter(p.errors, out), master) // ends with the terminal's last user
		master.Close()
	})
}

func newProcess(path string, args []string) *Process {
	cmd := exec.Command(path, args...)
	cmd.WaitDelay = time.Second
	return &Process{cmd: cmd, done: make(chan struct{}), errors: &tail{}}
}

func (p *Process) start(read func()) error {
	if err := p.cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", p.cmd.Path, err)
	}
	if read != nil {
		go read()
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	return nil
}

// PID is its process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Pause freezes the program (SIGSTOP), as a terminal, a debugger or a swapping machine does; Resume lets it
// go on.
func (p *Process) Pause() error { return p.signal("STOP") }

// Resume lets a paused program go on.
func (p *Process) Resume() error { return p.signal("CONT") }

// signal goes through kill, since package syscall does not name these everywhere.
func (p *Process) signal(name string) error {
	if out, err := exec.Command("kill", "-"+name, strconv.Itoa(p.PID())).CombinedOutput(); err != nil {
		return fmt.Errorf("send SIG%s: %w: %s", name, err, out)
	}
	return nil
}

// Check returns an error when the program has ended by itself.
func (p *Process) Check() error {
	select {
	case <-p.done:
		return fmt.Errorf("run %s: it ended by itself (%v): %q", p.cmd.Path, p.err, p.errors)
	default:
		return nil
	}
}

// Stop kills the program and waits until it is gone. Stopping twice is fine.
func (p *Process) Stop() error {
	err := p.cmd.Process.Kill()
	<-p.done
	if err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop %s: %w", p.cmd.Path, err)
	}
	return nil
}

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	text []byte // guarded by mu
}

const tailBytes = 400

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b[max(0, len(b)-tailBytes):]...)
	t.text = t.text[max(0, len(t.text)-tailBytes):]
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}

// PeakMemory is the most that a process had in memory since it began (VmHWM), in bytes.
func PeakMemory(pid int) (int64, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0, fmt.Errorf("read peak memory: %w", err)
	}
	kib, err := peakIn(text)
	if err != nil {
		return 0, fmt.Errorf("read peak memory: %w", err)
	}
	return kib << 10, nil
}

// peakIn finds "VmHWM:	   14208 kB".
func peakIn(status []byte) (kib int64, err error) {
	for line := range bytes.Lines(status) {
		if rest, ok := strings.CutPrefix(string(line), "VmHWM:"); ok {
			return strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
		}
	}
	return 0, errors.New("no VmHWM in /proc/PID/status")
}
