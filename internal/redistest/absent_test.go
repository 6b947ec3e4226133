package redistest

import (
	"fmt"
	"strings"
	"testing"
)

// recorder is a TB that writes down how a test would have ended.
type recorder struct {
	testing.TB
	ended string
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.ended = "failed: " + fmt.Sprintf(format, args...)
}
func (r *recorder) Skipf(format string, args ...any) {
	r.ended = "skipped: " + fmt.Sprintf(format, args...)
}

func TestAMissingSeriesIsSaid(t *testing.T) {
	tests := []struct {
		ci, series, want string
	}{
		{"", "redis-7.0", "skipped: no redis-7.0 here"},
		{"", "valkey-9", "skipped: no valkey-9 here"},
		{"true", "redis-7.0", "failed: no redis-7.0 here"},
		{"true", "valkey-9", "failed: no valkey-9 here"},
		{"true", "redis-8.0", "skipped: no redis-8.0 here"},
		{"true", "valkey-8.0", "skipped: no valkey-8.0 here"},
		{"true", "valkey-8.1", "skipped: no valkey-8.1 here"},
	}
	for _, tt := range tests {
		t.Run(tt.ci+tt.series, func(t *testing.T) {
			t.Setenv("CI", tt.ci)
			for _, want := range series() {
				if want.name != tt.series {
					continue
				}
				r := &recorder{TB: t}
				absent(r, want)
				if !strings.HasPrefix(r.ended, tt.want) || !strings.Contains(r.ended, "scripts/servers") {
					t.Errorf("got %q", r.ended)
				}
				return
			}
			t.Error("no such series")
		})
	}
}

func TestSeriesPickTheirVersions(t *testing.T) {
	here := []Binary{
		{Flavor: "redis", Version: "8.0.2"}, {Flavor: "redis", Version: "7.0.15"}, {Flavor: "valkey", Version: "7.2.4"},
		{Flavor: "valkey", Version: "8.1.1"}, {Flavor: "valkey", Version: "8.0.1"}, {Flavor: "valkey", Version: "9.0.3"},
		{Flavor: "valkey", Version: "9.2.0"},
	}
	want := map[string]string{
		"redis-7.0": "redis 7.0.15", "redis-8.0": "redis 8.0.2",
		"valkey-8.0": "valkey 8.0.1", "valkey-8.1": "valkey 8.1.1", "valkey-9": "valkey 9.2.0",
	}
	for _, s := range series() {
		b, ok := pick(here, s)
		if !ok || b.String() != want[s.name] {
			t.Errorf("%s: got %v, %v", s.name, b, ok)
		}
		delete(want, s.name)
		if b, ok := pick([]Binary{{Flavor: "redis", Version: "9.1.0"}}, s); ok {
			t.Errorf("%s took %v", s.name, b)
		}
	}
	if len(want) > 0 {
		t.Errorf("no series for %v", want)
	}
}
