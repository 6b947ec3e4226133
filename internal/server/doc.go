// Package server is one careful connection to one server: it dials, finds out what this server can
// and what we may, asks within a budget, and hands out stats.Readings. It sends nothing that is not
// on the allow-list in guard.go.
package server
