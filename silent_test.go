package main

import (
	"bytes"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"redistop/internal/redistest"
)

// relay gives a socket that leads to the server, and calls first when somebody has connected to it.
func relay(t *testing.T, s *redistest.Server, first func()) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "relay.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			if first != nil {
				first()
				first = nil
			}
			out, err := net.Dial("unix", s.Socket())
			if err != nil {
				in.Close()
				continue
			}
			pipe := func(to, from net.Conn) { io.Copy(to, from); to.Close(); from.Close() }
			go pipe(in, out)
			go pipe(out, in)
		}
	}()
	return path
}

// TestEveryVerbSaysThatAServerIsSilent looks at a stopped process: all verbs tell the same, and what to do.
func TestEveryVerbSaysThatAServerIsSilent(t *testing.T) {
	t.Parallel()
	s := redistest.New(t)
	if err := s.Pause(); err != nil {
		t.Fatal(err)
	}
	defer s.Resume()
	var all sync.WaitGroup
	for _, verb := range []string{"keys *", "keys ttl", "acl", "monitor --for 1s", "top --json --count 3"} {
		all.Go(func() {
			cmd := exec.Command("redistop", append(strings.Fields(verb), "-s", s.Socket())...)
			cmd.Env = append(os.Environ(), "XDG_CONFIG_HOME="+t.TempDir(), "REDISCLI_AUTH=")
			var errs bytes.Buffer
			cmd.Stderr = &errs
			cmd.Run()
			for _, want := range []string{"the server accepts connections but answers nobody", "state T"} {
				if cmd.ProcessState.ExitCode() != exitConnect || !strings.Contains(errs.String(), want) {
					t.Errorf("%s: code %d, no %q in %q", verb, cmd.ProcessState.ExitCode(), want, errs.String())
				}
			}
		})
	}
	all.Wait()
}
