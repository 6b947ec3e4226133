package redis

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"
)

// CommandFlags are the flags of COMMAND.
type CommandFlags uint32

// The flags, named as COMMAND names them.
const (
	FlagWrite CommandFlags = 1 << iota
	FlagReadonly
	FlagDenyOOM
	FlagAdmin
	FlagPubsub
	FlagNoscript
	FlagBlocking
	FlagLoading
	FlagStale
	FlagSkipMonitor
	FlagSkipSlowlog
	FlagAsking
	FlagFast
	FlagNoAuth
	FlagMayReplicate
	FlagNoAsyncLoading
	FlagNoMulti
	FlagAllowBusy
	FlagModule
)

// flagNames are the words of COMMAND for the flags, in their order. The words that are left out
// (movablekeys, no_mandatory_keys, sentinel ...) tell nothing that the table does not hold.
var flagNames = [...]string{
	"write", "readonly", "denyoom", "admin", "pubsub", "noscript", "blocking", "loading", "stale",
	"skip_monitor", "skip_slowlog", "asking", "fast", "no_auth", "may_replicate",
	"no_async_loading", "no_multi", "allow_busy", "module",
}

// CommandInfo is what a server tells of a command by COMMAND. It is immutable.
type CommandInfo struct {
	Name  string // lower case; a subcommand as "config|get", as INFO commandstats writes it
	Flags CommandFlags

	categories  uint32 // a bit for each name in commandTable.categories
	keys        []keySpec
	firstOnly   bool           // keys say: the first argument
	subcommands []*CommandInfo // of a container such as CONFIG
}

// Write says that the command may change keys.
func (c *CommandInfo) Write() bool { return c.Flags&FlagWrite != 0 }

// ReadOnly says that the command only reads keys. PING, EVAL and PUBLISH are neither.
func (c *CommandInfo) ReadOnly() bool { return c.Flags&FlagReadonly != 0 }

// Has says whether the command is in an ACL category: "@write", "@slow", "@dangerous",
// "@keyspace"... The '@' may be left out.
func (c *CommandInfo) Has(category string) bool {
	category = strings.TrimPrefix(category, "@")
	i := slices.Index(commands.categories, category)
	return i >= 0 && c.categories&(1<<i) != 0
}

// Categories are the names of the command's ACL categories, with '@', sorted.
func (c *CommandInfo) Categories() []string {
	var names []string
	for i, name := range commands.categories {
		if c.categories&(1<<i) != 0 {
			names = append(names, "@"+name)
		}
	}
	slices.Sort(names)
	return names
}

// Categories are the names of all ACL categories that some command is in, with '@', sorted.
func Categories() []string {
	var names []string
	for _, name := range commands.categories {
		names = append(names, "@"+name)
	}
	slices.Sort(names)
	return names
}

// Container says that the command is a family of subcommands, such as CONFIG.
func (c *CommandInfo) Container() bool { return len(c.subcommands) > 0 }

// Subcommand finds a subcommand by its last part ("get" of CONFIG GET), in upper or lower case.
// It allocates nothing.
func (c *CommandInfo) Subcommand(name []byte) (*CommandInfo, bool) {
	own := len(c.Name) + len("|")
	for _, sub := range c.subcommands {
		if equalFold(sub.Name[own:], name) {
			return sub, true
		}
	}
	return nil, false
}

// LookupCommand finds a command by its name, in upper or lower case. It allocates nothing. What
// modules add and what rename-command renamed is not known.
func LookupCommand(name []byte) (*CommandInfo, bool) { return commands.find(name) }

func (t *commandTable) find(name []byte) (*CommandInfo, bool) {
	if len(name) == 0 || len(name) > maxCommandName {
		return nil, false
	}
	for slot := commandSlot(name); ; slot++ {
		c := t.slots[slot%commandSlots]
		if c == nil {
			return nil, false
		}
		if equalFold(c.Name, name) {
			return c, true
		}
	}
}

// LookupSubcommand finds a command by its name, and where that is a container, the subcommand
// that the next argument names. An unknown subcommand gives the container.
func LookupSubcommand(name, next []byte) (*CommandInfo, bool) {
	c, ok := LookupCommand(name)
	if ok && c.Container() {
		if sub, ok := c.Subcommand(next); ok {
			return sub, true
		}
	}
	return c, ok
}

// LookupArgs is LookupSubcommand for the quoted arguments of a MonitorLine.
func LookupArgs(args []byte) (*CommandInfo, bool) {
	name, rest, ok := NextArg(args)
	if !ok {
		return nil, false
	}
	c, ok := LookupCommand(name)
	if ok && c.Container() {
		if next, _, ok := NextArg(rest); ok {
			if sub, ok := c.Subcommand(next); ok {
				return sub, true
			}
		}
	}
	return c, ok
}

// equalFold compares with a lower-case ASCII name.
func equalFold(lower string, name []byte) bool {
	if len(lower) != len(name) {
		return false
	}
	for i := range len(lower) {
		c := name[i]
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

const (
	maxCommandName = 32
	// commandSlots is a power of two, some four times the number of commands.
	commandSlots = 1024
)

// commandSlot hashes the length and the first and last eight bytes of a name of any case.
func commandSlot(name []byte) uint32 {
	const lower = 0x2020202020202020
	var first, last uint64
	switch n := len(name); {
	case n >= 8:
		first, last = binary.LittleEndian.Uint64(name), binary.LittleEndian.Uint64(name[n-8:])
	case n >= 4:
		first, last = uint64(binary.LittleEndian.Uint32(name)), uint64(binary.LittleEndian.Uint32(name[n-4:]))
	case n > 0:
		first = uint64(name[0]) | uint64(name[n/2])<<8 | uint64(name[n-1])<<16
	}
	h := (first|lower)*0x9e3779b97f4a7c15 ^ bits.RotateLeft64((last|lower)*0xc2b2ae3d27d4eb4f, 29) ^ uint64(len(name))
	h *= 0xff51afd7ed558ccd
	return uint32(h >> 40)
}
