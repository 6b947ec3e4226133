package server

import (
	"os"
	"path"
	"strconv"
	"syscall"

	"redistop/internal/redis"
	"redistop/internal/stats"
)

// walkable is how much memory of a process the system may be asked to walk through: while it counts huge
// pages the process cannot map memory, some milliseconds a gigabyte.
const walkable = 256 << 20

// readHost looks the server up in /proc; a Host that is not Local says that it is not there. What may not
// be read is absent.
func readHost(server serverProcess, before *hostTimes) stats.Host {
	process := "/proc/" + strconv.FormatInt(server.pid, 10)
	if server.pid <= 0 || !isServer(read(process+"/comm"), read(process+"/cmdline"), read(process+"/stat"), read("/proc/uptime"), server.uptime) {
		*before = hostTimes{}
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
		host.StealShare = now.stealSince(*before)
		*before = now
	}
	status := read(process + "/status")
	host.ServerSwap = parseLines(status, "VmSwap")
	if may, ok := parseLines(status, "THP_enabled").Get(); ok {
		host.ServerHugeAllowed = redis.Some(may != 0)
	}
	if rss, ok := parseLines(status, "VmRSS").Get(); ok && rss <= walkable {
		host.ServerHuge = parseLines(read(process+"/smaps_rollup"), "AnonHugePages")
	}
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
