// Package lab is what the benchmarks measure with: programs under test and their CPU time, a
// terminal without a person before it, a plain connection to a server, and numbers with their
// spread. It starts programs on this machine only; they end with the benchmark.
package lab
