package redis

// compound is the length of a variable part at the beginning of b that holds separators: a UUID, a
// date or time, an IP address; 0 when there is none. s is the shape of the first segment and next
// the byte behind it.
func compound(b []byte, s shape, next byte) int {
	n := 0
	switch {
	case s.hex && s.len == 8 && next == '-':
		n = uuid(b)
	case s.classes == digit && s.len == 4 && (next == '-' || next == '/' || next == '_' || next == '.'):
		n = dateTime(b)
	case s.classes == digit && s.len <= 3 && next == '.':
		n = ipv4(b)
	case s.hex && s.len <= 4 && next == ':' && s.len+1 < len(b) && (b[s.len+1] == ':' || class[b[s.len+1]]&hexa != 0):
		n = ipv6(b)
	case s.classes == digit|upper && s.len >= len("20240601T1020"):
		n = basicTime(b[:s.len])
	}
	if n < len(b) && n > 0 && class[b[n]]&alnum != 0 {
		return 0
	}
	return n
}

// uuid: 8-4-4-4-12 hexadecimal digits.
func uuid(b []byte) int {
	n := 0
	for _, digits := range [...]int{8, 4, 4, 4, 12} {
		if n > 0 {
			if n >= len(b) || b[n] != '-' {
				return 0
			}
			n++
		}
		if prefixOf(b[n:min(n+digits, len(b))], hexa) != digits {
			return 0
		}
		n += digits
	}
	return n
}

// dateTime: "2024-06-01", also with '/', '_' and '.', and a time behind it:
// "2024-06-01T10:20:30.123+02:00".
func dateTime(b []byte) int {
	const date = len("2024-06-01")
	if len(b) < date || b[7] != b[4] || prefixOf(b, digit) != 4 ||
		prefixOf(b[5:7], digit) != 2 || prefixOf(b[8:date], digit) != 2 {
		return 0
	}
	if b[0] != '1' && b[0] != '2' || !between(b[5:7], 1, 12) || !between(b[8:date], 1, 31) {
		return 0
	}
	if n := len(b); n < date+3 || b[date] != 'T' && b[date] != 't' && b[date] != ' ' && b[date] != '_' {
		return date
	}
	clock := clockTime(b[date+1:])
	if clock == 0 {
		return date
	}
	return date + 1 + clock
}

// clockTime: "10:20", "10:20:30", "10:20:30.123", with "Z" or "+02:00" behind it.
func clockTime(b []byte) int {
	if len(b) < len("10:20") || prefixOf(b, digit) != 2 || b[2] != ':' || prefixOf(b[3:5], digit) != 2 {
		return 0
	}
	n := len("10:20")
	if len(b) >= n+3 && b[n] == ':' && prefixOf(b[n+1:n+3], digit) == 2 {
		n += 3
		if n < len(b) && (b[n] == '.' || b[n] == ',') {
			if fraction := prefixOf(b[n+1:], digit); fraction > 0 {
				n += 1 + fraction
			}
		}
	}
	switch {
	case n < len(b) && b[n]|0x20 == 'z':
		n++
	case len(b) >= n+6 && (b[n] == '+' || b[n] == '-') && prefixOf(b[n+1:n+3], digit) == 2 && b[n+3] == ':' && prefixOf(b[n+4:n+6], digit) == 2:
		n += len("+02:00")
	}
	return n
}

// basicTime: "20240601T102030Z".
func basicTime(b []byte) int {
	if prefixOf(b, digit) != 8 || b[8] != 'T' {
		return 0
	}
	clock := prefixOf(b[9:], digit)
	if n := 9 + clock; clock >= 4 && (n == len(b) || n == len(b)-1 && b[n] == 'Z') {
		return len(b)
	}
	return 0
}

// ipv4: four numbers up to 255.
func ipv4(b []byte) int {
	n := 0
	for i := range 4 {
		if i > 0 {
			if n >= len(b) || b[n] != '.' {
				return 0
			}
			n++
		}
		digits := prefixOf(b[n:], digit)
		if digits == 0 || digits > 3 || !between(b[n:n+digits], 0, 255) {
			return 0
		}
		n += digits
	}
	return n
}

// ipv6: eight groups of up to four hexadecimal digits, or at least three groups and one "::", of
// which one holds a digit: "a::b" is more likely a name.
func ipv6(b []byte) int {
	const allGroups = 8
	n, groups, gaps := 0, 0, 0
	var classes uint8
	for n < len(b) && groups < allGroups {
		digits := prefixOf(b[n:], hexa)
		if digits == 0 || digits > 4 || n+digits < len(b) && class[b[n+digits]]&alnum != 0 {
			break
		}
		for _, c := range b[n : n+digits] {
			classes |= class[c]
		}
		groups++
		n += digits
		if n == len(b) || b[n] != ':' || groups == allGroups {
			break
		}
		if n+1 < len(b) && b[n+1] == ':' {
			gaps++
			n++
		}
		n++
	}
	if classes&digit == 0 || gaps > 1 || gaps == 0 && groups < allGroups || gaps == 1 && groups < 3 {
		return 0
	}
	if b[n-1] == ':' { // it belongs to what follows
		n--
	}
	return n
}

// domain is the length of a domain of a mail address: two labels at least, the last of letters.
func domain(b []byte) int {
	n, labels := 0, 0
	for {
		label := 0
		for n+label < len(b) && (class[b[n+label]]&alnum != 0 || b[n+label] == '-' && label > 0) {
			label++
		}
		if label == 0 {
			return 0
		}
		labels++
		last := b[n : n+label]
		n += label
		if n+1 < len(b) && b[n] == '.' && class[b[n+1]]&alnum != 0 {
			n++
			continue
		}
		if labels < 2 || len(last) < 2 || prefixOf(last, lower|upper) != len(last) {
			return 0
		}
		return n
	}
}

// between says whether the digits write a number from low to high.
func between(digits []byte, low, high int64) bool {
	n, _, ok := leadingNumber(digits, len(digits))
	return ok && low <= n && n <= high
}
