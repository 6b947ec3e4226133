// Package sketch is bounded counting that knows no Redis: what a monotonic counter grew by, rates
// and ratios that are finite or absent. Everything is a pure function.
package sketch
