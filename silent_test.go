package main

import (
	"bytes"
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
	return redistest.Relay(t, filepath.Join(t.TempDir(), "relay.sock"), func() *redistest.Server {
		if first != nil {
			first()
			first = nil
		}
		return s
	})
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
