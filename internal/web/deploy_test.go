package web

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var metricName = regexp.MustCompile(`\bredis(top)?_[a-z0-9_]+\b`)

// TestDeployFilesNameRealMetrics holds the dashboard, the alert rules and their tests against the tables.
func TestDeployFilesNameRealMetrics(t *testing.T) {
	known := map[string]bool{}
	for _, m := range metrics(false) {
		known[m.name] = true
	}
	for _, m := range selfMetrics {
		known[m.name] = true
	}
	for _, file := range []string{"grafana-dashboard.json", "prometheus-rules.yaml", "prometheus-rules-test.yaml"} {
		content, err := os.ReadFile(filepath.Join("..", "..", "deploy", file))
		if err != nil {
			t.Fatal(err)
		}
		names := metricName.FindAllString(string(content), -1)
		if len(names) < 3 {
			t.Errorf("%s names %q: the test does not see what it should", file, names)
		}
		for _, name := range names {
			if !known[name] {
				t.Errorf("%s asks for %s, which is not given", file, name)
			}
		}
	}
}

// TestDashboard holds that the dashboard can be imported: it is JSON, its panels do not overlap, have
// different ids and ask something.
func TestDashboard(t *testing.T) {
	content, err := os.ReadFile("../../deploy/grafana-dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Title, UID    string
		SchemaVersion int
		Panels        []struct {
			ID          int
			Title, Type string
			GridPos     struct{ X, Y, W, H int }
			Targets     []struct{ Expr string }
			Datasource  struct{ UID string }
		}
	}
	if err := json.Unmarshal(content, &dashboard); err != nil {
		t.Fatal(err)
	}
	taken, ids := map[[2]int]string{}, map[int]bool{}
	for _, p := range dashboard.Panels {
		if ids[p.ID] || p.Title == "" || len(p.Targets) == 0 || p.Targets[0].Expr == "" || p.Datasource.UID != "${datasource}" {
			t.Errorf("panel %d %q: not complete, or twice", p.ID, p.Title)
		}
		ids[p.ID] = true
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" || x >= 24 {
					t.Fatalf("panel %q lies over %q, or outside", p.Title, other)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
	}
	if len(dashboard.Panels) < 10 || dashboard.UID == "" || dashboard.SchemaVersion < 30 {
		t.Errorf("%d panels, uid %q, schema %d", len(dashboard.Panels), dashboard.UID, dashboard.SchemaVersion)
	}
}

// TestPromtool lets Prometheus's own tool check the rules, test them, check the expressions of the
// dashboard, and lint what is served.
func TestPromtool(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("no promtool on PATH: scripts/install promtool brings it")
	}
	run := func(stdin []byte, args ...string) {
		t.Helper()
		cmd := exec.Command(promtool, args...)
		cmd.Stdin = bytes.NewReader(stdin)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args[:2], " "), err, out)
		}
	}
	run(nil, "check", "rules", "../../deploy/prometheus-rules.yaml")
	run(nil, "test", "rules", "../../deploy/prometheus-rules-test.yaml")
	_, s := serving(Options{}, recorded(t, "redis-7.0.15")[1])
	run([]byte(text(t, get(s, "/metrics"))), "check", "metrics")

	content, err := os.ReadFile("../../deploy/grafana-dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct{ Targets []struct{ Expr string } }
	}
	if err := json.Unmarshal(content, &dashboard); err != nil {
		t.Fatal(err)
	}
	rules := "groups: [{name: panels, rules: [\n"
	for _, p := range dashboard.Panels {
		for _, target := range p.Targets {
			expr := strings.NewReplacer("$__rate_interval", "5m", "$server", ".*").Replace(target.Expr)
			quoted, _ := json.Marshal(expr)
			rules += "{alert: A" + strings.Repeat("x", strings.Count(rules, "\n")) + ", expr: " + string(quoted) + "},\n"
		}
	}
	file := filepath.Join(t.TempDir(), "panels.yaml")
	if err := os.WriteFile(file, []byte(rules+"]}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run(nil, "check", "rules", file)
}
