package lab

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

// Machine says on what the numbers were taken and how busy it was before.
func Machine() string {
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease") // what is missing is left out
	load, _ := os.ReadFile("/proc/loadavg")
	return describe(runtime.NumCPU(), runtime.GOOS, string(kernel), string(load))
}

func describe(cores int, system, kernel, load string) string {
	text := fmt.Sprintf("%d cores, %s", cores, system)
	if kernel = strings.TrimSpace(kernel); kernel != "" {
		text += " " + kernel
	}
	if minute, _, ok := strings.Cut(load, " "); ok {
		text += fmt.Sprintf("; load average before the start %s (a quiet machine has less than 0.2)", minute)
	}
	return text
}

// Load is the load average of the last minute; "" where the system does not tell.
func Load() string {
	load, _ := os.ReadFile("/proc/loadavg")
	minute, _, _ := strings.Cut(string(load), " ")
	return minute
}
