package redistest

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const (
	folderPrefix = "redistop-"
	socketName   = "s"

	// maxSocketPath is what every system accepts: sun_path holds 104 bytes on the BSDs, 108 on Linux.
	maxSocketPath = 100

	// leftAfter is far longer than any test keeps a killed server before it restarts it.
	leftAfter = 10 * time.Minute
)

// newFolder makes a server's folder, with a path that leaves room for a unix socket's name. It
// also removes the folders that killed programs have left beside it.
func newFolder() (string, error) {
	parent := os.TempDir()
	sweep(parent, time.Now().Add(-leftAfter))
	dir, err := os.MkdirTemp(parent, folderPrefix)
	if err != nil || len(dir)+len("/"+socketName) < maxSocketPath {
		return dir, err
	}
	if err := os.Remove(dir); err != nil {
		return "", err
	}
	return os.MkdirTemp("/tmp", folderPrefix)
}

// sweep removes the servers' folders in parent that are older than before and in which nobody
// listens. What it cannot remove, another user's for one, it leaves.
func sweep(parent string, before time.Time) {
	folders, _ := filepath.Glob(filepath.Join(parent, folderPrefix+"*"))
	for _, dir := range folders {
		info, err := os.Lstat(dir)
		if err != nil || !info.IsDir() || info.ModTime().After(before) {
			continue
		}
		if listening(filepath.Join(dir, socketName)) {
			continue
		}
		if _, err := os.Stat(filepath.Join(dir, "conf")); err == nil { // else it is not one of ours
			os.RemoveAll(dir)
		}
	}
}

// listening says whether a server may be behind a socket. One too busy to accept counts.
func listening(socket string) bool {
	conn, err := net.DialTimeout("unix", socket, time.Second)
	if err == nil {
		conn.Close()
	}
	return !errors.Is(err, syscall.ECONNREFUSED) && !errors.Is(err, fs.ErrNotExist)
}
