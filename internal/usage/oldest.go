package usage

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Oldest says where the time of the job that waits longest stands. The element at that end of the waiting list is
// the job itself, in JSON, or where Job is set its id: then the time is in a field of a hash.
type Oldest struct {
	From   string   `yaml:"from"`   // head or tail: the end that is served next
	Job    string   `yaml:"job"`    // template of the hash
	Fields []string `yaml:"fields"` // the first that is there
	Inside string   `yaml:"inside"` // the fields are in the first element of this array of the payload
	Unit   string   `yaml:"unit"`
}

// units are how times are written: since 1970, or as text.
var units = []string{"s", "ms", "ns", "seconds-or-ms", "iso8601"}

func (o *Oldest) check() error {
	switch {
	case o.From != "head" && o.From != "tail":
		return fmt.Errorf("oldest: from is %q, want head or tail", o.From)
	case len(o.Fields) == 0:
		return errors.New("oldest: no fields")
	case !slices.Contains(units, o.Unit):
		return fmt.Errorf("oldest: no unit %q", o.Unit)
	}
	return nil
}

// Index is the place in the waiting list, as LINDEX takes it.
func (o *Oldest) Index() int {
	if o.From == "tail" {
		return -1
	}
	return 0
}

// JobKey is the hash of a job; "" where the list holds the jobs themselves.
func (o *Oldest) JobKey(base, queue, id string) string {
	return fill(o.Job, base, queue, id)
}

// When reads the text of a field.
func (o *Oldest) When(text string) (time.Time, bool) {
	if o.Unit == "iso8601" {
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999"} {
			if t, err := time.Parse(layout, text); err == nil {
				return t, true
			}
		}
		return time.Time{}, false
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(v) || v <= 0 {
		return time.Time{}, false
	}
	unit := map[string]float64{"s": 1, "ms": 1e3, "ns": 1e9}[o.Unit]
	if o.Unit == "seconds-or-ms" {
		// A float is seconds, a whole number milliseconds; the size tells them too.
		if unit = 1; v > 1e11 {
			unit = 1e3
		}
	}
	const latest = 1e11 // seconds: far beyond what a clock may say
	if v /= unit; v > latest {
		return time.Time{}, false
	}
	whole, part := math.Modf(v)
	return time.Unix(int64(whole), int64(part*1e9)).UTC(), true
}

// FromPayload reads the time out of a job in JSON.
func (o *Oldest) FromPayload(payload []byte) (time.Time, bool) {
	var job map[string]json.RawMessage
	if json.Unmarshal(payload, &job) != nil {
		return time.Time{}, false
	}
	if o.Inside != "" {
		var list []map[string]json.RawMessage
		if json.Unmarshal(job[o.Inside], &list) != nil || len(list) == 0 {
			return time.Time{}, false
		}
		job = list[0]
	}
	for _, field := range o.Fields {
		raw, there := job[field]
		if !there {
			continue
		}
		var text string
		if json.Unmarshal(raw, &text) != nil {
			text = strings.TrimSpace(string(raw))
		}
		return o.When(text)
	}
	return time.Time{}, false
}
