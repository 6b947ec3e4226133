package usage

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"redistop/internal/stats"
)

//go:embed frameworks.yaml
var frameworksYAML []byte

// A Table is what is known of frameworks.
type Table struct {
	frameworks []*Framework
	byType     map[string][]entry // rows by the type of their keys
}

// entry is one row with whose it is.
type entry struct {
	framework *Framework
	row       *Row
}

// Load reads the table that is built in.
func Load() *Table {
	t, err := parse(frameworksYAML)
	if err != nil {
		panic("usage: frameworks.yaml: " + err.Error()) // a test reads it
	}
	return t
}

// Frameworks are the names in the table, in its order.
func (t *Table) Frameworks() []string {
	names := make([]string, len(t.frameworks))
	for i, f := range t.frameworks {
		names[i] = f.Name
	}
	return names
}

// parse reads a table. It refuses a word that it does not know, and a row that could never match.
func parse(text []byte) (*Table, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	t := &Table{byType: map[string][]entry{}}
	if err := decoder.Decode(&t.frameworks); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read table: %w", err)
	}
	seen := map[string]bool{}
	for i, f := range t.frameworks {
		if f == nil {
			return nil, fmt.Errorf("row %d is empty", i+1)
		}
		f.order = i
		if err := f.check(); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		if seen[f.Name] {
			return nil, fmt.Errorf("%s stands twice", f.Name)
		}
		seen[f.Name] = true
		for j := range f.Keys {
			row := &f.Keys[j]
			t.byType[row.Type] = append(t.byType[row.Type], entry{f, row})
		}
	}
	return t, nil
}

// kinds are what a framework can be for.
var kinds = []stats.UseKind{stats.UseCache, stats.UseSessions, stats.UseQueue, stats.UsePubSub, stats.UseStream, stats.UseLink,
	stats.UseLock, stats.UseRateLimit, stats.UseCounter, stats.UseRanking, stats.UseStore}

// types are those of Redis's own keys.
var types = []string{"string", "list", "set", "zset", "hash", "stream"}

// check makes a framework ready.
func (f *Framework) check() error {
	switch {
	case f.Name == "":
		return errors.New("no name")
	case !slices.Contains(kinds, f.Kind):
		return fmt.Errorf("no kind %q", f.Kind)
	case f.Checked != "run" && f.Checked != "source":
		return fmt.Errorf("checked is %q, want run or source", f.Checked)
	case (f.Checked == "source") != (f.Why != ""):
		return errors.New("why belongs to checked: source, and to nothing else")
	case len(f.Bases) == 0:
		return errors.New("no bases; one that is empty is [\"\"]")
	case len(f.Keys)+len(f.Channels)+len(f.Clients)+len(f.Libraries) == 0:
		return errors.New("nothing to know it by")
	}
	for i := range f.Keys {
		if err := f.Keys[i].check(f); err != nil {
			return err
		}
	}
	var err error
	if f.channels, err = f.templates(f.Channels, f.Moves); err != nil {
		return err
	}
	if f.clients, err = f.templates(f.Clients, ""); err != nil {
		return err
	}
	if f.Oldest != nil {
		return f.Oldest.check()
	}
	return nil
}

// templates compiles names. Those of clients are read with the usual prefixes only: what stands before a colon may be
// anything there.
func (f *Framework) templates(texts []string, moves string) ([]template, error) {
	all := make([]template, 0, len(texts))
	for _, text := range texts {
		t, err := compileTemplate(text, f.Bases, moves)
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, nil
}

func (r *Row) check(f *Framework) error {
	switch {
	case !slices.Contains(types, r.Type):
		return fmt.Errorf("key %q: no type %q", r.Key, r.Type)
	case !slices.Contains(roles, r.Role):
		return fmt.Errorf("key %q: no role %q", r.Key, r.Role)
	case points[r.Weight] == 0:
		return fmt.Errorf("key %q: no weight %q", r.Key, r.Weight)
	case r.Kind != "" && !slices.Contains(kinds, r.Kind):
		return fmt.Errorf("key %q: no kind %q", r.Key, r.Kind)
	}
	if r.Kind == "" {
		r.Kind = f.Kind
	}
	var err error
	if r.name, err = compileTemplate(r.Key, f.Bases, f.Moves); err != nil {
		return err
	}
	if r.name.literal == "" && r.Beside == "" && !slices.ContainsFunc(f.Bases, func(b string) bool { return b != "" }) {
		return fmt.Errorf("key %q: any name would match", r.Key)
	}
	if r.Beside != "" {
		if r.beside, err = compileTemplate(r.Beside, f.Bases, f.Moves); err != nil {
			return err
		}
	}
	return r.checkRegistry(f)
}

// checkRegistry makes ready what names queues.
func (r *Row) checkRegistry(f *Framework) (err error) {
	const queue = "<queue>"
	switch {
	case r.Waits == "" && r.Members == "":
		return nil
	case !strings.Contains(r.Waits, queue):
		return fmt.Errorf("key %q: waits is %q, want the list of a <queue>", r.Key, r.Waits)
	case r.Members == "" && !strings.Contains(r.Key, queue):
		return fmt.Errorf("key %q: it names no <queue>, nor do members", r.Key)
	case r.Members != "" && (r.Type != "set" || !strings.Contains(r.Members, queue)):
		return fmt.Errorf("key %q: members is %q, want what each of a set names a <queue> by", r.Key, r.Members)
	case r.Members != "":
		r.member, err = compileTemplate(r.Members, f.Bases, f.Moves)
	}
	return err
}
