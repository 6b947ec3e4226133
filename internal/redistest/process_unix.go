//go:build unix && !linux

package redistest

import "syscall"

const (
	sigStop = syscall.SIGSTOP
	sigCont = syscall.SIGCONT
)

// dieWithParent has no means here: only Linux ties a child's life to its parent's.
func dieWithParent() *syscall.SysProcAttr { return nil }

// asNobody is for Linux: here tests are not run as root.
func asNobody(string) (*syscall.SysProcAttr, error) { return dieWithParent(), nil }
