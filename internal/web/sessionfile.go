package web

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

const (
	// restUses is how often uses that no login or logout goes with are written: what a killed program forgets of them.
	restUses = 5 * time.Minute
	// markRounds makes a guess at the login dear for whoever reads the file: OWASP's advice for PBKDF2 with SHA-256, 2023.
	markRounds = 600_000
	// mostSessionFile is what is read of the file, in bytes: mostSessions and to spare.
	mostSessionFile = 1 << 20
)

// A SessionFile keeps the logins of browsers over a restart of the program: of each the hash of its secret, which nobody can log in
// with, its user and its times. It belongs to one login: another token or password makes all of it void. One program uses it at a time.
type SessionFile struct {
	path     string
	complain func(error)

	mu     sync.Mutex // one write at a time
	mark   []byte     // of the login with the key; guarded by mu
	failed bool       // the latest write; guarded by mu
}

// NewSessionFile is one that is made when the first browser logs in. complain is told when it cannot be read or written any more.
func NewSessionFile(path string, complain func(error)) *SessionFile {
	return &SessionFile{path: path, complain: complain}
}

// sessionsKept is what the file holds.
type sessionsKept struct {
	Mark     []byte        `json:"mark"` // of the login, salted by Key and slow to make
	Key      []byte        `json:"key"`  // CSRF tokens are made with it: those that pages have stay good
	Sessions []sessionKept `json:"sessions"`
}

type sessionKept struct {
	Hash  []byte    `json:"hash"`
	Who   string    `json:"who"`
	Begun time.Time `json:"begun"`
	Used  time.Time `json:"used"`
}

// markOf is what a login is known by in the file.
func (l *Login) markOf(key []byte) []byte {
	secret := l.secret[:]
	if l.user != nil {
		secret = append(append([]byte{}, l.user[:]...), secret...)
	}
	mark, err := pbkdf2.Key(sha256.New, string(secret), key, markRounds, sha256.Size)
	if err != nil {
		return nil // by nothing is kept: only in FIPS mode, of a short key
	}
	return mark
}

// read brings back the sessions that were kept for this login and are not over. It is called once, before any other method of s.
func (f *SessionFile) read(s *sessions, login *Login, now time.Time) {
	kept, err := f.load()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return
	case err != nil:
		f.complain(fmt.Errorf("who was logged in is forgotten: %w", err))
		return
	case len(kept.Key) != secretBytes || len(kept.Mark) == 0 || string(login.markOf(kept.Key)) != string(kept.Mark):
		return // another login's
	}
	copy(s.key[:], kept.Key)
	f.mark = kept.Mark
	for _, k := range kept.Sessions {
		one := newSession(k.Who, k.Begun, k.Used)
		if len(k.Hash) == sha256.Size && !k.Begun.After(now) && !k.Used.After(now) && !one.over(now) && len(s.live) < mostSessions {
			s.live[[sha256.Size]byte(k.Hash)] = one
		}
	}
}

func (f *SessionFile) load() (sessionsKept, error) {
	var kept sessionsKept
	file, err := os.Open(f.path)
	if err != nil {
		return kept, err
	}
	defer file.Close()
	info, err := file.Stat()
	switch {
	case err != nil:
		return kept, err
	case !info.Mode().IsRegular() || info.Size() > mostSessionFile:
		return kept, fmt.Errorf("%s is not a file of sessions", f.path)
	case info.Mode().Perm()&0o022 != 0:
		return kept, fmt.Errorf("%s may be written by others", f.path)
	}
	if err := json.NewDecoder(file).Decode(&kept); err != nil {
		return kept, fmt.Errorf("read %s: %w", f.path, err)
	}
	return kept, nil
}

// write keeps the sessions as they are now.
func (f *SessionFile) write(s *sessions, login *Login) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.mark == nil {
		f.mark = login.markOf(s.key[:])
	}
	text, err := json.Marshal(sessionsKept{f.mark, s.key[:], s.kept()})
	if err == nil {
		err = replaceFile(f.path, text)
	}
	if err != nil {
		os.Remove(f.path) // a session that has ended meanwhile must not come back by it
	}
	if err != nil && !f.failed {
		f.complain(fmt.Errorf("logins will not outlive this program: %w", err))
	}
	f.failed = err != nil
}

// replaceFile puts a file in the place of another one, whole or not at all, for its owner alone.
func replaceFile(path string, text []byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(dir, "."+filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	err = errors.Join(err, file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		os.Remove(file.Name())
	}
	return err
}
