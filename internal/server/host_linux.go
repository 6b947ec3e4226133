package server

import (
	"os"
	"path"
	"strconv"
	"syscall"
	"time"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// To count the huge pages of a process the system walks through all of its memory, 0.1 s and more for 500 MB,
// in which the process may have to wait with a fork. So it is asked seldom, only where there can be any, and
// never of a large process.
const (
	walkable  = 256 << 20
	walkEvery = 5 * time.Minute
)

// readHost looks the server up in /proc; a Host that is not Local says that it is not there. What may not
// be read is absent.
func readHost(server serverProcess, before *hostMemory) stats.Host {
	process := "/proc/" + strconv.FormatInt(server.pid, 10)
	if server.pid <= 0 || !isServer(read(process+"/comm"), read(process+"/cmdline"), read(process+"/stat"), read("/proc/uptime"), server.uptime) {
		*before = hostMemory{}
		return stats.Host{}
	}
	host := stats.Host{
		Local:      true,
		Load:       parseFirstNumber(read("/proc/loadavg")),
		Overcommit: parseWhole(read("/proc/sys/vm/overcommit_memory")),
		SomaxConn:  parseWhole(read("/proc/sys/net/core/somaxconn")),
		HugePages:  parseChoice(read("/sys/kernel/mm/transparent_hugepage/enabled")),
		FreeDisk:   freeDisk(process, server.dir),
	}
	if now, ok := parseProcessors(read("/proc/stat")); ok {
		host.Cores = redis.Some(now.cores)
		host.StealShare = now.stealSince(before.times)
		before.times = now
	}
	status := read(process + "/status")
	host.ServerSwap = parseLines(status, "VmSwap")
	may, known := parseLines(status, "THP_enabled").Get()
	if known {
		host.ServerHugeAllowed = redis.Some(may != 0)
	}
	rss := parseLines(status, "VmRSS").Or(walkable + 1)
	if may != 0 && host.HugePages == "always" && rss <= walkable && time.Since(before.walked) > walkEvery {
		before.walked, before.huge = time.Now(), parseLines(read(process+"/smaps_rollup"), "AnonHugePages")
	}
	host.ServerHuge = before.huge
	return host
}

func read(file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	return string(text)
}

// freeDisk is what is free for the server where it keeps its files: in its own view of the file system where
// that may be looked at, else in ours.
func freeDisk(process, dir string) redis.Maybe[int64] {
	if !path.IsAbs(dir) {
		return redis.Maybe[int64]{}
	}
	var fs syscall.Statfs_t
	if syscall.Statfs(process+"/root"+path.Clean(dir), &fs) != nil && syscall.Statfs(dir, &fs) != nil {
		return redis.Maybe[int64]{}
	}
	return redis.Some(int64(fs.Bavail) * int64(fs.Bsize))
}
