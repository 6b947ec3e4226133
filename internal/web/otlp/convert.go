package otlp

import (
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
	common "go.opentelemetry.io/proto/slim/otlp/common/v1"
	metrics "go.opentelemetry.io/proto/slim/otlp/metrics/v1"
	resource "go.opentelemetry.io/proto/slim/otlp/resource/v1"
)

// mostPoints bounds the data points of one request; receivers refuse bodies of tens of megabytes.
const mostPoints = 10_000

// begun remembers since when each total counts, which OTLP wants to know and Prometheus does not tell: since
// it was first seen, or since the push before the one that found it smaller. It is confined to its Pusher.
type begun struct {
	series map[string]total
	before time.Time // of the push before
}

type total struct {
	value float64
	since time.Time
}

// A batch makes requests of families. It belongs to one push.
type batch struct {
	resource *resource.Resource
	scope    *common.InstrumentationScope
	now      time.Time
	was, is  map[string]total
	before   time.Time

	requests []*metrics.MetricsData
	open     []*metrics.Metric // of the request under construction
	points   int
}

// convert makes requests of what was gathered at a time, each of at most mostPoints data points.
func (b *begun) convert(families []*dto.MetricFamily, attributes map[string]string, version string, now time.Time) []*metrics.MetricsData {
	to := &batch{
		resource: &resource.Resource{}, scope: &common.InstrumentationScope{Name: "redistop", Version: version},
		now: now, was: b.series, is: map[string]total{}, before: b.before,
	}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		to.resource.Attributes = append(to.resource.Attributes, attribute(name, attributes[name]))
	}
	for _, f := range families {
		for part := range slices.Chunk(f.GetMetric(), mostPoints) {
			to.add(f, part)
		}
	}
	to.closeRequest()
	b.series, b.before = to.is, now
	return to.requests
}

func (b *batch) closeRequest() {
	if len(b.open) == 0 {
		return
	}
	b.requests = append(b.requests, &metrics.MetricsData{ResourceMetrics: []*metrics.ResourceMetrics{{
		Resource:     b.resource,
		ScopeMetrics: []*metrics.ScopeMetrics{{Scope: b.scope, Metrics: b.open}},
	}}})
	b.open, b.points = nil, 0
}

// add converts some series of one family.
func (b *batch) add(f *dto.MetricFamily, series []*dto.Metric) {
	if b.points+len(series) > mostPoints {
		b.closeRequest()
	}
	m := &metrics.Metric{Name: f.GetName(), Description: f.GetHelp()}
	switch f.GetType() {
	case dto.MetricType_COUNTER:
		m.Data = b.sum(m.Name, series)
	case dto.MetricType_HISTOGRAM:
		m.Data = b.histogram(m.Name, series)
	case dto.MetricType_SUMMARY:
		m.Data = b.summary(m.Name, series)
	case dto.MetricType_GAUGE, dto.MetricType_UNTYPED:
		m.Data = b.gauge(series)
	default: // native histograms of gauges, which nothing here has
		return
	}
	b.open = append(b.open, m)
	b.points += len(series)
}

func (b *batch) gauge(series []*dto.Metric) *metrics.Metric_Gauge {
	g := &metrics.Gauge{}
	for _, s := range series {
		value := s.GetGauge().GetValue()
		if s.Untyped != nil {
			value = s.GetUntyped().GetValue()
		}
		g.DataPoints = append(g.DataPoints, &metrics.NumberDataPoint{
			Attributes: attributes(s), TimeUnixNano: b.nanos(s), Value: &metrics.NumberDataPoint_AsDouble{AsDouble: value},
		})
	}
	return &metrics.Metric_Gauge{Gauge: g}
}

func (b *batch) sum(name string, series []*dto.Metric) *metrics.Metric_Sum {
	sum := &metrics.Sum{AggregationTemporality: metrics.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE, IsMonotonic: true}
	for _, s := range series {
		value := s.GetCounter().GetValue()
		sum.DataPoints = append(sum.DataPoints, &metrics.NumberDataPoint{
			Attributes: attributes(s), StartTimeUnixNano: b.since(name, s, value), TimeUnixNano: b.nanos(s),
			Value: &metrics.NumberDataPoint_AsDouble{AsDouble: value},
		})
	}
	return &metrics.Metric_Sum{Sum: sum}
}

// histogram turns counts of "at most so much" into counts of each bucket, the last without an upper edge.
func (b *batch) histogram(name string, series []*dto.Metric) *metrics.Metric_Histogram {
	all := &metrics.Histogram{AggregationTemporality: metrics.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE}
	for _, s := range series {
		h := s.GetHistogram()
		sum := h.GetSampleSum()
		p := &metrics.HistogramDataPoint{
			Attributes: attributes(s), StartTimeUnixNano: b.since(name, s, float64(h.GetSampleCount())), TimeUnixNano: b.nanos(s),
			Count: h.GetSampleCount(), Sum: &sum,
		}
		var below uint64
		for _, bucket := range h.GetBucket() {
			if math.IsInf(bucket.GetUpperBound(), 1) {
				break
			}
			p.ExplicitBounds = append(p.ExplicitBounds, bucket.GetUpperBound())
			p.BucketCounts = append(p.BucketCounts, bucket.GetCumulativeCount()-below)
			below = bucket.GetCumulativeCount()
		}
		p.BucketCounts = append(p.BucketCounts, h.GetSampleCount()-below)
		all.DataPoints = append(all.DataPoints, p)
	}
	return &metrics.Metric_Histogram{Histogram: all}
}

func (b *batch) summary(name string, series []*dto.Metric) *metrics.Metric_Summary {
	all := &metrics.Summary{}
	for _, s := range series {
		q := s.GetSummary()
		p := &metrics.SummaryDataPoint{
			Attributes: attributes(s), StartTimeUnixNano: b.since(name, s, float64(q.GetSampleCount())), TimeUnixNano: b.nanos(s),
			Count: q.GetSampleCount(), Sum: q.GetSampleSum(),
		}
		for _, v := range q.GetQuantile() {
			p.QuantileValues = append(p.QuantileValues, &metrics.SummaryDataPoint_ValueAtQuantile{Quantile: v.GetQuantile(), Value: v.GetValue()})
		}
		all.DataPoints = append(all.DataPoints, p)
	}
	return &metrics.Metric_Summary{Summary: all}
}

// since says when a total began, and notes it for the next push.
func (b *batch) since(name string, s *dto.Metric, value float64) uint64 {
	key := []byte(name)
	for _, l := range s.GetLabel() {
		key = append(append(append(append(key, 0), l.GetName()...), 0), l.GetValue()...)
	}
	t := total{value: value, since: b.now}
	if was, ok := b.was[string(key)]; ok {
		if t.since = was.since; value < was.value {
			t.since = b.before
		}
	}
	b.is[string(key)] = t
	return uint64(t.since.UnixNano())
}

func (b *batch) nanos(s *dto.Metric) uint64 {
	if s.TimestampMs != nil {
		return uint64(time.UnixMilli(s.GetTimestampMs()).UnixNano())
	}
	return uint64(b.now.UnixNano())
}

func attributes(s *dto.Metric) []*common.KeyValue {
	all := make([]*common.KeyValue, 0, len(s.GetLabel()))
	for _, l := range s.GetLabel() {
		all = append(all, attribute(l.GetName(), l.GetValue()))
	}
	return all
}

// attribute is a name and a text. Protobuf refuses a message with text that is not UTF-8.
func attribute(name, value string) *common.KeyValue {
	return &common.KeyValue{Key: name, Value: &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: strings.ToValidUTF8(value, "\uFFFD")}}}
}
