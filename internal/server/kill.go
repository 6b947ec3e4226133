package server

import (
	"context"
	"errors"
	"fmt"
	"strconv"
)

// ErrGone says that the connection to close is not there any more, or is by now another one's.
var ErrGone = errors.New("no such connection any more")

// Kill closes one client connection over a connection of its own, so that it works while a poll
// waits. The server is told id and address together: a connection that only shares one of them
// stays. The caller has asked a person first.
func Kill(ctx context.Context, t Target, id int64, addr string) error {
	c, err := Dial(ctx, t)
	if err != nil {
		return err
	}
	defer c.Close()
	c.may.actions = true
	v, err := c.Do(ctx, "CLIENT", "KILL", "ID", strconv.FormatInt(id, 10), "ADDR", addr)
	if err != nil {
		return fmt.Errorf("kill client id=%d: %w", id, err)
	}
	if v.Int == 0 {
		return fmt.Errorf("kill client id=%d: %w", id, ErrGone)
	}
	return nil
}
