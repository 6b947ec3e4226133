package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"redistop/internal/export"
	"redistop/internal/history"
	"redistop/internal/web"
)

// exporting is the flags of export.
type exporting struct {
	what      []string
	format    string
	from, to  string
	servers   []string
	out       string
	overwrite bool
	store     string
	config    config
}

func newExport() *cobra.Command {
	e := exporting{what: []string{"snapshots"}, from: "-24h", to: "now"}
	cmd := &cobra.Command{
		Use:   "export",
		Short: "write what web has kept as Parquet, CSV or NDJSON",
		Long: `Write what redistop web has kept as a table: Parquet for analysis (times are UTC
in microseconds, what is not known is null), CSV, or a JSON object a line.

  snapshots  the figures of each server over time, each once, from the finest
             that is still kept: mean, least (_min) and greatest (_max)
  sessions   the connections that were online at some time
  findings   what hurt, and when
  changes    what is otherwise than before

One kind goes to standard output or to the file of -o; several, or "all", go to
the directory of -o, a file each. A file is there whole or not at all, only its
user may read it, and one that is there already is left alone.

The store is that of web: --store, else REDISTOP_STORE, else what the
configuration file says ("store:" under "web:"), else history.db in the state
directory. It may be in use. In CSV a text that a spreadsheet would run as a
formula has an apostrophe before it, and control characters are escaped.`,
		Example: `  redistop export --from -7d -o week.parquet
  redistop export --what sessions --from -1h --format csv | column -ts, | less
  redistop export --what all --from 2026-01-01T00:00:00Z --format csv -o jan`,
		Annotations:       map[string]string{"exit": "Exit code: 0 ok, 1 error, 2 wrong use; 128 + N when signal N ended it.\n"},
		Args:              usageArgs(cobra.NoArgs),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return e.run(cmd) },
	}
	cmd.Flags().SortFlags = false
	e.addTo(cmd)
	return cmd
}

func (e *exporting) addTo(cmd *cobra.Command) {
	f := cmd.Flags()
	f.Var(&checked[[]string]{&e.what, parseKinds, joined}, "what", "`KIND`,...: snapshots, sessions, findings, changes, or all")
	f.StringVar(&e.from, "from", e.from, "from `TIME` on: RFC 3339, seconds since 1970, or a time ago such as -7d")
	f.StringVar(&e.to, "to", e.to, "until `TIME`, in the same forms")
	f.StringArrayVar(&e.servers, "server", nil, "only the server `NAME`; may be repeated")
	group(cmd, "What", "what", "from", "to", "server")

	f.Var(&checked[string]{&e.format, oneOf(export.Formats), quote}, "format", "write `FORMAT`: parquet, csv or ndjson; without it, as the name of the file ends, else ndjson")
	f.StringVarP(&e.out, "output", "o", "", "write to `FILE`, or to a directory where there are several kinds")
	f.BoolVar(&e.overwrite, "overwrite", false, "replace files that are there already")
	group(cmd, "Output", "format", "output", "overwrite")

	addStore(cmd, &e.store)
	group(cmd, "Store", "store")
	e.config.addTo(cmd, "Store")

	mustRegister(cmd.MarkFlagFilename("output"))
	mustRegister(cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(export.Formats, cobra.ShellCompDirectiveNoFileComp)))
	mustRegister(cmd.RegisterFlagCompletionFunc("what", cobra.FixedCompletions(append(export.Names(), "all"), cobra.ShellCompDirectiveNoFileComp)))
	for _, free := range []string{"from", "to", "server"} {
		mustRegister(cmd.RegisterFlagCompletionFunc(free, cobra.NoFileCompletions))
	}
}

func joined(words []string) string { return strings.Join(words, ",") }

func parseKinds(text string) ([]string, error) {
	if text == "all" {
		return export.Names(), nil
	}
	var kinds []string
	for one := range strings.SplitSeq(text, ",") {
		one = strings.TrimSpace(one)
		if !slices.Contains(export.Names(), one) {
			return nil, fmt.Errorf("not one of %s, all", strings.Join(export.Names(), ", "))
		}
		if !slices.Contains(kinds, one) {
			kinds = append(kinds, one)
		}
	}
	return kinds, nil
}

func (e *exporting) run(cmd *cobra.Command) error {
	period, err := e.period(time.Now())
	if err != nil {
		return err
	}
	files, err := e.files(cmd.OutOrStdout())
	if err != nil {
		return err
	}
	store, err := e.open(cmd.Context())
	if err != nil {
		return err
	}
	defer store.Close(context.WithoutCancel(cmd.Context()))
	if err := e.known(cmd.Context(), store); err != nil {
		return err
	}
	defer func() {
		for _, f := range files {
			f.abandon()
		}
	}()
	for _, f := range files {
		if err := f.fill(cmd.Context(), store, period); err != nil {
			return err
		}
	}
	for _, f := range files {
		if err := f.finish(); err != nil {
			return err
		}
	}
	return nil
}

// known refuses servers that the store has nothing of: an empty table would hide a name that is misspelled, or of before.
func (e *exporting) known(ctx context.Context, store *history.Store) error {
	if len(e.servers) == 0 {
		return nil
	}
	names, err := store.Servers(ctx)
	if err != nil {
		return err
	}
	for _, name := range e.servers {
		if !slices.Contains(names, name) {
			return &failure{code: exitUsage, err: fmt.Errorf("--server %s: the store has nothing of it", oneLine(name)), hint: "it has: " + cmp.Or(strings.Join(names, ", "), "no server")}
		}
	}
	return nil
}

func (e *exporting) period(now time.Time) (p export.Period, err error) {
	if p.From, err = web.ParseTime(e.from, now); err != nil {
		return p, usageError(fmt.Errorf("--from: %w", err))
	}
	if p.To, err = web.ParseTime(e.to, now); err != nil {
		return p, usageError(fmt.Errorf("--to: %w", err))
	}
	if !p.From.Before(p.To) {
		return p, usagef("--from: not before --to")
	}
	p.Servers = e.servers
	return p, nil
}

// open opens the store that web writes, for reading.
func (e *exporting) open(ctx context.Context) (*history.Store, error) {
	if e.store == "" {
		e.store = os.Getenv(envName("store"))
	}
	if e.store == "" {
		said, err := e.config.read()
		if err != nil {
			return nil, err
		}
		for _, one := range said.web {
			if one.name == "store" {
				e.store = one.values[0]
			}
		}
	}
	where := placeOf(e.store)
	if where == "" || where == noStore || where == memoryStore {
		return nil, usagef("there is no store to read: give --store")
	}
	if err := checkStore(where); err != nil {
		return nil, err
	}
	store, err := history.Open(ctx, where, history.Options{ReadOnly: true})
	if err != nil {
		return nil, &failure{code: exitError, err: err, hint: "redistop web keeps the history; --store says where, as it was told"}
	}
	return store, nil
}

// files are the tables to write, each with its place.
func (e *exporting) files(stdout io.Writer) ([]*exportFile, error) {
	several := len(e.what) > 1
	format := e.format
	if ending := strings.TrimPrefix(filepath.Ext(e.out), "."); !several && slices.Contains(export.Formats, ending) {
		if format != "" && format != ending {
			return nil, &failure{code: exitUsage, err: fmt.Errorf("-o %s: its name says %s, --format %s", oneLine(e.out), ending, format), hint: "leave out --format, or name the file otherwise"}
		}
		format = ending
	}
	if format == "" {
		format = "ndjson"
	}
	out, isFile := stdout.(*os.File)
	switch {
	case e.out == "" && several:
		return nil, &failure{code: exitUsage, err: errors.New("several kinds need a directory"), hint: "give -o DIRECTORY"}
	case e.out == "" && format == "parquet" && isFile && term.IsTerminal(int(out.Fd())):
		return nil, &failure{code: exitUsage, err: errors.New("parquet is nothing for a terminal"), hint: "give -o FILE"}
	case several:
		if err := os.MkdirAll(e.out, 0o700); err != nil {
			return nil, fmt.Errorf("export: %w", err)
		}
	}
	var files []*exportFile
	for _, name := range e.what {
		kind, err := export.KindOf(name)
		if err != nil {
			return nil, err
		}
		f := &exportFile{kind: kind, format: format, path: e.out, stdout: stdout}
		if several {
			f.path = filepath.Join(e.out, name+"."+format)
		}
		if _, err := os.Lstat(f.path); f.path != "" && err == nil && !e.overwrite {
			return nil, &failure{code: exitUsage, err: fmt.Errorf("-o %s: it is there already", f.path), hint: "give --overwrite to replace it"}
		}
		files = append(files, f)
	}
	return files, nil
}
