package main

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"redistop/internal/presence"
	"redistop/internal/redistest"
	"redistop/internal/stats"
	"redistop/internal/web"
)

// subscriber is go-redis as anybody would use it.
type subscriber struct {
	t        *testing.T
	messages <-chan *redis.Message
}

func subscribe(t *testing.T, s *redistest.Server, channel string) *subscriber {
	t.Helper()
	client := redis.NewClient(&redis.Options{Network: "unix", Addr: s.Socket(), ClientName: "subscriber"})
	t.Cleanup(func() { client.Close() })
	sub := client.Subscribe(t.Context(), channel)
	if _, err := sub.Receive(t.Context()); err != nil {
		t.Fatal(err)
	}
	return &subscriber{t, sub.Channel()}
}

// until reads messages until one is as wanted.
func (s *subscriber) until(what string, is func(presence.Message) bool) presence.Message {
	s.t.Helper()
	deadline := time.After(sitePatience)
	for {
		select {
		case m := <-s.messages:
			var got presence.Message
			if err := json.Unmarshal([]byte(m.Payload), &got); err != nil {
				s.t.Fatalf("%v in %q", err, m.Payload)
			}
			if slices.ContainsFunc(got.Clients, func(c presence.Client) bool { return c.Name == "redistop" }) {
				s.t.Errorf("redistop tells of itself: %s", m.Payload)
			}
			if is(got) {
				return got
			}
		case <-deadline:
			s.t.Fatalf("no message with %s", what)
		}
	}
}

// tells says whether a message is of an event with a client of that name.
func tells(event, name string) func(presence.Message) bool {
	return func(m presence.Message) bool {
		return m.Event == event && slices.ContainsFunc(m.Clients, func(c presence.Client) bool { return c.Name == name })
	}
}

func TestPublish(t *testing.T) {
	redistest.EachVersion(t, func(t *testing.T, server *redistest.Server) {
		if v := server.Binary(); v.Flavor == "redis" && v.Series() != "7.0" || v.Flavor == "valkey" && v.Series() < "9" {
			t.Skip("an old and a new version show what there is to see")
		}
		t.Parallel()
		heard := subscribe(t, server, defaultChannel)
		s := startSite(t, "--publish", "--publish-interval", "1s", "--own", "cache="+server.Socket())
		regular := heard.until("the regular one", func(m presence.Message) bool { return m.Event == "" })
		if regular.Server != "cache" || regular.Connections != 1 || *regular.Online+*regular.Idle != 1 || regular.Clients[0].Name != "subscriber" || regular.Clients[0].ID == 0 {
			t.Errorf("%+v", regular)
		}

		guest := named(t, server, "", "guest")
		came := heard.until("the guest", tells(presence.EventCame, "guest"))
		if c := came.Clients[0]; time.Since(c.LastInteraction) > sitePatience || c.Reason != "" || came.Online != nil {
			t.Errorf("%+v", came)
		}
		guest.conn.Close()
		heard.until("that the guest went", tells(presence.EventGone, "guest"))

		// Its own connections and commands are told apart in the tables.
		s.until("PUBLISH is its own", func() bool {
			var snap stats.Snapshot
			if err := json.Unmarshal([]byte(s.get("/api/v1/servers/cache/snapshot")), &snap); err != nil {
				t.Fatal(err)
			}
			row := commandRows(&snap)["publish"]
			publishes := slices.ContainsFunc(snap.Connections, func(c stats.ConnectionRow) bool { return c.Own && c.LastCommand == "publish" })
			return row.OwnCalls >= 3 && row.Calls == row.OwnCalls && publishes
		})

		// After a restart it goes on, and says no more than once that it could not.
		if err := server.Restart(); err != nil {
			t.Fatal(err)
		}
		heard = subscribe(t, server, defaultChannel)
		heard.until("the regular one after a restart", func(m presence.Message) bool { return m.Event == "" })
		if n := strings.Count(s.stderr.String(), "publish to"); n > 2 {
			t.Errorf("reported %d times: %s", n, s.stderr)
		}
	}, redistest.TCP())
}

// ruleOf is the words that redistop acl prints for a user.
func ruleOf(t *testing.T, s *redistest.Server, user string, flags ...string) []string {
	t.Helper()
	out, err := exec.Command("redistop", append([]string{"acl", "-s", s.Socket(), "--name", user}, flags...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(strings.Replace(string(out), ">PASSWORD", ">zz-secret", 1))
}

// With a user by the rule that redistop acl prints, and everything on another server and channel.
func TestPublishElsewhere(t *testing.T) {
	t.Parallel()
	one, two, board := redistest.New(t), redistest.New(t), redistest.New(t, redistest.TCP())
	for _, rule := range [][]string{ruleOf(t, board, "publisher", "--publish", "--publish-channel", "who"), ruleOf(t, board, "deaf")} {
		if _, err := board.CLI(rule...); err != nil {
			t.Fatal(err)
		}
	}
	heard := subscribe(t, board, "who")
	startSite(t, "--publish", "--publish-interval", "1s", "--publish-channel", "who", "--publish-to", "redis://publisher:zz-secret@"+board.Addr(),
		"one="+one.Socket(), "two="+two.Socket())
	for _, name := range []string{"one", "two"} {
		m := heard.until("server "+name, func(m presence.Message) bool { return m.Server == name })
		if m.Connections != 0 || *m.Online != 0 || m.Clients == nil {
			t.Errorf("nobody is on %s: %+v", name, m)
		}
	}

	refused := startSite(t, "--publish", "--publish-interval", "1s", "--publish-to", fmt.Sprintf("redis://deaf:zz-secret@%s", board.Addr()), "one="+one.Socket())
	refused.until("the refusal is reported", func() bool { return strings.Contains(refused.stderr.String(), "redistop acl --publish") })
	refused.until("it goes on watching", func() bool { return slices.Equal(refused.states(), []string{"one up"}) })
	var about web.About
	if err := json.Unmarshal([]byte(refused.get("/api/v1/about")), &about); err != nil {
		t.Fatal(err)
	}
	if why := about.PublishErrors["one"]; !strings.Contains(why, "NOPERM") || !about.Publishing {
		t.Errorf("about says %v, %q", about.Publishing, about.PublishErrors)
	}
	if text := refused.stderr.String(); strings.Count(text, "publish to") != 1 || strings.Contains(text, "zz-secret") {
		t.Errorf("stderr: %s", text)
	}
}
