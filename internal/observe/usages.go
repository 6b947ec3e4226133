package observe

import (
	"time"

	"redistop/internal/stats"
	"redistop/internal/usage"
)

// usages says what the server is used for. It is confined to the folder's goroutine.
type usages struct {
	table  *usage.Table // nil until it is needed
	survey *stats.KeySurvey
	last   *stats.Usage
	at     time.Time // of last
}

// What a server is used for changes slowly, and a look at 10,000 connections takes some milliseconds.
const (
	surveyedEvery = 10 * time.Second // where there are new keys to judge by
	heardEvery    = time.Minute      // where only commands and clients may have changed
)

// look returns what is known by now. A server that does not answer is used for what it was used for.
func (u *usages) look(r stats.Reading, s *stats.Snapshot) *stats.Usage {
	if s.Link.State != stats.Up || s.Stale || len(s.Commands) == 0 {
		return u.last
	}
	every := heardEvery
	if r.Survey != nil && (u.survey == nil || r.Survey.Time.After(u.survey.Time)) {
		u.survey = r.Survey
		every = surveyedEvery
		if u.last != nil && u.last.Sampled == 0 {
			every = 0
		}
	}
	if u.last != nil && s.Time.Sub(u.at) < every {
		return u.last
	}
	if u.table == nil {
		u.table = usage.Load()
	}
	u.last, u.at = u.table.Recognise(u.survey, s), s.Time
	return u.last
}
