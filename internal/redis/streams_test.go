package redis

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestRecordedStream(t *testing.T) {
	eachRecorded(t, func(t *testing.T, r recorded) {
		got, err := ParseStreamInfo(r.reply("xinfo-stream"))
		want := StreamInfo{Length: 4, Groups: 3, LastGenerated: "5-1", MaxDeleted: Some("4-1"), Added: Some[int64](5), First: "1-1", Last: "5-1"}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
		got, err = ParseStreamInfo(r.reply("xinfo-stream-empty"))
		want = StreamInfo{Groups: 1, LastGenerated: "0-0", MaxDeleted: Some("0-0"), Added: Some[int64](0)}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("an empty one: %v %s", err, diff)
		}
	})
}

func TestRecordedStreamGroups(t *testing.T) {
	eachRecorded(t, func(t *testing.T, r recorded) {
		got, err := ParseStreamGroups(r.reply("xinfo-groups"))
		want := []StreamGroup{
			{Name: "audit", LastDelivered: "0-0"},
			{Name: "billing", Consumers: 3, Pending: 2, LastDelivered: "3-1", Read: Some[int64](3)},
			{Name: "lost", LastDelivered: "2-1"},
		}
		for i := range got { // versions differ in whether a group that has read nothing has read 0
			if got[i].Name == "audit" {
				got[i].Read = Maybe[int64]{}
			}
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
	})
}

func TestRecordedStreamConsumers(t *testing.T) {
	eachRecorded(t, func(t *testing.T, r recorded) {
		got, err := ParseStreamConsumers(r.reply("xinfo-consumers"))
		if err != nil || len(got) != 3 {
			t.Fatalf("%v %v", got, err)
		}
		for i, want := range []StreamConsumer{{Name: "alice", Pending: 1}, {Name: "bob", Pending: 1}, {Name: "carol"}} {
			c := got[i]
			if c.Name != want.Name || c.Pending != want.Pending || c.Idle < 0 || c.Idle > time.Minute {
				t.Errorf("%+v, want %+v", c, want)
			}
			before72 := strings.Contains(r.dir, "redis-7.0")
			if got := c.Name != "carol" || before72; c.Asked().Known() == before72 || c.Got().Known() != got {
				t.Errorf("%+v: asked %v, got something %v", c, c.Asked(), c.Got())
			}
			if inactive, known := c.Inactive.Get(); known && (inactive > time.Minute || c.Name == "carol") {
				t.Errorf("%s is inactive for %v", c.Name, inactive)
			}
		}
	})
}

func TestRecordedPending(t *testing.T) {
	eachRecorded(t, func(t *testing.T, r recorded) {
		got, err := ParsePending(r.reply("xpending"))
		for i := range got {
			if got[i].Idle > time.Minute {
				t.Errorf("idle for %v", got[i].Idle)
			}
			got[i].Idle = 0
		}
		want := []PendingEntry{{ID: "1-1", Consumer: "alice", Deliveries: 2}, {ID: "3-1", Consumer: "bob", Deliveries: 1}}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
	})
}

func TestRecordedChannels(t *testing.T) {
	eachRecorded(t, func(t *testing.T, r recorded) {
		names, err := ParseNames(r.reply("pubsub-channels"))
		if diff := cmp.Diff([]string{"news"}, names); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
		subscribers, err := ParseSubscribers(r.reply("pubsub-numsub"))
		if diff := cmp.Diff(map[string]int64{"news": 1, "nobody": 0}, subscribers); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
	})
}

// streamParsers are all of this file, by the recorded reply that each reads.
func streamParsers() map[string]func(Value) error {
	return map[string]func(Value) error{
		"xinfo-stream":    func(v Value) error { _, err := ParseStreamInfo(v); return err },
		"xinfo-groups":    func(v Value) error { _, err := ParseStreamGroups(v); return err },
		"xinfo-consumers": func(v Value) error { _, err := ParseStreamConsumers(v); return err },
		"xpending":        func(v Value) error { _, err := ParsePending(v); return err },
		"pubsub-channels": func(v Value) error { _, err := ParseNames(v); return err },
		"pubsub-numsub":   func(v Value) error { _, err := ParseSubscribers(v); return err },
	}
}

func TestStreamRepliesOfOddShape(t *testing.T) {
	number, refused := Value{Kind: KindInteger, Int: 1}, text(KindError, "NOPERM no")
	less := Value{Kind: KindInteger, Int: -1}
	odd := map[string][]Value{
		"xinfo-stream":    {array(), array(bulk("length")), array(bulk("last-generated-id"), bulk("1-1"), bulk("first-entry"), number), array(bulk("last-generated-id"), bulk("1-1"), bulk("length"), less)},
		"xinfo-groups":    {array(number), array(array()), array(array(bulk("last-delivered-id"), bulk("1-1"), bulk("lag"), bulk("x")))},
		"xinfo-consumers": {array(number), array(array(bulk("idle"), less)), array(array(number, number))},
		"xpending":        {array(array()), array(array(bulk("1-1"), bulk("a"), number, less)), array(number)},
		"pubsub-channels": {array(number)},
		"pubsub-numsub":   {array(bulk("a")), array(bulk("a"), bulk("b"))},
	}
	for name, parse := range streamParsers() {
		for _, v := range append(odd[name], number, bulk("x")) {
			if err := parse(v); !errors.Is(err, errShape) {
				t.Errorf("%s of %+v: %v", name, v, err)
			}
		}
		var reply *ReplyError
		if err := parse(refused); !errors.As(err, &reply) {
			t.Errorf("%s refused: %v", name, err)
		}
	}
}

func FuzzStreamReplies(f *testing.F) {
	parsers := streamParsers()
	for name := range parsers {
		addRecorded(f, name)
	}
	fuzzReply(f, "xinfo-stream-empty", func(t *testing.T, v Value) {
		for _, parse := range parsers {
			_ = parse(v) // that none of them panics is the test
		}
		if s, err := ParseStreamInfo(v); err == nil && (s.Length < 0 || s.Added.Or(0) < 0) {
			t.Errorf("a negative number: %+v", s)
		}
		rows, err := ParsePending(v)
		for _, p := range rows {
			if p.Idle < 0 || p.Deliveries < 0 || err != nil {
				t.Errorf("%+v beside %v", p, err)
			}
		}
	})
}

func TestStreamID(t *testing.T) {
	now := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		text string
		ok   bool
		time string
	}{
		{"1526919030474-55", true, "2018-05-21T16:10:30.474Z"},
		{"1-1", true, ""},
		{"0-0", true, ""},
		{"18446744073709551615-18446744073709551615", true, ""},
		{"1526919030474", false, ""}, {"a-1", false, ""}, {"1-", false, ""}, {"-1-1", false, ""}, {"", false, ""}, {"18446744073709551616-0", false, ""},
	} {
		id, ok := ParseStreamID(tt.text)
		if ok != tt.ok {
			t.Errorf("%q: %v", tt.text, ok)
		}
		if at, is := id.Time(now); ok && is != (tt.time != "") || is && at.Format(time.RFC3339Nano) != tt.time {
			t.Errorf("%q is of %v", tt.text, at)
		}
	}
	if (StreamID{2, 1}).Compare(StreamID{1, 9}) <= 0 || (StreamID{2, 1}).Compare(StreamID{2, 3}) >= 0 || (StreamID{2, 1}).Compare(StreamID{2, 1}) != 0 {
		t.Error("order of ids")
	}
}
