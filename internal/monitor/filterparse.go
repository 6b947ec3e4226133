package monitor

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"redistop/internal/redis"
)

// FilterHelp is the language of filters in a few lines, for a person.
const FilterHelp = `client:10.0.0.3         from an IP, IP:port, network (10.0.0.0/8), unix or lua
name:web*               by connections of that name
command:get,set         these commands; config is CONFIG with any subcommand
command:config|set      one subcommand
@write                  commands of an ACL category; category:write is the same
key:user:*              that name a key like this
db:3                    in that database
profile                 anything else is looked for in the whole command line`

// fieldSyntax is a word before a colon, and how a value behind it is read.
type fieldSyntax struct {
	name  string
	field field
	parse func(t *term, value string) error
}

// fields are all of them.
var fields = []fieldSyntax{
	{"client", fieldClient, (*term).addClient},
	{"name", fieldName, (*term).addGlob},
	{"command", fieldCommand, (*term).addCommand},
	{"category", fieldCategory, (*term).addCategory},
	{"key", fieldKey, (*term).addGlob},
	{"db", fieldDB, (*term).addDB},
}

// ParseFilter reads terms with spaces between them; a command passes when all of them hold. A term is
// field:value (see FilterHelp), a category such as @write, or a word, which is looked for in the command
// and its arguments whatever its case. Of several values with commas between them one has to hold; a minus
// before the term turns it around. Values are globs as in KEYS where it makes sense; there and in words, a
// backslash takes the meaning from a comma, and ? stands for a space too. A command without keys, or one that
// is not known, passes no key: and no category: term. An error names the term, safe to print.
func ParseFilter(text string) (Filter, error) {
	f := Filter{work: newMatching()}
	for word := range strings.FieldsSeq(text) {
		t, err := parseTerm(word)
		if err != nil {
			return Filter{}, fmt.Errorf("filter %s: %w", redis.PrintableCut(word, 60), err)
		}
		f.terms = append(f.terms, t)
	}
	return f, nil
}

func parseTerm(word string) (term, error) {
	rest, negate := strings.CutPrefix(word, "-")
	t := term{negate: negate}
	name, values, isField := strings.Cut(rest, ":")
	parse := (*term).addWord
	switch {
	case rest == "":
		return t, fmt.Errorf("a term belongs behind the minus")
	case rest[0] == '@':
		t.field, values, parse = fieldCategory, rest, (*term).addCategory
	case isField:
		i := slices.IndexFunc(fields, func(f fieldSyntax) bool { return f.name == strings.ToLower(name) })
		if i < 0 {
			return t, fmt.Errorf("not one of %s; for a key write key:%s", fieldNames(), redis.PrintableCut(rest, 60))
		}
		t.field, parse = fields[i].field, fields[i].parse
	default:
		values = rest
	}
	for _, v := range splitValues(values) {
		if v == "" {
			return t, fmt.Errorf("a value is missing")
		}
		if err := parse(&t, v); err != nil {
			return t, err
		}
	}
	return t, nil
}

func fieldNames() string {
	var names []string
	for _, f := range fields {
		names = append(names, f.name+":")
	}
	return strings.Join(names, " ")
}

func (t *term) addWord(v string) error {
	word := unescaped(v)
	for i, c := range word {
		word[i] = lowered(c)
	}
	t.words = append(t.words, word)
	return nil
}

func (t *term) addGlob(v string) error {
	t.globs = append(t.globs, compileGlob(v))
	return nil
}

// addCommand: in a glob without | a name is that of a family.
func (t *term) addCommand(v string) error {
	t.globs = append(t.globs, compileGlob(strings.ToLower(v)))
	t.families = append(t.families, !strings.Contains(v, "|"))
	return nil
}

func (t *term) addCategory(v string) error {
	category := strings.ToLower(strings.TrimPrefix(v, "@"))
	known := redis.Categories()
	if !slices.Contains(known, "@"+category) {
		return fmt.Errorf("not one of %s", strings.Join(known, " "))
	}
	t.categories = append(t.categories, category)
	return nil
}

func (t *term) addDB(v string) error {
	db, err := strconv.ParseUint(v, 10, 31)
	if err != nil {
		return fmt.Errorf("not the number of a database")
	}
	t.dbs = append(t.dbs, int(db))
	return nil
}

func (t *term) addClient(v string) error {
	bare := strings.TrimSuffix(strings.TrimPrefix(v, "["), "]")
	if n, err := netip.ParsePrefix(v); err == nil {
		if n.Addr().Is4In6() && n.Bits() >= 96 {
			n = netip.PrefixFrom(n.Addr().Unmap(), n.Bits()-96)
		}
		t.networks = append(t.networks, n)
	} else if ip, err := netip.ParseAddr(bare); err == nil {
		ip = ip.Unmap().WithZone("")
		t.networks = append(t.networks, netip.PrefixFrom(ip, ip.BitLen()))
	} else if at, err := netip.ParseAddrPort(v); err == nil {
		t.addrs = append(t.addrs, at.String())
	} else if v == redis.UnixIP || v == "lua" || strings.HasPrefix(v, "unix:/") {
		t.addrs = append(t.addrs, v)
	} else {
		return fmt.Errorf("not an IP, IP:port, network such as 10.0.0.0/8, unix or lua")
	}
	return nil
}
