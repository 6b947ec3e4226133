// Package otlp pushes the metrics that /metrics serves to an OpenTelemetry receiver: OTLP over HTTP, in
// protobuf. The metrics keep their names and labels, so that a dashboard does not care which way they came.
//
// What is pushed are totals and present values, so nothing is queued: while a receiver does not take one
// push it is offered again, until the next one takes its place, and all that is lost is resolution.
package otlp
