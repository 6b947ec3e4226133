package server

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"redistop/internal/redis"
)

// A Publisher is a connection that tells the subscribers of one channel what a person asked to be told. One goroutine
// owns it.
type Publisher struct {
	conn    *Conn
	channel string
}

// CheckChannel says why a channel cannot be published to. Patterns' characters are refused, since a user's right to
// one channel is written as a pattern.
func CheckChannel(channel string) error {
	const longest = 128
	switch {
	case channel == "" || len(channel) > longest:
		return fmt.Errorf("a channel's name has 1 to %d bytes", longest)
	case strings.ContainsFunc(channel, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("*?[]\\^'\"", r) }):
		return errors.New("a channel's name is printable ASCII without blanks, quotes and the characters of patterns")
	}
	return nil
}

// ConnectPublisher dials a target to publish to one channel. The caller has been asked to by a person.
func ConnectPublisher(ctx context.Context, t Target, channel string) (*Publisher, error) {
	if err := CheckChannel(channel); err != nil {
		return nil, fmt.Errorf("publish: %w", err)
	}
	t.DB = 0 // channels are of no database
	c, err := Dial(ctx, t)
	if err != nil {
		return nil, err
	}
	c.may.channel = channel
	return &Publisher{conn: c, channel: channel}, nil
}

// Publish sends a JSON object of at most 64 KiB to whoever subscribes. A *redis.ReplyError leaves the connection usable.
func (p *Publisher) Publish(ctx context.Context, message []byte) error {
	_, err := p.conn.Do(ctx, "PUBLISH", p.channel, string(message))
	return err
}

// ID is the connection's client id; 0 when unknown.
func (p *Publisher) ID() int64 { return p.conn.id }

// Sent takes what was sent since the last call, by the server's name of each command.
func (p *Publisher) Sent() []redis.Sent { return sentList(p.conn.takeSent()) }

// Close ends the connection.
func (p *Publisher) Close() error { return p.conn.Close() }
