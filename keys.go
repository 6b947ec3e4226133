package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"redistop/internal/keys"
	"redistop/internal/redis"
	"redistop/internal/server"
)

// keyTool is the flags that every verb of keys shares.
type keyTool struct {
	conn   connection
	budget float64
	json   bool
}

// addTo defines the flags on cmd; the ones of its own stand before.
func (k *keyTool) addTo(cmd *cobra.Command, jsonText string) {
	k.budget = 0.01
	f := cmd.Flags()
	f.Var(&checked[float64]{&k.budget, parseBudget, percent}, "budget", "take at most `SHARE` of the server's time")
	f.BoolVar(&k.json, "json", false, jsonText)
	group(cmd, "Pace", "budget")
	group(cmd, "Output", "json")
	mustRegister(cmd.RegisterFlagCompletionFunc("budget", cobra.NoFileCompletions))
	k.conn.addTo(cmd)
}

// open connects to the server that the flags and the arguments behind PATTERN or KEY name.
func (k *keyTool) open(cmd *cobra.Command, args []string, o server.ToolOptions) (*server.Tool, server.Target, error) {
	target, err := k.conn.target(cmd.Flags(), args)
	if err != nil {
		return nil, target, err
	}
	o.Budget = k.budget
	tool, err := server.OpenTool(cmd.Context(), target, o)
	if err != nil {
		return nil, target, serverError(err)
	}
	if tool.Info().Int("cluster_enabled").Or(0) == 1 {
		note("cluster mode: this is one node, with its own keys alone")
	}
	if elsewhere := otherDatabases(tool.Info(), target.DB); elsewhere != "" {
		note("database %d is empty; keys are in %s", target.DB, elsewhere)
	}
	return tool, target, nil
}

// otherDatabases names those that have keys when this one has none; empty when there is nothing to say.
func otherDatabases(info *redis.Info, db int) string {
	var names []string
	for _, k := range info.Keyspace {
		if k.DB == db && k.Keys > 0 {
			return ""
		}
		names = append(names, fmt.Sprintf("%d (%s)", k.DB, thousands(k.Keys)))
	}
	if len(names) > 3 {
		names = append(names[:3], "...")
	}
	return strings.Join(names, ", ")
}

func newKeys() *cobra.Command {
	cmd := newKeysList("keys PATTERN [ADDRESS]", "list, read, measure and delete keys without blocking the server")
	cmd.Long = `List the keys that match PATTERN, by SCAN instead of KEYS: in steps that hold
the server for a quarter of a millisecond, at a pace that takes 1 % of its time
(--budget). The verbs below do the same for what else blocks a server.

PATTERN is as in KEYS (* ? [a-z] \x) and stands in quotes, so that the shell
leaves it alone. ADDRESS comes behind it; -h, -p, -s and -u work as always. A
name that is printed in double quotes, given with them, means that one key.

What SCAN promises: a key that is there from beginning to end is listed,
whatever else happens to the server's table; one that comes or goes meanwhile
may be or not. None is listed twice: the few that SCAN returns again when a
table shrinks are left out. A scan that is stopped (Ctrl-C, --limit) prints how
to go on; the second part may repeat a key of the first if the table shrank in
between. A restart of the server ends that: its keys have a new order then.

Listing does not make a key look used. Keys that have expired are removed when a
scan meets them, as by any other command.`
	cmd.Example = `  redistop keys 'shiro:session:*' cache.local:6380
  redistop keys '*' --type hash --long --limit 20
  redistop keys 'tmp:*' --null | xargs -0 -n 1 redis-cli object idletime
  redistop keys -- big        a key or pattern that is called like a verb`
	cmd.AddCommand(newKeysList("list PATTERN [ADDRESS]", "the same as without a verb"), newKeysGet(), newKeysBig(), newKeysPrefixes(), newKeysTTL(), newKeysDelete())
	return cmd
}

// onlyAddress wants an ADDRESS at most. Who gives a pattern as well, as to redistop keys, is told where it goes.
func onlyAddress(_ *cobra.Command, args []string) error {
	for _, arg := range args {
		if strings.Contains(arg, "*") {
			return usagef("%s is a pattern: give it as --match %s", redis.PrintableCut(redis.Argument(arg), 60), redis.PrintableCut(shellWord(arg), 60))
		}
	}
	if len(args) > 1 {
		return usagef("%d arguments, want ADDRESS at most; a pattern goes with --match", len(args))
	}
	return nil
}

// oneAndAddress wants one argument and perhaps an ADDRESS.
func oneAndAddress(what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return usagef("give a %s", what)
		case args[0] == "":
			return usagef("the %s is empty; the key with the empty name is read by keys get '\"\"'", what)
		case len(args) > 2:
			return usagef("%d arguments, want %s and perhaps ADDRESS: put the %s in quotes, so that the shell leaves it alone", len(args), what, what)
		}
		return nil
	}
}

// The flags of redistop acl that have the rights for verbs of keys.
const (
	ruleKeys   = "--keys"
	ruleGet    = "--keys-get"
	ruleDelete = "--keys-delete"
)

// keyTypes are those that every server has; modules bring their own.
var keyTypes = []string{"string", "list", "set", "zset", "hash", "stream"}

// otherTypes are what modules, and Redis 8.0, brought: JSON, vector sets, time series, filters and sketches, as
// TYPE calls them.
var otherTypes = []string{"ReJSON-RL", "vectorset", "TSDB-TYPE", "MBbloom--", "MBbloomCF", "bloomfltr", "CMSk-TYPE", "TopK-TYPE", "TDIS-TYPE"}

// doubtType says that a type may be misspelt; empty when it is known. Another module may have it.
func doubtType(kind string) string {
	if kind == "" || slices.Contains(keyTypes, kind) || slices.Contains(otherTypes, kind) {
		return ""
	}
	return fmt.Sprintf("no type %s is known here, unless a module calls its own so; there are %s, %s", kind, strings.Join(keyTypes, ", "), strings.Join(otherTypes[:3], ", "))
}

var typeName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

func parseType(s string) (string, error) {
	if lower := strings.ToLower(s); slices.Contains(keyTypes, lower) {
		return lower, nil
	}
	if !typeName.MatchString(s) {
		return "", fmt.Errorf("not a type such as %s", strings.Join(keyTypes, ", "))
	}
	return s, nil
}

func parsePlace(s string) (keys.Place, error) { return keys.ParsePlace(s) }

func showPlace(p keys.Place) string {
	if p.Start() {
		return ""
	}
	return p.String()
}

// searching is the flags of the verbs that scan.
type searching struct {
	kind string
	rate int
	from keys.Place
}

// addTo defines the flags on cmd; resumable says whether it can go on where it stopped.
func (s *searching) addTo(cmd *cobra.Command, resumable bool) {
	f := cmd.Flags()
	f.Var(&checked[string]{&s.kind, parseType, quote}, "type", "only keys of type `NAME`: "+strings.Join(keyTypes, ", "))
	f.Var(&checked[int]{&s.rate, parseCount, noZero}, "rate", "look at no more than `N` keys a second")
	group(cmd, "Keys", "type")
	group(cmd, "Pace", "rate")
	mustRegister(cmd.RegisterFlagCompletionFunc("type", cobra.FixedCompletions(keyTypes, cobra.ShellCompDirectiveNoFileComp)))
	free := []string{"rate"}
	if resumable {
		f.Var(&checked[keys.Place]{&s.from, parsePlace, showPlace}, "cursor", "go on at `PLACE`, which a stopped run printed")
		group(cmd, "Pace", "cursor")
		free = append(free, "cursor")
	}
	for _, name := range free {
		mustRegister(cmd.RegisterFlagCompletionFunc(name, cobra.NoFileCompletions))
	}
}

func (s *searching) search(pattern string, db int) keys.Search {
	if doubt := doubtType(s.kind); doubt != "" {
		note("%s", doubt)
	}
	return keys.Search{Pattern: pattern, Type: s.kind, DB: db, From: s.from, Rate: s.rate}
}

// noZero shows a number whose 0 means none.
func noZero(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// refused says that a right is missing, so that the same would be refused again.
func refused(err error) bool {
	var reply *redis.ReplyError
	return errors.As(err, &reply) && reply.Code == "NOPERM"
}

// keysError gives an error of a tool its exit code and its hint. rule is the flag of redistop acl that has the
// rights for it.
func keysError(err error, rule string) error {
	var reply *redis.ReplyError
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, keys.ErrOtherScan), errors.Is(err, keys.ErrOtherServer):
		return usageError(err)
	case errors.As(err, &reply) && reply.Code == "MOVED":
		return &failure{code: exitError, err: err, hint: "the key is on another node of the cluster, named at the end: ask that one"}
	case errors.As(err, &reply):
		if refused(err) {
			return &failure{code: exitDenied, err: err, hint: "redistop acl " + rule + " prints the least user that serves"}
		}
		return err
	case errors.Is(err, keys.ErrReply), errors.Is(err, keys.ErrNoScan), errors.Is(err, keys.ErrModule), errors.Is(err, keys.ErrGone):
		return err
	}
	return serverError(err)
}
