package web

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// writeCertificate writes a certificate for 127.0.0.1 that signs itself, and returns the pool that trusts it.
func writeCertificate(t *testing.T, folder string, serial int64) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "test"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: der}, "key.pem": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(filepath.Join(folder, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return pool
}

// TestTLS serves by a certificate from files, over HTTP/2 too, events included.
func TestTLS(t *testing.T) {
	folder := t.TempDir()
	pool := writeCertificate(t, folder, 1)
	config, err := TLS(filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	_, s := serving(Options{TLS: config}, complete())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	for _, protocol := range []int{1, 2} {
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: protocol == 2}
		client := &http.Client{Transport: transport, Timeout: soon}
		res, err := client.Get("https://" + l.Addr().String() + "/api/v1/servers")
		if err != nil {
			t.Fatal(err)
		}
		if text(t, res); res.StatusCode != 200 || res.ProtoMajor != protocol {
			t.Errorf("status %d over HTTP/%d, want HTTP/%d", res.StatusCode, res.ProtoMajor, protocol)
		}
		res, err = client.Get("https://" + l.Addr().String() + "/api/v1/events")
		if err != nil {
			t.Fatal(err)
		}
		if n, err := res.Body.Read(make([]byte, 100)); n == 0 {
			t.Errorf("no event over HTTP/%d: %v", protocol, err)
		}
		res.Body.Close()
		transport.CloseIdleConnections()
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestCertificateIsReadAgain replaces the files while they are in use.
func TestCertificateIsReadAgain(t *testing.T) {
	folder := t.TempDir()
	writeCertificate(t, folder, 1)
	c := &certificate{certFile: filepath.Join(folder, "cert.pem"), keyFile: filepath.Join(folder, "key.pem")}
	if err := c.load(); err != nil {
		t.Fatal(err)
	}
	serial := func(now time.Time) int64 { return c.current(now).Leaf.SerialNumber.Int64() }
	start := time.Now()
	if n := serial(start); n != 1 {
		t.Errorf("the first has number %d", n)
	}
	writeCertificate(t, folder, 2)
	later := start.Add(time.Hour)
	os.Chtimes(c.certFile, later, later)
	if n := serial(start.Add(lookAgain / 2)); n != 1 {
		t.Errorf("it looks at the file at every handshake: %d", n)
	}
	if n := serial(start.Add(2 * lookAgain)); n != 2 {
		t.Errorf("the new one is not shown: %d", n)
	}
	os.WriteFile(c.certFile, []byte("half"), 0o600)
	if n := serial(start.Add(4 * lookAgain)); n != 2 {
		t.Errorf("half a file is shown: %d", n)
	}
	if _, err := TLS(c.certFile, c.keyFile); err == nil {
		t.Error("half a file is taken at the start")
	}
	if _, err := TLS(filepath.Join(folder, "none"), c.keyFile); err == nil {
		t.Error("no file is taken")
	}
}
