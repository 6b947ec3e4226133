package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// A database is an open one.
type database struct {
	dialect *dialect
	path    string // of a file; "" for others
	journal int64  // how large its write-ahead log may be
	file    os.FileInfo
	write   *sql.DB // one connection
	read    *sql.DB // several; the same as write in memory

	// Numbers given out, confined to who writes.
	servers map[string]int64
	runs    map[runKey]int64
}

const (
	memoryStore = ":memory:"
	pageSize    = 4096
	busyFor     = 10 * time.Second // to wait for another process that writes

	// longestWrite ends a transaction of which nothing is heard, as when the network to PostgreSQL is gone.
	longestWrite = 30 * time.Second
)

// isPostgres says that a store's place is a PostgreSQL URL.
func isPostgres(where string) bool {
	return strings.HasPrefix(where, "postgres://") || strings.HasPrefix(where, "postgresql://")
}

// open opens or makes the database and brings its schema up to date.
func open(ctx context.Context, where string, o Options) (*database, error) {
	var d *database
	var err error
	switch {
	case isPostgres(where):
		d, err = openPostgres(where)
	case where == memoryStore:
		d, err = openMemory(o)
	default:
		if err := checkWhose(ctx, where); err != nil {
			return nil, err
		}
		d, err = openFile(where, o)
	}
	if err != nil {
		return nil, err
	}
	d.forget()
	if o.ReadOnly {
		err = d.readable(ctx)
	} else {
		err = d.migrate(ctx, o.Now().UnixMilli())
	}
	if err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

func (d *database) forget() {
	d.servers, d.runs = map[string]int64{}, map[runKey]int64{}
}

func (d *database) close() error {
	err := d.write.Close()
	if d.read != d.write {
		err = errors.Join(d.read.Close(), err)
	}
	return err
}

func openPostgres(where string) (*database, error) {
	config, err := pgx.ParseConfig(where)
	if err != nil {
		return nil, fmt.Errorf("read the store's address: %w", err) // pgx leaves the password out
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 5 * time.Second
	}
	config.RuntimeParams["search_path"] = "redistop"
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "redistop"
	}
	d := &database{dialect: &postgresDialect, write: stdlib.OpenDB(*config), read: stdlib.OpenDB(*config)}
	d.write.SetMaxOpenConns(1)
	d.read.SetMaxOpenConns(4)
	d.read.SetConnMaxIdleTime(time.Minute)
	return d, nil
}

func openMemory(o Options) (*database, error) {
	db, err := sql.Open("sqlite", sqliteAddress(memoryStore, o, nil))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // each connection would be a database of its own
	db.SetConnMaxLifetime(0)
	db.SetConnMaxIdleTime(0)
	return &database{dialect: &sqliteDialect, write: db, read: db}, nil
}

func openFile(path string, o Options) (*database, error) {
	if !o.ReadOnly {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, fmt.Errorf("make the folder of history: %w", err)
		}
		// SQLite gives its other files the mode of this one.
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
		if err == nil {
			err = f.Close()
		}
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("make the file of history: %w", err)
		}
		ownerOnly(path, o.Report)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("open history: %w", err)
	}
	writing, reading := url.Values{}, url.Values{"_query_only": {"1"}}
	if o.ReadOnly {
		writing = reading
	}
	write, err := sql.Open("sqlite", sqliteAddress(path, o, writing))
	if err != nil {
		return nil, err
	}
	read, err := sql.Open("sqlite", sqliteAddress(path, o, reading))
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	write.SetMaxOpenConns(1)
	read.SetMaxOpenConns(4)
	return &database{dialect: &sqliteDialect, path: path, journal: o.journal(), file: info, write: write, read: read}, nil
}

// sqliteAddress is what the driver opens. The write-ahead log lets readers read while one writes; synchronous
// NORMAL loses nothing when the process dies, and the last seconds when the machine does.
func sqliteAddress(path string, o Options, more url.Values) string {
	v := url.Values{
		"_busy_timeout": {strconv.Itoa(int(busyFor.Milliseconds()))},
		"_auto_vacuum":  {"2"}, // incremental: what is deleted goes back to the disk in small steps
		"_txlock":       {"immediate"},
		"_error_rc":     {"1"},
		"_dqs":          {"0"},
		"_pragma":       {"temp_store(memory)", "max_page_count(" + strconv.FormatInt(o.pages(), 10) + ")"},
	}
	if more != nil {
		v["_pragma"] = append(v["_pragma"], "journal_size_limit("+strconv.FormatInt(o.journal(), 10)+")")
		v.Set("_journal_mode", "WAL")
		v.Set("_synchronous", "NORMAL")
	}
	for name, values := range more {
		v[name] = values
		v.Del("_journal_mode") // the writer sets it once for all
	}
	if path == memoryStore {
		return path + "?" + v.Encode()
	}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: v.Encode()}).String()
}

// transaction runs f; what it did holds when it returns nil.
func (d *database) transaction(ctx context.Context, f func(*sql.Tx) error) error {
	ctx, cancel := context.WithTimeout(ctx, longestWrite)
	defer cancel()
	if err := d.checkpoint(ctx); err != nil {
		return err
	}
	tx, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		d.forget() // numbers given out in it are not
		return errors.Join(err, rolledBack(tx))
	}
	if err := tx.Commit(); err != nil {
		d.forget()
		return err
	}
	return nil
}

// rolledBack is nil where the transaction is over already, as after the context's end.
func rolledBack(tx *sql.Tx) error {
	if err := tx.Rollback(); err != nil && !errors.Is(err, sql.ErrTxDone) {
		return err
	}
	return nil
}
