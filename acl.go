package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"redistop/internal/server"
)

func newACL() *cobra.Command {
	var conn connection
	var name string
	var kill bool
	cmd := &cobra.Command{
		Use:   "acl [ADDRESS]",
		Short: "print the least ACL user that serves redistop",
		Long: `Print the ACL SETUSER line of the least user that serves redistop on this
server. It is made for the server's version, because a rule that names a command
the server does not have is refused. Nothing is changed on the server.`,
		Example: `  redistop acl cache.local --name watcher
  redistop acl rediss://admin@cache.local --askpass --kill`,
		Annotations:       map[string]string{"exit": exitCodes},
		Args:              usageArgs(cobra.MaximumNArgs(1)),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			target, err := conn.target(cmd.Flags(), args)
			if err != nil {
				return err
			}
			rule, err := server.ACLRule(cmd.Context(), target, name, kill)
			if err != nil {
				return serverError(err)
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), rule)
			return err
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVar(&name, "name", "redistop", "print the rule of a user called `NAME`")
	cmd.Flags().BoolVar(&kill, "kill", false, "with the right to kill connections")
	group(cmd, "Rule", "name", "kill")
	conn.addTo(cmd)
	return cmd
}
