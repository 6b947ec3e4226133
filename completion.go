package main

import "github.com/spf13/cobra"

// loading says how each shell reads a completion script.
var loading = map[string]string{
	"bash":       "source <(redistop completion bash)",
	"zsh":        "source <(redistop completion zsh)",
	"fish":       "redistop completion fish | source",
	"powershell": "redistop completion powershell | Out-String | Invoke-Expression",
}

// completeShells adds cobra's completion verb, and makes it an error to name no shell or one that
// it does not know.
func completeShells(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	for _, verb := range root.Commands() {
		if verb.Name() != "completion" {
			continue
		}
		verb.Short = "print a script that completes words in your shell"
		verb.Long = "Print a script that completes verbs, flags and their values in your shell."
		verb.Args = nil
		verb.RunE = func(_ *cobra.Command, args []string) error {
			return usagef("completion %q: name a shell, one of bash, zsh, fish, powershell", args)
		}
		for _, shell := range verb.Commands() {
			shell.Args = usageArgs(cobra.NoArgs)
			shell.Short = "print the script for " + shell.Name()
			shell.Long = "Print the script that completes words in " + shell.Name() + `. For this session,
and in its start-up file for all:

  ` + loading[shell.Name()]
		}
	}
}
