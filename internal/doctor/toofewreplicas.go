package doctor

import "redistop/internal/stats"

var tooFewReplicas = Rule{
	ID:    "too-few-replicas",
	Title: "Writes are refused for want of replicas",
	Group: "Replication",
	What:  "Fewer replicas keep up than min-replicas-to-write asks for, so the primary refuses every write.",
	Why:   "All writes fail with a NOREPLICAS error until enough replicas are back.",
	How:   "CONFIG GET min-replicas-to-write and min-replicas-max-lag, INFO replication, and NOREPLICAS in INFO errorstats (6.2+).",
	Do:    "Bring the replicas back. If the risk is known and accepted, lower min-replicas-to-write meanwhile.",
	Check: checkTooFewReplicas,
}

func checkTooFewReplicas(w *Window) []stats.Finding {
	wanted, known := w.configInt("min-replicas-to-write")
	refused, _ := w.errorReplies("NOREPLICAS")
	if w.Now.Server.Role != "primary" || (!known || wanted <= 0) && refused == 0 {
		return nil
	}
	const usualLag = 10 // seconds, the default
	maxLag, ok := w.configInt("min-replicas-max-lag")
	if !ok {
		maxLag = usualLag
	}
	var good int64
	for _, r := range w.Now.Replication.Replicas {
		if lag, ok := r.LagSeconds.Get(); ok && r.State == "online" && lag <= maxLag {
			good++
		}
	}
	if refused == 0 && (good >= wanted || maxLag == 0) {
		return nil // a lag of 0 turns it off
	}
	f := stats.Finding{
		Severity: stats.Critical, Confidence: stats.Certain,
		Title:    "Writes are refused: too few replicas keep up",
		Evidence: []stats.Evidence{moment("replicas that keep up", count(good)+" of "+plural(int64(len(w.Now.Replication.Replicas)), "replica"), "INFO replication")},
		Impact:   "Every write fails with a NOREPLICAS error until enough replicas are back.",
		Remedy: []string{
			"bring the replicas back: look at them with redistop, and at their logs",
			"if losing writes in a failover is the smaller evil: CONFIG SET min-replicas-to-write " + plain(good),
		},
	}
	if known {
		f.Title = "Writes are refused: " + count(good) + " of " + plural(wanted, "wanted replica") + pick(wanted == 1, " keeps", " keep") + " up"
		f.Evidence = append(f.Evidence, moment("min-replicas-to-write", count(wanted)+", with a lag of at most "+seconds(float64(maxLag)), "CONFIG GET"))
	}
	if refused > 0 {
		f.Evidence = append(f.Evidence, w.evidence("NOREPLICAS errors", count(refused), "INFO errorstats"))
	}
	return []stats.Finding{f}
}
