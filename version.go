package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "print the version",
		Long:  "Print the version of redistop, and what it was built from and with.",
		Args:  usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "redistop", version())
			return err
		},
	}
}

// version is what the Go toolchain wrote into the binary: the module's version, the commit and
// whether the tree was changed, the Go version and the platform.
func version() string {
	v, commit, changed := "", "", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		v = info.Main.Version
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				commit = " commit " + s.Value[:min(12, len(s.Value))]
			case s.Key == "vcs.modified" && s.Value == "true":
				changed = " (changed)"
			}
		}
	}
	return fmt.Sprintf("%s%s%s %s %s/%s", cmp.Or(v, "(devel)"), commit, changed, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
