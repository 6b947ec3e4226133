package web

import (
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"redistop/internal/stats"
)

// A metric is one name on /metrics: a row of the tables in metricsserver.go, metricscommand.go, metricscanary.go,
// metricsself.go and metricscompat.go, of which docs/metrics.md is made.
type metric struct {
	name   string
	kind   prometheus.ValueType
	help   string
	labels []string // beside server
	most   int      // series of one server at most; 0: one, or as many as the labels' values that help names
	always bool     // also while the server does not answer; any other is absent then

	// of hands over the values of one server; a fact that is not known is not handed over.
	of func(m *moment, emit emit)
}

// emit takes one value with the values of the labels.
type emit func(value float64, labels ...string)

// metrics are all names; with compat those of redis_exporter too.
func metrics(compat bool) []metric {
	var all []metric
	all = append(all, serverMetrics...)
	all = append(all, commandMetrics...)
	all = append(all, canaryMetrics...)
	if compat {
		all = append(all, compatMetrics...)
	}
	return all
}

// integer and decimal make an of from a fact of the Snapshot.
func integer(fact func(*stats.Snapshot) stats.Maybe[int64]) func(*moment, emit) {
	return func(m *moment, emit emit) {
		if v, ok := fact(m.snapshot).Get(); ok {
			emit(float64(v))
		}
	}
}

func decimal(fact func(*stats.Snapshot) stats.Maybe[float64]) func(*moment, emit) {
	return func(m *moment, emit emit) {
		if v, ok := fact(m.snapshot).Get(); ok {
			emit(v)
		}
	}
}

// yes makes an of from a fact that holds or does not.
func yes(fact func(*stats.Snapshot) stats.Maybe[bool]) func(*moment, emit) {
	return func(m *moment, emit emit) {
		if v, ok := fact(m.snapshot).Get(); ok {
			emit(one(v))
		}
	}
}

func one(v bool) float64 {
	if v {
		return 1
	}
	return 0
}

// usec makes seconds of a fact in microseconds.
func usec(fact func(*stats.Snapshot) stats.Maybe[float64]) func(*moment, emit) {
	return func(m *moment, emit emit) {
		if v, ok := fact(m.snapshot).Get(); ok {
			emit(v / 1e6)
		}
	}
}

// newRegistry gathers the tables, and the Go runtime's and the process's own metrics.
func newRegistry(s *Server) *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		newCollector(s.board, metrics(s.options.Compat)), newSelfCollector(s),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return registry
}

func newMetricsHandler(registry *prometheus.Registry) http.Handler {
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: 8, Timeout: writeTimeout / 2})
}

func (s *Server) metrics(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	s.collected.ServeHTTP(w, r)
}

// A collector makes metrics of what is on the Board when it is asked. Totals are the server's own: they
// begin anew when it restarts, which is what a counter may do.
type collector struct {
	board   *Board
	metrics []metric
	descs   []*prometheus.Desc
}

func newCollector(b *Board, all []metric) *collector {
	c := &collector{board: b, metrics: all}
	for _, m := range all {
		c.descs = append(c.descs, prometheus.NewDesc(m.name, m.help, append([]string{"server"}, m.labels...), nil))
	}
	return c
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		descs <- d
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	for _, m := range c.board.now().moments {
		answers := m.snapshot.Link.State == stats.Up && !m.snapshot.Stale && m.number > 0
		for i, row := range c.metrics {
			if !answers && !row.always {
				continue
			}
			collectRow(out, c.descs[i], row, m)
		}
	}
}

// collectRow hands over the series of one metric of one server: no more than the row allows, and none
// twice, which would spoil the whole answer.
func collectRow(out chan<- prometheus.Metric, desc *prometheus.Desc, row metric, m *moment) {
	seen := map[string]bool{}
	row.of(m, func(value float64, labels ...string) {
		if row.most > 0 && len(seen) >= row.most {
			return
		}
		values := make([]string, 1, len(labels)+1)
		values[0] = m.Name
		for _, l := range labels {
			values = append(values, strings.ToValidUTF8(l, "\uFFFD"))
		}
		key := strings.Join(values, "\x00")
		if seen[key] {
			return
		}
		seen[key] = true
		if series, err := prometheus.NewConstMetric(desc, row.kind, value, values...); err == nil {
			out <- series
		}
	})
}
