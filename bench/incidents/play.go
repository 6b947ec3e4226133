package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"redistop/bench/lab"
	"redistop/internal/redistest"
	"redistop/internal/stats"
)

// A player plays Scenes and lets redistop look at them.
type player struct {
	binary   redistest.Binary
	redistop string
	short    bool
	patience time.Duration // that the live Snapshots have for an incident
	keep     string        // the folder for what redistop said last of each Scene; "": it is not kept
}

// A Result is one Scene as it went.
type Result struct {
	Scene          *Scene
	Server         string // "redis 7.0.15"
	Verdict        Verdict
	Detected       time.Duration // from the onset to the first Snapshot in which all was said; 0: it never was
	Before, During Felt          // another client's SET
}

const (
	patience    = 30 * time.Second       // that the live Snapshots have for an incident
	healthyFor  = 5 * time.Second        // that they are watched where there is nothing to find
	doctorLooks = 10 * time.Second       // that redistop doctor looks, as it does by default
	pollPause   = 25 * time.Millisecond  // between two looks at redistop's output
	interval    = 500 * time.Millisecond // of the live Snapshots
)

// play plays one Scene. In the short form the live Snapshots are the judge: they have to say it within some
// time, and to stand by it. Else redistop doctor is, after them.
func (p *player) play(ctx context.Context, scene *Scene) (r Result, err error) {
	r.Scene = scene
	binary := p.binary
	if scene.On != "" {
		if binary, err = lab.Find(scene.On); err != nil {
			return r, err
		}
	}
	r.Server = binary.String()
	s, err := Open(ctx, binary, scene, p.short)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	felt, err := p.prepare(s, scene)
	if err != nil {
		return r, fmt.Errorf("prepare: %w", err)
	}
	w, err := watch(p.redistop, s)
	if err != nil {
		return r, err
	}
	defer w.stop()
	if err := w.ready(s); err != nil {
		return r, err
	}
	s.onset = time.Now()
	felt.begin()
	if scene.Cause != nil {
		if err := scene.Cause(s); err != nil {
			return r, fmt.Errorf("begin: %w", err)
		}
	}
	if scene.healthy() {
		r.Verdict, err = w.calm(s, scene.Want)
	} else {
		r.Verdict, r.Detected, err = w.find(s, scene.Want, max(p.patience, scene.Within))
	}
	if err == nil {
		err = p.save(scene.Name+".json", w.last)
	}
	if err == nil && !p.short {
		w.stop() // two redistops would see each other
		r.Verdict, err = p.doctor(s, scene)
	}
	r.Before, r.During = felt.felt()
	return r, err
}

// prepare brings a Stage to the moment before the Scene.
func (p *player) prepare(s *Stage, scene *Scene) (*probe, error) {
	if scene.Prepare != nil {
		if err := scene.Prepare(s); err != nil {
			return nil, err
		}
	}
	felt := &probe{}
	if !scene.Quiet && !scene.healthy() {
		if err := s.Shop(); err != nil {
			return nil, err
		}
		var err error
		if felt, err = s.Probe(); err != nil {
			return nil, err
		}
	}
	return felt, s.Settle()
}

// doctor asks redistop doctor.
func (p *player) doctor(s *Stage, scene *Scene) (Verdict, error) {
	ctx, cancel := context.WithTimeout(s.ctx, doctorLooks+30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.redistop, "doctor", "--format", "json", "--for", doctorLooks.String(), s.Address())
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var report struct {
		Findings []stats.Finding `json:"findings"`
	}
	if broken := json.Unmarshal(out, &report); broken != nil { // its exit code tells of findings, not of itself
		return Verdict{}, fmt.Errorf("ask redistop doctor: %w, %w: %.500s", err, broken, stderr.String())
	}
	if err := p.save(scene.Name+".doctor.json", report); err != nil {
		return Verdict{}, err
	}
	return judge(report.Findings, scene.Want), s.Err()
}

// save keeps what redistop said, for whoever looks into a verdict.
func (p *player) save(name string, said any) error {
	if p.keep == "" {
		return nil
	}
	text, err := json.MarshalIndent(said, "", "  ")
	if err == nil {
		err = os.WriteFile(filepath.Join(p.keep, name), text, 0o600)
	}
	if err != nil {
		return fmt.Errorf("keep what redistop said: %w", err)
	}
	return nil
}

// A watcher is redistop top --json, and what came from it.
type watcher struct {
	process   *lab.Process
	snapshots lab.Snapshots
	seen      int
	last      *stats.Snapshot
}

func watch(redistop string, s *Stage) (*watcher, error) {
	w := &watcher{}
	var err error
	w.process, err = lab.Start(&w.snapshots, redistop, "top", "--json", "--interval", interval.String(), s.Address())
	return w, err
}

func (w *watcher) stop() { w.process.Stop() }

// next waits for Snapshots; none before the deadline is none.
func (w *watcher) next(s *Stage, deadline time.Time) ([]*stats.Snapshot, error) {
	for {
		list, err := w.snapshots.From(w.seen)
		if w.seen += len(list); len(list) > 0 {
			w.last = list[len(list)-1]
		}
		if err = errors.Join(err, w.process.Check(), s.Err(), s.ctx.Err()); err != nil || len(list) > 0 || time.Now().After(deadline) {
			return list, err
		}
		s.Sleep(pollPause)
	}
}

// ready waits until redistop has seen the server twice, so that it knows rates.
func (w *watcher) ready(s *Stage) error {
	for deadline := time.Now().Add(patience); w.seen < 3; {
		list, err := w.next(s, deadline)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return fmt.Errorf("wait for redistop: no Snapshot within %s", patience)
		}
	}
	return nil
}

// find waits until an incident is found, and then whether redistop stands by it.
func (w *watcher) find(s *Stage, want Want, patience time.Duration) (v Verdict, detected time.Duration, err error) {
	const standing = 3 // Snapshots in a row
	right := 0
	for deadline := time.Now().Add(patience); time.Now().Before(deadline) && right < standing; {
		list, err := w.next(s, deadline)
		if err != nil {
			return v, detected, err
		}
		for _, snapshot := range list {
			v = judge(snapshot.Findings, want)
			if v.Miss != "" {
				right = 0
				continue
			}
			if right++; right == 1 {
				detected = max(time.Since(s.onset), time.Millisecond)
			}
		}
	}
	if right < standing {
		detected = 0
	}
	return v, detected, nil
}

// calm returns the worst that was said while there was nothing to say.
func (w *watcher) calm(s *Stage, want Want) (worst Verdict, err error) {
	for deadline := time.Now().Add(healthyFor); time.Now().Before(deadline); {
		list, err := w.next(s, deadline)
		if err != nil {
			return worst, err
		}
		for _, snapshot := range list {
			if v := judge(snapshot.Findings, want); worst.Miss == "" {
				worst = v
			}
		}
	}
	return worst, nil
}
