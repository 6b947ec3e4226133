package redistest_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"redistop/internal/redistest"
)

// parentMode in the environment makes this test binary a program that starts a server and waits
// to be killed.
const parentMode = "REDISTEST_PARENT"

func TestMain(m *testing.M) {
	if os.Getenv(parentMode) == "" {
		os.Exit(m.Run())
	}
	if err := parent(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func parent() error {
	here := redistest.Installed()
	if len(here) == 0 {
		return errors.New("no server on PATH")
	}
	var s *redistest.Server
	var err error
	var starter sync.WaitGroup
	starter.Go(func() {
		// This thread ends with its goroutine, which never unlocks it. Linux sends the death
		// signal when the thread that started the child ends: it must not have been this one.
		runtime.LockOSThread()
		s, err = redistest.Start(context.Background(), redistest.Options{Binary: here[0]})
	})
	starter.Wait()
	if err != nil {
		return err
	}
	time.Sleep(20 * time.Millisecond) // the thread ends after its goroutine
	fmt.Println(s.PID(), s.Socket())
	time.Sleep(time.Minute) // ends by itself where the test does not
	return nil
}

func TestServerDiesWithAKilledParent(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ties a child's life to its parent's")
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), parentMode+"=1", "TMPDIR="+t.TempDir())
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait() // its error is our signal
	})
	var pid int
	var socket string
	if _, err := fmt.Fscan(out, &pid, &socket); err != nil {
		t.Fatalf("read socket's path: %v", err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	if err := answers(socket); err != nil {
		t.Fatalf("while its parent lives: %v", err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool { return answers(socket) != nil })
}

func answers(socket string) error {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return err
	}
	return conn.Close()
}
