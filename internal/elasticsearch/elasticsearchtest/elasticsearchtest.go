// Package elasticsearchtest gives tests real Elasticsearch and OpenSearch servers.
//
// Tests use the servers that DOCKET_TEST_ELASTICSEARCH_URL and DOCKET_TEST_OPENSEARCH_URL
// name; the program with-servers sets them for a whole `go test`. Without them, the first
// test of a package that needs servers starts some, of the versions that
// DOCKET_TEST_ELASTICSEARCH_VERSION and DOCKET_TEST_OPENSEARCH_VERSION name, and Main
// stops them.
package elasticsearchtest

import (
	"context"
	"crypto/rand"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/docketlog/docket/internal/elasticsearch"
	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest/server"
)

// Server is a running server, and a part of it for one test.
type Server struct {
	URL *url.URL
	// Client is connected to the server, and closed when the test ends.
	Client  *elasticsearch.Client
	Product elasticsearch.Product
	// Prefix is for the names of all that the test makes on the server: indices,
	// templates, aliases and policies. What begins so is removed when the test ends.
	Prefix string
}

// Servers returns a server of each product. It fails the test when there is none.
// TestMain of the package must be Main.
func Servers(tb testing.TB) []Server {
	tb.Helper()
	var servers []Server
	for _, product := range server.Products() {
		address, err := own.address(tb.Context(), product)
		if err != nil {
			tb.Fatalf("there is no %s for the tests: %v", product, err)
		}
		servers = append(servers, share(tb, address))
	}
	return servers
}

// Each runs a test on a server of each product. They run beside each other, since whoever
// talks to a server waits for most of the time: what they share, they only read.
func Each(t *testing.T, test func(t *testing.T, server Server)) {
	t.Helper()
	for _, product := range server.Products() {
		t.Run(string(product), func(t *testing.T) {
			t.Helper()
			t.Parallel()
			address, err := own.address(t.Context(), product)
			if err != nil {
				t.Fatalf("there is no %s for the tests: %v", product, err)
			}
			test(t, share(t, address))
		})
	}
}

// Main runs the tests of a package, stops the servers that were started for it, and looks
// for goroutines that are left over. It does not return.
func Main(m *testing.M, options ...goleak.Option) {
	goleak.VerifyTestMain(tests{m}, options...)
}

type tests struct{ m *testing.M }

func (t tests) Run() int {
	defer own.stop()
	return t.m.Run()
}

// own are the servers of this test process. They are shared by its tests, which have
// nothing else in common than the process.
var own = &ownServers{} //nolint:gochecknoglobals // see above

type ownServers struct {
	mutex sync.Mutex
	// processes are those that were started, nil before; stop stops them.
	processes map[elasticsearch.Name]*server.Process
}

// address returns where a server of the product is.
func (o *ownServers) address(ctx context.Context, product elasticsearch.Name) (*url.URL, error) {
	if address := os.Getenv(server.Variable(product)); address != "" {
		return url.Parse(address)
	}
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.processes == nil {
		var err error
		if o.processes, err = server.StartMissing(ctx); err != nil {
			return nil, err
		}
	}
	return o.processes[product].URL(), nil
}

func (o *ownServers) stop() {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	for _, process := range o.processes {
		process.Remove()
	}
	o.processes = nil
}

// share connects to a server of which others use other parts, which the test leaves as it
// was.
func share(tb testing.TB, address *url.URL) Server {
	tb.Helper()
	shared := connect(tb, address, elasticsearch.Config{})
	tb.Cleanup(func() {
		if err := clean(context.Background(), shared.Client, shared.Prefix); err != nil {
			tb.Errorf("remove what the test left on %s: %v", shared, err)
		}
	})
	return shared
}

// connect makes a client and a prefix.
func connect(tb testing.TB, address *url.URL, config elasticsearch.Config) Server {
	tb.Helper()
	connected := Server{URL: address, Prefix: "test-" + strings.ToLower(rand.Text()[:12])}
	connected.Client = connected.NewClient(tb, config)
	product, err := connected.Client.Detect(tb.Context())
	if err != nil {
		tb.Fatalf("%v", err)
	}
	connected.Product = product
	return connected
}

// NewClient returns a further client of the server, which is closed when the test ends.
// The configuration needs no URLs.
func (s Server) NewClient(tb testing.TB, config elasticsearch.Config) *elasticsearch.Client {
	tb.Helper()
	if len(config.URLs) == 0 {
		config.URLs = []*url.URL{s.URL}
	}
	client, err := elasticsearch.NewClient(config)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	tb.Cleanup(func() {
		if err := client.Close(context.Background()); err != nil {
			tb.Errorf("close the client: %v", err)
		}
	})
	return client
}

// String is the name of the product and its version.
func (s Server) String() string { return s.Product.String() }
