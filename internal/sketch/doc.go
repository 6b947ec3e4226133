// Package sketch is bounded counting that knows no Redis: what a monotonic counter grew by, rates
// and ratios that are finite or absent (pure functions), and the quantiles of sizes (in memory that is
// fixed beforehand).
package sketch
