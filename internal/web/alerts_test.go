package web

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"redistop/internal/stats"
)

// receiver is a webhook that keeps what it got and answers as it is told.
type receiver struct {
	mu     sync.Mutex
	got    []Alert
	answer []int // one a request; then 200
	asked  int
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	status := http.StatusOK
	if len(r.answer) > 0 {
		status, r.answer = r.answer[0], r.answer[1:]
	}
	body, _ := io.ReadAll(req.Body)
	if status == http.StatusOK && req.Method == http.MethodPost && strings.HasPrefix(req.Header.Get("Content-Type"), "application/json") {
		var a Alert
		if json.Unmarshal(body, &a) == nil {
			r.got = append(r.got, a)
		}
	}
	if status == http.StatusFound {
		w.Header().Set("Location", "/elsewhere")
	}
	w.WriteHeader(status)
}

func (r *receiver) events() (events []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range r.got {
		events = append(events, a.Event+" "+a.Server+" "+a.Finding.Subject+" "+string(a.Finding.Severity))
	}
	return events
}

// findingsAt is a Snapshot with findings "subject severity", at a second.
func findingsAt(second int, findings ...string) *stats.Snapshot {
	at := time.Unix(1_700_000_000+int64(second), 0)
	s := &stats.Snapshot{Time: at, Link: stats.Link{State: stats.Up}}
	for _, f := range findings {
		subject, severity, _ := strings.Cut(f, " ")
		severity, gone := strings.CutSuffix(severity, " gone")
		one := stats.Finding{Rule: "r", Subject: subject, Severity: stats.Severity(severity), Title: "it hurts", Remedy: []string{"Stop it."}}
		if gone {
			one.Resolved = &at
		}
		s.Findings = append(s.Findings, one)
	}
	return s
}

// TestAlertsTell follows stories of findings: what is told at each Snapshot.
func TestAlertsTell(t *testing.T) {
	type step struct {
		second   int
		findings []string
		want     string
	}
	for _, tt := range []struct {
		name  string
		from  stats.Severity
		steps []step
	}{
		{"once", stats.Warning, []step{
			{0, []string{"x warning"}, "opened x"}, {2, []string{"x warning"}, ""}, {4, []string{"x warning gone"}, "resolved x"}, {6, []string{"x warning gone"}, ""}, {8, nil, ""}}},
		{"it worsens once", stats.Warning, []step{
			{0, []string{"x warning"}, "opened x"}, {2, []string{"x critical"}, "worsened x"}, {4, []string{"x warning"}, ""}, {6, []string{"x critical"}, ""}, {8, nil, "resolved x"}}},
		{"too small to tell", stats.Warning, []step{{0, []string{"x info"}, ""}, {2, nil, ""}}},
		{"until it is not", stats.Warning, []step{{0, []string{"x info"}, ""}, {2, []string{"x warning"}, "opened x"}, {4, []string{"x info"}, ""}, {6, nil, "resolved x"}}},
		{"info where it is asked for", stats.Info, []step{{0, []string{"x info"}, "opened x"}}},
		{"two of one rule", stats.Warning, []step{{0, []string{"x warning", "y critical"}, "opened x, opened y"}, {2, []string{"y critical"}, "resolved x"}}},
		{"it comes and goes", stats.Warning, []step{
			{0, []string{"x warning"}, "opened x"}, {2, nil, "resolved x"}, {4, []string{"x warning"}, ""}, {6, nil, ""},
			{8, []string{"x critical"}, ""}, {602, []string{"x critical"}, "opened x"}, {604, nil, "resolved x"}}},
		{"it comes back another day", stats.Warning, []step{
			{0, []string{"x warning"}, "opened x"}, {2, nil, "resolved x"}, {700, nil, ""}, {800, []string{"x warning"}, "opened x"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := NewAlerts(nil, nil, tt.from)
			for _, step := range tt.steps {
				var told []string
				m := &moment{Watched: Watched{Name: "a"}, snapshot: findingsAt(step.second, step.findings...)}
				for _, alert := range a.note(m) {
					told = append(told, alert.Event+" "+alert.Finding.Subject)
					if (alert.Event == Resolved) != (alert.Finding.Resolved != nil) {
						t.Errorf("%s: resolved is %v", alert.Event, alert.Finding.Resolved)
					}
				}
				slices.Sort(told)
				if got := strings.Join(told, ", "); got != step.want {
					t.Errorf("second %d: told %q, want %q", step.second, got, step.want)
				}
			}
		})
	}
}

// TestSilenceIsTold follows a server that does not answer for a while.
func TestSilenceIsTold(t *testing.T) {
	a := NewAlerts(nil, nil, stats.Warning)
	var told []string
	see := func(s *stats.Snapshot) {
		for _, alert := range a.note(&moment{Watched: Watched{Name: "a"}, snapshot: s}) {
			told = append(told, alert.Event+" "+alert.Finding.Rule+": "+alert.Text)
		}
	}
	silent := func(second int, state stats.LinkState) *stats.Snapshot {
		s := findingsAt(second)
		s.Stale, s.Link = true, stats.Link{State: state, Since: time.Unix(1_700_000_010, 0), Message: "connection refused", Hint: "Start it."}
		return s
	}
	see(silent(100, stats.Connecting))
	see(findingsAt(0, "x warning"))
	see(silent(12, stats.Down))
	see(silent(39, stats.Down))
	see(silent(40, stats.Down))
	see(silent(60, stats.Down))
	see(findingsAt(62, "x warning"))
	see(findingsAt(64))
	want := "opened r: [warning] a: it hurts. To do: Stop it.\n" +
		"opened unreachable: [critical] a: the server does not answer: down. To do: Start it.\n" +
		"resolved unreachable: [resolved] a: the server does not answer: down\n" +
		"resolved r: [resolved] a: it hurts"
	if got := strings.Join(told, "\n"); got != want {
		t.Errorf("told\n%s\nwant\n%s", got, want)
	}
}

// TestAlertsAreDelivered runs the whole way, with a server that stops to answer in between.
func TestAlertsAreDelivered(t *testing.T) {
	r := &receiver{answer: []int{500, 429}}
	hookServer := httptest.NewServer(r)
	t.Cleanup(hookServer.Close)
	hook, err := NewWebhook(hookServer.URL+"/secret-path", func(err error) { t.Errorf("given up: %v", err) })
	if err != nil {
		t.Fatal(err)
	}
	hook.pause = func(context.Context, time.Duration) error { return nil }
	board, _ := serving(Options{}, nil, nil)
	a := NewAlerts(board, hook, stats.Warning)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); a.Run(ctx) }()

	board.Publish(0, findingsAt(0, "x warning"))
	eventually(t, "one is told after two failures", func() bool { return len(r.events()) == 1 })
	stale := *findingsAt(1)
	stale.Stale = true
	board.Publish(0, &stale)
	board.Publish(1, findingsAt(2, "x critical"))
	eventually(t, "the other server's is told", func() bool { return len(r.events()) == 2 })
	board.Publish(0, findingsAt(3))
	eventually(t, "its end is told", func() bool { return len(r.events()) == 3 })
	if got, want := strings.Join(r.events(), ", "), "opened a x warning, opened b x critical, resolved a x warning"; got != want {
		t.Errorf("told %s, want %s", got, want)
	}
	eventually(t, "three are counted", func() bool { return a.delivered.Load() == 3 })
	if r.asked != 5 {
		t.Errorf("%d requests, want 5", r.asked)
	}
	if text := r.got[0].Text; text != "[warning] a: it hurts. To do: Stop it." {
		t.Errorf("the text is %q", text)
	}
	cancel()
	<-ended
}

func TestWebhookGivesUp(t *testing.T) {
	const secret = "T00/B00/very-secret"
	for _, tt := range []struct {
		name   string
		answer []int
		asked  int
		wrong  string
	}{
		{"it works", nil, 1, ""},
		{"at the last try", []int{500, 502, 503, 408, 429}, 6, ""},
		{"never", []int{500, 500, 500, 500, 500, 500, 500}, 6, "status 500"},
		{"it refuses", []int{404}, 1, "status 404"},
		{"it sends us elsewhere", []int{302}, 1, "status 302"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := &receiver{answer: tt.answer}
			server := httptest.NewServer(r)
			t.Cleanup(server.Close)
			hook, err := NewWebhook(server.URL+"/"+secret, nil)
			if err != nil {
				t.Fatal(err)
			}
			var pauses []time.Duration
			hook.pause = func(_ context.Context, d time.Duration) error { pauses = append(pauses, d); return nil }
			err = hook.Send(t.Context(), Alert{Event: Opened})
			if (err == nil) != (tt.wrong == "") || err != nil && (!strings.Contains(err.Error(), tt.wrong) || strings.Contains(err.Error(), "secret")) {
				t.Errorf("got %v, want %q", err, tt.wrong)
			}
			if r.asked != tt.asked || len(pauses) != tt.asked-1 {
				t.Errorf("asked %d times with %d pauses, want %d", r.asked, len(pauses), tt.asked)
			}
			for i := 1; i < len(pauses); i++ {
				if pauses[i] != 2*pauses[i-1] {
					t.Errorf("pauses %v do not double", pauses)
				}
			}
		})
	}
	gone, err := NewWebhook("http://127.0.0.1:1/"+secret, nil)
	if err != nil {
		t.Fatal(err)
	}
	gone.pause = func(context.Context, time.Duration) error { return nil }
	if err := gone.Send(t.Context(), Alert{}); err == nil || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "http://127.0.0.1:1") {
		t.Errorf("nobody there: %v", err)
	}
	for _, text := range []string{"", "hooks.example.com/" + secret, "ftp://x/" + secret, "http://", "http://%zz/" + secret, "http:///" + secret} {
		if _, err := NewWebhook(text, nil); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestWebhookEnds holds that a wait between two tries ends with the program.
func TestWebhookEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := pause(ctx, time.Hour); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if err := pause(t.Context(), time.Hour); err != nil {
			t.Errorf("got %v", err)
		}
	})
	for text, want := range map[string]time.Duration{"3": 3 * time.Second, "": 0, "-1": 0, "99999": mostPause, "Wed, 21 Oct 2015 07:28:00 GMT": 0} {
		if got := retryAfter(text); got != want {
			t.Errorf("Retry-After %q: %s, want %s", text, got, want)
		}
	}
}

// TestAlertsWaitInBounds lets nobody take the messages: the newest stay, and the others are counted.
func TestAlertsWaitInBounds(t *testing.T) {
	a := NewAlerts(nil, nil, stats.Info)
	for i := range mostWaiting + 10 {
		a.queue(Alert{Server: string(rune('a' + i%26)), Time: time.Unix(int64(i), 0)})
	}
	if len(a.waiting) != mostWaiting || a.dropped.Load() != 10 {
		t.Errorf("%d wait, %d were dropped", len(a.waiting), a.dropped.Load())
	}
	if first := <-a.waiting; first.Time.Unix() != 10 {
		t.Errorf("the oldest that waits is number %d", first.Time.Unix())
	}
	flood := &stats.Snapshot{Time: time.Unix(0, 0)}
	for i := range mostKnown + 10 {
		flood.Findings = append(flood.Findings, stats.Finding{Rule: "r", Subject: time.Duration(i).String(), Severity: stats.Critical})
	}
	a.note(&moment{snapshot: flood})
	if len(a.known) != mostKnown {
		t.Errorf("%d stories are kept", len(a.known))
	}
}

func TestAlertTextIsOnlyText(t *testing.T) {
	got := alertText(Opened, "a", stats.Finding{Severity: stats.Critical, Title: "<!channel> & \x1b[2J\n" + strings.Repeat("x", 2000)})
	if strings.ContainsAny(got, "<>\n\x1b") || !strings.HasPrefix(got, "[critical] a: &lt;!channel&gt; &amp; ") || len([]rune(got)) > mostText+30 {
		t.Errorf("the text is %q", got)
	}
}
