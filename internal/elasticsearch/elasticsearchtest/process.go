package elasticsearchtest

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/docketlog/docket/internal/elasticsearch"
	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest/server"
)

// Options of a server of a test's own.
type Options = server.Options

// Process is a server of a test's own, which the test may stop, kill and start again.
// It ends with the test.
type Process struct {
	Server
	*server.Process
	// URL is that of Server.
	URL *url.URL

	tb testing.TB
}

// Start starts a server of the version, or of the one to be tested when it is empty. It
// fails the test when the server does not come up.
func Start(tb testing.TB, product elasticsearch.Name, version string, options Options) *Process {
	tb.Helper()
	release := server.ReleaseToTest(product)
	if version != "" {
		release.Version = version
	}
	process, err := server.Start(tb.Context(), release, options)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	tb.Cleanup(process.Remove)
	var config elasticsearch.Config
	if options.Security {
		config.Transport = &http.Transport{TLSClientConfig: process.TLS()}
		config.Username, config.Password = server.Username, server.Password
	}
	return &Process{Process: process, Server: connect(tb, process.URL(), config), URL: process.URL(), tb: tb}
}

// Restart starts a server that was stopped or killed again, on the same data and port,
// and returns when it can take requests.
func (p *Process) Restart() {
	p.tb.Helper()
	if err := p.Process.Restart(p.tb.Context()); err != nil {
		p.tb.Fatalf("%v", err)
	}
}
