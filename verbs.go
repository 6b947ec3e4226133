package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// spelt refuses an ADDRESS that is most likely a verb with a slip of the finger: as a host it would be
// looked up again and again for as long as redistop runs.
func spelt(cmd *cobra.Command, args []string) error {
	if len(args) != 1 || cmd.HasParent() {
		return nil
	}
	verb := misspelt(args[0], cmd.Commands())
	if verb == "" {
		return nil
	}
	return &failure{
		code: exitUsage,
		err:  fmt.Errorf("no verb %q; did you mean %q?", args[0], verb),
		hint: "for a server of that name give it with -h",
	}
}

// misspelt is the verb that word is nearly, or "". What only an address has in it is no verb.
func misspelt(word string, verbs []*cobra.Command) string {
	if strings.ContainsAny(word, ".:/0123456789[]") {
		return ""
	}
	best, name := 3, ""
	for _, v := range verbs {
		most := 1 // a short name is soon another one
		if len(v.Name()) > 4 {
			most = 2
		}
		if n := slips(strings.ToLower(word), v.Name()); !v.Hidden && n <= most && n < best {
			best, name = n, v.Name()
		}
	}
	return name
}

// slips counts the letters that are wrong, missing, too many, or changed places with their neighbour.
func slips(a, b string) int {
	if len(a) > len(b)+2 || len(b) > len(a)+2 {
		return max(len(a), len(b))
	}
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		for j := range rows[i] {
			switch {
			case i == 0 || j == 0:
				rows[i][j] = i + j
				continue
			case a[i-1] == b[j-1]:
				rows[i][j] = rows[i-1][j-1]
			default:
				rows[i][j] = 1 + min(rows[i-1][j-1], rows[i-1][j], rows[i][j-1])
			}
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
