package server

import (
	"errors"
	"fmt"
	"strings"

	"redistop/internal/redis"
)

// ErrDenied says that the server answered and does not let us in: a wrong or missing password, a
// right that INFO needs, protected mode, or its limit of connections.
var ErrDenied = errors.New("denied")

// ErrNoDB says that the server has no database of that number. It is ErrDenied too: to ask again is of no use.
var ErrNoDB error = noDB{}

type noDB struct{}

func (noDB) Error() string { return "no such database" }
func (noDB) Unwrap() error { return ErrDenied }

// unselected is the error of a SELECT: of a wrong number ("ERR DB index is out of range" of all versions, "ERR
// SELECT is not allowed in cluster mode" of a cluster's node), or of a user who may not.
func unselected(err error) error {
	var reply *redis.ReplyError
	if errors.As(err, &reply) && (strings.Contains(reply.Message, "out of range") || strings.Contains(reply.Message, "in cluster mode")) {
		return fmt.Errorf("%w: %w", ErrNoDB, err)
	}
	return denied(err)
}

// ErrNoACL says that the server is older than Redis 6.0, which brought ACL users.
var ErrNoACL = errors.New("it has no ACL (Redis 6.0 brought it)")

// ErrClosed says that the server ended the connection.
var ErrClosed = errors.New("server closed the connection")

// ErrSilent says that a connection was accepted, which the kernel does, and that nobody answered on it.
var ErrSilent = errors.New("the server accepts connections but answers nobody: a long command or a stopped process")

// denied wraps a refusal of the server as ErrDenied; an error of the network stays what it is.
func denied(err error) error {
	var reply *redis.ReplyError
	if !errors.As(err, &reply) {
		return err
	}
	if full(reply) || passing(reply) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrDenied, err)
}

// fatal says that nothing else would work on this connection either.
func fatal(err error) bool {
	var reply *redis.ReplyError
	if !errors.As(err, &reply) {
		return true
	}
	switch reply.Code {
	case "NOAUTH", "DENIED", "WRONGPASS":
		return true
	}
	return full(reply) || passing(reply)
}

// passing recognises a refusal that ends by itself: a connection must not be half greeted for its life.
func passing(r *redis.ReplyError) bool {
	return r.Code == "BUSY" || r.Code == "LOADING" || r.Code == "MASTERDOWN"
}

// Busy says that the server refuses everything while a script runs past its time limit.
func Busy(err error) bool {
	var reply *redis.ReplyError
	return errors.As(err, &reply) && reply.Code == "BUSY"
}

// full recognises maxclients: the server says so once and closes.
func full(r *redis.ReplyError) bool {
	return strings.Contains(r.Message, "max number of clients")
}

// noPasswordNeeded: AUTH was sent to a server that has no password ("ERR Client sent AUTH, but no
// password is set" up to 5.0, "ERR AUTH <password> called without any password configured" since 6.0).
func noPasswordNeeded(err error) bool {
	var reply *redis.ReplyError
	return errors.As(err, &reply) && reply.Code == "ERR" &&
		(strings.Contains(reply.Message, "no password is set") || strings.Contains(reply.Message, "without any password"))
}

// Hint says what the user can do about an error of Dial or Poll; empty when there is nothing to say.
func Hint(err error) string {
	var reply *redis.ReplyError
	if errors.As(err, &reply) {
		return replyHint(reply)
	}
	if errors.Is(err, ErrSilent) {
		return "look at the process on its host: one that is busy (top) runs a long command, which its slow log will name; one in state T is stopped"
	}
	msg := err.Error()
	switch {
	case strings.Contains(msg, "connection refused"), strings.Contains(msg, "no such socket"):
		return "is the server running there? give its address: redistop HOST:PORT"
	case strings.Contains(msg, "no such host"):
		return "check the host's name"
	case strings.Contains(msg, "first record does not look like a TLS handshake"):
		return "this port does not speak TLS; leave out --tls or use redis://"
	case strings.Contains(msg, "certificate"):
		return "trust its authority with --cacert FILE, name it with --sni, or skip the check with --insecure"
	case strings.Contains(msg, "permission denied"):
		return "the socket's file needs read and write rights for you"
	case strings.Contains(msg, "closed the connection"):
		return "does this port want TLS (--tls)?"
	}
	return ""
}

func replyHint(r *redis.ReplyError) string {
	switch {
	case r.Code == "NOAUTH":
		return "give the password with --askpass, -a or REDISCLI_AUTH"
	case r.Code == "WRONGPASS", strings.Contains(r.Message, "invalid password"):
		return "check the user (--user) and the password (--askpass)"
	case r.Code == "NOPERM":
		return "this user lacks a right; redistop acl prints the least user that serves"
	case r.Code == "DENIED":
		return "the server is in protected mode: connect from its own machine, or give it a password"
	case full(r):
		return "the server is at its limit of connections (maxclients); redistop tries again"
	}
	return ""
}
