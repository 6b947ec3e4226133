package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"redistop/internal/export"
)

// exportFile is a table under construction: it gets its name when it is whole. Without a path it goes to
// standard output as it comes.
type exportFile struct {
	kind   export.Kind
	format string
	path   string
	stdout io.Writer
	temp   *os.File // nil before fill and after finish
}

// fill writes the rows of a period.
func (f *exportFile) fill(ctx context.Context, from export.Source, p export.Period) error {
	to := f.stdout
	if f.path != "" {
		temp, err := os.CreateTemp(filepath.Dir(f.path), ".redistop-*.tmp") // of mode 0600
		if err != nil {
			return fmt.Errorf("export %s: %w", f.kind.Name, err)
		}
		f.temp, to = temp, temp
	}
	w, err := export.NewWriter(f.format, to, f.kind.Table, "redistop "+version())
	if err != nil {
		return err
	}
	if err := f.kind.Rows(ctx, from, p, w.Write); err != nil {
		return err
	}
	return w.Close()
}

// finish gives the file its name.
func (f *exportFile) finish() error {
	if f.temp == nil {
		return nil
	}
	err := errors.Join(f.temp.Sync(), f.temp.Close())
	if err == nil {
		err = os.Rename(f.temp.Name(), f.path)
	}
	if err != nil {
		os.Remove(f.temp.Name())
	}
	f.temp = nil
	if err != nil {
		return fmt.Errorf("export %s: %w", f.kind.Name, err)
	}
	return nil
}

// abandon removes what is not finished.
func (f *exportFile) abandon() {
	if f.temp != nil {
		f.temp.Close()
		os.Remove(f.temp.Name())
		f.temp = nil
	}
}
