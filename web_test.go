package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"

	"redistop/internal/redistest"
	"redistop/internal/stats"
	"redistop/internal/web"
)

// site is a running redistop web.
type site struct {
	t      *testing.T
	cmd    *exec.Cmd
	url    string
	stderr *lockedBuffer
}

// lockedBuffer is written by one goroutine and read by another.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

var siteURL = regexp.MustCompile(`https?://[^ ,]+`)

// sitePatience is how long anything may take on a machine that is busy.
const sitePatience = 30 * time.Second

func startSite(t *testing.T, args ...string) *site {
	t.Helper()
	s := &site{t: t, stderr: &lockedBuffer{}}
	s.cmd = exec.Command("redistop", append([]string{"web", "--listen", "127.0.0.1:0", "--interval", "500ms"}, args...)...)
	s.cmd.Stderr = s.stderr
	s.cmd.Env = append(os.Environ(), "XDG_CONFIG_HOME="+t.TempDir(), "XDG_STATE_HOME="+t.TempDir(), "OTEL_SDK_DISABLED=true")
	start(t, s.cmd)
	s.until("it listens", func() bool { s.url = siteURL.FindString(s.stderr.String()); return s.url != "" })
	return s
}

func (s *site) until(what string, is func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(sitePatience); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("not true in %s: %s (stderr: %s)", sitePatience, what, s.stderr)
		}
	}
}

func (s *site) get(path string) string {
	s.t.Helper()
	res, err := http.Get(s.url + path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		s.t.Fatalf("%s: status %d, %v: %s", path, res.StatusCode, err, body)
	}
	return string(body)
}

func (s *site) states() (states []string) {
	var all struct{ Servers []web.Observation }
	if err := json.Unmarshal([]byte(s.get("/api/v1/last_observation")), &all); err != nil {
		s.t.Fatal(err)
	}
	for _, o := range all.Servers {
		states = append(states, o.Server+" "+string(o.State))
	}
	return states
}

// TestWeb watches two real servers, one with a password, through the whole program: hostile clients, a
// server that goes and comes back, and the end.
func TestWeb(t *testing.T) {
	redistest.EachVersion(t, func(t *testing.T, first *redistest.Server) {
		if v := first.Binary(); v.Flavor == "redis" && v.Series() != "7.0" || v.Flavor == "valkey" && v.Series() < "9" {
			t.Skip("an old and a new version show what there is to see")
		}
		t.Parallel()
		second := redistest.New(t, redistest.TCP(), redistest.Config("requirepass zz-password"))
		s := startSite(t, "--log", "first="+first.Socket(), "redis://:zz-password@"+second.Addr())
		name := second.Addr()
		s.until("both are up", func() bool { return slices.Equal(s.states(), []string{"first up", name + " up"}) })

		t.Run("a hostile client's name stays text", func(t *testing.T) { strangersName(t, s, first) })
		t.Run("a value is hidden", func(t *testing.T) { hiddenValue(t, s, first) })
		t.Run("a server goes and comes back", func(t *testing.T) { goesAndComes(t, s, first, second) })
		t.Run("the password is nowhere", func(t *testing.T) {
			for _, path := range []string{"/overview", "/metrics", "/api/v1/servers", "/api/v1/servers/" + name + "/snapshot", "/api/v1/findings", "/api/v1/last_observation"} {
				if strings.Contains(s.get(path), "zz-password") {
					t.Errorf("it is in %s", path)
				}
			}
			if strings.Contains(s.stderr.String(), "zz-password") {
				t.Error("it is on standard error")
			}
		})
		t.Run("SIGTERM ends it, readers and all", func(t *testing.T) { endsWell(t, s) })
	})
}

const hostileClient = `<img/src=x/onerror=alert(1)>`

func strangersName(t *testing.T, s *site, on *redistest.Server) {
	client := redis.NewClient(&redis.Options{Network: "unix", Addr: on.Socket(), ClientName: hostileClient, DisableIdentity: true, Protocol: 2})
	defer client.Close()
	conn := client.Conn()
	defer conn.Close()
	if err := conn.Set(t.Context(), "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	s.until("it is listed", func() bool {
		var list web.ClientList
		body := s.get("/api/v1/servers/first/clients?filter=%3Cimg")
		if err := json.Unmarshal([]byte(body), &list); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(body, "<img") {
			t.Fatalf("as a tag: %s", body)
		}
		return len(list.Connections) == 1 && list.Connections[0].Name == hostileClient
	})
	for _, path := range []string{"/overview", "/metrics", "/api/v1/servers/first/snapshot"} {
		if strings.Contains(s.get(path), "<img") {
			t.Errorf("a tag in %s", path)
		}
	}
}

func hiddenValue(t *testing.T, s *site, on *redistest.Server) {
	for _, args := range [][]string{{"CONFIG", "SET", "slowlog-log-slower-than", "0"}, {"SET", "user:1", "zz-value"}, {"CONFIG", "SET", "slowlog-log-slower-than", "-1"}} {
		if _, err := on.CLI(args...); err != nil {
			t.Fatal(err)
		}
	}
	s.until("the command is in the slow log", func() bool {
		body := s.get("/api/v1/servers/first/snapshot")
		if strings.Contains(body, "zz-value") {
			t.Fatal("with its value")
		}
		return strings.Contains(body, `["SET","user:1","(8 B)"]`)
	})
}

func goesAndComes(t *testing.T, s *site, first, second *redistest.Server) {
	events, err := http.Get(s.url + "/api/v1/events?server=first")
	if err != nil {
		t.Fatal(err)
	}
	defer events.Body.Close()
	lines := bufio.NewScanner(events.Body)
	next := func(state stats.LinkState) {
		t.Helper()
		for lines.Scan() {
			var o web.Observation
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok && json.Unmarshal([]byte(data), &o) == nil && o.State == state {
				return
			}
		}
		t.Fatalf("no event says %s: %v", state, lines.Err())
	}
	next(stats.Up)
	if err := first.Kill(); err != nil {
		t.Fatal(err)
	}
	next(stats.Down)
	if got := s.states(); got[0] != "first down" || got[1] != second.Addr()+" up" {
		t.Errorf("the states are %q", got)
	}
	if got := s.get("/metrics"); !strings.Contains(got, "\nredistop_up{server=\"first\"} 0\n") || strings.Contains(got, `redistop_memory_used_bytes{server="first"}`) {
		t.Error("metrics do not tell that it is down")
	}
	if err := first.Restart(); err != nil {
		t.Fatal(err)
	}
	next(stats.Up)
}

func endsWell(t *testing.T, s *site) {
	res, err := http.Get(s.url + "/api/v1/events")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		t.Errorf("the reader was cut off: %v", err)
	}
	var exit *exec.ExitError
	if err := s.cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != exitSignal+int(syscall.SIGTERM) {
		t.Errorf("ended with %v", err)
	}
	if !strings.Contains(s.stderr.String(), "path=/api/v1/last_observation status=200") {
		t.Errorf("requests are not logged: %.500s", s.stderr)
	}
}

// TestWebProbes has the round trips of PINGs in the metrics, unless they were not wanted.
func TestWebProbes(t *testing.T) {
	t.Parallel()
	server := redistest.New(t)
	with, without := startSite(t, "a="+server.Socket()), startSite(t, "--no-probe", "a="+server.Socket())
	felt := func(s *site) bool { return strings.Contains(s.get("/metrics"), "\nredistop_probe_max_seconds{") }
	with.until("a PING is in the metrics", func() bool { return felt(with) })
	without.until("some Snapshots came", func() bool {
		var o struct{ Servers []web.Observation }
		return json.Unmarshal([]byte(without.get("/api/v1/last_observation")), &o) == nil && len(o.Servers) == 1 && o.Servers[0].Number > 4
	})
	if felt(without) {
		t.Error("--no-probe sends PINGs")
	}
}

// TestWebIsClosedToOthers asks a running program without its token, and with it.
func TestWebIsClosedToOthers(t *testing.T) {
	t.Parallel()
	const token = "zz-0123456789-token"
	file := filepath.Join(t.TempDir(), "auth")
	if err := os.WriteFile(file, []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(config, []byte("servers:\n  gone: redis://:zz-password@127.0.0.1:1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := startSite(t, "--auth", file, "--config", config)
	for header, want := range map[string]int{"": 401, "Bearer wrong-wrong-wrong-": 401, "Bearer " + token: 200} {
		req, _ := http.NewRequest(http.MethodGet, s.url+"/api/v1/servers", nil)
		req.Header.Set("Authorization", header)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode != want || (want == 200) != strings.Contains(string(body), `"name":"gone","addr":"127.0.0.1:1"`) || strings.Contains(string(body), "zz-") {
			t.Errorf("%q: status %d, want %d: %s", header, res.StatusCode, want, body)
		}
	}
	if s.get("/healthz"); strings.Contains(s.stderr.String(), "zz-") {
		t.Error("the token is on standard error")
	}
}

// TestWebHidesItsArguments reads the arguments of a running program as ps does.
func TestWebHidesItsArguments(t *testing.T) {
	if _, err := os.Stat("/proc/self/cmdline"); err != nil {
		t.Skip("no /proc here")
	}
	t.Parallel()
	s := startSite(t, "--webhook", "http://127.0.0.1:1/zzsecret", "--otlp=http://127.0.0.1:1/zzsecret", "--otlp-header", "Key=zzsecret", "a=redis://:zzsecret@127.0.0.1:1", "redis://ann:zzsecret@127.0.0.1:2")
	want := "redistop web --listen 127.0.0.1:0 --interval 500ms --webhook *** --otlp=*** --otlp-header *** a=redis://:***@127.0.0.1:1 redis://ann:***@127.0.0.1:2"
	if seen := commandLine(t, s.cmd.Process.Pid); seen != want {
		t.Errorf("ps shows %q, want %q", seen, want)
	}
}

func TestServerNames(t *testing.T) {
	for _, tt := range []struct {
		args string
		want string // name at address, ...
	}{
		{"", "one at h1:6379, two at h2:1"},
		{"cache", "cache:6379 at cache:6379"},
		{"c=cache q=queue:1", "c at cache:6379, q at queue:1"},
		{"redis://u:p=q@h:1/2", "h:1 at h:1"},
		{"x=redis://u:p=q@h:1", "x at h:1"},
		{"unix:///run/a.sock?db=1", "a at unix:///run/a.sock"},
		{"/run/redis/b.sock", "b at unix:///run/redis/b.sock"},
		{"s=./c=d.sock", "s at unix://./c=d.sock"},
		{"[::1]:6379", "[::1]:6379 at [::1]:6379"},
		{"a a", "two servers by the name a:6379"},
		{"x=a x=b", "two servers by the name x"},
		{"=a", "name \"\""},
		{"/run/sp@ce.sock", "name"},
	} {
		var conn connection
		cmd := &cobra.Command{}
		cmd.Flags().BoolP("help", "?", false, "")
		conn.addTo(cmd)
		targets, names, err := conn.several(cmd.Flags(), strings.Fields(tt.args), []namedAddress{{"one", "h1"}, {"two", "redis://:p@h2:1"}})
		var got []string
		for i, n := range names {
			got = append(got, n.Name+" at "+targets[i].String())
		}
		if err == nil && strings.Join(got, ", ") != tt.want || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %q, %v; want %s", tt.args, got, err, tt.want)
		}
	}
}
