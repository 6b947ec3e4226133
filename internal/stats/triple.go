package stats

// A triple is an identity, a command and a pattern, in ids of a Tally, and whether a script called the
// command, and whether another triple counts it already.
type triple uint64

// Where its parts lie.
const (
	tripleFurther triple = 1 << iota
	tripleScript
	triplePattern  = 2 // 0 without a key, else one more than the pattern's id
	tripleCommand  = 16
	tripleIdentity = 32
)

func (p triple) identity() uint32 { return uint32(p >> tripleIdentity) }

func (p triple) command() uint32 {
	return uint32(p >> tripleCommand & (1<<(tripleIdentity-tripleCommand) - 1))
}

// pattern says false for a command without a key.
func (p triple) pattern() (uint32, bool) {
	n := uint32(p >> triplePattern & (1<<(tripleCommand-triplePattern) - 1))
	return n - 1, n > 0
}
