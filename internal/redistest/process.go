package redistest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

// process is one run of a server program.
type process struct {
	cmd  *exec.Cmd
	pid  int
	done chan struct{} // closed when the process has ended; err is set before
	err  error
}

// startProcess runs the program with its output appended to the file log.
func startProcess(b Binary, dir, conf, log string, more ...string) (*process, error) {
	cmd := exec.Command(b.Path, slices.Concat(b.Args, []string{conf}, more)...)
	cmd.Dir, cmd.SysProcAttr = dir, dieWithParent()
	return run(cmd, log)
}

// run starts cmd with its output appended to the file log.
func run(cmd *exec.Cmd, log string) (*process, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out

	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		// Linux sends the death signal when the thread that started the child ends, so that
		// thread must live as long as the child does.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
		}
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	p.pid = cmd.Process.Pid
	return p, nil
}

// kill ends the process and waits until it is gone.
func (p *process) kill() error {
	err := p.cmd.Process.Kill()
	if err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-p.done
	return nil
}

// waitReady returns when the server answers a PING. With a password the answer is an error, which
// then stands in the server's errorstats.
func (p *process) waitReady(ctx context.Context, socket string) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	last := errors.New("no attempt was made")
	for {
		select {
		case <-p.done:
			return fmt.Errorf("it ended at once: %v", p.err)
		case <-ctx.Done():
			return fmt.Errorf("it does not answer: %w (%v)", ctx.Err(), last)
		case <-tick.C:
			if last = ping(ctx, socket); last == nil {
				return nil
			}
		}
	}
}

func ping(ctx context.Context, socket string) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", socket)
	if err != nil {
		return err
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return err
		}
	}
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return err
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return err
	}
	if strings.HasPrefix(line, "-LOADING") {
		return errors.New(strings.TrimSpace(line))
	}
	return nil // any other answer, NOAUTH too, comes from a server that serves
}
