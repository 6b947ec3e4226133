package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

const (
	reportRows = 10 // of each table
	reportName = 60 // characters of a name
)

// reportText is a report for eyes. In its tables the names stand last: they are strangers' words, of any width.
func reportText(r *monitorReport) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", sourceText(r.Source), headline(r))
	if r.Filter != "" {
		fmt.Fprintf(&b, "only %s\n", redis.PrintableCut(r.Filter, 200))
	}
	for _, note := range notes(r) {
		fmt.Fprintf(&b, "%s\n", note)
	}
	if s := r.Summary; s != nil && s.Sampled.Commands > 0 {
		t := reportTable{Builder: &b, exact: s.Sampled.Complete}
		t.sizes(s)
		t.commands(s.Commands)
		t.parts("client", s.Clients, "(others)")
		t.parts("client name", someKnown(s.ClientsByName), "(no name)")
		t.parts("library", someKnown(s.ClientsByLibrary), "(none)")
		if len(s.Databases) > 1 {
			t.parts("database", s.Databases, "(others)")
		}
		t.keys("keys like", s.Keys)
		t.keys("key", s.HotKeys)
	}
	return b.String()
}

// sourceText is what was read, in words.
func sourceText(source string) string {
	if source == "-" {
		return "standard input"
	}
	return redis.PrintableCut(source, 200)
}

// counted is a number of things, of which one is called thing.
func counted(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return thousands(n) + " " + thing + "s"
}

// headline says how much was seen, and of what.
func headline(r *monitorReport) string {
	s := r.Summary
	if s == nil || s.Sampled.Windows == 0 {
		return "nothing was seen"
	}
	text := counted(s.Sampled.Commands, "command")
	if s.Sampled.Seconds > 0 { // one line of a file has no length
		text += " in " + seconds(s.Sampled.Seconds)
	}
	if rate, ok := s.Sampled.VisibleCommandsPerSecond.Get(); ok {
		text += ", " + decimal(rate) + margin(s.Sampled.Error) + " a second"
	}
	if s.Sampled.Scripted > 0 {
		text += ", " + thousands(s.Sampled.Scripted) + " of them called by scripts"
	}
	return text
}

// notes are what a reader has to know to trust the tables.
func notes(r *monitorReport) (notes []string) {
	note := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	if s := r.Summary; s != nil && s.Sampled.Windows > 0 {
		if s.Sampled.Mode == stats.ModeSample {
			note("samples: %s, %s of %s; ± is half of a 95 %% interval",
				counted(int64(s.Sampled.Windows), "window"), percentOf(s.Sampled.Seconds, s.Sampled.Span), seconds(s.Sampled.Span))
		} else if !s.Sampled.Complete {
			note("only %s of %s was seen, since redistop was late or the connection broke; ± is half of a 95 %% interval",
				percentOf(s.Sampled.Seconds, s.Sampled.Span), seconds(s.Sampled.Span))
		}
		if r.Server == nil {
			note("from %s to %s", s.From.Format(time.DateTime), s.To.Format(time.DateTime))
		}
	}
	if r.Server != nil {
		notes = append(notes, serverNotes(r.Server)...)
	}
	for _, reason := range r.Paused {
		note("nothing was looked at for a time: %s", reason)
	}
	if r.NotPrinted > 0 {
		note("%s counted but not printed: standard output was too slow", counted(r.NotPrinted, "command"))
	}
	if r.Unread > 0 {
		note("%s without a command of MONITOR", counted(r.Unread, "line"))
	}
	if r.Long > 0 {
		note("%s too long: sizes and last keys are not whole", counted(r.Long, "command"))
	}
	return notes
}

func serverNotes(s *serverDuring) (notes []string) {
	text := "the server ran " + decimal(s.During) + " commands a second"
	if before, ok := s.Before.Get(); ok {
		text += ", " + decimal(before) + " before"
	}
	notes = append(notes, fmt.Sprintf("%s; seen to hold at most %s bytes for us", text, thousands(s.MostHeld)))
	text = "ADMIN commands are never in MONITOR"
	for i, c := range s.Hidden {
		separator := ", "
		if i == 0 {
			separator = ": "
		}
		if i == 5 {
			text += ", and others"
			break
		}
		text += separator + c.Name + " " + counted(c.Calls, "time")
	}
	return append(notes, text)
}

// someKnown leaves out a table that says only that nothing is known.
func someKnown(parts []stats.Part) []stats.Part {
	for _, p := range parts {
		if !p.Unknown && p.Name != "" {
			return parts
		}
	}
	return nil
}

// A reportTable writes one table. Where all figures are exact it has no column for their errors.
type reportTable struct {
	*strings.Builder
	exact bool
}

func (t reportTable) head(more, title string) {
	fmt.Fprintf(t, "\n%12s %s%7s %12s %s %s\n", "a second", t.margin("±"), "share", "commands", more, title)
}

// row begins with the columns that all tables have.
func (t reportTable) row(perSecond, err, share stats.Maybe[float64], seen int64, more, name string) {
	of := "n/a"
	if s, ok := share.Get(); ok {
		of = percentOf(s, 1)
	}
	fmt.Fprintf(t, "%12s %s%7s %12s %s %s\n", rate(perSecond), t.margin(margin(err)), of, thousands(seen), more, name)
}

func (t reportTable) margin(text string) string {
	if t.exact {
		return ""
	}
	return fmt.Sprintf("%10s ", text)
}

// more says how many rows are left out.
func (t reportTable) more(rows int) {
	if rows > reportRows {
		fmt.Fprintf(t, "%12s and %d more\n", "", rows-reportRows)
	}
}

func (t reportTable) sizes(s *stats.Summary) {
	if z, ok := s.Sizes.Get(); ok {
		fmt.Fprintf(t, "bytes of a command: mean %s, half up to %s, 90 %% up to %s, 99 %% up to %s, largest %s\n", decimal(z.Mean),
			thousands(int64(z.P50)), thousands(int64(z.P90)), thousands(int64(z.P99)), thousands(int64(z.Max)))
	}
}

func (t reportTable) commands(rows []stats.CommandSizes) {
	t.head(fmt.Sprintf("%9s %9s ", "50 % size", "99 % size"), "command")
	for _, c := range rows[:min(len(rows), reportRows)] {
		half, most := "n/a", "n/a"
		if z, ok := c.Sizes.Get(); ok {
			half, most = thousands(int64(z.P50)), thousands(int64(z.P99))
		}
		t.row(c.CommandsPerSecond, c.Error, c.Share, c.Seen, fmt.Sprintf("%9s %9s ", half, most), reportedName(c.Part, "(others)"))
	}
	t.more(len(rows))
}

// parts writes a table of clients or databases; nameless is what "" stands for in it.
func (t reportTable) parts(title string, rows []stats.Part, nameless string) {
	if len(rows) == 0 {
		return
	}
	t.head("", title)
	for _, p := range rows[:min(len(rows), reportRows)] {
		t.row(p.CommandsPerSecond, p.Error, p.Share, p.Seen, "", reportedName(p, nameless))
	}
	t.more(len(rows))
}

func (t reportTable) keys(title string, rows []stats.KeyRow) {
	if len(rows) == 0 {
		return
	}
	t.head(fmt.Sprintf("%12s %12s ", "reads", "writes"), title)
	for _, k := range rows[:min(len(rows), reportRows)] {
		name := reportedName(stats.Part{Name: k.Pattern}, `""`)
		if db := k.DB.Or(0); db != 0 {
			name += fmt.Sprintf(" (db %d)", db)
		}
		t.row(k.CommandsPerSecond, k.Error, k.Share, k.Seen, fmt.Sprintf("%12s %12s ", rate(k.Reads), rate(k.Writes)), name)
	}
	t.more(len(rows))
}

// reportedName quotes a name as the other verbs do, where it would not be read as one word.
func reportedName(p stats.Part, nameless string) string {
	switch {
	case p.Unknown:
		return "(not known)"
	case p.Name == "":
		return nameless
	}
	if p.Name == stats.OtherKeys {
		return p.Name
	}
	return redis.PrintableCut(redis.Argument(p.Name), reportName)
}

func rate(m stats.Maybe[float64]) string {
	if v, ok := m.Get(); ok {
		return decimal(v)
	}
	return "n/a"
}

// margin is empty where a figure is exact.
func margin(m stats.Maybe[float64]) string {
	if v, ok := m.Get(); ok {
		return "±" + decimal(v)
	}
	return ""
}

func percentOf(part, whole float64) string {
	if whole <= 0 {
		return "n/a"
	}
	return strconv.FormatFloat(100*part/whole, 'f', 1, 64) + " %"
}

func seconds(s float64) string {
	return strings.TrimSuffix(strconv.FormatFloat(s, 'f', 3, 64), ".000") + " s"
}

// decimal keeps one place behind the point for small numbers only.
func decimal(v float64) string {
	if v < 100 && v > -100 {
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return thousands(int64(v + 0.5))
}

// thousands groups the digits of a number.
func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
