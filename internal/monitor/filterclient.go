package monitor

import (
	"bytes"
	"net/netip"

	"redistop/internal/redis"
)

// holdsClient compares the address of a line.
func (t *term) holdsClient(addr []byte) bool {
	ip := redis.IP(addr)
	for _, a := range t.addrs {
		if a == string(addr) || a == string(ip) {
			return true
		}
	}
	if len(t.networks) == 0 {
		return false
	}
	at, ok := parseIP(ip)
	if !ok {
		return false
	}
	for _, n := range t.networks {
		if n.Contains(at) {
			return true
		}
	}
	return false
}

// parseIP is netip.ParseAddr for the bytes of a line, without an allocation; a zone is left out. An IPv4
// address in the form of IPv6 counts as IPv4.
func parseIP(b []byte) (netip.Addr, bool) {
	if bytes.IndexByte(b, ':') >= 0 {
		return parseIP6(b)
	}
	var ip [4]byte
	if !parseIP4(b, ip[:]) {
		return netip.Addr{}, false
	}
	return netip.AddrFrom4(ip), true
}

func parseIP4(b, ip []byte) bool {
	for part := range ip {
		end := bytes.IndexByte(b, '.')
		if last := part == len(ip)-1; last != (end < 0) {
			return false
		} else if last {
			end = len(b)
		}
		n := 0
		for _, c := range b[:end] {
			if c < '0' || c > '9' || n > 255 {
				return false
			}
			n = n*10 + int(c-'0')
		}
		if end == 0 || n > 255 || end > 1 && b[0] == '0' {
			return false
		}
		ip[part] = byte(n)
		b = b[min(end+1, len(b)):]
	}
	return true
}

// parseIP6 reads groups of up to four hexadecimal digits; "::" stands once for groups of zeros, and the
// last two may be written as IPv4.
func parseIP6(b []byte) (netip.Addr, bool) {
	if zone := bytes.IndexByte(b, '%'); zone >= 0 {
		b = b[:zone]
	}
	var ip [16]byte
	at, gap := 0, -1 // bytes written, and where the "::" is
	if bytes.HasPrefix(b, []byte("::")) {
		gap, b = 0, b[2:]
	}
	for at < len(ip) && (len(b) > 0 || gap != at) {
		n, digits := parseGroup(b)
		switch {
		case digits == 0:
			return netip.Addr{}, false
		case digits < len(b) && b[digits] == '.':
			if at > len(ip)-4 || !parseIP4(b, ip[at:at+4]) {
				return netip.Addr{}, false
			}
			at, b = at+4, nil
		default:
			ip[at], ip[at+1] = byte(n>>8), byte(n)
			at, b = at+2, b[digits:]
		}
		if len(b) == 0 {
			break
		}
		if b[0] != ':' || len(b) == 1 {
			return netip.Addr{}, false
		}
		if b = b[1:]; b[0] == ':' {
			if gap >= 0 {
				return netip.Addr{}, false
			}
			gap, b = at, b[1:]
		}
	}
	if len(b) > 0 || (gap >= 0) != (at < len(ip)) {
		return netip.Addr{}, false
	}
	if gap >= 0 {
		n := copy(ip[len(ip)-(at-gap):], ip[gap:at])
		clear(ip[gap : len(ip)-n])
	}
	return netip.AddrFrom16(ip).Unmap(), true
}

// parseGroup reads up to four hexadecimal digits.
func parseGroup(b []byte) (n uint16, digits int) {
	for digits < len(b) && digits < 4 {
		c := b[digits]
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return n, digits
		}
		n = n<<4 | uint16(c)
		digits++
	}
	return n, digits
}
