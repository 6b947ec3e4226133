package usage

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// parts are what a template may hold in angle brackets, as regular expressions. A base is another in each framework.
var parts = map[string]string{
	"queue":  `(?P<queue>.+?)`,
	"id":     `(?P<id>[^:]+)`,
	"any":    `.+`,
	"n":      `[0-9]+`,
	"date":   `[0-9]{4}-[0-9]{2}-[0-9]{2}`,
	"uuid":   `[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`,
	"hex":    `[0-9a-f]{8,}`,
	"word":   `[A-Za-z0-9]+`,
	"word40": `[A-Za-z0-9]{40}`,
	"word43": `[A-Za-z0-9_-]{43}`,
	"base64": `[A-Za-z0-9+/=]+`,
	"sep":    `[_-]`,
}

// A template is a name with parts that vary, ready to be matched.
type template struct {
	text    string
	usual   *regexp.Regexp // under one of the usual bases; nil: there is no template
	moved   *regexp.Regexp // under any other base; nil: there is none
	literal string         // the longest text that every such name holds
	fixed   int            // how much of the template is text: of two that match, the one with more is meant
}

var part = regexp.MustCompile(`<([a-z0-9]+)>`)

func compileTemplate(text string, bases []string, moves string) (template, error) {
	t := template{text: text, fixed: len(part.ReplaceAllString(text, ""))}
	if text == "" {
		return t, errors.New("empty template")
	}
	quoted := make([]string, len(bases))
	for i, b := range bases {
		quoted[i] = regexp.QuoteMeta(b)
	}
	var err error
	if t.usual, t.literal, err = expand(text, "(?P<base>"+strings.Join(quoted, "|")+")"); err != nil {
		return t, err
	}
	if moves == "" || !strings.Contains(text, "<base>") {
		return t, nil
	}
	other := `(?P<base>.{1,64}?)`
	if moves != "*" {
		ends := strings.Split(moves, "")
		for i := range ends {
			ends[i] = regexp.QuoteMeta(ends[i])
		}
		other = `(?P<base>.{0,64}?(?:` + strings.Join(ends, "|") + `))`
	}
	t.moved, _, err = expand(text, other)
	return t, err
}

// expand turns a template into an expression for whole names.
func expand(text, base string) (re *regexp.Regexp, literal string, err error) {
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	rest := text
	for rest != "" {
		at := part.FindStringSubmatchIndex(rest)
		fixed := rest
		if at != nil {
			fixed = rest[:at[0]]
		}
		b.WriteString(regexp.QuoteMeta(fixed))
		if len(fixed) > len(literal) {
			literal = fixed
		}
		if at == nil {
			break
		}
		name := rest[at[2]:at[3]]
		expression, known := parts[name]
		if name == "base" {
			expression, known = base, true
		}
		if !known {
			return nil, "", fmt.Errorf("template %q: no part <%s>; there are base, %s", text, name, strings.Join(slices.Sorted(maps.Keys(parts)), ", "))
		}
		b.WriteString(expression)
		rest = rest[at[1]:]
	}
	b.WriteString(`\z`)
	if re, err = regexp.Compile(b.String()); err != nil {
		return nil, "", fmt.Errorf("template %q: %w", text, err)
	}
	return re, literal, nil
}

// A match is what a name told.
type match struct {
	base  string
	queue string
	usual bool // the base is one of the usual ones
}

// match reads a name.
func (t *template) match(name string) (match, bool) {
	if t.usual == nil || !strings.Contains(name, t.literal) {
		return match{}, false
	}
	re, usual := t.usual, true
	found := re.FindStringSubmatch(name)
	if found == nil && t.moved != nil {
		re, usual = t.moved, false
		found = re.FindStringSubmatch(name)
	}
	if found == nil {
		return match{}, false
	}
	m := match{usual: usual}
	if i := re.SubexpIndex("base"); i >= 0 {
		m.base = found[i]
	}
	if i := re.SubexpIndex("queue"); i >= 0 {
		m.queue = found[i]
	}
	return m, true
}

// starred is a template as a pattern for SCAN.
func starred(text, base string) string {
	return part.ReplaceAllString(strings.ReplaceAll(text, "<base>", base), "*")
}

// fill writes the name that a template has with these parts.
func fill(text, base, queue, id string) string {
	return strings.NewReplacer("<base>", base, "<queue>", queue, "<id>", id).Replace(text)
}
