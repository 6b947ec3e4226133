package redistest

import "syscall"

// Windows has neither signal; sending one returns an error.
const (
	sigStop = syscall.Signal(-1)
	sigCont = syscall.Signal(-1)
)

// dieWithParent has no means here: only Linux ties a child's life to its parent's.
func dieWithParent() *syscall.SysProcAttr { return nil }

// asNobody has no means here; PostgreSQL gives up an administrator's rights by itself.
func asNobody(string) (*syscall.SysProcAttr, error) { return dieWithParent(), nil }
