// Package redistest runs real Redis and Valkey servers, each private to one test or one demo: in a
// folder of its own, on a unix socket and if asked on a free loopback port, with no persistence,
// and ending with the program that started it.
//
// Tests use New and EachVersion; a program uses Installed and Start.
package redistest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

// startTimeout is generous: a server is ready within 0.2 s, unless the machine is very busy.
const startTimeout = 20 * time.Second

// Server is one running server. Its methods may be called from any goroutine.
type Server struct {
	options Options
	dir     string
	port    int // 0: no TCP
	tlsPort int // 0: no TLS

	mu   sync.Mutex
	proc *process // guarded by mu; nil when the server is down
}

// Start runs a server and returns when it answers; ctx bounds only that. The caller must Stop it.
// On Linux the server also dies with the calling program, however that ends; a program that is
// killed leaves a small folder in the system's temporary folder, which a later Start removes.
func Start(ctx context.Context, o Options) (*Server, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	var taken error
	for range 5 { // another program may take the port between our choice and the server's bind
		s, err := start(ctx, o)
		if !errors.Is(err, errPortTaken) {
			return s, err
		}
		taken = err
	}
	return nil, taken
}

func start(ctx context.Context, o Options) (_ *Server, err error) {
	dir, err := newFolder()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", o.Binary, err)
	}
	s := &Server{options: o, dir: dir}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Stop())
		}
	}()
	if o.TCP {
		if s.port, err = freePort(o.hosts()); err != nil {
			return nil, fmt.Errorf("start %s: %w", o.Binary, err)
		}
	}
	if o.TLS {
		if s.tlsPort, err = freePort(o.hosts()); err != nil {
			return nil, fmt.Errorf("start %s: %w", o.Binary, err)
		}
		if err = writeCertificates(dir); err != nil {
			return nil, fmt.Errorf("start %s: %w", o.Binary, err)
		}
	}
	if err = os.WriteFile(s.path("conf"), s.config(), 0o600); err != nil {
		return nil, fmt.Errorf("start %s: %w", o.Binary, err)
	}
	if err = s.run(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// Binary tells what is running.
func (s *Server) Binary() Binary { return s.options.Binary }

// Socket returns the path of the unix socket.
func (s *Server) Socket() string { return s.path(socketName) }

// Addr returns "127.0.0.1:port", or "" without TCP.
func (s *Server) Addr() string { return loopback(s.port) }

// TLSAddr returns "127.0.0.1:port" of the TLS port, or "" without TLS.
func (s *Server) TLSAddr() string { return loopback(s.tlsPort) }

// Port returns the TCP port, or 0 without TCP.
func (s *Server) Port() int { return s.port }

// Dir returns the server's own folder, which Stop removes.
func (s *Server) Dir() string { return s.dir }

// PID returns the process id, or 0 when the server is down.
func (s *Server) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc == nil {
		return 0
	}
	return s.proc.pid
}

// Log returns what the server has written: its log, then what came before it ended.
func (s *Server) Log() string {
	text, err := os.ReadFile(s.path("log"))
	if err != nil {
		return "" // stopped: the log went with the folder
	}
	return string(text)
}

// Stop ends the server and removes its folder. It does not wait for the server's own shutdown,
// which a paused server, a busy script or a lagging replica would delay. Stopping twice is fine.
func (s *Server) Stop() error {
	err := s.Kill()
	if e := os.RemoveAll(s.dir); e != nil {
		err = errors.Join(err, fmt.Errorf("stop server: %w", e))
	}
	return err
}

// Kill ends the server at once (SIGKILL), as a crash would, and keeps its folder for Restart.
// Killing a server that is down is fine.
func (s *Server) Kill() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kill()
}

func (s *Server) kill() error {
	if s.proc == nil {
		return nil
	}
	err := s.proc.kill()
	s.proc = nil
	if err != nil {
		return fmt.Errorf("kill server: %w", err)
	}
	return nil
}

// Restart ends the server, if it runs, and starts it again on the same addresses with the same
// configuration. It comes back empty unless the configuration says otherwise.
func (s *Server) Restart() error {
	if err := s.Kill(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	return s.run(ctx)
}

// Pause freezes the process (SIGSTOP): the system still accepts connections, nothing answers.
func (s *Server) Pause() error { return s.signal("pause", sigStop) }

// Resume continues a paused process (SIGCONT).
func (s *Server) Resume() error { return s.signal("resume", sigCont) }

func (s *Server) signal(verb string, sig os.Signal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc == nil {
		return fmt.Errorf("%s server: it is down", verb)
	}
	if err := s.proc.cmd.Process.Signal(sig); err != nil {
		return fmt.Errorf("%s server: %w", verb, err)
	}
	return nil
}

// CLI runs redis-cli with args on the unix socket, as the default user, and returns what it
// prints. An error reply is an error.
func (s *Server) CLI(args ...string) (string, error) {
	path, err := cli()
	if err != nil {
		return "", err
	}
	out, err := exec.Command(path, append([]string{"-e", "-s", s.Socket()}, args...)...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("run redis-cli %.200q: %w: %.500s", args, err, out)
	}
	return string(out), nil
}

// run starts the process and waits until it answers.
func (s *Server) run(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.options.Binary
	var more []string
	if s.options.Sentinel {
		more = []string{"--sentinel"}
	}
	proc, err := startProcess(b, s.dir, s.path("conf"), s.path("log"), more...)
	if err != nil {
		return fmt.Errorf("start %s: %w", b, err)
	}
	s.proc = proc
	if err := proc.waitReady(ctx, s.Socket()); err != nil {
		if bindFailed(s.Log()) {
			err = errPortTaken
		}
		return errors.Join(fmt.Errorf("start %s: %w; its log:\n%s", b, err, tail(s.Log(), 4096)), s.kill())
	}
	return nil
}

func (s *Server) path(name string) string { return filepath.Join(s.dir, name) }

func loopback(port int) string {
	if port == 0 {
		return ""
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}

func tail(text string, n int) string { return text[max(0, len(text)-n):] }
