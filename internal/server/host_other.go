//go:build !linux

package server

import "redistop/internal/stats"

// readHost knows no machine but Linux.
func readHost(serverProcess, *hostMemory) stats.Host { return stats.Host{} }
