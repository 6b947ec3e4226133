package usage

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"redistop/internal/stats"
)

func keysOf(typesAndNames ...string) (keys []Key) {
	for i := 0; i < len(typesAndNames); i += 2 {
		keys = append(keys, Key{Type: typesAndNames[i], Name: typesAndNames[i+1]})
	}
	return keys
}

// TestQueues holds what is a queue's key and what it is for, under usual and other prefixes, side by side.
func TestQueues(t *testing.T) {
	tests := []struct {
		name string
		keys []Key
		want []Queue
	}{
		{"nothing", nil, nil},
		{"a plain list is no framework's", keysOf("list", "queue:mail", "set", "tags"), nil},
		{"BullMQ under another prefix, with a colon in the queue",
			keysOf("hash", "jobs:mail:eu:meta", "list", "jobs:mail:eu:wait", "list", "jobs:mail:eu:active", "zset", "jobs:mail:eu:prioritized", "zset", "jobs:mail:eu:failed", "string", "jobs:mail:eu:id", "hash", "jobs:mail:eu:17", "hash", "user:17:profile"),
			[]Queue{{Framework: "BullMQ", Base: "jobs:", Name: "mail:eu", Waiting: keysOf("zset", "jobs:mail:eu:prioritized", "list", "jobs:mail:eu:wait"),
				InFlight: keysOf("list", "jobs:mail:eu:active"), Dead: keysOf("zset", "jobs:mail:eu:failed")}}},
		{"Bull has no meta", keysOf("list", "bull:mail:wait", "list", "bull:mail:active", "string", "bull:mail:meta-paused"),
			[]Queue{{Framework: "Bull", Base: "bull:", Name: "mail", Waiting: keysOf("list", "bull:mail:wait"), InFlight: keysOf("list", "bull:mail:active")}}},
		{"either", keysOf("list", "bull:mail:wait", "list", "bull:mail:active"),
			[]Queue{{Framework: "Bull or BullMQ", Base: "bull:", Name: "mail", Waiting: keysOf("list", "bull:mail:wait"), InFlight: keysOf("list", "bull:mail:active")}}},
		{"Sidekiq shares what is retried", keysOf("list", "queue:default", "set", "queues", "zset", "retry", "zset", "dead", "zset", "schedule"),
			[]Queue{{Framework: "Sidekiq", Delayed: keysOf("zset", "retry", "zset", "schedule"), Dead: keysOf("zset", "dead")},
				{Framework: "Sidekiq", Name: "default", Waiting: keysOf("list", "queue:default")}}},
		{"Resque is not Sidekiq with a prefix", keysOf("list", "resque:queue:default", "set", "resque:queues", "list", "resque:failed"),
			[]Queue{{Framework: "Resque", Base: "resque:", Dead: keysOf("list", "resque:failed")},
				{Framework: "Resque", Base: "resque:", Name: "default", Waiting: keysOf("list", "resque:queue:default")}}},
		{"Celery's queues are told by their bindings, and have priorities",
			keysOf("set", "_kombu.binding.video", "list", "video", "list", "video\x06\x169", "list", "audio", "hash", "unacked", "zset", "unacked_index"),
			[]Queue{{Framework: "Celery", InFlight: keysOf("hash", "unacked")}, {Framework: "Celery", Name: "video", Waiting: keysOf("list", "video", "list", "video\x06\x169")}}},
		{"asynq", keysOf("set", "asynq:queues", "list", "asynq:{low}:pending", "zset", "asynq:{low}:archived", "zset", "asynq:{low}:retry"),
			[]Queue{{Framework: "asynq", Base: "asynq:", Name: "low", Waiting: keysOf("list", "asynq:{low}:pending"), Delayed: keysOf("zset", "asynq:{low}:retry"), Dead: keysOf("zset", "asynq:{low}:archived")}}},
		{"RQ's list of what is being fetched is no queue", keysOf("list", "rq:queue:high", "list", "rq:queue:high:intermediate", "set", "rq:queues"),
			[]Queue{{Framework: "RQ", Base: "rq:", Name: "high", Waiting: keysOf("list", "rq:queue:high"), InFlight: keysOf("list", "rq:queue:high:intermediate")}}},
		{"Laravel under an application's prefix", keysOf("list", "shop_database_queues:default", "zset", "shop_database_queues:default:reserved"),
			nil}, // one strong and one medium name under a prefix that is not the usual one: too little
		{"and with what is delayed", keysOf("list", "shop_database_queues:default", "zset", "shop_database_queues:default:reserved", "zset", "shop_database_queues:default:delayed"),
			[]Queue{{Framework: "Laravel queue", Base: "shop_database_", Name: "default", Waiting: keysOf("list", "shop_database_queues:default"),
				InFlight: keysOf("zset", "shop_database_queues:default:reserved"), Delayed: keysOf("zset", "shop_database_queues:default:delayed")}}},
	}
	table := loaded()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := table.Queues(tt.keys, false)
			for i := range got {
				got[i].Oldest = nil
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

// TestTwoInOneServer holds that frameworks which share a server are told apart, and databases too.
func TestTwoInOneServer(t *testing.T) {
	keys := append(keysOf("list", "queue:default", "set", "queues", "zset", "retry", "zset", "schedule", "hash", "bull:mail:meta", "list", "bull:mail:wait"),
		Key{DB: 1, Type: "set", Name: "asynq:queues"}, Key{DB: 1, Type: "list", Name: "asynq:{x}:pending"})
	var got []string
	for _, q := range loaded().Queues(keys, false) {
		got = append(got, q.Framework+" "+q.Name)
	}
	if d := cmp.Diff([]string{"BullMQ mail", "Sidekiq ", "Sidekiq default", "asynq x"}, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

func TestRoleOf(t *testing.T) {
	tests := []struct {
		kind, name string
		want       Role
	}{
		{"list", "bull:mail:wait", Waiting},
		{"string", "bull:mail:wait", ""},
		{"zset", "asynq:{q}:archived", Dead},
		{"list", "users", ""},
		{"hash", "unacked", InFlight},
	}
	table := loaded()
	for _, tt := range tests {
		if got := table.RoleOf(tt.name, tt.kind); got != tt.want {
			t.Errorf("RoleOf(%s %s) = %q, want %q", tt.kind, tt.name, got, tt.want)
		}
	}
}

// TestTwoUnderOnePrefix holds that each queue is its own framework's, where two have queues under one prefix.
func TestTwoUnderOnePrefix(t *testing.T) {
	keys := keysOf("hash", "bull:mail:meta", "list", "bull:mail:wait", "stream", "bull:mail:events", "string", "bull:mail:id", "zset", "bull:mail:marker",
		"list", "bull:legacy:wait", "string", "bull:legacy:id", "zset", "bull:legacy:completed", "zset", "bull:legacy:failed")
	var got []string
	for _, q := range loaded().Queues(keys, true) {
		got = append(got, q.Framework+" "+q.Name)
	}
	if d := cmp.Diff([]string{"Bull legacy", "BullMQ mail"}, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	survey := &stats.KeySurvey{Sampled: int64(len(keys)), Total: int64(len(keys)), Complete: true}
	for _, k := range keys {
		survey.Layouts = append(survey.Layouts, stats.Layout{Pattern: k.Name, Type: k.Type, Keys: 1, Examples: []string{k.Name}})
	}
	u := loaded().Recognise(survey, server("noeviction", 9, 0, "lpush"))
	if a, b := find(u, stats.UseQueue, "Bull").Names, find(u, stats.UseQueue, "BullMQ").Names; !slices.Equal(a, []string{"legacy"}) || !slices.Equal(b, []string{"mail"}) {
		t.Errorf("Bull has %q, BullMQ %q", a, b)
	}
}

// TestWhatIsMissingTells holds that keys which two frameworks write are the one's that writes no more, where all keys are
// known; BullMQ never goes without its meta.
func TestWhatIsMissingTells(t *testing.T) {
	both := keysOf("list", "bull:mail:wait", "zset", "bull:mail:delayed")
	for _, tt := range []struct {
		name  string
		keys  []Key
		whole bool
		want  string
	}{
		{"some keys", both, false, "Bull or BullMQ"},
		{"all keys", both, true, "Bull"},
		{"all keys with meta", append(keysOf("hash", "bull:mail:meta"), both...), true, "BullMQ"},
		{"all keys, of which one only BullMQ writes", append(keysOf("zset", "bull:mail:prioritized"), both...), true, "BullMQ"},
	} {
		got := loaded().Queues(tt.keys, tt.whole)
		if len(got) != 1 || got[0].Framework != tt.want || got[0].Name != "mail" {
			t.Errorf("%s: %+v, want one queue of %s", tt.name, got, tt.want)
		}
	}
}
