package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"redistop/internal/keys"
	"redistop/internal/redis"
	"redistop/internal/server"
)

// keyStudy is the flags of the verbs that look at a sample of the keys: big, prefixes and ttl.
type keyStudy struct {
	keyTool
	searching
	match string
	size  int
	all   bool
}

// sampleSize is enough for shares within 1 %: half of a 95 % interval of a half is 0.98 %.
const sampleSize = 10_000

func (s *keyStudy) addTo(cmd *cobra.Command) {
	s.size = sampleSize
	f := cmd.Flags()
	f.StringVar(&s.match, "match", "", "only keys that match `PATTERN`")
	f.Var(&checked[int]{&s.size, parseCount, strconv.Itoa}, "sample", "look at `N` keys, a random sample of all")
	f.BoolVar(&s.all, "all", false, "look at all keys: exact, and longer")
	group(cmd, "Keys", "match", "sample", "all")
	s.searching.addTo(cmd, false)
	s.keyTool.addTo(cmd, "one JSON object")
	for _, free := range []string{"match", "sample"} {
		mustRegister(cmd.RegisterFlagCompletionFunc(free, cobra.NoFileCompletions))
	}
}

// A studied result prints itself.
type studied interface {
	text(sampleFacts) string
	object(sampleFacts) any
}

// study looks at the keys with each and prints what comes of it. One that is interrupted prints what
// came until then: it is a sample too.
func (s *keyStudy) study(cmd *cobra.Command, args []string, want func(*server.Tool) keys.Want, each func(keys.Key), result studied) error {
	if s.all && cmd.Flags().Changed("sample") {
		return usagef("--all and --sample: give one of them")
	}
	tool, target, err := s.open(cmd, args, server.ToolOptions{})
	if err != nil {
		return err
	}
	defer tool.Close()
	survey := keys.Survey{Search: s.search(s.match, target.DB), Size: s.size, Want: want(tool)}
	if s.all {
		survey.Size = 0
	}
	progress := &sampleProgress{size: survey.Size}
	bar := newScanBar(tool, progress)
	sample, err := survey.Look(cmd.Context(), tool, each, func(scan *keys.Scan, so keys.Sample) {
		progress.scan, progress.looked = scan, so.Keys
		bar.draw(thousands(so.Keys) + " keys")
	})
	bar.clear()
	if err != nil && sample.Keys == 0 {
		return keysError(err, ruleKeys)
	}
	facts := sampleFacts{Sample: sample, target: target, match: s.match, kind: s.kind, unmeasured: !tool.Has("memory|usage")}
	facts.scanCost = costOf(tool.Finish(context.WithoutCancel(cmd.Context())), keys.Progress{Looked: float64(sample.Keys)})
	return errors.Join(s.print(facts, result), keysError(err, ruleKeys))
}

func (s *keyStudy) print(facts sampleFacts, result studied) error {
	var b []byte
	if s.json {
		object, err := json.Marshal(struct {
			sampleJSON
			Result any `json:"result"`
		}{facts.json(), result.object(facts)})
		if err != nil {
			return fmt.Errorf("encode result: %w", err)
		}
		b = append(escapeControls(object), '\n')
	} else {
		b = []byte(facts.headline() + result.text(facts))
	}
	if _, err := os.Stdout.Write(b); err != nil {
		return fmt.Errorf("write to standard output: %w", err)
	}
	return nil
}

// sampleProgress is how far a sample has come: by the keys that it wants, or else by the scan.
type sampleProgress struct {
	scan   *keys.Scan
	looked int64
	size   int
}

func (s *sampleProgress) Progress() keys.Progress {
	if s.scan == nil {
		return keys.Progress{}
	}
	p := s.scan.Progress()
	if s.size > 0 {
		p.Part = min(1, max(p.Part, float64(s.looked)/float64(s.size)))
	}
	return p
}

// sampleFacts is a sample with what a reader has to know about it.
type sampleFacts struct {
	keys.Sample
	scanCost
	target      server.Target
	match, kind string
	unmeasured  bool // the server tells no memory
}

// memory estimates bytes; absent where the server does not tell them.
func (f sampleFacts) memory(t keys.Tally) (value, margin redis.Maybe[float64]) {
	if f.unmeasured {
		return value, margin
	}
	e := f.Sum(t)
	return redis.Some(e.Value), errorOf(e)
}

// sampleJSON is the same in JSON.
type sampleJSON struct {
	Server   string               `json:"server"`
	DB       int                  `json:"db"`
	Pattern  string               `json:"pattern,omitempty"`
	Type     string               `json:"type,omitempty"`
	Keys     redis.Maybe[int64]   `json:"keys,omitzero"` // in the database
	Matching float64              `json:"matching"`      // of them, by pattern and type
	Error    redis.Maybe[float64] `json:"matching_error,omitzero"`
	// Estimated says that numbers of keys and bytes stand for all keys; each has its half of a 95 %
	// interval beside it. Otherwise they are exact.
	Estimated bool `json:"estimated"`
	scanCost
}

func (f sampleFacts) json() sampleJSON {
	all := f.Count(f.Sample.Keys)
	return sampleJSON{Server: f.target.String(), DB: f.target.DB, Pattern: f.match, Type: f.kind, Keys: f.Total,
		Matching: all.Value, Error: errorOf(all), Estimated: !f.Complete, scanCost: f.scanCost}
}

// errorOf is the error of an estimate; absent when nothing was estimated.
func errorOf(e keys.Estimate) redis.Maybe[float64] {
	if e.Error == 0 {
		return redis.Maybe[float64]{}
	}
	return redis.Some(e.Error)
}

// headline says what was looked at, and how sure the rest is.
func (f sampleFacts) headline() string {
	n := int64(f.Count(f.Sample.Keys).Value + 0.5)
	what, match := "keys", "match"
	if n == 1 {
		what, match = "key", "matches"
	}
	if f.kind != "" {
		what = f.kind + " " + what
	}
	if f.match != "" {
		what += " that " + match + " " + redis.PrintableCut(redis.Argument(f.match), 100)
	}
	all := "about " + thousands(n)
	if f.Complete || f.Total.Known() && f.match == "" && f.kind == "" {
		all = strings.TrimPrefix(all, "about ")
	}
	cost := fmt.Sprintf("%s, %s of the server's time", spanText(f.Seconds), f.price())
	head := fmt.Sprintf("database %d of %s: %s %s\n", f.target.DB, f.target, all, what)
	if f.Complete {
		return head + "all of them were looked at, in " + cost + "\n"
	}
	return head + fmt.Sprintf("a random sample of %s of them (%s); %s\n± is half of a 95 %% interval; --all looks at all of them, --sample N at more\n",
		thousands(f.Sample.Keys), percentOf(f.Part, 1), cost)
}

// A studyTable is lines of numbers with a name at the end, which is cut where a terminal ends. Errors have
// columns where there are any.
type studyTable struct {
	strings.Builder
	facts sampleFacts
	exact bool
	width int // of the terminal; 0: there is none
}

func newStudyTable(f sampleFacts) *studyTable {
	t := &studyTable{facts: f, exact: f.Complete}
	if width, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil {
		t.width = width
	}
	return t
}

// row writes cells and the name behind them.
func (t *studyTable) row(name string, cells ...string) {
	line := strings.Join(cells, " ")
	room := longName
	if t.width > 0 {
		room = max(shortName, t.width-utf8.RuneCountInString(line)-2)
	}
	fmt.Fprintf(t, "%s  %s\n", line, redis.PrintableCut(name, room))
}

// whole is row with the whole name, for one that is to be copied: a terminal wraps it.
func (t *studyTable) whole(name string, cells ...string) {
	fmt.Fprintf(t, "%s  %s\n", strings.Join(cells, " "), redis.PrintableCut(name, wholeName))
}

// The bounds of a name in a table, in characters.
const (
	longName  = 200
	shortName = 16
	wholeName = 1000
)

// cell is a text at the right of its column.
func cell(width int, text string) string {
	return strings.Repeat(" ", max(0, width-utf8.RuneCountInString(text))) + text
}

// keys is an estimated number of keys.
func (t *studyTable) keys(e keys.Estimate) string {
	return cell(7, countText(e.Value)) + t.margin(7, e, countText)
}

// bytes is an estimated size.
func (t *studyTable) bytes(of keys.Tally) string {
	if t.facts.unmeasured {
		return cell(9, "n/a") + t.space(11)
	}
	e := t.facts.Sum(of)
	return cell(9, sizeOf(e.Value)) + t.margin(10, e, sizeOf)
}

func (t *studyTable) margin(width int, e keys.Estimate, show func(float64) string) string {
	if t.exact {
		return ""
	}
	return " " + cell(width, "±"+show(e.Error))
}

// heads are the titles above keys and bytes.
func (t *studyTable) keysHead() string  { return cell(7, "keys") + t.space(8) }
func (t *studyTable) bytesHead() string { return cell(9, "memory") + t.space(11) }

func (t *studyTable) space(width int) string {
	if t.exact {
		return ""
	}
	return strings.Repeat(" ", width)
}

// shareText is a share without decimals.
func shareText(part, whole float64) string {
	if whole <= 0 {
		return "n/a"
	}
	return strconv.FormatFloat(100*part/whole, 'f', 0, 64) + " %"
}
