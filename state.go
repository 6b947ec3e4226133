package main

import (
	"os"
	"path/filepath"
)

// userState is where a file of ours lies that outlives the program: $XDG_STATE_HOME, else ~/.local/state; "" where
// the user has no home.
func userState(name string) string {
	dir := os.Getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(dir) { // as its specification says of a relative one
		home, err := os.UserHomeDir()
		if err != nil {
			return ""
		}
		dir = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(dir, "redistop", name)
}
