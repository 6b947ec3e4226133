package main

import (
	"strings"

	"redistop/internal/redis"
)

// unquoted reads an argument that is a name in double quotes, as the listings print odd names and redis-cli
// reads them; false when it is none.
func unquoted(arg string) (string, bool) {
	if len(arg) < 2 || arg[0] != '"' || arg[len(arg)-1] != '"' {
		return "", false
	}
	inner := arg[1 : len(arg)-1]
	for i := 0; i < len(inner); i++ {
		switch inner[i] {
		case '\\':
			if i++; i == len(inner) {
				return "", false // it is the last quote that is escaped
			}
		case '"':
			return "", false
		}
	}
	return string(redis.Unquote(nil, []byte(inner))), true
}

// patternOf is the pattern that an argument means. A name just as the listings print it in quotes is that one
// key; whatever else is in quotes is a pattern with quotes in it.
func patternOf(arg string) (string, error) {
	name, ok := unquoted(arg)
	if !ok || redis.Argument(name) != arg {
		return arg, nil
	}
	if name == "" {
		return "", usagef("the key with the empty name has no pattern; keys get '\"\"' reads it")
	}
	return globOf.Replace(name), nil
}

// globOf makes of a name the pattern that only it matches.
var globOf = strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`)
