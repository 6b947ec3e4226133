package web

import (
	"github.com/prometheus/client_golang/prometheus"

	"redistop/internal/history"
)

// A selfMetric is a metric of this program, not of a server.
type selfMetric struct {
	name   string
	kind   prometheus.ValueType
	help   string
	labels []string
	of     func(s *Server, emit emit)
}

// selfMetrics are the metrics of this program, beside those of the Go runtime and the process.
var selfMetrics = []selfMetric{
	{name: "redistop_build_info", kind: gauge, labels: []string{"version"}, help: "1, with the version of redistop.", of: func(s *Server, emit emit) { emit(1, s.options.Version) }},
	{name: "redistop_web_requests_total", kind: counter, labels: []string{"status"}, help: "Requests that were answered, by the class of the status: 2xx to 5xx.", of: func(s *Server, emit emit) {
		s.classes(func(class string, n float64) { emit(n, class) })
	}},
	{name: "redistop_web_event_readers", kind: gauge, help: "Readers of events at present.", of: func(s *Server, emit emit) { emit(float64(s.seats.Load())) }},
	{name: "redistop_webhook_deliveries_total", kind: counter, labels: []string{"outcome"}, help: "What became of messages to the webhook: delivered, failed after all tries, or dropped because too many waited; absent without a webhook.", of: func(s *Server, emit emit) {
		if a := s.options.Alerts; a != nil {
			emit(float64(a.delivered.Load()), "delivered")
			emit(float64(a.failed.Load()), "failed")
			emit(float64(a.dropped.Load()), "dropped")
		}
	}},
	{name: "redistop_history_up", kind: gauge, help: "Whether history can be written: 1, else 0; /api/v1/about says why not.", of: func(s *Server, emit emit) {
		if p := s.options.Past; p != nil {
			emit(one(p.Status().State == history.On))
		}
	}},
	{name: "redistop_history_bytes", kind: gauge, help: "What history takes of the disk.", of: func(s *Server, emit emit) {
		if p := s.options.Past; p != nil {
			if n, ok := p.Status().Bytes.Get(); ok {
				emit(float64(n))
			}
		}
	}},
	{name: "redistop_history_lost_total", kind: counter, labels: []string{"what"}, help: "What found no room in memory while history could not be written: points, sessions, and other things.", of: func(s *Server, emit emit) {
		if p := s.options.Past; p != nil {
			lost := p.Status().Lost
			emit(float64(lost.Points), "points")
			emit(float64(lost.Sessions), "sessions")
			emit(float64(lost.Other), "other")
		}
	}},
	{name: "redistop_otlp_pushes_total", kind: counter, labels: []string{"outcome"}, help: "What became of pushes by OTLP: delivered, or failed until the next one took their place; absent without --otlp.", of: func(s *Server, emit emit) {
		if p := s.pusher.Load(); p != nil {
			emit(float64(p.Counts().Delivered), "delivered")
			emit(float64(p.Counts().Failed), "failed")
		}
	}},
}

// A selfCollector makes metrics of this program's own state.
type selfCollector struct {
	server *Server
	descs  []*prometheus.Desc
}

func newSelfCollector(s *Server) *selfCollector {
	c := &selfCollector{server: s}
	for _, m := range selfMetrics {
		c.descs = append(c.descs, prometheus.NewDesc(m.name, m.help, m.labels, nil))
	}
	return c
}

// Describe implements prometheus.Collector.
func (c *selfCollector) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		descs <- d
	}
}

// Collect implements prometheus.Collector.
func (c *selfCollector) Collect(out chan<- prometheus.Metric) {
	for i, m := range selfMetrics {
		m.of(c.server, func(value float64, labels ...string) {
			if series, err := prometheus.NewConstMetric(c.descs[i], m.kind, value, labels...); err == nil {
				out <- series
			}
		})
	}
}
