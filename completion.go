package main

import "github.com/spf13/cobra"

// completeShells adds cobra's completion verb, and makes it an error to name no shell or one that
// it does not know.
func completeShells(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	for _, verb := range root.Commands() {
		if verb.Name() != "completion" {
			continue
		}
		verb.Short = "print a script that completes words in your shell"
		verb.Args = nil
		verb.RunE = func(_ *cobra.Command, args []string) error {
			return usagef("completion %q: name a shell, one of bash, zsh, fish, powershell", args)
		}
		for _, shell := range verb.Commands() {
			shell.Args = usageArgs(cobra.NoArgs)
		}
	}
}
