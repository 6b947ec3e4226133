package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"redistop/internal/stats"
)

// notInFileName is what an address may hold and a file's name should not.
var notInFileName = regexp.MustCompile(`[^A-Za-z0-9.]+`)

// saveSnapshot writes a Snapshot as JSON to a new file that only the user may read, in the working
// directory or, where that cannot be written, in the system's folder for temporary files. It
// returns the file's path.
func saveSnapshot(s *stats.Snapshot) (string, error) {
	addr := strings.Trim(notInFileName.ReplaceAllString(s.Server.Addr, "-"), "-.")
	name := fmt.Sprintf("redistop-%.60s-%s.json", addr, s.Time.Format("20060102-150405.000"))
	here, err := saveAs(name, s)
	if err == nil {
		return here, nil
	}
	there, tempErr := saveAs(filepath.Join(os.TempDir(), name), s)
	if tempErr != nil {
		return "", fmt.Errorf("save snapshot: %w", errors.Join(err, tempErr))
	}
	return there, nil
}

func saveAs(path string, s *stats.Snapshot) (string, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	if err := errors.Join(writeJSON(f, s), f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(path))
	}
	return path, nil
}
