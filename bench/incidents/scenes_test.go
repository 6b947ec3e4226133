package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"redistop/bench/lab"
)

// atOnce is how many Scenes are played at the same time.
const atOnce = 6

// TestScenes plays all but the greatest, small and short: an incident is found, under the right rule first and
// with the right culprit, and a healthy server has nothing above info.
func TestScenes(t *testing.T) {
	redistop := filepath.Join(t.TempDir(), "redistop")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", redistop, "redistop").CombinedOutput(); err != nil {
		t.Fatalf("build redistop: %v\n%s", err, out)
	}
	binary, err := lab.Find(os.Getenv("REDISTOP_TEST_SERVER"))
	if err != nil {
		t.Fatal(err)
	}
	p := &player{binary: binary, redistop: redistop, short: true, patience: patience}
	// They mostly wait, so more of them go on at a time than there are processors.
	turns := make(chan struct{}, atOnce)
	outcomes := map[*Scene]chan outcome{}
	for _, scene := range scenes() {
		done := make(chan outcome, 1)
		outcomes[scene] = done
		if scene.Full == "" {
			go func() {
				turns <- struct{}{}
				defer func() { <-turns }()
				r, err := p.play(t.Context(), scene)
				done <- outcome{r, err}
			}()
		}
	}
	for _, scene := range scenes() {
		t.Run(scene.Name, func(t *testing.T) {
			if scene.Full != "" {
				t.Skip("not in the short form: " + scene.Full)
			}
			o := <-outcomes[scene]
			if o.err != nil {
				t.Fatal(o.err)
			}
			if o.result.Verdict.Miss != "" {
				t.Error(o.result.Verdict.Miss)
			}
			if !scene.healthy() {
				t.Logf("found after %s", o.result.Detected)
			}
		})
	}
}

// outcome is a Result, or why there is none.
type outcome struct {
	result Result
	err    error
}
