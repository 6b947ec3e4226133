package canary

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"redistop/internal/redis"
	"redistop/internal/redistest"
	"redistop/internal/server"
	"redistop/internal/stats"
)

// deaf gets nothing on its first connection, as where something between has forgotten the subscription.
type deaf struct {
	way
	opened int
}

func (d *deaf) open(ctx context.Context, m *server.Messenger) error {
	d.opened++
	return d.way.open(ctx, m)
}

func (d *deaf) receive(ctx context.Context, m *server.Messenger) ([]delivery, error) {
	if d.opened == 0 {
		return nil, server.Sleep(ctx, 10*time.Millisecond)
	}
	return d.way.receive(ctx, m)
}

// A connection on which nothing comes any more is given up.
func TestDeafConnection(t *testing.T) {
	t.Parallel()
	s := redistest.New(t)
	c := singThrough(t, Config{Kind: PubSub, Write: at(s), Patience: patience(true)}, func(w way) way { return &deaf{way: w} })
	c.until("another connection", func(p stats.Probe) bool { return p.Received > 20 })
	if p := c.end(); p.Lost == 0 || p.Reconnects != 1 || p.LastError != errDeaf.Error() {
		t.Errorf("%+v", p)
	}
}

func TestEntries(t *testing.T) {
	for _, tt := range []struct {
		reply string
		want  []delivery
		fails bool
	}{
		{"*-1\r\n", nil, false},
		{"*0\r\n", nil, false},
		{"*1\r\n*2\r\n$1\r\nk\r\n*2\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\nm\r\n$2\r\nhi\r\n*2\r\n$3\r\n2-1\r\n*-1\r\n", []delivery{{"1-1", "hi"}, {"2-1", ""}}, false},
		{"*1\r\n*2\r\n$1\r\nk\r\n*1\r\n*2\r\n$3\r\n1-1\r\n*4\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n$1\r\nd\r\n", []delivery{{"1-1", ""}}, false}, // somebody else's
		{"*2\r\n$1\r\nk\r\n*0\r\n", nil, true},
		{"*1\r\n*2\r\n$1\r\nk\r\n*1\r\n$1\r\nx\r\n", nil, true},
		{"*1\r\n*2\r\n$1\r\nk\r\n*1\r\n*2\r\n$0\r\n\r\n*0\r\n", nil, true},
	} {
		got, err := read(tt.reply)
		if (err != nil) != tt.fails || !tt.fails && !cmp.Equal(got, tt.want, cmp.AllowUnexported(delivery{})) {
			t.Errorf("%q: %v, %v, want %v", tt.reply, got, err, tt.want)
		}
	}
}

func read(reply string) ([]delivery, error) {
	v, err := redis.NewReader(bytes.NewReader([]byte(reply)), redis.Limits{}).Read()
	if err != nil {
		return nil, err
	}
	return entries(v)
}

// Whatever a server says, an entry that is read has an id.
func FuzzEntries(f *testing.F) {
	f.Add("*1\r\n*2\r\n$1\r\nk\r\n*1\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\nm\r\n$2\r\nhi\r\n")
	f.Add("*1\r\n*2\r\n$1\r\nk\r\n*1\r\n*2\r\n$3\r\n1-1\r\n*-1\r\n")
	f.Fuzz(func(t *testing.T, reply string) {
		ds, err := read(reply)
		for _, d := range ds {
			if err != nil || d.id == "" {
				t.Errorf("%q is read as %+v, %v", reply, ds, err)
			}
		}
	})
}
