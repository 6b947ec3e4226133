package stats

import "time"

// A KeySurvey is what a scan of part of the keyspace showed: a random sample of the keys, or all of them.
type KeySurvey struct {
	Time     time.Time `json:"time"`               // of the latest step
	Sampled  int64     `json:"sampled"`            // keys seen
	Total    int64     `json:"total"`              // keys that the server says there are
	Complete bool      `json:"complete,omitempty"` // every key was seen in this or an earlier pass
	Layouts  []Layout  `json:"layouts,omitempty"`  // most keys first, bounded
	Omitted  int       `json:"omitted,omitempty"`  // layouts left out to bound memory
}

// A Layout is the keys of a survey that share a database, a pattern and a type.
type Layout struct {
	DB       int          `json:"db"`
	Pattern  string       `json:"pattern"` // "sess:*"
	Type     string       `json:"type"`    // string, list, set, zset, hash, stream, or a module's
	Keys     int64        `json:"keys"`    // seen; 0: known by name alone, no part of the sample
	WithTTL  int64        `json:"with_ttl"`
	NoAnswer int64        `json:"ttl_unknown,omitempty"` // keys whose TTL could not be asked; the rest has none
	MinTTL   Maybe[int64] `json:"min_ttl_seconds,omitzero"`
	MaxTTL   Maybe[int64] `json:"max_ttl_seconds,omitzero"`
	MeanSize Maybe[int64] `json:"mean_size,omitzero"` // bytes of a string, elements of all else; absent: not asked
	Examples []string     `json:"examples,omitempty"` // names of keys, raw, at most 4
}
