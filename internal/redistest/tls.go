package redistest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// ServerName is the DNS name in a TLS server's certificate, beside 127.0.0.1 and ::1.
const ServerName = "redis.test"

// CAFile returns the path of the certificate that signed the server's and the client's.
func (s *Server) CAFile() string { return s.path("ca.crt") }

// ClientFiles returns the paths of a certificate and its key that the server accepts from a
// client. It asks for none unless the configuration says "tls-auth-clients yes".
func (s *Server) ClientFiles() (cert, key string) { return s.path("client.crt"), s.path("client.key") }

// writeCertificates makes a CA and with it a server's and a client's certificate in dir.
func writeCertificates(dir string) error {
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "redistest CA"},
		KeyUsage: x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true,
	}
	server := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "redistest server"},
		DNSNames:    []string{ServerName},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		// A replica is a client that shows the server's certificate.
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		KeyUsage:    x509.KeyUsageDigitalSignature,
	}
	client := &x509.Certificate{
		SerialNumber: big.NewInt(3), Subject: pkix.Name{CommonName: "redistest client"},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		KeyUsage:    x509.KeyUsageDigitalSignature,
	}
	caKey, err := writePair(dir, "ca", ca, ca, nil)
	if err != nil {
		return err
	}
	for name, cert := range map[string]*x509.Certificate{"server": server, "client": client} {
		if _, err := writePair(dir, name, cert, ca, caKey); err != nil {
			return err
		}
	}
	return nil
}

// writePair writes name.crt and name.key, signed by the issuer's key or, where that is nil, by its own.
func writePair(dir, name string, cert, issuer *x509.Certificate, signer *ecdsa.PrivateKey) (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make key of %s: %w", name, err)
	}
	if signer == nil {
		signer = key
	}
	now := time.Now()
	cert.NotBefore, cert.NotAfter = now.Add(-time.Hour), now.Add(24*time.Hour)
	der, err := x509.CreateCertificate(rand.Reader, cert, issuer, key.Public(), signer)
	if err != nil {
		return nil, fmt.Errorf("make certificate of %s: %w", name, err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("make key of %s: %w", name, err)
	}
	if err := writePEM(filepath.Join(dir, name+".crt"), "CERTIFICATE", der); err != nil {
		return nil, err
	}
	return key, writePEM(filepath.Join(dir, name+".key"), "PRIVATE KEY", keyDER)
}

func writePEM(path, kind string, der []byte) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}
