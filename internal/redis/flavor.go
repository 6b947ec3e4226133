package redis

import (
	"strconv"
	"strings"
)

// The flavors that Flavor tells apart.
const (
	FlavorRedis     = "redis"
	FlavorValkey    = "valkey"
	FlavorDragonfly = "dragonfly"
	FlavorKeyDB     = "keydb"
)

// Flavor says whose server answered. All of them send a redis_version; what tells them apart:
// server_name and valkey_version (Valkey 7.2+), dragonfly_version, and for KeyDB its mvcc_depth
// or the name of its executable. All else is "redis".
func (i *Info) Flavor() string {
	if i.fields["server_name"] == FlavorValkey || i.has("valkey_version") {
		return FlavorValkey
	}
	if i.has("dragonfly_version") {
		return FlavorDragonfly
	}
	if i.has("mvcc_depth") || strings.HasSuffix(i.fields["executable"], "/keydb-server") {
		return FlavorKeyDB
	}
	return FlavorRedis
}

// Version is the version in the flavor's own count ("9.1.2" for a Valkey whose redis_version
// stays 7.2.4), as raw bytes; empty when the server tells none.
func (i *Info) Version() string {
	if v, ok := i.Text("valkey_version"); ok {
		return v
	}
	if v, ok := i.Text("dragonfly_version"); ok {
		return strings.TrimPrefix(strings.TrimPrefix(v, "df-"), "v")
	}
	v, _ := i.Text("redis_version")
	return v
}

// VersionAtLeast compares Version with major.minor; false when the server tells none. A build of
// a development branch calls itself 255.255.255 and is at least everything.
func (i *Info) VersionAtLeast(major, minor int) bool {
	parts := strings.SplitN(i.Version(), ".", 3)
	if len(parts) < 2 {
		return false
	}
	haveMajor, err := strconv.Atoi(parts[0])
	if err != nil {
		return false
	}
	digits := parts[1]
	if end := strings.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' }); end >= 0 {
		digits = digits[:end] // "0-rc1"
	}
	haveMinor, err := strconv.Atoi(digits)
	if err != nil {
		return false
	}
	return haveMajor > major || haveMajor == major && haveMinor >= minor
}

func (i *Info) has(name string) bool {
	_, ok := i.fields[name]
	return ok
}

// HasReset says whether the server has RESET: Redis since 6.2, every Valkey.
func (i *Info) HasReset() bool {
	return i.Flavor() == FlavorValkey || i.Flavor() == FlavorRedis && i.VersionAtLeast(6, 2)
}
