package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"redistop/internal/messaging/pending"
	"redistop/internal/redis"
	"redistop/internal/server"
)

// pendingTool is the flags that the verbs for pending entries share.
type pendingTool struct {
	conn    connection
	budget  float64
	minIdle time.Duration
	show    int
	yes     bool
	json    bool
}

// ruleClaim is the flag of redistop acl that has the rights for them.
const ruleClaim = "--claim"

// defaultIdle is long enough that a consumer which works on an entry is not disturbed, as a rule.
const defaultIdle = 5 * time.Minute

// addTo defines the flags on cmd; the ones of its own stand before. doing is what --yes does, idle what --min-idle bounds.
func (p *pendingTool) addTo(cmd *cobra.Command, title, doing, idle string) {
	p.budget, p.minIdle, p.show = 0.01, defaultIdle, 20
	f := cmd.Flags()
	f.Var(&checked[time.Duration]{&p.minIdle, parseIdle, time.Duration.String}, "min-idle", idle)
	f.BoolVar(&p.yes, "yes", false, doing)
	group(cmd, title, "min-idle", "yes")
	f.Var(&checked[float64]{&p.budget, parseBudget, percent}, "budget", "take at most `SHARE` of the server's time")
	group(cmd, "Pace", "budget")
	f.BoolVar(&p.json, "json", false, "one JSON object")
	group(cmd, "Output", "json")
	for _, free := range []string{"min-idle", "budget"} {
		mustRegister(cmd.RegisterFlagCompletionFunc(free, cobra.NoFileCompletions))
	}
}

// addShow defines how many entries are listed.
func (p *pendingTool) addShow(cmd *cobra.Command) {
	cmd.Flags().Var(&checked[int]{&p.show, parseShow, noZero}, "show", "list the first `N` entries, 0 to 100000")
	group(cmd, "Output", "show")
	mustRegister(cmd.RegisterFlagCompletionFunc("show", cobra.NoFileCompletions))
}

func parseShow(s string) (int, error) {
	if s == "0" {
		return 0, nil
	}
	n, err := parseCount(s)
	if err != nil || n > 100_000 {
		return 0, fmt.Errorf("not a number from 0 to 100000")
	}
	return n, nil
}

func parseIdle(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("not a time such as 30s, 5m or 2h")
	}
	return d, nil
}

// open connects to the server that the flags and the arguments behind the names say. args holds as many names as are wanted,
// and perhaps an ADDRESS.
func (p *pendingTool) open(cmd *cobra.Command, args []string) (*server.Tool, error) {
	target, err := p.conn.target(cmd.Flags(), args)
	if err != nil {
		return nil, err
	}
	tool, err := server.OpenTool(cmd.Context(), target, server.ToolOptions{Budget: p.budget, Pending: true, Actions: p.yes})
	if err != nil {
		return nil, serverError(err)
	}
	if role, _ := tool.Info().Text("role"); p.yes && role == "slave" {
		tool.Close()
		return nil, &failure{code: exitDenied, err: fmt.Errorf("change groups of %s: it is a replica", target), hint: "do it on its primary; the replica follows"}
	}
	return tool, nil
}

// namesAndAddress wants names, as the words say, and perhaps an ADDRESS.
func namesAndAddress(words ...string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) < len(words) {
			return usagef("give %s", strings.Join(words[len(args):], " and "))
		}
		if len(args) > len(words)+1 {
			return usagef("%d arguments, want %s and perhaps ADDRESS", len(args), strings.Join(words, ", "))
		}
		return nil
	}
}

// givenName is the name that an argument means: itself, or, as it is printed in double quotes, what stands in them.
func givenName(arg string) string {
	if name, ok := unquoted(arg); ok {
		return name
	}
	return arg
}

// shownName is a name as text, safe to print.
func shownName(name string) string { return redis.PrintableCut(redis.Argument(name), 100) }

// consumerOf finds a consumer by its name.
func consumerOf(list []redis.StreamConsumer, name string) (redis.StreamConsumer, bool) {
	i := slices.IndexFunc(list, func(c redis.StreamConsumer) bool { return c.Name == name })
	if i < 0 {
		return redis.StreamConsumer{}, false
	}
	return list[i], true
}

// noConsumer is the error of a name that no consumer has.
func noConsumer(list []redis.StreamConsumer, name, hint string) error {
	if hint == "" {
		var names []string
		for _, c := range list[:min(len(list), 8)] {
			names = append(names, redis.PrintableCut(redis.Argument(c.Name), 40))
		}
		hint = "the group has " + strings.Join(names, ", ")
		switch more := len(list) - len(names); {
		case len(list) == 0:
			hint = "the group has no consumers"
		case more > 0:
			hint += fmt.Sprintf(" and %s more", thousands(int64(more)))
		}
	}
	return &failure{code: exitError, err: fmt.Errorf("the group has no consumer %s", shownName(name)), hint: hint}
}

// pendingEntry is one of the entries that are listed.
type pendingEntry struct {
	ID          string  `json:"id"`
	Consumer    string  `json:"consumer"`
	IdleSeconds float64 `json:"idle_seconds"`
	Deliveries  int64   `json:"deliveries"`
	Deleted     bool    `json:"deleted,omitempty"` // from the stream, as far as that was asked
}

// pendingEntries are the first of a list, no more than have room.
func pendingEntries(list []redis.PendingEntry, room int) []pendingEntry {
	var shown []pendingEntry
	for _, e := range list[:max(0, min(len(list), room))] {
		shown = append(shown, pendingEntry{ID: e.ID, Consumer: e.Consumer, IdleSeconds: e.Idle.Seconds(), Deliveries: e.Deliveries})
	}
	return shown
}

// entriesTable lists entries, and how many more there are.
func entriesTable(entries []pendingEntry, all int64) string {
	if len(entries) == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "  %-24s %10s %10s  %s\n", "ID", "IDLE", "DELIVERED", "CONSUMER")
	for _, e := range entries {
		fate := ""
		if e.Deleted {
			fate = "  deleted from the stream"
		}
		fmt.Fprintf(&b, "  %-24s %10s %10s  %s%s\n", redis.PrintableCut(e.ID, 42), spanText(e.IdleSeconds), thousands(e.Deliveries), shownName(e.Consumer), fate)
	}
	if more := all - int64(len(entries)); more > 0 {
		fmt.Fprintf(&b, "  and %s more\n", thousands(more))
	}
	return b.String()
}

// entriesText is a number of entries.
func entriesText(n int64) string {
	if n == 1 {
		return "1 entry"
	}
	return thousands(n) + " entries"
}

// eachBatch goes through the pending entries of a consumer that are idle for long enough.
func eachBatch(ctx context.Context, tool *server.Tool, l *pending.Listing, do func([]redis.PendingEntry) error) error {
	for {
		page, err := l.Next(ctx, tool)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil && len(page) > 0 {
			err = do(page)
		}
		if err != nil {
			return err
		}
	}
}

// idsOf are the ids of entries.
func idsOf(entries []redis.PendingEntry) []string {
	ids := make([]string, 0, len(entries))
	for _, e := range entries {
		ids = append(ids, e.ID)
	}
	return ids
}

// tell prints what happened as JSON or as text.
func (p *pendingTool) tell(result any, text string) error {
	if p.json {
		b, err := json.Marshal(result)
		if err != nil {
			return fmt.Errorf("encode summary: %w", err)
		}
		text = string(escapeControls(b)) + "\n"
	}
	if _, err := os.Stdout.WriteString(text); err != nil {
		return fmt.Errorf("write to standard output: %w", err)
	}
	return nil
}

// pendingError gives an error of these verbs its exit code and its hint.
func pendingError(err error) error {
	var reply *redis.ReplyError
	switch {
	case !errors.As(err, &reply):
		return keysError(err, ruleClaim)
	case reply.Code == "NOGROUP":
		return &failure{code: exitError, err: err, hint: "redistop messaging lists the streams and their groups"}
	case strings.Contains(reply.Message, "no such key"):
		return &failure{code: exitError, err: err, hint: "is it in another database (-n)? redistop messaging lists the streams"}
	}
	return keysError(err, ruleClaim)
}
