package history

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// ErrNewer says that a newer redistop made this store.
var ErrNewer = errors.New("this store was made by a newer redistop: use that, or another --store")

// migrations are the steps in order; step 1 makes an empty database into one of version 1.
func migrations() ([]string, error) {
	names, err := fs.Glob(migrationFiles, "migrations/*.sql") // sorted
	if err != nil {
		return nil, err
	}
	var steps []string
	for _, name := range names {
		text, err := migrationFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		steps = append(steps, string(text))
	}
	return steps, nil
}

// migrate brings the database to the newest version. Each step is a transaction; several watchers may do it at once.
func (d *database) migrate(ctx context.Context, now int64) error {
	steps, err := migrations()
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	version, err := d.version(ctx)
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if version > len(steps) {
		return fmt.Errorf("open version %d where %d is known: %w", version, len(steps), ErrNewer)
	}
	for v := version + 1; v <= len(steps); v++ {
		if err := d.step(ctx, v, steps[v-1], now); err != nil {
			return fmt.Errorf("migrate to version %d: %w", v, err)
		}
	}
	if err := d.number(ctx); err != nil {
		return fmt.Errorf("number the file: %w", err)
	}
	return nil
}

// ErrOlder says that a store cannot be read as it is.
var ErrOlder = errors.New("no history of this redistop: \"redistop web\" with this --store makes or updates it")

// readable says whether the schema is the one that is known here, without touching it.
func (d *database) readable(ctx context.Context) error {
	steps, err := migrations()
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	var version int
	if err := d.read.QueryRowContext(ctx, "SELECT COALESCE(MAX(version), 0) FROM migration").Scan(&version); err != nil {
		return fmt.Errorf("%w (%w)", ErrOlder, err)
	}
	if version > len(steps) {
		return ErrNewer
	}
	if version < len(steps) {
		return ErrOlder
	}
	return nil
}

// version is 0 for a database in which there is nothing of ours.
func (d *database) version(ctx context.Context) (int, error) {
	if _, err := d.write.ExecContext(ctx, d.dialect.prepare); err != nil {
		return 0, err
	}
	if _, err := d.write.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS migration (version INTEGER NOT NULL PRIMARY KEY, at BIGINT NOT NULL)"); err != nil {
		return 0, err
	}
	var version int
	err := d.write.QueryRowContext(ctx, "SELECT COALESCE(MAX(version), 0) FROM migration").Scan(&version)
	return version, err
}

func (d *database) step(ctx context.Context, version int, text string, now int64) error {
	return d.transaction(ctx, func(tx *sql.Tx) error {
		if d.dialect.lock != "" {
			if _, err := tx.ExecContext(ctx, d.dialect.lock); err != nil {
				return err
			}
		}
		var done int
		if err := tx.QueryRowContext(ctx, d.dialect.query("SELECT COUNT(*) FROM migration WHERE version = ?"), version).Scan(&done); err != nil {
			return err
		}
		if done > 0 {
			return nil // another watcher was first
		}
		for statement := range strings.SplitSeq(d.dialect.schema(text), ";\n") {
			if strings.TrimSpace(statement) == "" {
				continue
			}
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, d.dialect.query("INSERT INTO migration (version, at) VALUES (?, ?)"), version, now)
		return err
	})
}
