package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"redistop/internal/redistest"
)

const (
	pageSource = "internal/web/page"
	// pagePatience is far more than its tests take; each of them has less.
	pagePatience = 8 * time.Minute
)

// TestPage runs the tests of the page in a browser (internal/web/page/e2e): this program with the page built in, servers
// of their own with real traffic, and what a person sees. They start this program themselves. Without Node.js,
// Chromium or the built page it is skipped, or fails with CI=true in the environment.
func TestPage(t *testing.T) {
	node := pageNeed(t, "node")
	chromium := pageNeed(t, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
	watchPageTests(t)
	t.Parallel()
	self, err := exec.LookPath("redistop")
	if err != nil {
		t.Fatal(err)
	}
	stage := map[string]string{"redistop": self, "chromium": chromium}
	for place, series := range map[string]string{"old": "redis-7.0", "new": "valkey-9", "doomed": "valkey-9"} {
		stage[place] = redistest.New(t, redistest.On(redistest.Of(t, series)), redistest.TCP()).Addr()
	}
	said, err := json.Marshal(stage)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), pagePatience)
	defer cancel()
	cmd := exec.CommandContext(ctx, node, "node_modules/vitest/vitest.mjs", "run", "--config", "e2e/vitest.config.ts")
	cmd.Dir = pageSource
	cmd.Env = append(os.Environ(), "REDISTOP_E2E="+string(said), "NO_COLOR=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // so that it ends what it has started
	cmd.WaitDelay = 15 * time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err = cmd.Run()
	if cmd.Process != nil {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // a program that a failed test has left
	}
	t.Logf("%s", &out)
	if err != nil {
		t.Fatalf("run the tests of the page: %v", err)
	}
}

// pageNeed returns the path of the first of these programs that is here.
func pageNeed(t *testing.T, programs ...string) string {
	t.Helper()
	for _, name := range programs {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	withoutPage(t, "no "+programs[0]+" here: scripts/install "+programs[0])
	return ""
}

func withoutPage(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// watchPageTests looks for what the tests consist of. Go takes an earlier outcome for granted while no file that the test
// itself has looked at has changed.
func watchPageTests(t *testing.T) {
	t.Helper()
	for _, built := range []string{"dist/index.html", "node_modules/playwright-core/package.json"} {
		if _, err := os.Stat(filepath.Join(pageSource, built)); err != nil {
			withoutPage(t, "the page is not built: make page")
		}
	}
	err := filepath.WalkDir(filepath.Join(pageSource, "e2e"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		_, err = os.Stat(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
