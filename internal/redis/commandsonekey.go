package redis

// OneKey says that the command has exactly one key, its first argument: GET key, SET key value. Then it
// can be had from NextArg, which is quicker than EachKey.
func (c *CommandInfo) OneKey() bool { return c.firstOnly }
