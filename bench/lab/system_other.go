//go:build !linux

package lab

import (
	"errors"
	"os"
	"syscall"
	"time"
)

var errLinux = errors.New("the benchmarks measure on Linux only")

// CPUTime has no exact source here.
func CPUTime(int) (time.Duration, error) { return 0, errLinux }

// AllowFiles is for the many connections of a benchmark that runs on Linux.
func AllowFiles(uint64) error { return errLinux }

func openTerminal(int, int) (master, slave *os.File, err error) { return nil, nil, errLinux }

func ownTerminal() *syscall.SysProcAttr { return nil }
