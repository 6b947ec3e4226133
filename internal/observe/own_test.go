package observe

import (
	"slices"
	"testing"

	"redistop/internal/redis"
	"redistop/internal/redistest"
	"redistop/internal/server"
	"redistop/internal/stats"
)

// A connection of ours that logs in while CLIENT LIST is asked is nobody else's, though it has not told its id yet.
func TestConnectionsThatLogInAreOurs(t *testing.T) {
	s := redistest.New(t, redistest.TCP())
	target := server.Target{Network: "tcp", Address: s.Addr(), Own: server.NewOwn()}
	tool, err := server.OpenTool(t.Context(), target, server.ToolOptions{Budget: 0.5})
	if err != nil {
		t.Fatal(err)
	}
	defer tool.Close()
	text, err := s.CLI("CLIENT", "LIST") // the asker is one of them
	if err != nil {
		t.Fatal(err)
	}
	clients, _ := redis.ParseClientList(text)
	list := &stats.ClientReading{}
	for _, c := range clients {
		list.Clients = append(list.Clients, stats.SeenClient{Client: c})
	}
	r := stats.Reading{Clients: list}
	f := folder{observer: &Observer{target: target}}
	if f.attachOwn(&r); len(list.Clients) != 2 || !slices.Equal(r.OwnIDs, []int64{tool.ID()}) {
		t.Errorf("own: %v of %v", r.OwnIDs, list.Clients)
	}
}
