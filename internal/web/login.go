package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// The shortest secrets that are taken, in bytes: nobody is locked out for guessing, so that nobody can
// lock out others; guessing has to be hopeless.
const (
	shortestToken    = 16
	shortestPassword = 12
)

// A Login is what a request must carry: a token, or a user and a password. It keeps hashes alone.
type Login struct {
	user   *[sha256.Size]byte // nil: a token
	name   string             // of the user, or tokenCaller
	secret [sha256.Size]byte
}

// ParseLogin reads USER:PASSWORD, or a token, which has no colon. Errors do not repeat it.
func ParseLogin(text string) (*Login, error) {
	text = strings.TrimSpace(text)
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return nil, errors.New("more than one line, or control characters")
	}
	user, password, isPair := strings.Cut(text, ":")
	switch {
	case isPair && user == "":
		return nil, errors.New("no user before the colon")
	case isPair && len(password) < shortestPassword:
		return nil, fmt.Errorf("a password of fewer than %d bytes", shortestPassword)
	case isPair:
		hash := sha256.Sum256([]byte(user))
		return &Login{user: &hash, name: user, secret: sha256.Sum256([]byte(password))}, nil
	case len(text) < shortestToken:
		return nil, fmt.Errorf("a token of fewer than %d bytes", shortestToken)
	}
	return &Login{name: tokenCaller, secret: sha256.Sum256([]byte(text))}, nil
}

// accepts says whether a request carries the login. A token may stand as the password of any user, which
// is what a browser and many a client can send. How long it takes tells nothing of the secret.
func (l *Login) accepts(r *http.Request) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if l.user == nil && strings.EqualFold(scheme, "bearer") {
		return same(l.secret, strings.TrimSpace(token))
	}
	user, password, ok := r.BasicAuth()
	return ok && l.is(user, password)
}

// is says whether these are the user and the password; of a token the user does not matter.
func (l *Login) is(user, password string) bool {
	right := same(l.secret, password)
	if l.user != nil {
		return same(*l.user, user) && right
	}
	return right
}

// kind is what a person has to give: one of loginKinds.
func (l *Login) kind() string {
	switch {
	case l == nil:
		return "none"
	case l.user == nil:
		return "token"
	}
	return "password"
}

func same(hash [sha256.Size]byte, text string) bool {
	other := sha256.Sum256([]byte(text))
	return subtle.ConstantTimeCompare(hash[:], other[:]) == 1
}
