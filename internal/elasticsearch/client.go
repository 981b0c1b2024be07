package elasticsearch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/elastic/elastic-transport-go/v8/elastictransport"
	"go.uber.org/zap"
)

const (
	// DefaultTimeout is that of a request when Config.Timeout is 0.
	DefaultTimeout = time.Minute
	// DefaultMaxAnswerBytes is the size of the largest answer when Config.MaxAnswerBytes
	// is 0.
	DefaultMaxAnswerBytes = 256 << 20

	// defaultUserAgent is sent when Config.UserAgent is empty.
	defaultUserAgent = "Docket"
	// connectionsPerNode is how many idle connections are kept to each node.
	connectionsPerNode = 16
	// attemptsWithDiscovery bounds the nodes that a read is sent to when the nodes are
	// discovered, so that their number is not known here.
	attemptsWithDiscovery = 4
	// neverAStatus stands for no status in the transport, where an empty list means some.
	neverAStatus = 1
)

// Config says where a cluster is and who asks.
type Config struct {
	// URLs are those of the nodes, or of what stands before them, at least one. They may
	// have a path, but no user.
	URLs []*url.URL
	// Transport sends the requests, and cares for TLS and proxies. Nil means one like
	// http.DefaultTransport, of the client's own.
	Transport http.RoundTripper
	// Header is added to each request.
	Header http.Header

	// At most one of these says who asks; none of them is ever in an error or a log.
	//
	// Username and Password are sent by HTTP basic authentication.
	Username, Password string
	// APIKey is an encoded API key, the base64 of id:key. Elasticsearch only.
	APIKey string
	// BearerToken is a token of a service account or of a token service.
	BearerToken string

	// CompressRequests sends bodies compressed with gzip, but for short ones. Answers are
	// compressed when the Transport asks for it, as that of the standard library does.
	CompressRequests bool
	// DiscoverNodes is the time between two questions for the nodes of the cluster, which
	// then replace URLs; 0 means URLs are used. Nodes tell addresses that are good inside
	// their own network only.
	DiscoverNodes time.Duration
	// UserAgent tells the cluster who asks; empty means "Docket".
	UserAgent string
	// Timeout bounds each request, up to the end of its answer; 0 means DefaultTimeout.
	Timeout time.Duration
	// MaxAnswerBytes is the size of the largest answer that is read, not compressed; 0
	// means DefaultMaxAnswerBytes.
	MaxAnswerBytes int64
	// Logger may be nil. It is told of failed discoveries.
	Logger *zap.Logger
}

// Client sends requests to a cluster. It is an esapi.Transport. All methods may be called
// at once.
type Client struct {
	config    Config
	transport *elastictransport.Client
}

// NewClient returns a client, to be closed after use. It sends nothing yet.
func NewClient(config Config) (*Client, error) {
	if err := config.validate(); err != nil {
		return nil, err
	}
	config = config.withDefaults()
	transport, err := elastictransport.NewClient(config.options()...)
	if err != nil {
		return nil, fmt.Errorf("make the client of the cluster: %w", err)
	}
	return &Client{config: config, transport: transport}, nil
}

func (c Config) validate() error {
	if len(c.URLs) == 0 {
		return errors.New("the cluster has no URL: give that of at least one node")
	}
	for n, node := range c.URLs {
		switch {
		case node.User != nil: // not shown, for there may be a password
			return fmt.Errorf("URL %d of the cluster has a user: give user name and password apart from it", n+1)
		case node.Scheme != "http" && node.Scheme != "https" || node.Host == "":
			return fmt.Errorf("%q is no URL of a node: write it as https://host:9200", node)
		case node.RawQuery != "" || node.Fragment != "":
			return fmt.Errorf("%q is no URL of a node: leave out what follows the path", node)
		}
	}
	identities := 0
	for _, given := range []bool{c.Username != "" || c.Password != "", c.APIKey != "", c.BearerToken != ""} {
		if given {
			identities++
		}
	}
	switch {
	case identities > 1:
		return errors.New("give one of a password, an API key and a bearer token for the cluster")
	case (c.Username == "") != (c.Password == ""):
		return errors.New("give both the user name and the password for the cluster")
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.Transport == nil {
		transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // documented to be one
		transport.MaxIdleConnsPerHost = connectionsPerNode
		c.Transport = transport
	}
	if c.UserAgent == "" {
		c.UserAgent = defaultUserAgent
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.MaxAnswerBytes == 0 {
		c.MaxAnswerBytes = DefaultMaxAnswerBytes
	}
	if c.Logger == nil {
		c.Logger = zap.NewNop()
	}
	return c
}

// options are those of the transport.
func (c Config) options() []elastictransport.Option {
	nodes := &nodes{}
	options := []elastictransport.Option{
		elastictransport.WithURLs(c.URLs...),
		elastictransport.WithTransport(c.Transport),
		elastictransport.WithHeader(c.Header),
		elastictransport.WithUserAgent(c.UserAgent),
		elastictransport.WithConnectionPoolFunc(nodes.pool),
		elastictransport.WithInterceptors(nodes.watch),
		elastictransport.WithLeveledLogger(transportLogger{c.Logger}),
		elastictransport.WithBasicAuth(c.Username, c.Password),
		elastictransport.WithAPIKey(c.APIKey),
		elastictransport.WithServiceToken(c.BearerToken),
	}
	attempts := len(c.URLs)
	if c.DiscoverNodes > 0 {
		attempts = attemptsWithDiscovery
		options = append(options, elastictransport.WithDiscoverNodesInterval(c.DiscoverNodes))
	}
	if attempts == 1 {
		return append(options, elastictransport.WithDisableRetry())
	}
	return append(options,
		elastictransport.WithRetry(attempts-1, neverAStatus),
		elastictransport.WithRetryOnError(func(request *http.Request, _ error) bool { return canBeRepeated(request) }))
}

// Close ends the discovery of nodes and closes idle connections. It is called once,
// after the last request.
func (c *Client) Close(ctx context.Context) error {
	err := c.transport.Close(ctx)
	if transport, ok := c.config.Transport.(interface{ CloseIdleConnections() }); ok {
		transport.CloseIdleConnections()
	}
	return err
}

// Perform sends a request, whose URL has the path on any node. The answer may have any
// status, and its body must be closed.
func (c *Client) Perform(request *http.Request) (*http.Response, error) {
	exchange := c.begin(request)
	if c.config.CompressRequests {
		if err := compress(exchange.request); err != nil {
			exchange.end()
			return nil, fmt.Errorf("compress the request: %w", err)
		}
	}
	response, err := c.transport.Perform(exchange.request)
	if err != nil {
		defer exchange.end()
		return nil, exchange.failure(err)
	}
	response.Body = &answer{exchange: exchange, body: response.Body, left: c.config.MaxAnswerBytes}
	return response, nil
}

// Do sends a request with a JSON body, or none when it is nil, and returns the body of
// the answer. An answer that is no success is a *StatusError.
func (c *Client) Do(ctx context.Context, method, path string, query url.Values, body []byte) ([]byte, error) {
	answer, _, err := c.do(ctx, method, path, query, body)
	return answer, err
}

// do also returns the header of the answer, if there was one.
func (c *Client) do(ctx context.Context, method, path string, query url.Values, body []byte) ([]byte, http.Header, error) {
	var content io.Reader
	if body != nil {
		content = bytes.NewReader(body)
	}
	request, err := http.NewRequestWithContext(ctx, method, (&url.URL{Path: path, RawQuery: query.Encode()}).String(), content)
	if err != nil {
		return nil, nil, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := c.Perform(request)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode >= http.StatusMultipleChoices {
		return nil, response.Header, newStatusError(ctx, method, path, response)
	}
	read, err := io.ReadAll(response.Body)
	switch {
	case err != nil:
		return nil, response.Header, err
	case method != http.MethodHead && !hasEnd(response, read) && !json.Valid(read):
		return nil, response.Header, &UnreachableError{Method: method, Path: path, Err: errCut}
	}
	return read, response.Header, nil
}

var errCut = errors.New("the answer is cut off")

// hasEnd says whether reading the answer would have failed if a part was missing. One
// that ends where the connection does has no other sign of its end than its content, be
// it that of a compression.
func hasEnd(response *http.Response, read []byte) bool {
	return response.ProtoMajor > 1 || response.ContentLength >= 0 || len(response.TransferEncoding) > 0 ||
		response.Uncompressed && len(read) > 0
}
