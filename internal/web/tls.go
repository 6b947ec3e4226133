package web

import (
	"crypto/tls"
	"fmt"
	"os"
	"sync"
	"time"
)

// lookAgain is how often a certificate's files are looked at.
const lookAgain = 30 * time.Second

// TLS is a configuration that shows the certificate in a file, and the new one when the file is replaced.
func TLS(certFile, keyFile string) (*tls.Config, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile}
	if err := c.load(); err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		return c.current(time.Now()), nil
	}}, nil
}

type certificate struct {
	certFile, keyFile string

	mu      sync.Mutex
	pair    *tls.Certificate
	written time.Time // of certFile
	looked  time.Time
}

// current is the certificate to show. One that cannot be read, as while it is being replaced, changes
// nothing.
func (c *certificate) current(now time.Time) *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.looked) < lookAgain {
		return c.pair
	}
	c.looked = now
	if info, err := os.Stat(c.certFile); err == nil && !info.ModTime().Equal(c.written) {
		_ = c.load() // tried again next time
	}
	return c.pair
}

func (c *certificate) load() error {
	info, err := os.Stat(c.certFile)
	if err != nil {
		return fmt.Errorf("read certificate: %w", err)
	}
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return fmt.Errorf("read certificate: %w", err)
	}
	c.pair, c.written = &pair, info.ModTime()
	return nil
}
