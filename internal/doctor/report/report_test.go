package report

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"redistop/internal/doctor"
	"redistop/internal/stats"
)

var update = flag.Bool("update", false, "write the golden reports anew")

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// look is the n-th answer of a server.
func look(n int, findings ...stats.Finding) *stats.Snapshot {
	at := start.Add(time.Duration(n) * time.Second)
	return &stats.Snapshot{
		Time: at, Link: stats.Link{State: stats.Up, Since: start},
		Server:     stats.Server{Addr: "10.0.0.1:6379", Flavor: "redis", Version: "8.0.1", Role: "primary", RunID: "a", UptimeSeconds: stats.Some[int64](273_600)},
		Throughput: stats.Throughput{TotalCommands: stats.Some(int64(1000 + 500*n))},
		Connected:  stats.Connected{Clients: stats.Some[int64](12)},
		Keyspace:   []stats.KeyspaceRow{{Keys: 1_234_567}},
		Observer:   stats.Observer{TotalUsec: int64(4000 * n), TotalCommands: int64(10 * n), BudgetShare: 0.01, SampledCommands: 17},
		Slowlog:    []stats.SlowRow{{Kind: stats.Slow, ID: int64(n), Time: at}},
		Findings:   findings,
		Missing:    []stats.Missing{{Part: "latency", Command: "LATENCY HISTOGRAM", Reason: "the user may not run it", Remedy: "ACL SETUSER watcher +latency|histogram"}},
	}
}

func keysFinding() stats.Finding {
	return stats.Finding{
		Rule: "blocking-command", Subject: "keys", Severity: stats.Critical, Confidence: stats.Certain,
		Title: "KEYS shiro:session:* blocks this server for 11 % of the time",
		Evidence: []stats.Evidence{
			{What: "time in KEYS", Value: "11 %: 18 calls, 62 ms each, the longest 110 ms", Source: "INFO commandstats", Seconds: stats.Some(10.0)},
			{What: "keys", Value: "1,234,567", Source: "INFO keyspace"},
		},
		Culprits: []stats.Culprit{{IP: "10.0.3.7", Name: "admin-web", User: "app", Library: "jedis 5.1", Connections: 3,
			Command: "KEYS shiro:session:*", Share: stats.Some(1.0), Source: "SLOWLOG", Gone: true}},
		Impact:  "While one runs about 2 other commands wait.",
		Remedy:  []string{"use SCAN with MATCH and COUNT: `redistop keys 'shiro:session:*'` does it safely now", "or keep an index of the keys"},
		Unknown: []string{"which part of the application asks"}, FirstSeen: start.Add(time.Second), LastSeen: start.Add(10 * time.Second),
	}
}

func goneFinding() stats.Finding {
	at := start.Add(5 * time.Second)
	return stats.Finding{Rule: "connection-storm", Severity: stats.Warning, Confidence: stats.Likely, Title: "200 connections a second come and go",
		Impact: "a tenth of the time goes into them", Evidence: []stats.Evidence{{What: "new connections", Value: "200/s", Source: "INFO stats"}},
		Remedy: []string{"use a pool"}, FirstSeen: start, LastSeen: at, Resolved: &at}
}

func asked() Asked {
	a := Plan("1.0", 10*time.Second, doctor.Options{Rules: []doctor.Rule{{ID: "blocking-command", Group: "Commands"}, {ID: "x", Group: "Memory"}}, Off: map[string]bool{"x": true}}, true)
	return a
}

func reportOf(snapshots ...*stats.Snapshot) *Report {
	g := Gather(asked())
	for _, s := range snapshots {
		g.Add(s)
	}
	return g.Report(false)
}

func sick() *Report {
	return reportOf(look(0), look(5, goneFinding()), look(10, keysFinding(), goneFinding()))
}

func TestGoldenReports(t *testing.T) {
	down := look(12)
	down.Stale, down.Link = true, stats.Link{State: stats.Down, Since: start.Add(11 * time.Second), Message: "connect to 10.0.0.1:6379: connection refused", Hint: "is it running?"}
	reports := map[string]*Report{
		"sick": sick(), "healthy": reportOf(look(0), look(10)), "died": reportOf(look(0), look(10, keysFinding()), down), "nothing": reportOf(),
	}
	for name, r := range reports {
		text := Text(r, 80, false)
		for line := range strings.Lines(text) {
			if n := ansi.StringWidth(strings.TrimSuffix(line, "\n")); n > 80 || strings.HasSuffix(line, " \n") {
				t.Errorf("%s: %d cells, or a blank at the end: %q", name, n, line)
			}
		}
		if got := ansi.Strip(Text(r, 80, true)); got != text {
			t.Errorf("%s: colours change the text:\n%s", name, cmp.Diff(text, got))
		}
		golden(t, name+".txt", text)
	}
	golden(t, "sick.md", Markdown(sick()))
	page, err := HTML(sick())
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "sick.html", string(page))
	object, err := JSON(sick())
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "sick.json", string(object))
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func TestMostSevereFirst(t *testing.T) {
	info := stats.Finding{Rule: "a", Severity: stats.Info, Title: "i"}
	goneCritical := goneFinding()
	goneCritical.Severity, goneCritical.Rule = stats.Critical, "gone"
	r := reportOf(look(0, keysFinding(), info, goneCritical, goneFinding()), look(1, keysFinding(), info)) // what the doctor forgot stays in the report
	var order []string
	for _, f := range r.Findings {
		order = append(order, f.Rule)
	}
	if diff := cmp.Diff([]string{"blocking-command", "gone", "connection-storm", "a"}, order); diff != "" {
		t.Error(diff)
	}
	if r.Worst != stats.Critical || r.Counts != (Counts{2, 1, 1}) {
		t.Errorf("worst %s, %+v", r.Worst, r.Counts)
	}
	if n := reportOf(look(0)).Worst; n != None {
		t.Errorf("worst of nothing is %q", n)
	}
}

func TestTroubleIsTold(t *testing.T) {
	stalled := look(3)
	stalled.Stale, stalled.Link = true, stats.Link{State: stats.Stalled, Since: start.Add(time.Second)}
	later := *stalled
	later.Time = start.Add(5 * time.Second)
	r := reportOf(look(0), stalled, &later, look(6))
	if len(r.Trouble) != 1 || r.Trouble[0].Seconds != 4 || r.Outcome != Observed || r.Looks != 2 {
		t.Errorf("%+v, %s, %d looks", r.Trouble, r.Outcome, r.Looks)
	}
	if text := Text(r, 80, false); !strings.Contains(text, "12:00:01 UTC for 4 s: the server owed an answer") {
		t.Error(text)
	}
}

// A server that does not answer in the end gets no all-clear, in no format; nor does one that did not in between.
func TestNoAllClearForASilentServer(t *testing.T) {
	silent := func(state stats.LinkState, at, since int) *stats.Snapshot {
		s := look(at)
		s.Stale, s.Link = true, stats.Link{State: state, Since: start.Add(time.Duration(since) * time.Second)}
		return s
	}
	info := keysFinding()
	info.Severity = stats.Info
	stalled, down := silent(stats.Stalled, 6, 3), silent(stats.Down, 9, 7)
	for _, c := range []struct {
		name    string
		report  *Report
		verdict string
		class   string
	}{
		{"hung", reportOf(look(0), look(2), stalled), "The server stopped answering at 12:00:03 UTC and still does not.", "critical"},
		{"hung, then not reached", reportOf(look(0), look(2), stalled, down), "The server stopped answering at 12:00:03 UTC and still does not.", "critical"},
		{"hung with a finding", reportOf(look(0), look(2, keysFinding()), stalled), "The server stopped answering at 12:00:03 UTC and still does not; until then 1 critical.", "critical"},
		{"came back", reportOf(look(0), stalled, look(8)), "The server did not answer for up to 3 s, and no rule that was asked says why.", "warning"},
		{"came back, for information", reportOf(look(0), stalled, look(8, info)), "The server did not answer for up to 3 s, and no rule that was asked says why; 1 for information.", "warning"},
		{"came back, and it is known why", reportOf(look(0), stalled, look(8, keysFinding())), "1 critical.", "critical"},
		{"loads", reportOf(look(0), silent(stats.Loading, 4, 3)), "From 12:00:03 UTC to the end the server was loading its data.", "critical"},
		{"well", reportOf(look(0), look(8)), "Nothing was found that hurts this server.", "good"},
	} {
		page, err := HTML(c.report)
		if err != nil {
			t.Fatal(err)
		}
		object, err := JSON(c.report)
		if err != nil {
			t.Fatal(err)
		}
		for format, text := range map[string]string{"text": Text(c.report, 100, false), "markdown": strings.ReplaceAll(Markdown(c.report), "\\", ""), "json": string(object), "html": string(page)} {
			if !strings.Contains(text, c.verdict) {
				t.Errorf("%s, %s: want %q in\n%s", c.name, format, c.verdict, text)
			}
			if c.class != "good" && strings.Contains(text, "Nothing was found") {
				t.Errorf("%s, %s: all-clear", c.name, format)
			}
		}
		if !bytes.Contains(page, []byte(`class="verdict `+c.class+`"`)) {
			t.Errorf("%s: the page's verdict is not %s", c.name, c.class)
		}
	}
	object, _ := JSON(reportOf(look(0)))
	if !bytes.Contains(object, []byte(`"worst": "none"`)) {
		t.Errorf("no worst: %s", object)
	}
}

// A stall that is seen anew at each look is one, and several are one line with the longest.
func TestTroubleIsToldOnce(t *testing.T) {
	stall := func(at, since float64) *stats.Snapshot {
		s := look(0)
		second := func(v float64) time.Time { return start.Add(time.Duration(v * float64(time.Second))) }
		s.Time, s.Stale, s.Link = second(at), true, stats.Link{State: stats.Stalled, Since: second(since)}
		return s
	}
	r := reportOf(look(0), stall(2, 1), stall(2.5, 1.003), stall(3, 0.998), look(4), stall(6, 5), stall(13.2, 5.004), look(14))
	if len(r.Trouble) != 2 || r.Trouble[0].Seconds != 2 || r.Trouble[1].Seconds != 8.2 {
		t.Errorf("%+v", r.Trouble)
	}
	if text := Text(r, 100, false); !strings.Contains(text, "12:00:01 to 12:00:05 UTC, 2 times, for up to 8.2 s: the server owed an answer\n") || strings.Count(text, "owed an answer") != 1 {
		t.Error(text)
	}
}

// hostile is what a client can call itself, or a file can hold.
const hostile = "\x1b]0;x\a<script>alert(1)</script> @ann #1 https://evil.example www.evil.example `a` ``b`` | [x](javascript:1) $y$ \u202e\n# head \xff"

func TestHostileNames(t *testing.T) {
	f := keysFinding()
	f.Rule, f.Subject, f.Title, f.Impact, f.Confidence = hostile, hostile, hostile, hostile, hostile
	f.Severity = hostile
	f.Evidence = []stats.Evidence{{What: hostile, Value: hostile, Source: hostile}}
	f.Culprits = []stats.Culprit{{Addr: hostile, IP: hostile, Name: hostile, User: hostile, Library: hostile, Command: hostile, Source: hostile}}
	f.Remedy, f.Unknown = []string{hostile, hostile}, []string{hostile}
	s := look(1, f)
	s.Server = stats.Server{Addr: hostile, Flavor: hostile, Version: hostile, Role: hostile, Mode: hostile}
	s.Missing = []stats.Missing{{Part: hostile, Command: hostile, Reason: hostile, Remedy: hostile}}
	s.Link.Message, s.Link.State = hostile, hostile
	r := reportOf(look(0), s)
	r.Redistop, r.Looked.Off, r.Looked.Groups, r.Looked.Unsampled = hostile, []string{hostile}, []string{hostile}, hostile

	page, err := HTML(r)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"text": Text(r, 80, false), "markdown": Markdown(r), "html": string(page)} {
		if strings.ContainsAny(text, "\x1b\a\u202e\xff") || !utf8.ValidString(text) {
			t.Errorf("%s: a letter that a terminal acts on", name)
		}
	}
	if bytes.Contains(page, []byte("<script")) || bytes.Contains(page, []byte("href")) {
		t.Error("html: markup of a stranger")
	}
	checkMarkdown(t, Markdown(r))
}

// checkMarkdown looks for markup outside of code spans.
func checkMarkdown(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		for _, live := range []string{" <script", " @ann", " #1", " https://", " www.evil", " [x]("} {
			at := strings.Index(line, live)
			if at >= 0 && strings.Count(line[:at], "`")%2 == 0 && !strings.Contains(line, "```") {
				t.Errorf("%q is live in %q", live, line)
			}
		}
	}
}

func TestJSONIsOneObject(t *testing.T) {
	b, err := JSON(reportOf())
	if err != nil {
		t.Fatal(err)
	}
	var object map[string]any
	if err := json.Unmarshal(b, &object); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"findings", "missing", "trouble"} {
		if _, isList := object[name].([]any); !isList {
			t.Errorf("%s is %v, want a list also where it is empty", name, object[name])
		}
	}
}

// The policy of the page names its one style sheet, as the page has it.
func TestPageKeepsItsPolicy(t *testing.T) {
	page, err := HTML(sick())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(page, []byte("<style>"+pageStyle+"</style>")) {
		t.Error("the style sheet is not the one that the policy was made of")
	}
	for _, outside := range []string{"<script", "<img", "<link", "src=", "url(", "@import", " style="} {
		if bytes.Contains(page, []byte(outside)) {
			t.Errorf("the page has %s", outside)
		}
	}
}

func TestWords(t *testing.T) {
	for in, want := range map[float64]string{0: "0 ms", 0.3: "300 ms", 0.99999: "1 s", 9.5: "9.5 s", 10: "10 s", 119: "119 s", 200: "3 min 20 s", 7200: "2 h", 273_600: "3 d 4 h"} {
		if got := span(in); got != want {
			t.Errorf("span(%v) = %q, want %q", in, got, want)
		}
	}
	for in, want := range map[float64]string{0: "0 %", 0.00001: "<0.01 %", 0.0123: "1.2 %", 0.11: "11 %", 1: "100 %"} {
		if got := percent(in); got != want {
			t.Errorf("percent(%v) = %q, want %q", in, got, want)
		}
	}
}
