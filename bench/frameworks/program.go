package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// program is a framework at work. It stays until its standard input ends.
type program struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	lines *bufio.Scanner // of what it says
}

// patience is how long a framework may take until all is written.
const patience = 2 * time.Minute

// start runs a framework until it says that it is ready, and in which version it is.
func (f framework) start(ctx context.Context, url, modules string, scene ...string) (*program, string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	var problems bytes.Buffer
	cmd := exec.CommandContext(ctx, f.command[0], slices.Concat(f.command[1:], scene)...)
	cmd.Env = append(os.Environ(), "REDIS_URL="+url, "NODE_PATH="+modules, "PYTHONDONTWRITEBYTECODE=1")
	cmd.Stderr = &problems
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	stdin, err := cmd.StdinPipe()
	if err != nil {
		cancel()
		return nil, "", fmt.Errorf("open its input: %w", err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		cancel()
		return nil, "", fmt.Errorf("open its output: %w", err)
	}
	if err := cmd.Start(); err != nil {
		cancel()
		return nil, "", fmt.Errorf("start it: %w", err)
	}
	context.AfterFunc(ctx, func() { cancel() })
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if version, ok := strings.CutPrefix(lines.Text(), "ready "); ok {
			return &program{cmd, stdin, lines}, version, nil
		}
	}
	cancel()
	return nil, "", fmt.Errorf("it ended before it was ready: %w: %s", cmd.Wait(), strings.TrimSpace(problems.String()))
}

// end lets a framework go.
func (p *program) end() error {
	p.stdin.Close()
	if err := p.cmd.Wait(); err != nil {
		return fmt.Errorf("end it: %w", err)
	}
	return nil
}
