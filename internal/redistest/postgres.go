package redistest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// ErrNoPostgres says that the server programs of PostgreSQL are not installed.
var ErrNoPostgres = errors.New("no PostgreSQL server is installed: run scripts/install postgres")

// Postgres is a private cluster of PostgreSQL on a unix socket, without a password.
type Postgres struct {
	dir, bin  string
	process   *process
	databases int
}

// StartPostgres makes a cluster in a folder of its own and starts it. As root it runs as another user, since
// PostgreSQL refuses to be root.
func StartPostgres(ctx context.Context) (*Postgres, error) {
	bin, err := postgresPrograms()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "redistop-postgres-")
	if err != nil {
		return nil, err
	}
	p := &Postgres{dir: dir, bin: bin}
	if err := p.start(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("start PostgreSQL: %w", err), os.RemoveAll(dir))
	}
	return p, nil
}

// postgresPrograms is the folder of the newest installed version.
func postgresPrograms() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil {
		return "", err
	}
	if path, err := exec.LookPath("postgres"); err == nil {
		found = append(found, path)
	}
	if len(found) == 0 {
		return "", ErrNoPostgres
	}
	return filepath.Dir(slices.Max(found)), nil
}

func (p *Postgres) data() string { return filepath.Join(p.dir, "data") }

func (p *Postgres) start(ctx context.Context) error {
	attributes, err := asNobody(p.dir)
	if err != nil {
		return err
	}
	initdb := exec.CommandContext(ctx, filepath.Join(p.bin, "initdb"), "-D", p.data(), "-U", "redistop", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	initdb.Dir, initdb.SysProcAttr = p.dir, attributes
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return p.Start(ctx)
}

// Start runs a cluster that was stopped.
func (p *Postgres) Start(ctx context.Context) error {
	attributes, err := asNobody(p.dir)
	if err != nil {
		return err
	}
	server := exec.Command(filepath.Join(p.bin, "postgres"), "-D", p.data(), "-k", p.dir,
		"-c", "listen_addresses=", "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "shared_buffers=32MB", "-c", "max_connections=50")
	server.Dir, server.SysProcAttr = p.dir, attributes
	if p.process, err = run(server, filepath.Join(p.dir, "log")); err != nil {
		return err
	}
	return p.waitReady(ctx)
}

func (p *Postgres) waitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-p.process.done:
			log, err := os.ReadFile(filepath.Join(p.dir, "log"))
			return errors.Join(fmt.Errorf("it ended at once: %w: %s", p.process.err, log), err)
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
			if p.run(ctx, "SELECT 1") == nil {
				return nil
			}
		}
	}
}

// run runs one statement in the database that every cluster has.
func (p *Postgres) run(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, p.address("postgres"))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}

func (p *Postgres) address(database string) string {
	query := url.Values{"host": {p.dir}, "sslmode": {"disable"}}
	return (&url.URL{Scheme: "postgres", User: url.User("redistop"), Path: "/" + database, RawQuery: query.Encode()}).String()
}

// Database makes an empty database and returns its address.
func (p *Postgres) Database(ctx context.Context) (string, error) {
	p.databases++
	name := fmt.Sprintf("test%d", p.databases)
	if err := p.run(ctx, "CREATE DATABASE "+name); err != nil {
		return "", fmt.Errorf("create database: %w", err)
	}
	return p.address(name), nil
}

// Kill ends the server at once, as a crash does, with all the processes that serve its connections; Start runs it again.
func (p *Postgres) Kill() error {
	if err := p.process.cmd.Process.Signal(syscall.SIGQUIT); err != nil {
		return p.process.kill()
	}
	<-p.process.done
	return nil
}

// Stop ends the server and deletes the cluster.
func (p *Postgres) Stop() error { return errors.Join(p.Kill(), os.RemoveAll(p.dir)) }
