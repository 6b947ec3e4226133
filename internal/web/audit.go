package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

const (
	// mostAudit is how large the file of an Audit grows, in bytes, before it becomes the old one.
	mostAudit = 8 << 20
	// mostTail is how much of each file is read for its latest entries, in bytes.
	mostTail = 1 << 20
	// oldAudit ends the name of the old file. There is one.
	oldAudit = ".old"
)

// AuditEntry is one line of the audit log. An action has two, one before and one after it, with the same ID.
type AuditEntry struct {
	Time    time.Time `json:"time"`
	ID      string    `json:"id"`   // of what was done
	Who     string    `json:"who"`  // the user, "token", "local" where no login is asked for, or "unknown"
	From    string    `json:"from"` // the address that it came from
	Action  string    `json:"action"`
	Server  string    `json:"server,omitempty"`
	Subject string    `json:"subject,omitempty"` // what it was done to
	Outcome string    `json:"outcome"`           // begun, done, "refused: ..." or "failed: ..."
}

// What an AuditEntry says.
const (
	actionLogin   = "login"
	actionLogout  = "logout"
	actionKill    = "kill"
	actionMonitor = "monitor"
	actionOther   = "request" // one that was refused before it was looked at

	outcomeBegun   = "begun" // alone: what became of it was not learned
	outcomeDone    = "done"
	outcomeRefused = "refused: "
	outcomeFailed  = "failed: "
)

// An Audit is a file to which every action is appended as a line of JSON, safe on a terminal and on the disk
// before the action begins. Any goroutine may use it; several programs may append to one file.
type Audit struct {
	path     string
	most     int64
	complain func(error)

	mu     sync.Mutex
	file   *os.File // guarded by mu; nil: not open
	failed bool     // the latest entry was not written; guarded by mu
}

// NewAudit is the audit log in a file, which is made when the first entry is written. complain is told when entries
// cannot be written any more.
func NewAudit(path string, complain func(error)) *Audit {
	return &Audit{path: path, most: mostAudit, complain: complain}
}

// Check says whether entries can be written.
func (a *Audit) Check() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.open(); err != nil {
		return fmt.Errorf("open audit log: %w", err)
	}
	return nil
}

// Write appends an entry. When it returns without error, the entry is on the disk.
func (a *Audit) Write(e AuditEntry) error {
	line, err := encode(e)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	err = a.append(append(line, '\n'))
	if err != nil {
		if a.file != nil {
			a.file.Close()
			a.file = nil // tried anew by the next
		}
		err = fmt.Errorf("write audit log: %w", err)
		if !a.failed {
			a.complain(err)
		}
	}
	a.failed = err != nil
	return err
}

// append writes a line where there is room for it, else into a new file.
func (a *Audit) append(line []byte) error {
	if err := a.open(); err != nil {
		return err
	}
	info, err := a.file.Stat()
	if err != nil {
		return err
	}
	if info.Size() > 0 && info.Size()+int64(len(line)) > a.most {
		if err := a.turn(); err != nil {
			return err
		}
	}
	if _, err := a.file.Write(line); err != nil {
		return err
	}
	return a.file.Sync()
}

// turn makes the file the old one and begins another. It is closed first: not every system renames an open file.
func (a *Audit) turn() error {
	err := a.file.Close()
	a.file = nil
	if err != nil {
		return err
	}
	if err := os.Rename(a.path, a.path+oldAudit); err != nil {
		return err
	}
	return a.open()
}

// open makes sure that file is the one with this path, which others may have moved away.
func (a *Audit) open() error {
	if a.file != nil {
		here, err := a.file.Stat()
		there, gone := os.Stat(a.path)
		if err == nil && gone == nil && os.SameFile(here, there) {
			return nil
		}
		a.file.Close()
		a.file = nil
	}
	if err := os.MkdirAll(filepath.Dir(a.path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(a.path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := startLine(f); err != nil {
		return errors.Join(err, f.Close())
	}
	syncFolder(filepath.Dir(a.path))
	a.file = f
	return nil
}

// syncFolder puts the name of a new file on the disk, where the system can.
func syncFolder(path string) {
	if folder, err := os.Open(path); err == nil {
		folder.Sync()
		folder.Close()
	}
}

// startLine ends a line that was cut off when a program or its machine died, and refuses what is no file.
func startLine(f *os.File) error {
	info, err := f.Stat()
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return errors.New("not a regular file")
	case info.Size() == 0:
		return nil
	}
	var last [1]byte
	if _, err := f.ReadAt(last[:], info.Size()-1); err != nil {
		return err
	}
	if last[0] != '\n' {
		_, err = f.Write([]byte("\n"))
	}
	return err
}

// Tail is the latest entries, newest first, at most limit. Of an action it has the last that is known.
func (a *Audit) Tail(limit int) ([]AuditEntry, error) {
	found := []AuditEntry{}
	known := map[string]bool{}
	for _, path := range []string{a.path, a.path + oldAudit} {
		text, err := readTail(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read audit log: %w", err)
		}
		lines := bytes.Split(text, []byte("\n"))
		for _, line := range slices.Backward(lines) {
			var e AuditEntry
			if json.Unmarshal(line, &e) != nil || e.Outcome == "" || e.Outcome == outcomeBegun && known[e.ID] {
				continue // a line that was cut off, or the beginning of what is told already
			}
			if len(found) == limit {
				return found, nil
			}
			known[e.ID] = true
			found = append(found, e)
		}
	}
	return found, nil
}

// readTail reads the end of a file.
func readTail(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	from := max(0, info.Size()-mostTail)
	return io.ReadAll(io.NewSectionReader(f, from, info.Size()-from))
}
