package doctor

import (
	"testing"

	"redistop/internal/stats"
)

func TestOutputBuffers(t *testing.T) {
	const mb = 1 << 20
	limits := map[string]string{"client-output-buffer-limit": "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60"}
	buffers := func(s *synth, c stats.ConnectionRow, omem int64) {
		c.ID, c.Addr, c.OutputBufferBytes = 42, "10.0.3.7:5000", omem
		s.now.Connections = []stats.ConnectionRow{c}
		s.now.Config = limits
	}
	subscriber := stats.ConnectionRow{Name: "ticker", Flags: "P", Subscriptions: 1, LastCommand: "subscribe"}
	t.Run("slow subscriber", func(t *testing.T) {
		s := newSynth(outputBuffers)
		s.run(6, func(i int) { buffers(s, subscriber, int64(2+i)*mb) })
		says(t, s.only(t, "output-buffers", stats.Warning), "7 MiB wait for 1 subscriber that does not read fast enough, 1 MiB a second more",
			"cuts off the first of them in about 25 s", "ticker (10.0.3.7:5000)", "CLIENT KILL ID 42", "stream")
	})
	t.Run("stuck reader", func(t *testing.T) {
		s := newSynth(outputBuffers)
		s.run(5, func(i int) { buffers(s, stats.ConnectionRow{Name: "report", LastCommand: "lrange"}, 40*mb) })
		says(t, s.only(t, "output-buffers", stats.Warning), "40 MiB wait for 1 client", "No limit ends it", "normal 256mb 64mb 60")
	})
	t.Run("takes the room of the data", func(t *testing.T) {
		s := newSynth(outputBuffers)
		s.run(5, func(i int) {
			withMemory(s, 90*mb, 100*mb, "allkeys-lru")
			buffers(s, stats.ConnectionRow{Name: "report"}, 25*mb)
		})
		says(t, s.only(t, "output-buffers", stats.Critical), "10 MiB of 100 MiB")
	})
	deafOne := func(s *synth, used, sent int64) {
		c := subscriber
		c.OutputBytesPerSecond = stats.Some(float64(sent))
		buffers(s, c, 246_034)
		s.now.Memory.Used = stats.Some(used)
		s.calls("publish", 200, 20)
	}
	t.Run("as Valkey 9 tells it", func(t *testing.T) {
		s := newSynth(outputBuffers)
		s.run(6, func(i int) { deafOne(s, int64(10+i)*mb, 0) })
		f := s.only(t, "output-buffers", stats.Warning)
		says(t, f, "At least 240 KiB wait for 1 subscriber that does not read", "5 MiB more", "ticker (10.0.3.7:5000)", "does not count it in omem")
		s = newSynth(outputBuffers)
		s.run(6, func(i int) { deafOne(s, 10*mb, 0) })
		s.only(t, "output-buffers", stats.Info)
	})
	t.Run("no limits known", func(t *testing.T) {
		s := newSynth(outputBuffers)
		s.run(5, func(i int) { buffers(s, subscriber, 9*mb); s.now.Config = nil })
		says(t, s.only(t, "output-buffers", stats.Warning), "may not be asked")
	})
	silent(t, outputBuffers, 6, map[string]func(*synth, int){
		"small":                      func(s *synth, i int) { buffers(s, subscriber, 4*mb-1) },
		"a little waits and is read": func(s *synth, i int) { deafOne(s, int64(10+i)*mb, 100) },
		"nobody publishes": func(s *synth, i int) {
			deafOne(s, int64(10+i)*mb, 0)
			delete(s.rows, "publish")
		},
		"being read": func(s *synth, i int) { buffers(s, subscriber, int64(60-i*8)*mb) },
		"short":      func(s *synth, i int) { buffers(s, subscriber, map[bool]int64{true: 9 * mb}[i%3 != 0]) },
		"ours":       func(s *synth, i int) { c := subscriber; c.Own = true; buffers(s, c, 9*mb) },
		"first copy": func(s *synth, i int) {
			buffers(s, stats.ConnectionRow{Flags: "S", LastCommand: "psync"}, int64(20+i)*mb)
		},
		"one pass, reused": func(s *synth, i int) { at := t0; s.now.Observer.ClientsTime = &at; buffers(s, subscriber, 9*mb) },
	})
}
