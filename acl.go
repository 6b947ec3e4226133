package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"redistop/internal/server"
)

func newACL() *cobra.Command {
	var conn connection
	wish := server.ACLWish{User: "redistop"}
	var publish bool
	channel := defaultChannel
	cmd := &cobra.Command{
		Use:   "acl [ADDRESS]",
		Short: "print the least ACL user that serves redistop",
		Long: `Print the ACL SETUSER line of the least user that serves redistop on this
server. It is made for the server's version, because a rule that names a command
the server does not have is refused. Nothing is changed on the server.

Without --monitor the user sees counters only: who sends which keys needs
MONITOR, which shows every value to whoever has that right. --keys serves
redistop usage, keys, big, prefixes and ttl: names and sizes, no values.`,
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
			if publish || cmd.Flags().Changed("publish-channel") {
				wish.Channel = channel
			}
			rule, err := server.ACLRule(cmd.Context(), target, wish)
			if err != nil {
				return serverError(err)
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), rule)
			return err
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVar(&wish.User, "name", wish.User, "print the rule of a user called `NAME`")
	cmd.Flags().BoolVar(&wish.Monitor, "monitor", false, "with the right to samples of the command stream (MONITOR)")
	cmd.Flags().BoolVar(&wish.Doctor, "doctor", false, "with the right to read configuration, users' rights and refusals")
	cmd.Flags().BoolVar(&wish.Kill, "kill", false, "with the right to kill connections")
	cmd.Flags().BoolVar(&wish.Keys, "keys", false, "with the rights for redistop keys: names and sizes of all keys")
	cmd.Flags().BoolVar(&wish.Values, "keys-get", false, "with those for keys get as well: values")
	cmd.Flags().BoolVar(&wish.Delete, "keys-delete", false, "with those for keys delete as well")
	cmd.Flags().BoolVar(&publish, "publish", false, "with the right to publish who is online (web --publish)")
	cmd.Flags().Var(&checked[string]{&channel, parseChannel, quote}, "publish-channel", "to `CHANNEL`; implies --publish")
	mustRegister(cmd.RegisterFlagCompletionFunc("publish-channel", cobra.NoFileCompletions))
	cmd.Flags().BoolVar(&wish.Messages, "messaging", false, "with those to look at streams, queues and channels: no entries")
	cmd.Flags().BoolVar(&wish.Claim, "claim", false, "with those for messaging claim, ack and delconsumer")
	cmd.Flags().BoolVar(&wish.Canary, "canary", false, "with those for redistop canary: its own keys and channels")
	group(cmd, "Rule", "name", "monitor", "doctor", "kill", "keys", "keys-get", "keys-delete", "messaging", "claim", "canary", "publish", "publish-channel")
	conn.addTo(cmd)
	return cmd
}
