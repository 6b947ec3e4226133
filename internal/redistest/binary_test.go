package redistest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFetchedNeedsAllOfAServer(t *testing.T) {
	store := t.TempDir()
	for _, file := range []string{
		"valkey-9.1.2/lib/ld.so", "valkey-9.1.2/bin/valkey-server",
		"redis-8.0.2/lib/ld.so",                           // no program
		"redis-7.0.1/bin/redis-server",                    // no loader
		"tmp.x1y2/lib/ld.so", "tmp.x1y2/bin/redis-server", // a fetch that goes on
	} {
		path := filepath.Join(store, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	dir := filepath.Join(store, "valkey-9.1.2")
	want := []Binary{{
		Path:   dir + "/lib/ld.so",
		Args:   []string{"--library-path", dir + "/lib", dir + "/bin/valkey-server"},
		Flavor: "valkey", Version: "9.1.2",
	}}
	if diff := cmp.Diff(want, fetchedIn(store)); diff != "" {
		t.Error(diff)
	}
	if got := fetchedIn(filepath.Join(store, "none")); len(got) > 0 {
		t.Errorf("a missing folder holds %v", got)
	}
}

func TestInstalledTellsFlavorAndVersion(t *testing.T) {
	const (
		redis  = "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=1"
		valkey = "Valkey server v=9.1.2 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=1"
	)
	tests := []struct {
		name          string
		redis, valkey string // what each program prints; "" for a program that is not there
		want          []string
	}{
		{"both", redis, valkey, []string{"redis 7.0.15", "valkey 9.1.2"}},
		{"one server under both names", valkey, valkey, []string{"valkey 9.1.2"}},
		{"an unknown program", "usage: server", valkey, []string{"valkey 9.1.2"}},
		{"none", "", "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			t.Setenv("PATH", dir)
			for name, text := range map[string]string{"redis-server": tt.redis, "valkey-server": tt.valkey} {
				if text == "" {
					continue
				}
				script := "#!/bin/sh\necho '" + text + "'\n"
				if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			var got []string
			for _, b := range Installed() {
				got = append(got, b.String())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSeriesOfAVersion(t *testing.T) {
	for version, want := range map[string]string{"7.0.15": "7.0", "9.1": "9.1", "8": "8", "": ""} {
		if got := (Binary{Version: version}).Series(); got != want {
			t.Errorf("%q: got %q, want %q", version, got, want)
		}
	}
}
