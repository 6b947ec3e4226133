package redistest

import (
	"os"
	"syscall"
)

const (
	sigStop = syscall.SIGSTOP
	sigCont = syscall.SIGCONT
)

// dieWithParent makes the kernel kill the child when its parent ends, even by SIGKILL. The signal
// is SIGKILL because a paused child would not see another.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}

// asNobody makes a child of root another user, to whom it gives dir; a child of anybody else stays what it is.
func asNobody(dir string) (*syscall.SysProcAttr, error) {
	attributes := dieWithParent()
	if os.Geteuid() != 0 {
		return attributes, nil
	}
	attributes.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	return attributes, os.Chown(dir, nobody, nobody)
}

// nobody is the user that owns nothing.
const nobody = 65534
