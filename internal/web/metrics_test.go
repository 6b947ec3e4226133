package web

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"redistop/internal/history"
	"redistop/internal/stats"
	"redistop/internal/web/otlp"
)

// samples are the lines of /metrics that are not comments.
func samples(t *testing.T, s *Server) map[string]string {
	t.Helper()
	res := get(s, "/metrics")
	all := text(t, res)
	if res.StatusCode != 200 {
		t.Fatalf("status %d: %s", res.StatusCode, all)
	}
	found := map[string]string{}
	for line := range strings.Lines(all) {
		if at := strings.LastIndexByte(line, ' '); at > 0 && !strings.HasPrefix(line, "#") {
			found[line[:at]] = strings.TrimSpace(line[at:])
		}
	}
	return found
}

// TestMetricsTell holds values against those of a recorded Snapshot.
func TestMetricsTell(t *testing.T) {
	s1 := recorded(t, "redis-7.0.15")[1]
	_, s := serving(Options{Version: "1.2", Compat: true}, s1, down(s1), nil)
	got := samples(t, s)
	row := s1.Commands[0]
	for series, want := range map[string]string{
		`redistop_up{server="a"}`:                            "1",
		`redistop_up{server="b"}`:                            "0",
		`redistop_up{server="c"}`:                            "0",
		`redistop_link_state{server="b",state="down"}`:       "1",
		`redistop_link_state{server="c",state="connecting"}`: "1",
		`redistop_server_info{addr="127.0.0.1:637a",flavor="redis",mode="standalone",role="primary",server="a",version="7.0.15"}`: "1",
		`redistop_commands_processed_total{server="a"}`:                       fmt.Sprint(s1.Throughput.TotalCommands.Or(0)),
		`redistop_memory_used_bytes{server="a"}`:                              number(s1.Memory.Used),
		`redistop_command_calls_total{command="` + row.Name + `",server="a"}`: fmt.Sprint(row.Calls),
		`redis_commands_total{cmd="` + row.Name + `",server="a"}`:             fmt.Sprint(row.Calls),
		`redistop_db_keys{db="db0",server="a"}`:                               fmt.Sprint(s1.Keyspace[0].Keys),
		`redistop_findings{server="a",severity="critical"}`:                   "0",
		`redis_up{server="a"}`:                                                "1",
		`redis_memory_max_bytes{server="a"}`:                                  number(s1.Memory.Max),
		`redistop_build_info{version="1.2"}`:                                  "1",
		`redistop_web_event_readers`:                                          "0",
	} {
		if got[series] != want {
			t.Errorf("%s is %q, want %q", series, got[series], want)
		}
	}
	for series := range got {
		if strings.Contains(series, `server="b"`) && !strings.HasPrefix(series, "redistop_up") && !strings.HasPrefix(series, "redis_up") && !slices.ContainsFunc(serverMetrics, func(m metric) bool {
			return m.always && strings.HasPrefix(series, m.name+"{")
		}) {
			t.Errorf("b is down, and yet there is %s", series)
		}
	}
	_, plain := serving(Options{}, s1)
	for series := range samples(t, plain) {
		if strings.HasPrefix(series, "redis_") {
			t.Errorf("without being asked for: %s", series)
		}
	}
}

func number(n stats.Maybe[int64]) string {
	return strings.Replace(fmt.Sprintf("%g", float64(n.Or(0))), "e+0", "e+0", 1)
}

// TestAbsentIsNotZero gives a Snapshot that knows nothing.
func TestAbsentIsNotZero(t *testing.T) {
	_, s := serving(Options{Compat: true}, &stats.Snapshot{Link: stats.Link{State: stats.Up}})
	allowed := []string{"redistop_up", "redistop_link_state", "redistop_server_info", "redistop_findings", "redistop_observer_commands_total",
		"redistop_persistence_loading", "redistop_last_observation_timestamp_seconds",
		"redis_up", "redis_instance_info", "redis_memory_max_bytes", "redis_rdb_bgsave_in_progress", "redis_aof_rewrite_in_progress"}
	for series := range samples(t, s) {
		name, labels, _ := strings.Cut(series, "{")
		if strings.Contains(labels, `server="a"`) && !slices.Contains(allowed, name) {
			t.Errorf("%s is there", series)
		}
	}
}

// TestEveryMetricIsGiven holds that a Snapshot with every fact brings every row of the tables.
func TestEveryMetricIsGiven(t *testing.T) {
	all := complete()
	all.Replication.PrimaryAddr, all.Replication.Replicas[0].Addr = "10.0.0.1:6379", "10.0.0.2:6379"
	b, _ := serving(Options{}, all)
	s := New(b, Options{Compat: true, Alerts: NewAlerts(b, nil, stats.Info), Past: &Past{Status: func() history.Status { return history.Status{State: history.On, Bytes: stats.Some(int64(1))} }}})
	if _, err := s.Push(otlp.Options{URL: "http://collector.example"}); err != nil {
		t.Fatal(err)
	}
	given := map[string]bool{}
	for series := range samples(t, s) {
		name, _, _ := strings.Cut(series, "{")
		given[name] = true
	}
	for _, m := range metrics(true) {
		if !given[m.name] {
			t.Errorf("%s is not given", m.name)
		}
	}
	for _, m := range selfMetrics {
		if !given[m.name] {
			t.Errorf("%s is not given", m.name)
		}
	}
}

// TestMetricsFollowConventions lints the names of ours; those of redis_exporter are what they are.
func TestMetricsFollowConventions(t *testing.T) {
	_, s := serving(Options{}, complete())
	problems, err := promlint.New(strings.NewReader(text(t, get(s, "/metrics")))).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	for _, m := range metrics(true) {
		if m.help == "" || !strings.HasSuffix(m.help, ".") {
			t.Errorf("%s: its help is no sentence: %q", m.name, m.help)
		}
	}
}

// TestCardinalityIsBounded gives a server that makes up commands, errors, databases and replicas, and
// names that would spoil the whole answer.
func TestCardinalityIsBounded(t *testing.T) {
	s1 := complete()
	s1.Commands, s1.Errors, s1.Keyspace, s1.Replication.Replicas, s1.Findings = nil, nil, nil, nil, nil
	for i := range 2000 {
		name := fmt.Sprintf("c%d\xff\"\n{}", i)
		s1.Commands = append(s1.Commands, stats.CommandRow{Name: name, Calls: int64(i), FailedCalls: stats.Some(int64(1)), RejectedCalls: stats.Some(int64(1))})
		s1.Errors = append(s1.Errors, stats.ErrorRow{Code: name, Count: 1})
		s1.Keyspace = append(s1.Keyspace, stats.KeyspaceRow{DB: i})
		s1.Replication.Replicas = append(s1.Replication.Replicas, stats.ReplicaRow{Addr: fmt.Sprintf("10.0.%d.%d:1", i/200, i%200), LagBytes: stats.Some(int64(1)), LagSeconds: stats.Some(int64(1))})
		s1.Findings = append(s1.Findings, stats.Finding{Rule: name, Severity: stats.Info})
	}
	s1.Commands = append(s1.Commands, stats.CommandRow{Name: "a\xff", Calls: 9000}, stats.CommandRow{Name: "a\xfe", Calls: 9001}) // the same once they are text
	_, s := serving(Options{Compat: true}, s1)
	counts := map[string]int{}
	for series := range samples(t, s) {
		name, _, _ := strings.Cut(series, "{")
		counts[name]++
	}
	for _, m := range metrics(true) {
		if most := max(m.most, 1); counts[m.name] > most {
			t.Errorf("%s has %d series, more than %d", m.name, counts[m.name], most)
		}
	}
	if n := counts["redistop_command_calls_total"]; n < mostCommands-1 {
		t.Errorf("%d commands, want %d", n, mostCommands-1)
	}
	if samples(t, s)["redistop_command_calls_total{command=\"a\uFFFD\",server=\"a\"}"] != "9001" {
		t.Error("the busiest command is not among them")
	}
}

// TestCompatNames holds the table against redis_exporter's own names, kinds and labels.
func TestCompatNames(t *testing.T) {
	list, err := os.ReadFile("testdata/redis_exporter.txt")
	if err != nil {
		t.Fatal(err)
	}
	theirs, ours := map[string]string{}, map[string]string{}
	var wanted []string
	for line := range strings.Lines(string(list)) {
		words := strings.Fields(line)
		switch {
		case words[0] == "#":
		case words[0] == "wanted":
			wanted = append(wanted, words[1:]...)
		default:
			theirs[words[0]] = strings.Join(words[1:], " ")
		}
	}
	for _, m := range compatMetrics {
		kind := map[prometheus.ValueType]string{counter: "counter", gauge: "gauge"}[m.kind]
		ours[m.name] = strings.Join(append([]string{kind}, m.labels...), " ")
	}
	if diff := cmp.Diff(theirs, ours); diff != "" {
		t.Errorf("redis_exporter's (-) and ours (+):\n%s", diff)
	}
	for _, name := range wanted {
		if ours[name] == "" {
			t.Errorf("its dashboards ask for %s", name)
		}
	}
}

// TestMetricsPage holds docs/metrics.md against the tables; -update writes it.
func TestMetricsPage(t *testing.T) {
	var b bytes.Buffer
	b.WriteString(metricsHead)
	kinds := map[prometheus.ValueType]string{counter: "counter", gauge: "gauge"}
	table := func(title string, rows []metric) {
		fmt.Fprintf(&b, "\n## %s\n\n| name | kind | labels | what it is |\n|---|---|---|---|\n", title)
		for _, m := range rows {
			labels := strings.Join(m.labels, ", ")
			if m.most > 0 {
				labels += fmt.Sprintf(" (at most %d)", m.most)
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", m.name, kinds[m.kind], labels, m.help)
		}
	}
	table("A server", serverMetrics)
	table("Its commands", commandMetrics)
	table("Its canary, with --canary", canaryMetrics)
	fmt.Fprintf(&b, "\n## This program\n\nWithout the label `server`. Beside them stand the metrics of the Go runtime (`go_…`) and the process (`process_…`).\n\n| name | kind | labels | what it is |\n|---|---|---|---|\n")
	for _, m := range selfMetrics {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", m.name, kinds[m.kind], strings.Join(m.labels, ", "), m.help)
	}
	table("With --metrics-compat: names that redis_exporter's dashboards ask for", compatMetrics)
	compare(t, "../../docs/metrics.md", b.Bytes())
}

const metricsHead = `# Metrics

` + "`redistop web`" + ` serves them at ` + "`/metrics`" + `. This page is made from the tables in internal/web: ` + "`go test ./internal/web -update`" + `.

Every metric of a server has the label ` + "`server`" + `, the name that it is watched by. A fact that is not known, because the server is
too old or may not be asked, is absent, never 0. While a server does not answer, only ` + "`redistop_up`" + ` and what else does not come from
it is given. Counters are the server's own totals since its start: they begin anew when it restarts, and with CONFIG RESETSTAT.
The number of series is bounded whatever a server does; clients and keys are in none of them, the API has those.

redis_exporter tells servers apart by ` + "`instance`" + `. To use its dashboards with more than one server, let Prometheus copy the name:

    scrape_configs:
      - job_name: redistop
        static_configs: [{targets: ["127.0.0.1:7979"]}]
        metric_relabel_configs:
          - {source_labels: [server], regex: (.+), target_label: instance}
`
