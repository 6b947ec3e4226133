package history

import (
	"errors"

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
