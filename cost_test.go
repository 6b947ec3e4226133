package main

import (
	"encoding/json"
	"os/exec"
	"strconv"
	"testing"

	"redistop/internal/redis"
	"redistop/internal/redistest"
)

// What a verb says that it took of the server's time is what the server counts, of all of its connections. What was
// sent at the very end is not counted any more; a command that several of them send is shared out by the number of calls,
// though some are dearer.
func TestStatedCost(t *testing.T) {
	for _, args := range [][]string{
		{"messaging", "--json", "--interval", "500ms", "--for", "4s"},
		{"usage", "--json", "--for", "4s"},
	} {
		t.Run(args[0], func(t *testing.T) {
			t.Parallel()
			s := redistest.New(t, redistest.TCP())
			app := newApp(t, s)
			for i := range 20 {
				if err := app.Do(t.Context(), "XADD", "events:"+strconv.Itoa(i), "*", "field", "value").Err(); err != nil {
					t.Fatal(err)
				}
			}
			if err := app.Do(t.Context(), "CONFIG", "RESETSTAT").Err(); err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command("redistop", append(args, s.Addr())...).Output()
			if err != nil {
				t.Fatal(err)
			}
			var told struct {
				Usec float64 `json:"server_usec"`
				Cost struct {
					Usec float64 `json:"server_usec"`
				} `json:"cost"`
			}
			if err := json.Unmarshal(out, &told); err != nil {
				t.Fatal(err)
			}
			text, err := app.Info(t.Context(), "commandstats").Result()
			if err != nil {
				t.Fatal(err)
			}
			var counted float64
			for _, c := range redis.ParseInfo(text).Commands {
				if c.Name != "config|resetstat" {
					counted += float64(c.Usec)
				}
			}
			if usec := told.Usec + told.Cost.Usec; usec < 0.6*counted || usec > 1.4*counted {
				t.Errorf("says that it took %.0f usec; the server counts %.0f", usec, counted)
			}
		})
	}
}
