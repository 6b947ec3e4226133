package server

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"redistop/internal/redis"
)

// ACLWish is what a user should be able to do beyond reading the counters.
type ACLWish struct {
	User    string
	Monitor bool // samples of the command stream: shows every value to whoever logs in as this user
	Kill    bool // close connections
	Doctor  bool // read the configuration, users' rights and the log of refusals: shows passwords that stand in the configuration, and hashes of users' ones
	Keys    bool // list and measure keys, all of them: names and sizes, no values
	Values  bool // read them too
	Delete  bool // delete them too

	Channel  string // publish who is online to this channel; empty: to none
	Messages bool   // look at streams, groups, queues and channels: names, sizes and ids, no entries
	Claim    bool   // look at pending entries, claim and acknowledge them, delete consumers
	Canary   bool   // send and read test messages; of keys and channels only its own
}

// tools says whether anything is wanted that asks about keys.
func (w ACLWish) tools() bool { return w.Keys || w.Values || w.Delete || w.Messages || w.Claim }

// commands are those of the tools that are wanted, and of publishing.
func (w ACLWish) commands() []string {
	var list []string
	if w.Keys || w.Values || w.Delete {
		list = append(list, keyCommands...)
	}
	if w.Messages {
		for _, q := range messageQuestions {
			if !slices.Contains(list, q.command) {
				list = append(list, q.command)
			}
		}
	}
	if w.Claim {
		list = append(list, pendingCommands...)
		list = append(list, claimCommands...)
	}
	if w.Canary {
		list = append(list, canaryCommands...)
	}
	if w.Values {
		list = append(list, valueCommands...)
	}
	if w.Delete {
		list = append(list, deleteCommands...)
	}
	if w.Channel != "" {
		list = append(list, "publish")
	}
	return list
}

// ACLRule asks a server what it has and returns the ACL SETUSER line of the least user that serves
// redistop there. Only commands that the server has are named: a rule with an unknown one is
// rejected whole.
func ACLRule(ctx context.Context, t Target, w ACLWish) (string, error) {
	if w.Channel != "" {
		if err := CheckChannel(w.Channel); err != nil {
			return "", fmt.Errorf("write ACL rule: %w", err)
		}
	}
	c, err := Dial(ctx, t)
	if err != nil {
		return "", err
	}
	defer c.Close()
	v, err := c.Do(ctx, "INFO", "default")
	if err != nil {
		return "", denied(fmt.Errorf("ask INFO: %w", err))
	}
	info := redis.ParseInfo(v.Text)
	if info.Flavor() == "redis" && !info.VersionAtLeast(6, 0) {
		return "", fmt.Errorf("write ACL rule for %s %s: %w", info.Flavor(), redis.PrintableCut(info.Version(), 20), ErrNoACL)
	}
	caps, err := probe(ctx, c, info, false, append(w.commands(), "xinfo", "pubsub", "xgroup", "cluster")...)
	if err != nil {
		return "", err
	}
	since := func(major, minor int) bool { return info.Flavor() != "redis" || info.VersionAtLeast(major, minor) }
	return aclRule(caps, w, since(6, 2), since(7, 0)), nil
}

// aclRule writes the line. channels says that users have rights to channels (6.2+); before, the word
// resetchannels is unknown. reading says that the right to read keys can be given alone (7.0+).
func aclRule(caps Capabilities, w ACLWish, channels, reading bool) string {
	rights := []string{"+info", "+client|setname", "+client|id", "+command|info"}
	for _, s := range sources {
		if caps.Has(s.command) && (w.Doctor || !s.doctor) {
			rights = append(rights, "+"+s.command)
		}
	}
	for _, command := range []string{"ping", dryRun} {
		if caps.Has(command) {
			rights = append(rights, "+"+command)
		}
	}
	if w.Monitor {
		rights = append(rights, "+monitor", "+wait") // RESET needs none
	}
	if w.Kill && caps.Has("client|kill") {
		rights = append(rights, "+client|kill")
	}
	for _, command := range w.commands() {
		if caps.Has(command) {
			rights = append(rights, "+"+command)
		}
	}
	if w.tools() {
		rights = append(rights, "+select")
	}
	slices.Sort(rights)
	rights = slices.Compact(rights)
	reset := "resetkeys "
	if channels {
		reset += "resetchannels "
		if w.Channel != "" {
			reset += "&" + w.Channel + " "
		}
	}
	switch {
	case w.Delete || w.Claim || w.tools() && !reading:
		reset += "~* "
	case w.tools():
		reset += "%R~* "
	}
	if w.Canary {
		reset += "~" + CanaryPrefix + "* "
		if channels {
			reset += "&" + CanaryPrefix + "* "
		}
	}
	return "ACL SETUSER " + redis.Argument(w.User) + " on >PASSWORD " + reset + "-@all " + strings.Join(rights, " ")
}
