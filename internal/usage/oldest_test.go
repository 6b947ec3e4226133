package usage

import (
	"testing"
	"time"
)

// TestOldestTimes holds the ways in which frameworks write when a job was queued.
func TestOldestTimes(t *testing.T) {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		framework, payload, field string
		want                      time.Time
	}{
		{"Sidekiq", `{"jid":"1","enqueued_at":1772366400.0}`, "", noon},
		{"Sidekiq", `{"jid":"1","enqueued_at":1772366400000}`, "", noon},
		{"Sidekiq", `{"jid":"1","created_at":1772366400.0}`, "", noon},
		{"Sidekiq", `{"jid":"1"}`, "", time.Time{}},
		{"Sidekiq", `not JSON`, "", time.Time{}},
		{"Resque", `{"class":"J","args":[{"enqueued_at":"2026-03-01T12:00:00.000000000Z"}]}`, "", noon},
		{"Resque", `{"class":"J","args":[1]}`, "", time.Time{}},
		{"Laravel queue", `{"uuid":"x","createdAt":1772366400}`, "", noon},
		{"Logstash", `{"@timestamp":"2026-03-01T12:00:00.000Z"}`, "", noon},
		{"Suricata", `{"timestamp":"2026-03-01T13:00:00.000000+0100"}`, "", noon},
		{"BullMQ", "", "1772366400000", noon},
		{"asynq", "", "1772366400000000000", noon},
		{"RQ", "", "2026-03-01T12:00:00.000000Z", noon},
		{"RQ", "", "yesterday", time.Time{}},
		{"BullMQ", "", "NaN", time.Time{}},
		{"BullMQ", "", "-4", time.Time{}},
		{"BullMQ", "", "1e300", time.Time{}},
	}
	by := map[string]*Oldest{}
	for _, f := range loaded().frameworks {
		by[f.Name] = f.Oldest
	}
	for _, tt := range tests {
		o := by[tt.framework]
		if o == nil {
			t.Errorf("%s stores no time", tt.framework)
			continue
		}
		got, ok := o.FromPayload([]byte(tt.payload))
		if tt.field != "" {
			got, ok = o.When(tt.field)
		}
		if !got.Equal(tt.want) || ok != !tt.want.IsZero() {
			t.Errorf("%s %s%s: %v %t, want %v", tt.framework, tt.payload, tt.field, got, ok, tt.want)
		}
	}
}

func TestJobKey(t *testing.T) {
	for _, f := range loaded().frameworks {
		switch f.Name {
		case "asynq":
			if got := f.Oldest.JobKey("asynq:", "low", "17"); got != "asynq:{low}:t:17" {
				t.Errorf("asynq: %s", got)
			}
		case "Sidekiq":
			if got := f.Oldest.JobKey("", "low", "17"); got != "" || f.Oldest.Index() != -1 {
				t.Errorf("Sidekiq: %q at %d", got, f.Oldest.Index())
			}
		}
	}
}
