package history

import (
	"errors"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// code is SQLite's primary code of an error; 0 where it has none.
func code(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}

// isDamage says that the file is no sound database.
func isDamage(err error) bool {
	return code(err) == sqlite3.SQLITE_CORRUPT || code(err) == sqlite3.SQLITE_NOTADB
}

// isFull says that the store is as large as it may be, or the disk is full.
func isFull(err error) bool { return code(err) == sqlite3.SQLITE_FULL }

// misused says that an address is wrong, or the login to PostgreSQL: no later try will do better.
func misused(err error) bool {
	var parse *pgconn.ParseConfigError
	return errors.As(err, &parse)
}

// A connectError is that of an attempt to reach PostgreSQL, in words that say each thing once.
type connectError struct {
	text string
	err  error
}

func (e *connectError) Error() string { return e.text }
func (e *connectError) Unwrap() error { return e.err }

// plain says why PostgreSQL could not be reached. The driver tries each address with TLS and without, and tells of
// every attempt; that a server has no TLS is no reason where another attempt got further.
func plain(err error) error {
	var connect *pgconn.ConnectError
	if !errors.As(err, &connect) {
		return err
	}
	var said, refusedTLS []string
	for line := range strings.Lines(connect.Unwrap().Error()) {
		switch line = strings.TrimSpace(line); {
		case strings.Contains(line, "server refused TLS connection"):
			refusedTLS = append(refusedTLS, line)
		case line != "" && !slices.Contains(said, line):
			said = append(said, line)
		}
	}
	if len(said) == 0 {
		said = refusedTLS
	}
	return &connectError{"reach PostgreSQL: " + strings.Join(said, "; "), err}
}

// whyOf is an error for a person, with what to do.
func whyOf(err error) string {
	if err == nil {
		return "it is closed"
	}
	hint := map[int]string{
		sqlite3.SQLITE_FULL:     "the disk, or the size that --store-size allows, is full",
		sqlite3.SQLITE_BUSY:     "another program holds the file locked",
		sqlite3.SQLITE_READONLY: "the file cannot be written",
		sqlite3.SQLITE_CANTOPEN: "the file cannot be opened",
		sqlite3.SQLITE_IOERR:    "the disk refuses",
	}[code(err)]
	if hint == "" {
		return err.Error()
	}
	return hint + ": " + err.Error()
}
