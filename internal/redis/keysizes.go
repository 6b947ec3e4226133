package redis

import (
	"strconv"
	"strings"
)

const stringSizes = "_distrib_strings_sizes"

// LargestString is the size in bytes of the largest string value of any database, rounded down to a power of
// two. Redis 8.0+ tells it in INFO keysizes; absent elsewhere, and where there are no strings.
func (i *Info) LargestString() Maybe[int64] {
	var largest int64
	found := false
	for name, bins := range i.fields {
		if !strings.HasSuffix(name, stringSizes) || !strings.HasPrefix(name, "db") {
			continue
		}
		for bin := range strings.SplitSeq(bins, ",") {
			size, count, ok := strings.Cut(bin, "=")
			if n, known := binSize(size); ok && known && count != "0" {
				largest, found = max(largest, n), true
			}
		}
	}
	if !found {
		return Maybe[int64]{}
	}
	return Some(largest)
}

// binSize reads the lower end of a bin: 16, 256K, 1M, 2G.
func binSize(s string) (int64, bool) {
	const units = "KMGTPE"
	shift := 0
	if s != "" {
		if at := strings.IndexByte(units, s[len(s)-1]); at >= 0 {
			shift, s = 10*(at+1), s[:len(s)-1]
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n<<shift>>shift != n {
		return 0, false
	}
	return n << shift, true
}
