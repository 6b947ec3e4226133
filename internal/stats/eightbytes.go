package stats

import "encoding/binary"

// Eight bytes of a text in one word, the first in the lowest byte: most names and keys are so short that
// looking at them byte by byte takes longer than all else.
const (
	everyByte = 0x0101010101010101
	highBits  = 0x80 * everyByte
	lowBits   = 0x7f * everyByte
)

// wordAt is the eight bytes from i on, or what is left of them with zeros above. b has eight at least.
func wordAt(b []byte, i int) uint64 {
	if i+8 <= len(b) {
		return binary.LittleEndian.Uint64(b[i:])
	}
	return binary.LittleEndian.Uint64(b[len(b)-8:]) >> (8 * uint(i+8-len(b)))
}

// equalBytes has the high bit of each byte of v that is c.
func equalBytes(v uint64, c byte) uint64 {
	v ^= uint64(c) * everyByte
	return ^((v&lowBits + lowBits) | v) & highBits
}

// digitBytes has the high bit of each byte of v that is a decimal digit.
func digitBytes(v uint64) uint64 {
	v ^= '0' * everyByte
	return ^((v&lowBits + (0x7f-9)*everyByte) | v) & highBits
}

// letterBytes has the high bit of each byte of v that is an ASCII letter.
func letterBytes(v uint64) uint64 {
	high := v
	v = (v | 0x20*everyByte) & lowBits
	return (v + (0x80-'a')*everyByte) &^ (v + (0x7f-'z')*everyByte) &^ high & highBits
}

// raised has the high bits of eight bytes as its own high eight bits, so that a loop over a text collects a bit
// for each byte by shifting what it has to the right.
func raised(high uint64) uint64 { return (high >> 7) * 0x0102040810204080 & (0xff << 56) }
