package tui

import (
	"fmt"
	"strings"
	"time"

	"redistop/internal/stats"
)

// watch is what the user asked for of MONITOR. The Snapshots tell what came of it, but later.
type watch struct {
	asked time.Time // when the user last began or ended one
	until time.Time // when it ends by itself; zero: it was ended
}

// monitorLeft is how long every command will still be seen; 0 when not at present.
func (v *view) monitorLeft() time.Duration {
	s, until := v.latest(), v.watch.until
	if s.Time.After(v.watch.asked) && s.Observer.MonitorUntil != nil {
		until = *s.Observer.MonitorUntil
	}
	return max(until.Sub(v.now), 0)
}

// modeParts say in the title how the command stream is seen now, and at what price.
func modeParts(v *view) []titlePart {
	s := v.latest()
	o := &s.Observer
	left := v.monitorLeft()
	refused := false
	for _, m := range s.Missing {
		refused = refused || m.Part == "samples"
	}
	switch {
	case refused && (left > 0 || o.Mode != string(stats.ModePoll)):
		return []titlePart{{text: "MONITOR refused !", style: styleWarn}}
	case left > 0 && o.SamplingPaused != "":
		return []titlePart{{text: "MONITOR waits !", style: styleWarn}}
	case left > 0:
		return append([]titlePart{{text: " " + monitorText(left) + " ", style: styleLoud}}, priceParts(o, "it costs ", "costs ")...)
	case o.Mode == string(stats.ModeMonitor):
		return append([]titlePart{{text: " MONITOR ", style: styleLoud}}, priceParts(o, "it costs ", "costs ")...)
	case o.Mode == string(stats.ModeSample) && o.SamplingPaused != "":
		return []titlePart{{text: "samples paused !", style: styleWarn}}
	case o.Mode == string(stats.ModeSample):
		return append([]titlePart{{text: "seen " + sampleShare(s), style: styleText}}, priceParts(o, "samples cost ", "samples ")...)
	}
	return []titlePart{{text: "poll", style: styleDim}}
}

// sampleShare says how much of the command stream the windows show: all of it, or a share of the time.
func sampleShare(s *stats.Snapshot) string {
	if s.Sampled.Complete && s.Sampled.Commands > 0 {
		return "all"
	}
	return known(s.Observer.MonitorDuty, percent)
}

func monitorText(left time.Duration) string {
	return "MONITOR " + durationText(left+time.Second-1) + " left"
}

// priceParts say what seeing the commands costs the server; what names it, brief where it is narrow.
func priceParts(o *stats.Observer, what, brief string) []titlePart {
	if o.Price == nil {
		return nil
	}
	of := " of throughput"
	share, ok := o.Price.ThroughputShare.Get()
	if !ok {
		if share, ok = o.Price.ServerCPUShare.Get(); !ok {
			return nil
		}
		of = "" // of the thread that runs commands, as what the polls cost
	}
	text := what + percent(share)
	return []titlePart{{text: text + of, shorts: []string{text, brief + percent(share)}, style: styleDim, prio: 3}}
}

// priceText is all that is known of the price of MONITOR.
func priceText(o *stats.Observer) string {
	if o.Price == nil {
		return ""
	}
	var parts []string
	share, ok := o.Price.ThroughputShare.Get()
	if ok {
		text := percent(share) + " of throughput"
		if duty := o.MonitorDuty.Or(0); duty > 0 && duty < 0.5 {
			text += " at " + percent(duty) + " of the time, about " + percent(min(share/duty, 1)) + " while it is on"
		}
		parts = append(parts, text)
	}
	if n, ok := o.Price.ServerCPUShare.Get(); ok {
		parts = append(parts, percent(n)+" of the main thread")
	}
	if n, ok := o.Price.LatencyUsec.Get(); ok {
		parts = append(parts, "a command waits "+usecText(n)+" longer in a window")
	}
	return strings.Join(parts, "; ")
}

// stoppedShown is how long the screen says that a guard ended MONITOR early; the help says it until the next one.
const stoppedShown = 10 * time.Minute

// stoppedText says why a guard ended the latest MONITOR early; "" when none did, or long ago.
func stoppedText(v *view) string {
	o := &v.latest().Observer
	if o.MonitorStopped == "" || o.MonitorStoppedAt == nil || v.monitorLeft() > 0 {
		return ""
	}
	ago := v.now.Sub(*o.MonitorStoppedAt)
	if ago > stoppedShown {
		return ""
	}
	return "MONITOR ended early " + durationText(max(ago, 0)) + " ago: " + safe(o.MonitorStopped, 300)
}

// windowLines tell in the help what the windows of MONITOR saw and cost.
func windowLines(s *stats.Snapshot) []pageLine {
	o := &s.Observer
	text := "none: redistop reads counters only"
	switch {
	case o.SamplingPaused != "":
		text = "none at present: " + safe(o.SamplingPaused, 300)
	case o.MonitorDuty.Known():
		text = fmt.Sprintf("%s in this interval, %s of it seen: %s commands", whole(int64(o.Windows)), known(o.MonitorDuty, percent), whole(o.SampledCommands))
	}
	lines := []pageLine{{key: "windows", text: text}}
	if s.Sampled.Windows > 0 {
		lines = append(lines, pageLine{key: "estimates", text: fmt.Sprintf("%s commands in %s windows of the last %s",
			whole(s.Sampled.Commands), whole(int64(s.Sampled.Windows)), durationText(time.Duration(min(s.Sampled.Span, 1e9)*float64(time.Second))))})
	}
	if price := priceText(o); price != "" {
		lines = append(lines, pageLine{key: "samples cost", text: price})
	}
	if o.MonitorStopped != "" {
		lines = append(lines, pageLine{key: "ended early", text: safe(o.MonitorStopped, 300)})
	}
	if o.Dropped > 0 {
		lines = append(lines, pageLine{key: "dropped", text: whole(o.Dropped) + " lines of MONITOR that were not counted"})
	}
	return lines
}
