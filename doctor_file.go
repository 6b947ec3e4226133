package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"redistop/internal/doctor"
	"redistop/internal/doctor/record"
	"redistop/internal/doctor/report"
	"redistop/internal/stats"
)

// observationFile is a saved observation under construction: it gets its name when it is whole.
type observationFile struct {
	path   string
	temp   *os.File
	writer *record.Writer
}

// createObservation begins a file beside path, which only the user may read. It writes over a file of its
// own kind, and over no other.
func createObservation(path string, asked report.Asked) (*observationFile, error) {
	if info, err := os.Lstat(path); err == nil {
		if ours, _ := isObservation(path); !ours || !info.Mode().IsRegular() {
			return nil, usagef("--save %s: it is there already, and no saved observation", path)
		}
	}
	temp, err := os.CreateTemp(filepath.Dir(path), ".redistop-*.tmp") // of mode 0600
	if err != nil {
		return nil, fmt.Errorf("save observation: %w", err)
	}
	f := &observationFile{path: path, temp: temp}
	if f.writer, err = record.NewWriter(temp, asked); err != nil {
		f.abandon()
		return nil, fmt.Errorf("save observation: %w", err)
	}
	return f, nil
}

func (f *observationFile) add(s *stats.Snapshot) error {
	if err := f.writer.Add(s); err != nil {
		return fmt.Errorf("save observation: %w", err)
	}
	return nil
}

// finish gives the file its name.
func (f *observationFile) finish(interrupted bool) error {
	err := errors.Join(f.writer.Close(interrupted), f.temp.Sync(), f.temp.Close())
	if err == nil {
		err = os.Rename(f.temp.Name(), f.path)
	}
	if err != nil {
		return fmt.Errorf("save observation: %w", err)
	}
	f.temp = nil
	return nil
}

// abandon removes what is not finished.
func (f *observationFile) abandon() {
	if f.temp != nil {
		f.temp.Close()
		os.Remove(f.temp.Name())
		f.temp = nil
	}
}

// savedObservation says whether the argument of doctor names a saved observation rather than a server. A
// file of another kind is an error: nobody has a server of that name.
func savedObservation(arg string) (bool, error) {
	if strings.Contains(arg, "://") {
		return false, nil
	}
	info, err := os.Stat(arg)
	if err != nil && strings.HasSuffix(arg, observationSuffix) {
		return false, &failure{code: exitUsage, err: fmt.Errorf("read observation %s: %w", arg, underlying(err)), hint: "for a server of that name, give it with -h"}
	}
	if err != nil || !info.Mode().IsRegular() {
		return false, nil // a name, or a socket
	}
	ours, err := isObservation(arg)
	if err != nil {
		return false, fmt.Errorf("read observation: %w", err)
	}
	if !ours {
		return false, &failure{code: exitUsage, err: fmt.Errorf("%s: %w", arg, record.ErrForeign), hint: "for a server of that name, give it with -h"}
	}
	return true, nil
}

// observationSuffix is how the help and the README name saved observations: no server's name ends so.
const observationSuffix = ".redistop"

// underlying is an error of the file system without the call and the path that it names.
func underlying(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

func isObservation(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	return record.Looks(f), nil
}

// readFile reports on a saved observation. Its findings are those that were found then, unless the user
// names a configuration: then the rules of today judge it anew.
func (d *diagnosis) readFile(anew bool) error {
	var judge *doctor.Doctor
	var options doctor.Options
	if anew {
		var err error
		if options, err = d.config.load(); err != nil {
			return err
		}
		judge = doctor.New(options)
	}
	in, err := openObservation(d.from)
	if err != nil {
		return err
	}
	defer in.Close()
	var gatherer *report.Gatherer
	interrupted, err := record.Read(in, func(asked report.Asked) {
		if anew {
			plan := report.Plan(asked.Redistop, 0, options, asked.Sampling)
			asked.Rules, asked.Groups, asked.Off = plan.Rules, plan.Groups, plan.Off
		}
		gatherer = report.Gather(asked)
	}, func(s *stats.Snapshot) {
		if judge != nil {
			s.Findings = judge.Observe(s)
		}
		gatherer.Add(s)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", d.from, err)
	}
	r := gatherer.Report(interrupted)
	if err := d.write(r); err != nil {
		return err
	}
	return d.judge(r)
}

func openObservation(path string) (io.ReadCloser, error) {
	if path == "-" {
		return io.NopCloser(os.Stdin), nil
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usageError(err)
	}
	return f, err
}
