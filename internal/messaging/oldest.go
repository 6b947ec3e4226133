package messaging

import (
	"time"

	"redistop/internal/redis"
	"redistop/internal/stats"
	"redistop/internal/usage"
)

// A job says where the time of the oldest job of a waiting list stands, in its framework's words.
type job struct {
	*usage.Oldest
	base, queue string
}

// largestJob is what a job may have on the average for the oldest one to be asked for.
const largestJob = cut / 2

// jobQuestion asks for the job at the end of a list that is served next: the time in it is kept, and nothing
// else of it. Where the list holds ids, the hash of that job is what hashQuestion asks.
func (w *Watcher) jobQuestion(s *subject, ids map[*subject]string) []question {
	j, ok := w.queues.jobs[s]
	if !ok || !w.tool.Has("lindex") {
		return nil
	}
	s.oldest = stats.Maybe[time.Time]{}
	if s.length == 0 || !s.small(largestJob, 0) {
		return nil
	}
	at := "0"
	if j.Index() < 0 {
		at = "-1"
	}
	return []question{s.about([]string{"LINDEX", s.place.key, at}, func(v redis.Value) error {
		switch {
		case v.Kind != redis.KindBulk || v.Cut:
		case j.Job != "":
			ids[s] = v.Text
		default:
			s.keepOldest(j.FromPayload([]byte(v.Text)))
		}
		return nil
	})}
}

// hashQuestion asks the hash of a job for the time at which it came.
func (w *Watcher) hashQuestion(s *subject, ids map[*subject]string) []question {
	j, ok := w.queues.jobs[s]
	id, known := ids[s]
	if !ok || !known || !w.tool.Has("hmget") {
		return nil
	}
	return []question{s.about(append([]string{"HMGET", j.JobKey(j.base, j.queue, id)}, j.Fields...), func(v redis.Value) error {
		for _, field := range v.Elems {
			if field.Text != "" {
				s.keepOldest(j.When(field.Text))
				break
			}
		}
		return nil
	})}
}

func (s *subject) keepOldest(at time.Time, ok bool) {
	if ok {
		s.oldest = stats.Some(at)
	}
}
