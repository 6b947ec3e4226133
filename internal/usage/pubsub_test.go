package usage

import (
	"strings"
	"testing"

	"redistop/internal/stats"
)

// What a framework publishes to its own workers is not called a use of Pub/Sub; what somebody else subscribes to is.
func TestWhatAFrameworkPublishesIsItsOwn(t *testing.T) {
	bull := &stats.KeySurvey{Sampled: 4, Total: 4}
	for _, k := range []Key{{0, "bull:mail:wait", "list"}, {0, "bull:mail:id", "string"}, {0, "bull:mail:completed", "zset"}, {0, "bull:mail:stalled-check", "string"}, {0, "bull:mail:priority", "zset"}} {
		bull.Layouts = append(bull.Layouts, stats.Layout{Type: k.Type, Pattern: k.Name, Keys: 1, Examples: []string{k.Name}})
	}
	none := &stats.KeySurvey{Sampled: 1, Total: 1, Layouts: []stats.Layout{{Type: "hash", Pattern: "user:*", Keys: 1, Examples: []string{"user:1"}}}}
	for _, tt := range []struct {
		name     string
		survey   *stats.KeySurvey
		channels []string
		patterns int64
		want     stats.Confidence // "": it is no use
	}{
		{"Bull publishes, nobody is subscribed", bull, nil, 0, ""},
		{"Bull's worker is subscribed", bull, []string{"bull:mail:delayed"}, 0, ""},
		{"somebody else is subscribed", bull, []string{"bull:mail:delayed", "prices"}, 0, stats.Certain},
		{"to a pattern, which has no name", bull, nil, 1, stats.Possible},
		{"something is published, and no framework is there", none, nil, 0, stats.Certain},
	} {
		s := server("noeviction", 5, 0, "publish", "lpush")
		s.PubSub = stats.PubSub{Channels: stats.Some(int64(len(tt.channels))), Patterns: stats.Some(tt.patterns)}
		s.Messaging = &stats.Messaging{}
		for _, name := range tt.channels {
			s.Messaging.Channels = append(s.Messaging.Channels, stats.ChannelRow{Name: name, Subscribers: 1})
		}
		u := loaded().Recognise(tt.survey, s)
		found := stats.Confidence("")
		for _, one := range u.Uses {
			if one.Kind == stats.UsePubSub {
				found = one.Confidence
			}
		}
		if found != tt.want {
			t.Errorf("%s: Pub/Sub is %q, want %q: %+v", tt.name, found, tt.want, u.Uses)
		}
		if tt.want == "" && !strings.Contains(strings.Join(u.NotUsed, ";"), "no Pub/Sub beside what Bull publishes") {
			t.Errorf("%s: %q", tt.name, u.NotUsed)
		}
		if tt.want == stats.Certain && len(tt.channels) > 0 && find(u, stats.UsePubSub, "").Names[0] != "prices" {
			t.Errorf("%s: %+v", tt.name, u.Uses)
		}
	}
}
