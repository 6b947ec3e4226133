package main

import (
	"runtime"
	"strings"
	"unsafe"
)

// shorthandsWithoutValue are the one-letter flags that may stand before another in one argument.
const shorthandsWithoutValue = "?v"

// secretFlags are the flags whose whole value is a secret: who knows a webhook can post to it.
var secretFlags = []string{"--pass", "--webhook", "--otlp", "--otlp-header"}

// hideSecrets returns a copy of args and overwrites the passwords in args themselves. On Linux,
// macOS and the BSDs the strings of os.Args are the process's own argument memory, which is what
// ps and /proc/PID/cmdline read, so from then on the passwords are not seen there. It knows
// -a PASSWORD, -aPASSWORD, --pass PASSWORD, --pass=PASSWORD, --webhook URL and its like, and the password in any URI.
func hideSecrets(args []string) []string {
	private := make([]string, len(args))
	for i, arg := range args {
		private[i] = strings.Clone(arg)
	}
	if !isProcessMemory(args) {
		return private
	}
	flags, next := true, false // still reading flags; the next argument is a password
	for i, arg := range private[1:] {
		start, end := 0, 0
		switch {
		case next:
			start, end, next = 0, len(arg), false
		case flags && arg == "--":
			flags = false
		case flags && strings.HasPrefix(arg, "-"):
			start, end, next = secretInFlag(arg)
		}
		if start == end && !next {
			start, end = secretInURI(arg)
		}
		overwrite(args[i+1], start, end)
	}
	return private
}

// secretInFlag finds a password in one argument that is a flag; next says that it is the argument
// after this one.
func secretInFlag(arg string) (start, end int, next bool) {
	if strings.HasPrefix(arg, "--") {
		for _, flag := range secretFlags {
			if arg == flag {
				return 0, 0, true
			}
			if strings.HasPrefix(arg, flag+"=") {
				return len(flag + "="), len(arg), false
			}
		}
		return 0, 0, false
	}
	for i := 1; i < len(arg); i++ {
		if arg[i] == 'a' {
			return i + 1, len(arg), i+1 == len(arg)
		}
		if !strings.ContainsRune(shorthandsWithoutValue, rune(arg[i])) {
			break
		}
	}
	return 0, 0, false
}

// secretInURI finds the password in an argument that holds a URI: what stands between the user's
// colon and the last @, because a password that was not percent-encoded may hold one. A userinfo
// without a colon is hidden whole: redis-cli takes it for a password. A database's URI may have it as a
// parameter; then all from the first secret on is hidden.
func secretInURI(arg string) (start, end int) {
	scheme := strings.Index(arg, "://")
	if scheme < 0 {
		return 0, 0
	}
	if query := strings.IndexByte(arg, '?'); query > scheme && strings.Contains(strings.ToLower(arg[query:]), "password=") {
		if start, _ = secretInURI(arg[:query]); start == 0 {
			start = query + 1
		}
		return start, len(arg)
	}
	end = strings.LastIndexByte(arg, '@')
	if end < scheme {
		return 0, 0
	}
	start = scheme + len("://")
	if colon := strings.IndexByte(arg[start:end], ':'); colon >= 0 {
		start += colon + 1
	}
	return start, end
}

// overwrite replaces arg[start:end] in place by at most three asterisks, so that not even the
// length is told, moves up what follows and fills the rest with NUL.
func overwrite(arg string, start, end int) {
	if start >= end {
		return
	}
	memory := unsafe.Slice(unsafe.StringData(arg), len(arg))
	n := start + copy(memory[start:end], "***")
	n += copy(memory[n:], memory[end:])
	clear(memory[n:])
}

// isProcessMemory says that args are os.Args as the runtime made it: strings in the process's
// argument memory, which may be written, each with a NUL before and after it. The first is left
// out, because it holds no secret and tests replace it.
func isProcessMemory(args []string) bool {
	switch runtime.GOOS {
	case "linux", "darwin", "freebsd", "netbsd", "openbsd", "dragonfly":
	default:
		return false
	}
	for _, arg := range args[1:] {
		first := unsafe.Pointer(unsafe.StringData(arg))
		if *(*byte)(unsafe.Add(first, -1)) != 0 || *(*byte)(unsafe.Add(first, len(arg))) != 0 {
			return false
		}
	}
	return true
}
