package stats

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"

	"redistop/internal/redis"
)

// secrets make hashes that no sender of commands can foresee.
var secrets = [...]uint64{secret(1), secret(2), secret(3)}

func secret(n int) uint64 { return maphash.Comparable(maphash.MakeSeed(), n) }

// hashOf is a hash of bytes, the same within one process only. Products of words of the text and secret
// numbers, as in the hash that Go's runtime falls back to; of the 10 to 40 bytes of an address or
// a key it takes half as long as package maphash.
func hashOf(b []byte) uint64 {
	h := secrets[0] ^ uint64(len(b))*0x9e3779b97f4a7c15
	var first, last uint64
	switch n := len(b); {
	case n > 16:
		end := b[n-16:] // may overlap what comes before
		for ; len(b) > 16; b = b[16:] {
			h = product(binary.LittleEndian.Uint64(b)^secrets[1], binary.LittleEndian.Uint64(b[8:])^h)
		}
		first, last = binary.LittleEndian.Uint64(end), binary.LittleEndian.Uint64(end[8:])
	case n >= 8:
		first, last = binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[n-8:])
	case n >= 4:
		first, last = uint64(binary.LittleEndian.Uint32(b)), uint64(binary.LittleEndian.Uint32(b[n-4:]))
	case n > 0:
		first = uint64(b[0]) | uint64(b[n/2])<<8 | uint64(b[n-1])<<16
	}
	return product(product(first^secrets[1], last^h)^secrets[2], secrets[1])
}

// addrHashes are the hashes of an address and of its IP, which is the part of it that redis.IP takes. Of an
// address with a port the first is made of the second, so that its bytes are looked at once.
func addrHashes(addr []byte) (whole, ip uint64, host []byte) {
	if n := len(addr); n > 8 && '0' <= addr[0] && addr[0] <= '9' {
		end := binary.LittleEndian.Uint64(addr[n-8:])
		if colons := equalBytes(end, ':'); colons != 0 {
			last := 7 - bits.LeadingZeros64(colons)/8
			host = addr[:n-8+last]
			ip = hashOf(host)
			return product(ip^secrets[1], end>>(8*last)^secrets[2]), ip, host
		}
	}
	host = redis.IP(addr)
	return hashOf(addr), hashOf(host), host
}

// hashWord is a hash of a number.
func hashWord(v uint64) uint64 { return product(v^secrets[1], secrets[0]) }

// product mixes two numbers: all bits of their product count.
func product(a, b uint64) uint64 {
	high, low := bits.Mul64(a, b)
	return high ^ low
}
