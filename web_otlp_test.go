package main

import (
	"compress/gzip"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	export "go.opentelemetry.io/proto/slim/otlp/collector/metrics/v1"
	"google.golang.org/protobuf/proto"

	"redistop/internal/redistest"
	"redistop/internal/web/otlp"
)

// collector is a receiver of OTLP that keeps the latest request.
type collector struct {
	t       *testing.T
	mu      sync.Mutex
	latest  *export.ExportMetricsServiceRequest
	header  http.Header
	refuses bool
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	z, err := gzip.NewReader(r.Body)
	if err != nil {
		c.t.Error(err)
		return
	}
	body, err := io.ReadAll(z)
	var request export.ExportMetricsServiceRequest
	if err != nil || proto.Unmarshal(body, &request) != nil {
		c.t.Errorf("not a request: %v", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.latest, c.header = &request, r.Header.Clone(); c.refuses {
		w.WriteHeader(http.StatusForbidden)
	}
}

// up is the value of redistop_up of a server in the latest request, and the resource's attributes.
func (c *collector) up(server string) (value float64, told bool, resource map[string]string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.latest == nil {
		return 0, false, nil
	}
	resource = map[string]string{}
	of := c.latest.ResourceMetrics[0]
	for _, a := range of.Resource.Attributes {
		resource[a.Key] = a.Value.GetStringValue()
	}
	for _, m := range of.ScopeMetrics[0].Metrics {
		for _, p := range m.GetGauge().GetDataPoints() {
			if m.Name == "redistop_up" && p.Attributes[0].Value.GetStringValue() == server {
				return p.GetAsDouble(), true, resource
			}
		}
	}
	return 0, false, resource
}

func (c *collector) refuse(yes bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refuses = yes
}

// TestWebPushes runs the whole program against a receiver that takes, refuses, and takes again.
func TestWebPushes(t *testing.T) {
	t.Setenv("OTEL_METRIC_EXPORT_INTERVAL", "1000")
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "team=data")
	cache := redistest.New(t)
	c := &collector{t: t}
	receiver := httptest.NewServer(c)
	defer receiver.Close()
	s := startSite(t, "--otlp", receiver.URL+"?key=zzsecret", "--otlp-header", "X-Key=zzsecret", "--store", "none", "cache="+cache.Socket())
	var resource map[string]string
	s.until("it is pushed that the server is up", func() bool {
		var value float64
		value, _, resource = c.up("cache")
		return value == 1
	})
	if resource["service.name"] != "redistop" || resource["team"] != "data" || resource["service.instance.id"] == "" || resource["service.version"] == "" {
		t.Errorf("resource %v", resource)
	}
	c.refuse(true)
	s.until("a refusal is told", func() bool { return strings.Contains(s.stderr.String(), "status 403") })
	c.refuse(false)
	s.until("it is told that it is over", func() bool { return strings.Contains(s.stderr.String(), "metrics are pushed again") })
	s.until("pushes are counted", func() bool {
		return strings.Contains(s.get("/metrics"), `redistop_otlp_pushes_total{outcome="failed"}`)
	})
	if strings.Contains(s.stderr.String(), "zzsecret") || !strings.Contains(s.stderr.String(), "metrics are pushed to "+receiver.URL) {
		t.Errorf("told: %s", s.stderr)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.header.Get("X-Key") != "zzsecret" {
		t.Errorf("headers %v", c.header)
	}
}

func TestWhereMetricsArePushed(t *testing.T) {
	at := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 7979}
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://env:4318")
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "a=b")
	o, err := (&pushing{}).options(at)
	if err != nil || o.URL != "http://env:4318/v1/metrics" || o.Headers["a"] != "b" || o.Interval != otlp.DefaultInterval || !strings.HasSuffix(o.Resource["service.instance.id"], ":7979") {
		t.Errorf("%+v, %v", o, err)
	}
	o, err = (&pushing{url: "http://flag/own", headers: []string{"c=d=e"}}).options(at)
	if err != nil || o.URL != "http://flag/own" || len(o.Headers) != 1 || o.Headers["c"] != "d=e" {
		t.Errorf("%+v, %v", o, err)
	}
	for _, wrong := range []string{"zzsecret", "a b=zzsecret", "=zzsecret"} {
		if _, err := (&pushing{headers: []string{wrong}}).options(at); err == nil || strings.Contains(err.Error(), "zzsecret") {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}
