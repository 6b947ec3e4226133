package history

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
)

// ErrForeign says that a file is no history of redistop. It is left as it is.
var ErrForeign = errors.New("this file is not redistop's: name another, or move it away if it may be replaced")

// SQLite's header, by its file format: what it begins with, and where the number stands that a program gives its files.
const (
	sqliteMagic         = "SQLite format 3\x00"
	applicationIDOffset = 68
	applicationID       = 0x7264_7470 // "rdtp"
	headerBytes         = 100
)

// usualName is what a store is called where nobody names it. A file of this name that is no sound database is taken for
// one that was ours before it was damaged.
const usualName = "history.db"

// checkWhose refuses a file that redistop did not make, before anything is written to it. What cannot be read, or is not
// there, is for who opens it to tell.
func checkWhose(ctx context.Context, path string) error {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return nil
	}
	head, err := readHead(path)
	if err != nil {
		return nil
	}
	usual := filepath.Base(path) == usualName
	if len(head) < headerBytes || string(head[:len(sqliteMagic)]) != sqliteMagic {
		if usual {
			return nil
		}
		return fmt.Errorf("%s is no database: %w", path, ErrForeign)
	}
	switch binary.BigEndian.Uint32(head[applicationIDOffset:]) {
	case applicationID:
		return nil
	case 0:
		return checkTables(ctx, path, usual)
	}
	return fmt.Errorf("%s is a database of another program: %w", path, ErrForeign)
}

func readHead(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, headerBytes))
}

// checkTables looks into a database that has no number: stores had none at first, and a new one has none until its log
// is written back.
func checkTables(ctx context.Context, path string, usual bool) error {
	address := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: "mode=ro&_busy_timeout=1000&_query_only=1"}
	db, err := sql.Open("sqlite", address.String())
	if err != nil {
		return err
	}
	defer db.Close()
	var all, ours int
	err = db.QueryRowContext(ctx, `SELECT COUNT(*), COALESCE(SUM(name IN ('migration', 'server', 'raw_point')), 0) FROM sqlite_master WHERE type = 'table'`).Scan(&all, &ours)
	switch {
	case isDamage(err) && usual:
		return nil
	case isDamage(err):
		return fmt.Errorf("%s is a damaged database: %w", path, ErrForeign)
	case err != nil:
		return fmt.Errorf("read whose file this is: %w", err)
	case all > 0 && ours < 3:
		return fmt.Errorf("%s is a database of another program: %w", path, ErrForeign)
	}
	return nil
}

// number makes a file known as ours by its header.
func (d *database) number(ctx context.Context) error {
	if d.path == "" {
		return nil
	}
	var id int64
	if err := d.write.QueryRowContext(ctx, "PRAGMA application_id").Scan(&id); err != nil || id == applicationID {
		return err
	}
	_, err := d.write.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d", applicationID))
	return err
}

// ownerOnly takes a file and what belongs to it away from others. It is told where that cannot be.
func ownerOnly(path string, report func(error)) {
	for _, part := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(path + part)
		if err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&0o077 == 0 {
			continue
		}
		if err := os.Chmod(path+part, 0o600); err != nil {
			report(fmt.Errorf("other users may read history: %w", err))
		}
	}
}
