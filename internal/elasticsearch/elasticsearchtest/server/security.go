package server

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Username and Password are those of the user of a server with Options.Security, who may
// do everything.
const (
	Username = "docket"
	Password = "docket-test"
	// passwordHash is that of Password.
	passwordHash = "$2a$10$vGKN2XCoR0Cw2dzmowE7du7FEX8Ec9Kxrzq1p4hStK4fi9BINGtxy" //nolint:gosec // for tests
)

// Account is the account of a service whose token is Token.
const Account = "elastic/fleet-server"

// tokenName is the account and a name.
const tokenName = Account + "/docket"

// Token is a bearer token of a server with Options.Security. Its secret is the Password.
func Token() string {
	return base64.StdEncoding.EncodeToString([]byte("\x00\x01\x00\x01" + tokenName + ":" + Password))
}

// These are in the folder of the settings.
const (
	certificateFile = "http.crt"
	keyFile         = "http.key"
)

// secure adds a user and a certificate to the settings. It returns how to connect: the
// certificate is that of the server, of the authority and of the client.
func (p *Process) secure() (*tls.Config, error) {
	config := filepath.Join(p.folder, "config")
	certificate, key, err := newCertificate()
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	for name, content := range map[string][]byte{
		"users":          []byte(Username + ":" + passwordHash + "\n"),
		"users_roles":    []byte("superuser:" + Username + "\n"),
		"service_tokens": []byte(tokenName + ":" + passwordHash + "\n"),
		certificateFile:  certificate,
		keyFile:          key,
	} {
		if err := os.WriteFile(filepath.Join(config, name), content, 0o600); err != nil {
			return nil, err
		}
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(certificate)
	return &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}

// newCertificate returns a certificate that vouches for itself, and its key, as PEM.
func newCertificate() (certificate, key []byte, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Docket's tests"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return nil, nil, err
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}), nil
}
