package redis

// maxKeys bounds the keys that EachKey finds in one command.
const maxKeys = 64

// EachKey calls f with each key among the arguments of a MonitorLine, of which the first is the
// command itself, until f returns false; with 64 keys at most. A container looks up its subcommand
// first. Keys come quoted, in the order of the command's key specifications, and one that is named
// twice comes twice. Where the arguments are cut off, the complete ones are taken for all. It
// allocates nothing.
func (c *CommandInfo) EachKey(args []byte, f func(quotedKey []byte) bool) {
	if c.firstOnly { // nearly always
		if _, rest, ok := NextArg(args); ok {
			if key, _, ok := NextArg(rest); ok {
				f(key)
			}
		}
		return
	}
	if c.Container() {
		sub, ok := LookupArgs(args)
		if !ok || sub.Container() {
			return
		}
		c = sub
	}
	switch c.Name {
	case "sort":
		sortKeys(args, f)
		return
	case "migrate":
		migrateKeys(args, f)
		return
	}
	left := maxKeys
	for i := range c.keys {
		if !c.keys[i].each(args, &left, f) {
			return
		}
	}
}

// each calls f with the keys of one specification; false means stop.
func (s *keySpec) each(args []byte, left *int, f func([]byte) bool) bool {
	rest, ok := s.start(args)
	if !ok {
		return true
	}
	count, step := 1, s.step
	switch {
	case s.numkeys:
		number, ok := argAt(rest, s.number)
		if !ok {
			return true
		}
		if count, ok = smallNumber(number); !ok {
			return true
		}
		rest = skipArgs(rest, s.first)
		if count > 1 && countArgs(rest, count*step) <= (count-1)*step {
			return true // fewer arguments than it says: the server refuses the command
		}
	case s.last > 0:
		count = s.last/step + 1
	case s.last == -1 && s.limit <= 1: // to the end
		count = maxKeys
	case s.last < 0:
		n := countArgs(rest, -1)
		if s.limit > 1 {
			n /= s.limit
		}
		count = max(0, n+s.last)/step + 1
		if n+s.last < 0 {
			return true
		}
	}
	for ; count > 0 && *left > 0; count-- {
		key, after, ok := NextArg(rest)
		if !ok {
			return true
		}
		*left--
		if !f(key) {
			return false
		}
		rest = skipArgs(after, step-1)
	}
	return *left > 0
}

// start is the arguments from the first that the specification speaks of.
func (s *keySpec) start(args []byte) ([]byte, bool) {
	rest := skipArgs(args, s.begin)
	if s.keyword == "" {
		return rest, len(rest) > 0
	}
	for {
		arg, after, ok := NextArg(rest)
		if !ok {
			return nil, false
		}
		if rest = after; equalFold(s.keyword, arg) {
			return rest, len(rest) > 0
		}
	}
}

// sortKeys: SORT key [BY pattern] [LIMIT offset count] [GET pattern ...] [ASC|DESC] [ALPHA] [STORE destination].
// Of several destinations the last counts.
func sortKeys(args []byte, f func([]byte) bool) {
	key, rest, ok := NextArg(skipArgs(args, 1))
	if !ok || !f(key) {
		return
	}
	var destination []byte
	for {
		word, after, ok := NextArg(rest)
		if !ok {
			break
		}
		switch rest = after; {
		case equalFold("limit", word):
			rest = skipArgs(rest, 2)
		case equalFold("get", word), equalFold("by", word):
			rest = skipArgs(rest, 1)
		case equalFold("store", word):
			if destination, after, ok = NextArg(rest); ok {
				rest = after
			}
		}
	}
	if destination != nil {
		f(destination)
	}
}

// migrateKeys: MIGRATE host port key|"" db timeout [COPY] [REPLACE] [AUTH password |
// AUTH2 user password] [KEYS key ...]. With KEYS the first key is empty.
func migrateKeys(args []byte, f func([]byte) bool) {
	key, rest, ok := NextArg(skipArgs(args, 3))
	if !ok {
		return
	}
	if len(key) > 0 {
		f(key)
		return
	}
	for rest = skipArgs(rest, 2); ; {
		word, after, ok := NextArg(rest)
		if !ok {
			return
		}
		switch rest = after; {
		case equalFold("auth", word):
			rest = skipArgs(rest, 1)
		case equalFold("auth2", word):
			rest = skipArgs(rest, 2)
		case equalFold("keys", word):
			left := maxKeys
			(&keySpec{last: -1, step: 1}).each(rest, &left, f)
			return
		}
	}
}

// argAt is the argument n places behind the first.
func argAt(args []byte, n int) ([]byte, bool) {
	arg, _, ok := NextArg(skipArgs(args, n))
	return arg, ok
}

// skipArgs is args without the first n; nil when there are no more.
func skipArgs(args []byte, n int) []byte {
	for ; n > 0; n-- {
		_, rest, ok := NextArg(args)
		if !ok {
			return nil
		}
		args = rest
	}
	return args
}

// countArgs counts the complete arguments, up to most of them; all when most is negative.
func countArgs(args []byte, most int) int {
	n := 0
	for n != most {
		_, rest, ok := NextArg(args)
		if !ok {
			break
		}
		args = rest
		n++
	}
	return n
}

// smallNumber reads a number of keys; one that no command line holds is none.
func smallNumber(b []byte) (int, bool) {
	n, rest, ok := leadingNumber(b, 7)
	return int(n), ok && len(rest) == 0
}
