package otlp

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	collector "go.opentelemetry.io/proto/slim/otlp/collector/metrics/v1"
	metrics "go.opentelemetry.io/proto/slim/otlp/metrics/v1"
	"google.golang.org/protobuf/proto"
)

// A receiver takes requests without a network.
type receiver struct {
	t        *testing.T
	answers  []int // statuses of the next answers; then 200
	header   http.Header
	partial  int64 // points that it says it did not take
	asked    []time.Time
	requests []*collector.ExportMetricsServiceRequest
	headers  []http.Header
}

func (r *receiver) RoundTrip(req *http.Request) (*http.Response, error) {
	r.asked = append(r.asked, time.Now())
	var body io.Reader = req.Body
	if req.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(body)
		if err != nil {
			r.t.Error(err)
			return nil, err
		}
		body = z
	}
	text, err := io.ReadAll(body)
	if err != nil {
		r.t.Error(err)
	}
	status := 200
	if len(r.answers) > 0 {
		status, r.answers = r.answers[0], r.answers[1:]
	}
	if status == 0 {
		return nil, errors.New("connection refused")
	}
	if status == 200 {
		var got collector.ExportMetricsServiceRequest
		if err := proto.Unmarshal(text, &got); err != nil {
			r.t.Errorf("not a request: %v", err)
		}
		r.requests, r.headers = append(r.requests, &got), append(r.headers, req.Header)
	}
	answer, err := proto.Marshal(&collector.ExportMetricsServiceResponse{PartialSuccess: &collector.ExportMetricsPartialSuccess{RejectedDataPoints: r.partial, ErrorMessage: "too \x1bold"}})
	if err != nil {
		r.t.Error(err)
	}
	return &http.Response{StatusCode: status, Header: r.header, Body: io.NopCloser(bytes.NewReader(answer)), Request: req}, nil
}

func pusher(t *testing.T, from prometheus.Gatherer, o Options) (*Pusher, *receiver) {
	t.Helper()
	o.URL = "https://user:secret@collector.example/v1/metrics?key=secret"
	o.Interval, o.Timeout = DefaultInterval, DefaultTimeout
	p, err := New(from, o)
	if err != nil {
		t.Fatal(err)
	}
	r := &receiver{t: t}
	p.client.Transport = r
	return p, r
}

// points are the values of a request: of each series one, by name and labels.
func points(request *collector.ExportMetricsServiceRequest) map[string]float64 {
	all := map[string]float64{}
	number := func(name string, points []*metrics.NumberDataPoint) {
		for _, p := range points {
			key := name
			for _, a := range p.Attributes {
				key += " " + a.Key + "=" + a.Value.GetStringValue()
			}
			all[key] = p.GetAsDouble()
		}
	}
	for _, m := range request.ResourceMetrics[0].ScopeMetrics[0].Metrics {
		number(m.Name, m.GetGauge().GetDataPoints())
		number(m.Name, m.GetSum().GetDataPoints())
		for _, p := range m.GetHistogram().GetDataPoints() {
			all[m.Name+" count"], all[m.Name+" sum"] = float64(p.Count), p.GetSum()
			for i, n := range p.BucketCounts {
				bound := math.Inf(1)
				if i < len(p.ExplicitBounds) {
					bound = p.ExplicitBounds[i]
				}
				all[m.Name+" to "+strconv.FormatFloat(bound, 'g', -1, 64)] = float64(n)
			}
		}
		for _, p := range m.GetSummary().GetDataPoints() {
			all[m.Name+" count"], all[m.Name+" sum"] = float64(p.Count), p.Sum
			for _, q := range p.QuantileValues {
				all[m.Name+" at "+strconv.FormatFloat(q.Quantile, 'g', -1, 64)] = q.Value
			}
		}
	}
	return all
}

func TestPushSaysWhatIsGathered(t *testing.T) {
	registry := prometheus.NewRegistry()
	total := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "a_total", Help: "of a"}, []string{"server"})
	gauge := prometheus.NewGauge(prometheus.GaugeOpts{Name: "b"})
	histogram := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "c", Buckets: []float64{1, 2}})
	summary := prometheus.NewSummary(prometheus.SummaryOpts{Name: "d", Objectives: map[float64]float64{0.5: 0.01}})
	registry.MustRegister(total, gauge, histogram, summary)
	total.WithLabelValues("x").Add(3)
	total.WithLabelValues("y").Add(4)
	gauge.Set(-0.5)
	for _, v := range []float64{0.5, 1.5, 1.6, 9} {
		histogram.Observe(v)
		summary.Observe(v)
	}
	p, r := pusher(t, registry, Options{Version: "1.2", Headers: map[string]string{"X-Key": "k"}, Resource: map[string]string{"service.name": "redistop"}})
	if err := p.Push(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := map[string]float64{
		"a_total server=x": 3, "a_total server=y": 4, "b": -0.5,
		"c count": 4, "c sum": 12.6, "c to 1": 1, "c to 2": 2, "c to +Inf": 1,
		"d count": 4, "d sum": 12.6, "d at 0.5": 1.5,
	}
	if diff := cmp.Diff(want, points(r.requests[0])); diff != "" {
		t.Error(diff)
	}
	of := r.requests[0].ResourceMetrics[0]
	if a := of.Resource.Attributes[0]; a.Key != "service.name" || a.Value.GetStringValue() != "redistop" {
		t.Errorf("resource %v", of.Resource)
	}
	first := of.ScopeMetrics[0].Metrics[0]
	if first.Description != "of a" || !first.GetSum().IsMonotonic || first.GetSum().AggregationTemporality != metrics.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE {
		t.Errorf("total %v", first)
	}
	h := r.headers[0]
	if h.Get("X-Key") != "k" || h.Get("Content-Type") != "application/x-protobuf" || h.Get("User-Agent") != "redistop/1.2" {
		t.Errorf("headers %v", h)
	}
}

// TestWhenTotalsBegan holds that a total which fell, as a server's do when it restarts, began anew.
func TestWhenTotalsBegan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		value := 5.0
		registry := prometheus.NewRegistry()
		registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "a_total"}, func() float64 { return value }))
		p, r := pusher(t, registry, Options{})
		start := time.Now()
		for i, v := range []float64{5, 7, 2, 3} {
			value = v
			if err := p.Push(t.Context()); err != nil {
				t.Fatal(err)
			}
			want := []time.Duration{0, 0, time.Minute, time.Minute}[i]
			point := r.requests[i].ResourceMetrics[0].ScopeMetrics[0].Metrics[0].GetSum().DataPoints[0]
			if got := time.Unix(0, int64(point.StartTimeUnixNano)).Sub(start); got != want || point.GetAsDouble() != v {
				t.Errorf("push %d: began %v after the start, want %v", i, got, want)
			}
			time.Sleep(time.Minute)
		}
	})
}

func TestLargePushesAreSplit(t *testing.T) {
	registry := prometheus.NewRegistry()
	vec := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "a"}, []string{"n"})
	registry.MustRegister(vec)
	const n = 2*mostPoints + 5
	for i := range n {
		vec.WithLabelValues(strconv.Itoa(i)).Set(float64(i))
	}
	p, r := pusher(t, registry, Options{Plain: true})
	if err := p.Push(t.Context()); err != nil {
		t.Fatal(err)
	}
	all := map[string]float64{}
	for _, request := range r.requests {
		part := points(request)
		if len(part) > mostPoints {
			t.Errorf("%d points in one request", len(part))
		}
		for k, v := range part {
			all[k] = v
		}
	}
	if len(all) != n || all["a n=20001"] != 20001 {
		t.Errorf("%d points, want %d", len(all), n)
	}
}

func TestRunTriesAgainAndGoesOn(t *testing.T) {
	for _, tt := range []struct {
		name    string
		answers []int
		after   string // Retry-After
		partial int64
		asked   []int // seconds after the start
		reports []string
		counts  Counts
	}{
		{"all well", nil, "", 0, []int{15, 30, 45}, nil, Counts{3, 0}},
		{"comes back", []int{503, 0, 200}, "", 0, []int{15, 16, 18, 30, 45}, nil, Counts{3, 0}},
		{"asks to wait", []int{429, 200}, "7", 0, []int{15, 22, 30, 45}, nil, Counts{3, 0}},
		{"refuses for good, once", []int{400, 200}, "", 0, []int{15, 30, 45}, []string{"push metrics to https://collector.example: status 400", ""}, Counts{2, 1}},
		{"is away for one push", []int{0, 0, 0, 0, 200}, "", 0, []int{15, 16, 18, 22, 30, 45}, []string{"push metrics to https://collector.example: connection refused", ""}, Counts{2, 1}},
		{"takes a part", nil, "", 2, []int{15, 30, 45}, []string{`push metrics to https://collector.example: 2 data points were not taken: "too \x1bold"`}, Counts{0, 3}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				registry := prometheus.NewRegistry()
				registry.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "a"}))
				var reports []string
				p, r := pusher(t, registry, Options{Report: func(err error) {
					text := ""
					if err != nil {
						text = err.Error()
					}
					reports = append(reports, text)
				}})
				r.answers, r.partial, r.header = tt.answers, tt.partial, http.Header{"Retry-After": {tt.after}}
				ctx, cancel := context.WithTimeout(t.Context(), 50*time.Second)
				defer cancel()
				start := time.Now()
				p.Run(ctx)
				var asked []int
				for _, at := range r.asked {
					asked = append(asked, int(at.Sub(start)/time.Second))
				}
				if diff := cmp.Diff(tt.asked, asked); diff != "" {
					t.Error(diff)
				}
				if diff := cmp.Diff(tt.reports, reports); diff != "" {
					t.Error(diff)
				}
				if p.Counts() != tt.counts {
					t.Errorf("counts %+v, want %+v", p.Counts(), tt.counts)
				}
			})
		})
	}
}

func TestURLs(t *testing.T) {
	for text, want := range map[string]string{
		"http://c:4318":                    "http://c:4318/v1/metrics",
		"http://c:4318/":                   "http://c:4318/v1/metrics",
		"https://p/api/v1/otlp/v1/metrics": "https://p/api/v1/otlp/v1/metrics",
		"https://p?key=1":                  "https://p/v1/metrics?key=1",
	} {
		if got := Base(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	for _, text := range []string{"", "collector:4318", "ftp://zzsecret", "http://", "http://a:zzsecret@ b"} {
		if _, err := New(nil, Options{URL: text}); err == nil || strings.Contains(err.Error(), "zzsecret") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestEnvironment(t *testing.T) {
	read := func(pairs ...string) (Options, error) {
		env := map[string]string{}
		for i := 0; i+1 < len(pairs); i += 2 {
			env["OTEL_"+pairs[i]] = pairs[i+1]
		}
		return Environment(func(name string) string { return env[name] })
	}
	o, err := read("EXPORTER_OTLP_ENDPOINT", "http://c:4318/x", "EXPORTER_OTLP_HEADERS", "api-key=a%20b, x=y", "EXPORTER_OTLP_TIMEOUT", "2000",
		"EXPORTER_OTLP_COMPRESSION", "gzip", "EXPORTER_OTLP_METRICS_COMPRESSION", "none", "METRIC_EXPORT_INTERVAL", "30000",
		"RESOURCE_ATTRIBUTES", "service.name=other,team=a", "SERVICE_NAME", "redis watch")
	want := Options{
		URL: "http://c:4318/x/v1/metrics", Headers: map[string]string{"api-key": "a b", "x": "y"}, Interval: 30 * time.Second, Timeout: 2 * time.Second, Plain: true,
		Resource: map[string]string{"service.name": "redis watch", "team": "a"},
	}
	if diff := cmp.Diff(want, o); diff != "" || err != nil {
		t.Errorf("%v: %s", err, diff)
	}
	if o, err := read("EXPORTER_OTLP_METRICS_ENDPOINT", "http://m/whole", "EXPORTER_OTLP_ENDPOINT", "http://c"); o.URL != "http://m/whole" || err != nil {
		t.Errorf("%+v, %v", o, err)
	}
	for _, off := range [][]string{{"SDK_DISABLED", "true"}, {"METRICS_EXPORTER", "none"}, {"X", ""}} {
		if o, err := read(append(off, "EXPORTER_OTLP_ENDPOINT", map[bool]string{true: "http://c"}[off[0] != "X"])...); o.URL != "" || err != nil {
			t.Errorf("%v: %+v, %v", off, o, err)
		}
	}
	for _, wrong := range [][]string{
		{"EXPORTER_OTLP_PROTOCOL", "grpc"}, {"EXPORTER_OTLP_COMPRESSION", "zstd"}, {"EXPORTER_OTLP_HEADERS", "zzsecret"}, {"EXPORTER_OTLP_HEADERS", "a=zzsecret%0a"},
		{"EXPORTER_OTLP_TIMEOUT", "1"}, {"METRIC_EXPORT_INTERVAL", "x"}, {"RESOURCE_ATTRIBUTES", "x"}, {"EXPORTER_OTLP_ENDPOINT", "http://zzsecret\x00"},
		{"EXPORTER_OTLP_CERTIFICATE", "/nothing"}, {"EXPORTER_OTLP_CLIENT_KEY", "/nothing"},
	} {
		if _, err := read(wrong...); err == nil || strings.Contains(err.Error(), "zzsecret") {
			t.Errorf("%v: %v", wrong, err)
		}
	}
}

func FuzzPairs(f *testing.F) {
	for _, s := range []string{"api-key=a%20b, x=y", "=", "a=%zz", ",,a=b=c", "a\r\nb=c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		all, err := pairs(s)
		if err != nil {
			return
		}
		for name, value := range all {
			if name == "" || CheckHeaders(all) == nil && strings.ContainsAny(name+value, "\r\n\x00") {
				t.Errorf("%q: %q", s, all)
			}
		}
	})
}
