package lab

import (
	"fmt"
	"os/exec"
	"strings"

	"redistop/internal/redistest"
)

// Find chooses a server program: "" is the installed one, else the first that was fetched; a path
// is that program; and "valkey-9.1" or "redis-8" is the first one here whose flavor and version
// begin so.
func Find(wanted string) (redistest.Binary, error) {
	if strings.Contains(wanted, "/") {
		return redistest.Identify(wanted)
	}
	here := append(redistest.Installed(), redistest.Fetched()...)
	for _, b := range here {
		if strings.HasPrefix(b.Flavor+"-"+b.Version, wanted) {
			return b, nil
		}
	}
	return redistest.Binary{}, fmt.Errorf("find server %q: here are %v; scripts/servers fetches more", wanted, here)
}

// Tool finds a program that comes with a server: Tool("benchmark") is redis-benchmark, else
// valkey-benchmark.
func Tool(name string) (string, error) {
	path, err := exec.LookPath("redis-" + name)
	if err != nil {
		path, err = exec.LookPath("valkey-" + name)
	}
	if err != nil {
		return "", fmt.Errorf("find redis-%s or valkey-%s: %w", name, name, err)
	}
	return path, nil
}
