package redis

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// commandsText is what COMMAND says on several servers, one command a line, tabs between the
// columns: name, flags, ACL categories, key specifications (see parseKeySpec). Subcommands follow
// their container. "go test -run TestCommandTable -update" writes it.
//
//go:embed commands.tsv
var commandsText string

// commands is immutable.
var commands = parseCommandTable(commandsText)

// commandTable holds all commands and finds them by name.
type commandTable struct {
	categories []string // without '@', in the order of the bits
	slots      [commandSlots]*CommandInfo
}

// parseCommandTable reads the embedded text, which a test compares with the servers' replies: a
// mistake in it is one of the program, hence the panic.
func parseCommandTable(text string) *commandTable {
	t := new(commandTable)
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		if err := t.add(line); err != nil {
			panic(fmt.Sprintf("read command table line %q: %v", line, err))
		}
	}
	return t
}

func (t *commandTable) add(line string) error {
	columns := strings.Split(line, "\t")
	if len(columns) != 4 {
		return fmt.Errorf("%d columns", len(columns))
	}
	c := &CommandInfo{Name: columns[0]}
	for flag := range strings.FieldsSeq(columns[1]) {
		i := slices.Index(flagNames[:], flag)
		if i < 0 {
			return fmt.Errorf("unknown flag %q", flag)
		}
		c.Flags |= 1 << i
	}
	for category := range strings.FieldsSeq(columns[2]) {
		i := slices.Index(t.categories, category)
		if i < 0 {
			i = len(t.categories)
			t.categories = append(t.categories, category)
		}
		c.categories |= 1 << i
	}
	for text := range strings.FieldsSeq(columns[3]) {
		spec, err := parseKeySpec(text)
		if err != nil {
			return err
		}
		c.keys = append(c.keys, spec)
	}
	c.firstOnly = columns[3] == "1" && c.Name != "sort"
	return t.put(c)
}

// put makes a command findable: by its name, or as a subcommand.
func (t *commandTable) put(c *CommandInfo) error {
	if container, _, ok := strings.Cut(c.Name, "|"); ok {
		if family, ok := t.find([]byte(container)); ok {
			family.subcommands = append(family.subcommands, c)
			return nil
		}
		return fmt.Errorf("no container %q", container)
	}
	slot := commandSlot([]byte(c.Name))
	for t.slots[slot%commandSlots] != nil {
		slot++
	}
	t.slots[slot%commandSlots] = c
	return nil
}

// keySpec is one key specification of COMMAND (Redis 7.0+): where to begin, and which of the
// arguments from there on are keys. Argument 0 is the command.
type keySpec struct {
	keyword string // begin behind this word, searched from begin on, in lower case; "" to begin at begin
	begin   int
	numkeys bool // the number of keys stands among the arguments

	// Without numkeys: every step-th argument up to the one that is last behind the first. A
	// negative last counts from the end of the arguments, or of their limit-th part where limit > 1.
	last, step, limit int

	// With numkeys: the argument that holds the number and the first key, counted from the begin.
	number, first int
}

// parseKeySpec reads "begin", "begin:last:step:limit" or "begin#number:first:step"; begin is an
// index, or "word@index".
func parseKeySpec(text string) (keySpec, error) {
	spec := keySpec{step: 1}
	begin, numbers := text, ""
	if i := strings.IndexAny(text, ":#"); i >= 0 {
		begin, numbers = text[:i], text[i+1:]
		spec.numkeys = text[i] == '#'
	}
	if word, index, ok := strings.Cut(begin, "@"); ok {
		spec.keyword, begin = word, index
	}
	into := []*int{&spec.last, &spec.step, &spec.limit}
	if spec.numkeys {
		into = []*int{&spec.number, &spec.first, &spec.step}
	}
	var err error
	if spec.begin, err = strconv.Atoi(begin); err != nil {
		return keySpec{}, fmt.Errorf("read key specification %q: %w", text, err)
	}
	for i, number := range strings.FieldsFunc(numbers, func(r rune) bool { return r == ':' }) {
		if i >= len(into) {
			return keySpec{}, fmt.Errorf("read key specification %q: too many numbers", text)
		}
		if *into[i], err = strconv.Atoi(number); err != nil {
			return keySpec{}, fmt.Errorf("read key specification %q: %w", text, err)
		}
	}
	if spec.begin < 1 || spec.step < 1 {
		return keySpec{}, fmt.Errorf("read key specification %q: out of range", text)
	}
	return spec, nil
}
