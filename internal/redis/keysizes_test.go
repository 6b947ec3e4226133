package redis

import (
	"testing"

	"redistop/internal/redistest"
)

func TestLargestString(t *testing.T) {
	for text, want := range map[string]Maybe[int64]{
		"db0_distrib_strings_sizes:2=1,4=1,16=1\r\ndb0_distrib_lists_items:1M=1": Some[int64](16),
		"db0_distrib_strings_sizes:2=1\ndb9_distrib_strings_sizes:1K=1,256K=3":   Some[int64](256 << 10),
		"db0_distrib_strings_sizes:8=1,512M=2":                                   Some[int64](512 << 20),
		"db0_distrib_strings_sizes:8=1,1G=0,x=1,9223372036854775807K=1,=1,K=1":   Some[int64](8),
		"db0_distrib_strings_sizes:":                                             {},
		"db0:keys=1":                                                             {},
	} {
		if got := ParseInfo(text).LargestString(); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func TestLargestStringOfAServer(t *testing.T) {
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		if _, err := s.CLI("SETRANGE", "large", "300000", "x"); err != nil {
			t.Fatal(err)
		}
		text, err := s.CLI("INFO", "all")
		if err != nil {
			t.Fatal(err)
		}
		info, want := ParseInfo(text), Maybe[int64]{}
		if info.Flavor() == FlavorRedis && info.VersionAtLeast(8, 0) {
			want = Some[int64](256 << 10)
		}
		if got := info.LargestString(); got != want {
			t.Errorf("%v, want %v", got, want)
		}
	})
}
