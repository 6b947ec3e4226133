package redis

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestRecordedConfig(t *testing.T) {
	eachRecorded(t, func(t *testing.T, r recorded) {
		got, err := ParseConfig(r.reply("config-get"))
		if err != nil {
			t.Fatal(err)
		}
		if got["maxmemory"] != "0" || got["latency-tracking"] != "yes" || !strings.HasPrefix(got["client-output-buffer-limit"], "normal 0 0 0 slave ") {
			t.Errorf("%v", got)
		}
		if save, ok := got["save"]; !ok || save != "" {
			t.Errorf("an empty value: %q, %v", save, ok)
		}
	})
}

func TestRecordedLatencyEvents(t *testing.T) {
	eachRecorded(t, func(t *testing.T, r recorded) {
		events, err := ParseLatencyLatest(r.reply("latency-latest"))
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(events, func(e LatencyEvent) bool { return e.Event == "command" })
		if i < 0 {
			t.Fatalf("no command among %v", events)
		}
		if e := events[i]; e.Time.Year() < 2020 || e.Latest < time.Millisecond || e.Latest > time.Minute || e.Max < e.Latest {
			t.Errorf("%+v", e)
		}
	})
}

func TestRecordedUsers(t *testing.T) {
	eachRecorded(t, func(t *testing.T, r recorded) {
		names, err := ParseACLUsers(r.reply("acl-users"))
		if err != nil || !slices.Equal(names, []string{"app", "default", "unused"}) {
			t.Errorf("users %q, %v", names, err)
		}
		open, err := ParseACLUser(r.reply("acl-user-default"))
		if err != nil || !open.On || !open.NoPassword || !open.All() || !open.AllKeys() || !open.May("config|set") {
			t.Errorf("default: %+v, %v", open, err)
		}
		gone, err := ParseACLUser(r.reply("acl-user-gone"))
		if err != nil || gone.On {
			t.Errorf("nobody: %+v, %v", gone, err)
		}
		app, err := ParseACLUser(r.reply("acl-user-app"))
		if err != nil || !app.On || app.NoPassword || app.All() || !app.AllKeys() || len(app.Selectors) != 2 || app.Selectors[0].AllKeys {
			t.Errorf("app: %+v, %v", app, err)
		}
		for command, may := range map[string]bool{"get": true, "set": true, "keys": false, "config|get": true, "config|set": false, "config": false, "flushall": false} {
			if app.May(command) != may {
				t.Errorf("app may %s: %v", command, !may)
			}
		}
		if text := fmt.Sprintf("%+v", app); strings.Contains(text, "2bb80d537b1da3e3") {
			t.Errorf("a hash of a password is kept: %s", text)
		}
	})
}

func TestRecordedDenials(t *testing.T) {
	eachRecorded(t, func(t *testing.T, r recorded) {
		log, err := ParseACLLog(r.reply("acl-log"))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, d := range log {
			got = append(got, fmt.Sprint(d.Count, " ", d.Reason, " ", d.Context, " ", d.Object, " ", d.User))
			if !strings.HasPrefix(d.Client.Addr, "127.0.0.1:") || d.Client.ID == 0 || d.Age < 0 || d.Age > time.Minute {
				t.Errorf("client or age of %+v", d)
			}
		}
		want := []string{"1 key toplevel other:1 app", "1 command toplevel flushall app", "1 command toplevel client|setname app", "1 auth toplevel AUTH app"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestRights(t *testing.T) {
	for _, c := range []struct {
		rules, command string
		may            bool
	}{
		{"+@all", "flushall", true},
		{"+@all -@dangerous", "flushall", false},
		{"+@all -@dangerous", "get", true},
		{"+@all -@dangerous +keys", "keys", true},
		{"+@all -config", "config|set", false},
		{"+@all -config|set", "config|set", false},
		{"+@all -config|set", "config|get", true},
		{"-@all +config|get", "config|set", false},
		{"-@all +config", "config|set", true},
		{"-@all +@admin", "config|set", true},
		{"-@all +@write", "flushdb", true},
		{"-@all +FLUSHALL", "flushall", true},
		{"allcommands", "nobodyknows", true},
		{"+@all nocommands", "get", false},
		{"-@all +@read", "nobodyknows", false},
		{"", "get", false},
	} {
		if got := (ACLSelector{Commands: c.rules}).May(c.command); got != c.may {
			t.Errorf("%q may %s: %v", c.rules, c.command, got)
		}
	}
	if u := (ACLUser{Selectors: []ACLSelector{{Commands: "+@all -flushall", AllKeys: true}}}); u.All() {
		t.Error("one who may not do one thing may not do all")
	}
}

// 6.x tells keys as a list without the ~, and rights to all of them as a flag.
func TestUserBeforeSelectors(t *testing.T) {
	reply := func(flag, key string) Value {
		return array(bulk("flags"), array(bulk("on"), bulk(flag)), bulk("passwords"), array(bulk("aa")), bulk("commands"), bulk("+@all"), bulk("keys"), array(bulk(key)))
	}
	for _, c := range []struct {
		flag, key string
		all       bool
	}{{"allkeys", "x", true}, {"nopass", "*", true}, {"nopass", "~*", true}, {"nopass", "app:*", false}} {
		u, err := ParseACLUser(reply(c.flag, c.key))
		if err != nil || u.All() != c.all || u.NoPassword != (c.flag == "nopass") {
			t.Errorf("%+v: %+v, %v", c, u, err)
		}
	}
}

func healthParsers() map[string]func(Value) error {
	return map[string]func(Value) error{
		"configuration":  func(v Value) error { _, err := ParseConfig(v); return err },
		"latency events": func(v Value) error { _, err := ParseLatencyLatest(v); return err },
		"users":          func(v Value) error { _, err := ParseACLUsers(v); return err },
		"user":           func(v Value) error { _, err := ParseACLUser(v); return err },
		"denials":        func(v Value) error { _, err := ParseACLLog(v); return err },
	}
}

func TestHealthRepliesOfOddShape(t *testing.T) {
	odd := map[string][]Value{
		"configuration":  {array(bulk("a")), array(bulk("a"), integer(1))},
		"latency events": {array(integer(1)), array(array(bulk("e"), integer(1), integer(1))), array(array(bulk("e"), integer(-1), integer(1), integer(1)))},
		"users":          {array(integer(1))},
		"user":           {array(bulk("flags"), array()), array(bulk("commands"), integer(1)), array(bulk("commands"), bulk(""), bulk("selectors"), integer(1))},
		"denials":        {array(integer(1)), array(array(bulk("count"), bulk("x"))), array(array())},
	}
	for name, parse := range healthParsers() {
		for _, v := range append(odd[name], bulk("text"), integer(1), Value{}) {
			if err := parse(v); !errors.Is(err, errShape) {
				t.Errorf("%s of %v: %v", name, v, err)
			}
		}
		var reply *ReplyError
		if err := parse(text(KindError, "NOPERM no")); !errors.As(err, &reply) || reply.Code != "NOPERM" {
			t.Errorf("%s of an error reply: %v", name, err)
		}
	}
}

func FuzzACLUser(f *testing.F) {
	fuzzReply(f, "acl-user-*", func(t *testing.T, v Value) {
		u, err := ParseACLUser(v)
		if err == nil && u.All() && !u.AllKeys() {
			t.Fatalf("all rights, but not on all keys: %+v", u)
		}
	})
}

func FuzzACLLog(f *testing.F) {
	fuzzReply(f, "acl-log", func(t *testing.T, v Value) {
		log, err := ParseACLLog(v)
		for _, d := range log {
			if err == nil && (d.Reason == "" || d.Age < 0) {
				t.Fatalf("%+v", d)
			}
		}
	})
}

func FuzzConfig(f *testing.F) {
	fuzzReply(f, "config-get", func(t *testing.T, v Value) {
		if values, err := ParseConfig(v); err == nil && len(values) > len(v.Elems)/2 {
			t.Fatalf("%d values of %d", len(values), len(v.Elems))
		}
	})
}

func FuzzLatencyLatest(f *testing.F) {
	fuzzReply(f, "latency-latest", func(t *testing.T, v Value) {
		events, err := ParseLatencyLatest(v)
		for _, e := range events {
			if err == nil && (e.Latest < 0 || e.Max < 0) {
				t.Fatalf("%+v", e)
			}
		}
	})
}
