package main

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

var update = flag.Bool("update", false, "write the files that are made from the code")

// TestSettingsPage holds that docs/settings.md is that of the flags; -update writes it.
func TestSettingsPage(t *testing.T) {
	const file = "docs/settings.md"
	var b bytes.Buffer
	b.WriteString(`# The settings of redistop web

Each has a flag, a variable of the environment, and a line under ` + "`web:`" + ` in the configuration file (` + "`listen: 127.0.0.1:7979`" + `). The command line
outranks the environment, that the file, and that the default. A flag that repeats is taken whole from one place; in a variable its values have commas
between them, in the file they are a list. An empty variable says nothing. A name in the file that is none is an error, with its line. Whoever names
servers on the command line outranks those of the environment, and those the file's; what an address says of user, password and database
outranks what is said for all. This page is made from the code.

| flag | variable | default | what |
|---|---|---|---|
`)
	for _, title := range groupTitles(newWeb()) {
		fmt.Fprintf(&b, "| **%s** | | | |\n", title)
		newWeb().Flags().VisitAll(func(f *pflag.Flag) {
			if titleOf(f) != title || !isSetting(f) {
				return
			}
			name, what := pflag.UnquoteUsage(f)
			value := f.DefValue
			if value == "[]" || value == "false" {
				value = ""
			}
			fmt.Fprintf(&b, "| `--%s` | `%s` | %s | %s |\n", strings.TrimSpace(f.Name+" "+name), envName(f.Name), cmp.Or(value, "-"), strings.ReplaceAll(what, "|", `\|`))
		})
	}
	b.WriteString("\nThe environment has three more: `REDISTOP_WEB_AUTH` holds what the file of `--auth` would, `REDISCLI_AUTH` is the password where `--pass` or its variable does\n" +
		"not say it, and OpenTelemetry's own variables speak where `--otlp` does not ([api.md](api.md)). `config` stands in no file.\n")
	if *update {
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, b.Bytes()) {
		t.Errorf("%s is not that of the flags: go test . -run TestSettingsPage -update writes it", file)
	}
}

// TestVariablesAreDistinct holds that no two flags have one variable, nor that of another meaning.
func TestVariablesAreDistinct(t *testing.T) {
	seen := map[string]string{envAuth: "the login itself"}
	newWeb().Flags().VisitAll(func(f *pflag.Flag) {
		if other := seen[envName(f.Name)]; other != "" {
			t.Errorf("%s is --%s and %s", envName(f.Name), f.Name, other)
		}
		seen[envName(f.Name)] = "--" + f.Name
	})
}
