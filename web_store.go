package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"redistop/internal/history"
	"redistop/internal/web"
)

// keeping is the flags of web that say what is kept, and where.
type keeping struct {
	store string
	keep  history.Keep // zero where nothing is said
	size  int64        // bytes
}

const (
	// noStore says that nothing is written: history is in memory, and short.
	noStore = "none"
	// memoryStore is what package history calls that.
	memoryStore = ":memory:"
	memoryKeep  = time.Hour
	memorySize  = 256 << 20
)

func (k *keeping) addTo(cmd *cobra.Command) {
	k.size = 1 << 30
	f := cmd.Flags()
	addStore(cmd, &k.store)
	f.Var(&keepValue{&k.keep}, "keep", "keep things for `NAME=TIME,...`: points as they came (raw), and of each minute, ten-minutes and hour; sessions; findings")
	f.Var(&checked[int64]{&k.size, parseStoreSize, storeSizeText}, "store-size", "let a file take `SIZE` of the disk; the oldest goes first")
	group(cmd, "History", "store", "keep", "store-size")
	for _, free := range []string{"keep", "store-size"} {
		mustRegister(cmd.RegisterFlagCompletionFunc(free, cobra.NoFileCompletions))
	}
}

// addStore defines --store, which export has too.
func addStore(cmd *cobra.Command, store *string) {
	cmd.Flags().StringVar(store, "store", "", "history is in `PLACE`: a file, postgres://USER@HOST/DB, or none; without it, in history.db of the state directory")
	mustRegister(cmd.MarkFlagFilename("store", "db"))
}

// place is where history is: as --store says, else a file in the state directory; "" where there is none of those.
func (k *keeping) place() string { return placeOf(k.store) }

func placeOf(store string) string {
	if store != "" {
		return store
	}
	return userState("history.db")
}

// open opens the store. said is what a person wants to know of it.
func (k *keeping) open(ctx context.Context) (store *history.Store, said string, err error) {
	where, note := k.place(), ""
	o := history.Options{Keep: k.keep, MostBytes: k.size, Report: complainOnce, Mended: tellOnce}
	switch where {
	case "":
		note = " (no state directory was found: give --store)"
		fallthrough
	case noStore:
		where = memoryStore
		o.Keep, o.MostBytes = orKeep(k.keep, history.Keep{Raw: memoryKeep, Minute: memoryKeep, TenMinutes: memoryKeep, Hour: memoryKeep, Sessions: memoryKeep, Findings: memoryKeep}), min(k.size, memorySize)
	default:
		if err := checkStore(where); err != nil {
			return nil, "", err
		}
	}
	if store, err = history.Open(ctx, where, o); err != nil {
		return nil, "", &failure{code: exitUsage, err: fmt.Errorf("--store: %w", err), hint: "give --store another place, or none to keep the last hour in memory alone"}
	}
	if where == memoryStore {
		return store, "history is kept in memory, until this program ends" + note, nil
	}
	if st := store.Status(); st.State == history.Failing {
		return store, "history belongs in " + st.Where + ", and will be kept there when that is possible", nil
	}
	return store, "history is kept in " + store.Status().Where, nil
}

// checkStore refuses URLs that are not of PostgreSQL, or that the driver would read otherwise than they are meant: of
// a password with an @ in it, it would name the end as the host, in messages too.
func checkStore(where string) error {
	scheme, rest, isURL := strings.Cut(where, "://")
	if !isURL {
		return nil
	}
	if scheme != "postgres" && scheme != "postgresql" {
		return usagef("--store: neither a file, nor a URL that begins with postgres://, nor none")
	}
	if authority, _, _ := strings.Cut(rest, "?"); strings.Count(authority, "@") > 1 {
		return &failure{code: exitUsage, err: errors.New("--store: more than one @ before the host"), hint: "in a user or a password write it as %40"}
	}
	return nil
}

// complainOnce tells of a store that fails; it is told once for each episode.
func complainOnce(err error) {
	fmt.Fprintf(os.Stderr, "redistop: web: %s\n", oneLine(err.Error()))
}

// tellOnce tells that it does so no longer.
func tellOnce(words string) { fmt.Fprintf(os.Stderr, "redistop: web: %s\n", oneLine(words)) }

// orKeep fills in what is zero.
func orKeep(k, otherwise history.Keep) history.Keep {
	return history.Keep{
		Raw: cmp.Or(k.Raw, otherwise.Raw), Minute: cmp.Or(k.Minute, otherwise.Minute), TenMinutes: cmp.Or(k.TenMinutes, otherwise.TenMinutes),
		Hour: cmp.Or(k.Hour, otherwise.Hour), Sessions: cmp.Or(k.Sessions, otherwise.Sessions), Findings: cmp.Or(k.Findings, otherwise.Findings),
	}
}

// writeUntil has a store write in the background. What it returns ends that, after a last writing.
func writeUntil(ctx context.Context, store *history.Store) (end func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var writing sync.WaitGroup
	writing.Go(func() {
		if err := store.Run(ctx); err != nil && !errors.Is(err, context.Canceled) {
			complainOnce(err)
		}
	})
	return func() { cancel(); writing.Wait() }
}

// past is what the API answers from.
func past(store *history.Store) *web.Past {
	return &web.Past{Figures: store, People: store, Events: store, Status: store.Status}
}

// keepNames are the words of --keep.
var keepNames = []string{"raw", "minute", "ten-minutes", "hour", "sessions", "findings"}

func keepField(k *history.Keep, name string) *time.Duration {
	return map[string]*time.Duration{
		"raw": &k.Raw, "minute": &k.Minute, "ten-minutes": &k.TenMinutes, "hour": &k.Hour, "sessions": &k.Sessions, "findings": &k.Findings,
	}[name]
}

// keepValue is the flag --keep. What it does not name is kept as usual.
type keepValue struct{ keep *history.Keep }

// Set implements pflag.Value.
func (v *keepValue) Set(text string) error {
	var k history.Keep
	for one := range strings.SplitSeq(text, ",") {
		name, span, _ := strings.Cut(strings.TrimSpace(one), "=")
		field := keepField(&k, name)
		if field == nil {
			return fmt.Errorf("it has no %q; it has %s", name, strings.Join(keepNames, ", "))
		}
		d, err := web.ParseSpan(span)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if d < time.Minute || *field != 0 {
			return fmt.Errorf("%s: shorter than 1m, or given twice", name)
		}
		*field = d
	}
	finer := ""
	for _, name := range keepNames[:4] { // of points, which are rolled up from one to the next
		d := *keepField(&k, name)
		if d != 0 && finer != "" && d < *keepField(&k, finer) {
			return fmt.Errorf("%s: shorter than %s, which it is made of", name, finer)
		}
		if d != 0 {
			finer = name
		}
	}
	*v.keep = k
	return nil
}

// String implements pflag.Value.
func (v *keepValue) String() string {
	if v.keep == nil { // the zero value, which pflag makes to compare defaults
		return ""
	}
	k, parts := orKeep(*v.keep, history.UsualKeep()), []string{}
	for _, name := range keepNames {
		parts = append(parts, name+"="+keepText(*keepField(&k, name)))
	}
	return strings.Join(parts, ", ") // with blanks, so that the help can break the line
}

// Type implements pflag.Value.
func (v *keepValue) Type() string { return "value" }

// keepText writes a span as web.ParseSpan reads it, in the largest unit that says it whole.
func keepText(d time.Duration) string {
	for _, u := range []struct {
		name string
		size time.Duration
	}{{"y", 365 * 24 * time.Hour}, {"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}} {
		if d >= u.size && d%u.size == 0 {
			return strconv.FormatInt(int64(d/u.size), 10) + u.name
		}
	}
	return strconv.FormatInt(int64(d/time.Second), 10) + "s"
}

// parseStoreSize reads a size from 16MB to 1TB.
func parseStoreSize(s string) (int64, error) {
	n, err := parseBytes(s)
	if err != nil {
		return 0, err
	}
	if !(n >= 16<<20 && n <= 1<<40) {
		return 0, errors.New("not a size from 16MB to 1TB")
	}
	return int64(n), nil
}

// storeSizeText writes bytes as parseStoreSize reads them.
func storeSizeText(n int64) string { return limitText("bytes", float64(n)) }
