package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
)

// Identity is who a client is and whom it trusts: paths of PEM files.
type Identity struct {
	CA          string `json:"ca"`
	Certificate string `json:"certificate"`
	Key         string `json:"key"`
}

func (i Identity) tls(serverName string) (*tls.Config, error) {
	authorities, err := os.ReadFile(i.CA)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(authorities) {
		return nil, fmt.Errorf("%s has no certificate", i.CA)
	}
	own, err := tls.LoadX509KeyPair(i.Certificate, i.Key)
	if err != nil {
		return nil, err
	}
	return &tls.Config{
		RootCAs: pool, Certificates: []tls.Certificate{own}, ServerName: serverName, MinVersion: tls.VersionTLS12,
	}, nil
}
