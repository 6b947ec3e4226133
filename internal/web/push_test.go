package web

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	export "go.opentelemetry.io/proto/slim/otlp/collector/metrics/v1"
	otlpmetrics "go.opentelemetry.io/proto/slim/otlp/metrics/v1"
	"google.golang.org/protobuf/proto"

	"redistop/internal/web/otlp"
)

// TestPushSaysWhatMetricsSay pushes to a receiver over the network and compares what it decodes with
// /metrics: every series of servers, and every value.
func TestPushSaysWhatMetricsSay(t *testing.T) {
	snapshot := recorded(t, "valkey-9.1.2")[1]
	_, s := serving(Options{Version: "1.2", Compat: true}, snapshot, complete(), down(snapshot))
	var mu sync.Mutex
	pushed := map[string]float64{}
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.Path != "/v1/metrics" {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			t.Error(err)
			return
		}
		body, err := io.ReadAll(z)
		var request export.ExportMetricsServiceRequest
		if err != nil || proto.Unmarshal(body, &request) != nil {
			t.Errorf("not a request: %v", err)
		}
		mu.Lock()
		defer mu.Unlock()
		for _, m := range request.ResourceMetrics[0].ScopeMetrics[0].Metrics {
			for _, p := range append(m.GetGauge().GetDataPoints(), m.GetSum().GetDataPoints()...) {
				pushed[seriesOf(m.Name, p)] = p.GetAsDouble()
			}
		}
	}))
	defer receiver.Close()
	p, err := s.Push(otlp.Options{URL: otlp.Base(receiver.URL), Timeout: otlp.DefaultTimeout, Interval: otlp.DefaultInterval})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Push(t.Context()); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	served, compared := samples(t, s), 0
	for series, value := range served {
		if !strings.HasPrefix(series, "redistop_") && !strings.HasPrefix(series, "redis_") || strings.HasPrefix(series, "redistop_web_requests") {
			continue // of this process, at another moment
		}
		want, err := strconv.ParseFloat(value, 64)
		if got, ok := pushed[series]; err != nil || !ok || got != want {
			t.Errorf("%s: pushed %v (%v), served %s", series, got, ok, value)
		}
		compared++
	}
	if compared < 200 {
		t.Errorf("only %d series were compared", compared)
	}
	for series := range pushed {
		if _, ok := served[series]; !ok && strings.Contains(series, "server=") {
			t.Errorf("%s is pushed and not served", series)
		}
	}
	if served[`redistop_otlp_pushes_total{outcome="delivered"}`] != "0" { // Run counts, and it does not run here
		t.Error("pushes are not counted")
	}
}

// seriesOf is the name and the labels of a point as /metrics writes them.
func seriesOf(name string, p *otlpmetrics.NumberDataPoint) string {
	var labels []string
	for _, a := range p.Attributes {
		value := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(a.Value.GetStringValue())
		labels = append(labels, a.Key+`="`+value+`"`)
	}
	if labels == nil {
		return name
	}
	return name + "{" + strings.Join(labels, ",") + "}"
}
