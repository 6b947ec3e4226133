package main

import (
	"cmp"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"redistop/bench/lab"
)

// atOnce is how many Scenes are played at the same time.
const atOnce = 8

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
	outcomes, done := playAhead(t.Context(), p)
	for _, scene := range scenes() {
		t.Run(scene.Name, func(t *testing.T) {
			if why := skip(scene); why != "" {
				t.Skip(why)
			}
			o := <-outcomes[scene]
			if o.wrong() && t.Context().Err() == nil {
				// Eight at a time on a small machine disturb each other: what stands must stand alone too.
				t.Logf("beside others: %s; once more, alone", o)
				<-done
				o = playOne(t.Context(), p, scene)
			}
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

// playAhead plays the Scenes, the slow ones first, and returns where each will leave its outcome, and what is
// closed when all have. They mostly wait, so more of them go on at a time than there are processors, and than t.Parallel would let.
func playAhead(ctx context.Context, p *player) (map[*Scene]chan outcome, <-chan struct{}) {
	list := slices.DeleteFunc(scenes(), func(s *Scene) bool { return skip(s) != "" })
	slices.SortStableFunc(list, func(a, b *Scene) int { return cmp.Compare(order(a), order(b)) })
	outcomes := map[*Scene]chan outcome{}
	for _, scene := range list {
		outcomes[scene] = make(chan outcome, 1)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		var playing sync.WaitGroup
		turns := make(chan struct{}, atOnce)
		for _, scene := range list {
			turns <- struct{}{}
			playing.Go(func() {
				defer func() { <-turns }()
				outcomes[scene] <- playOne(ctx, p, scene)
			})
		}
		playing.Wait()
	}()
	return outcomes, done
}

func playOne(ctx context.Context, p *player, scene *Scene) outcome {
	r, err := p.play(ctx, scene)
	return outcome{r, err}
}

func order(s *Scene) int {
	if s.Slow {
		return 0
	}
	return 1
}

// outcome is a Result, or why there is none.
type outcome struct {
	result Result
	err    error
}

// wrong says that the Scene could not be played, or was not judged as it should be.
func (o outcome) wrong() bool { return o.err != nil || o.result.Verdict.Miss != "" }

func (o outcome) String() string {
	if o.err != nil {
		return o.err.Error()
	}
	return o.result.Verdict.Miss
}

// skip is why a Scene is not played here; "" where it is.
func skip(scene *Scene) string {
	if scene.Full != "" {
		return "not in the short form: " + scene.Full
	}
	if _, err := lab.Find(scene.On); err != nil {
		return err.Error()
	}
	return ""
}
