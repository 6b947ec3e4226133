package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"

	"redistop/bench/lab"
	"redistop/internal/redis"
)

// A trial is one thing that is done while another client works.
type trial struct {
	what string
	idle time.Duration // do nothing for so long
	cli  []string      // arguments of redis-cli
	tool []string      // arguments of redistop
	want int           // lines of output; -1: any
}

// maxTrial bounds one trial.
const maxTrial = 5 * time.Minute

const head = "| while | it takes | longest call | another client's SET: median | 99 % | worst |\n|---|---|---|---|---|---|\n"

func (b *bench) all(ctx context.Context, rows []trial) error {
	for _, row := range rows {
		line, err := b.try(ctx, row)
		if err != nil {
			return fmt.Errorf("try %s: %w", row.what, err)
		}
		fmt.Println(line)
	}
	return nil
}

// try does one thing and says what another client felt.
func (b *bench) try(ctx context.Context, row trial) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, maxTrial)
	defer cancel()
	if _, err := b.client.Do("SLOWLOG", "RESET"); err != nil {
		return "", err
	}
	p, err := startProbe(b.server.Socket())
	if err != nil {
		return "", err
	}
	began := time.Now()
	err = b.do(ctx, row)
	took := time.Since(began)
	waits, probeErr := p.stop()
	if err == nil {
		err = probeErr
	}
	if err != nil {
		return "", err
	}
	longest, err := b.longest()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %s |", row.what, timeText(took), longest,
		timeText(at(waits, 0.5)), timeText(at(waits, 0.99)), timeText(at(waits, 1))), nil
}

func (b *bench) do(ctx context.Context, row trial) error {
	if row.idle > 0 {
		select {
		case <-time.After(row.idle):
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	program, args := b.redistop, row.tool
	at := 2 // behind the verb and what it wants
	if row.cli != nil {
		cli, err := lab.Tool("cli")
		if err != nil {
			return err
		}
		program, args, at = cli, row.cli, 0
	}
	args = slices.Insert(slices.Clone(args), at, "-s", b.server.Socket())
	var lines lineCounter
	cmd := exec.CommandContext(ctx, program, args...)
	var complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &lines, &complaints
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("run %s: %w: %.300s", program, err, complaints.String())
	}
	if row.want >= 0 && int(lines) != row.want {
		return fmt.Errorf("it printed %d lines, not %d", lines, row.want)
	}
	return nil
}

// lineCounter counts lines and forgets them.
type lineCounter int

func (c *lineCounter) Write(b []byte) (int, error) {
	*c += lineCounter(bytes.Count(b, []byte("\n")))
	return len(b), nil
}

// longest is the longest call of the trial, by the slow log. The other client's SET is no part of it.
func (b *bench) longest() (string, error) {
	v, err := b.client.Do("SLOWLOG", "GET", "1000")
	if err != nil {
		return "", err
	}
	entries, err := redis.ParseSlowlog(v)
	if err != nil {
		return "", err
	}
	var worst redis.SlowEntry
	for _, e := range entries {
		if len(e.Args) > 0 && !strings.EqualFold(e.Args[0], "SET") && !strings.EqualFold(e.Args[0], "SLOWLOG") && e.Value > worst.Value {
			worst = e
		}
	}
	if worst.Value == 0 {
		return "below 0.1 ms", nil
	}
	return timeText(time.Duration(worst.Value)*time.Microsecond) + " " + strings.ToUpper(worst.Args[0]), nil
}

// at is the wait that the share q of all waits does not exceed. waits are sorted.
func at(waits []time.Duration, q float64) time.Duration {
	if len(waits) == 0 {
		return 0
	}
	return waits[max(0, int(q*float64(len(waits))+0.999999)-1)]
}

func timeText(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d >= time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d >= 10*time.Millisecond:
		return fmt.Sprintf("%.0f ms", float64(d.Microseconds())/1000)
	}
	return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000)
}

func thousands(n int) string {
	text := fmt.Sprint(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

func join(args []string) string { return strings.Join(args, " ") }
