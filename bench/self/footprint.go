package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"redistop/bench/lab"
)

// warmUp is left out of the CPU time: the start, and the first rates.
const warmUp = 3 * time.Second

// footprint measures the live screen's own CPU time and peak memory while the server is sent so
// many commands a second; 0: none.
func (b *bench) footprint(ctx context.Context, commandsPerSecond int) (_ string, err error) {
	if commandsPerSecond > 0 {
		stop, startErr := send(ctx, b.server.Addr(), commandsPerSecond)
		if startErr != nil {
			return "", startErr
		}
		defer func() { err = errors.Join(err, stop()) }()
	}
	p, err := lab.StartOn(80, 24, io.Discard, b.redistop, b.server.Addr())
	if err != nil {
		return "", err
	}
	defer p.Stop()
	if err := sleep(ctx, warmUp); err != nil {
		return "", err
	}
	before, err := b.taken(p)
	if err != nil {
		return "", err
	}
	if err := sleep(ctx, b.lasts); err != nil {
		return "", err
	}
	after, err := b.taken(p)
	if err != nil {
		return "", err
	}
	peak, err := lab.PeakMemory(p.PID())
	if err != nil {
		return "", err
	}
	passed := after.at.Sub(before.at).Seconds()
	return fmt.Sprintf("%.2f %% of a core, %.1f MiB at most; 80x24, every 2 s, over %s, at %.0f commands/s",
		(after.cpu-before.cpu).Seconds()/passed*100, float64(peak)/(1<<20), b.lasts,
		float64(after.commands-before.commands)/passed), p.Check()
}

type taken struct {
	at       time.Time
	cpu      time.Duration // of redistop
	commands int64         // that the server has done
}

func (b *bench) taken(p *lab.Process) (taken, error) {
	client, err := lab.Dial("unix", b.server.Socket())
	if err != nil {
		return taken{}, err
	}
	defer client.Close()
	info, err := client.Info("stats")
	if err != nil {
		return taken{}, err
	}
	cpu, err := lab.CPUTime(p.PID())
	return taken{time.Now(), cpu, info.Int("total_commands_processed").Or(0)}, err
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// size is the program's, in bytes.
func size(_ context.Context, b *bench) (string, error) {
	info, err := os.Stat(b.redistop)
	if err != nil {
		return "", fmt.Errorf("find redistop: %w", err)
	}
	return fmt.Sprintf("%.1f MiB, one static file", float64(info.Size())/(1<<20)), nil
}
