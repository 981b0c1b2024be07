package logstoreextension

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/config/configcompression"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"

	"github.com/docketlog/docket/internal/logstore/elastic"
)

const (
	defaultIndexPrefix = "docket"
	defaultBulkSizeMiB = elastic.DefaultMaxBulkBytes / mib
	defaultDocumentMiB = elastic.DefaultMaxDocumentBytes / mib
	// maxBulkSizeMiB is far below the 100 MiB that both products take by default, in
	// which several bulk requests have to find room.
	maxBulkSizeMiB = 50
	// maxDocumentMiB leaves room for the rest of a request within these 100 MiB.
	maxDocumentMiB = 95
	// leastIndexAge and mostIndexAge bound the age of days with indices of their own.
	leastIndexAge, mostIndexAge = 24 * time.Hour, 10_000 * 24 * time.Hour
	// defaultRequestTimeout bounds a request to the cluster. A bulk request that takes
	// longer is sent again, which does no harm.
	defaultRequestTimeout = 30 * time.Second
	// connectionsPerNode is how many idle connections are kept to each node.
	connectionsPerNode = 16
	// leastDiscovery is the least time between two discoveries.
	leastDiscovery = time.Second

	setupOn, setupOff = "on", "off"
	// automaticReplicas stands for as many as the cluster has nodes for, at most one.
	automaticReplicas = -1
)

// ElasticsearchConfig configures a backend in a cluster of Elasticsearch or
// OpenSearch. Which of the two it is, Docket finds out.
type ElasticsearchConfig struct {
	// ClientConfig is how the nodes are reached: tls, compression, timeout (of one
	// request), headers, auth (an extension that authenticates requests), proxy_url,
	// keepalive. Its endpoint is not used.
	ClientConfig ClientConfig `mapstructure:",squash"`
	// Endpoints are the URLs of nodes of one cluster, or of what stands before them.
	Endpoints []string `mapstructure:"endpoints"`
	// User and Password authenticate by HTTP basic authentication.
	User     string              `mapstructure:"user"`
	Password configopaque.String `mapstructure:"password"`
	// APIKey is an encoded API key (the base64 of id:key) of Elasticsearch.
	APIKey configopaque.String `mapstructure:"api_key"`
	// BearerToken is sent as a bearer token.
	BearerToken configopaque.String `mapstructure:"bearer_token"`
	// DiscoverNodesInterval is the time between two questions to the cluster for its
	// nodes, which are then asked themselves; 0 uses Endpoints and no others.
	DiscoverNodesInterval time.Duration `mapstructure:"discover_nodes_interval"`

	// IndexPrefix begins the names of all indices, templates, aliases and policies.
	// Replicas that share it share everything.
	IndexPrefix string `mapstructure:"index_prefix"`
	// Setup is "on" to make what is needed in the cluster at each start, or "off" when an
	// operator has made it by hand (docket-elasticsearch print-setup).
	Setup string `mapstructure:"setup"`
	// Shards is the number of primary shards of each day's index.
	Shards int `mapstructure:"shards"`
	// Replicas is the number of copies of each of them; -1 has one as soon as the cluster
	// has two nodes.
	Replicas int `mapstructure:"replicas"`
	// LifecycleAge makes a policy of the cluster (ILM, ISM) that deletes an index when it
	// is that old, of all projects, in whole hours; 0 makes none. See RetentionConfig for
	// the other way.
	LifecycleAge time.Duration `mapstructure:"lifecycle_age"`
	// BulkSizeMiB is how large a bulk request may be, before compression, unless a single
	// record is larger.
	BulkSizeMiB int `mapstructure:"bulk_size_mib"`
	// MaxDocumentMiB is how large a document may be, before compression. The record of a
	// larger one becomes a dead letter.
	MaxDocumentMiB int `mapstructure:"max_document_mib"`
	// DailyIndexAge is how old a day may be for an index of its own, in whole days; older
	// ones share an index by year. It must be the same for all replicas.
	DailyIndexAge time.Duration `mapstructure:"daily_index_age"`
	// ReadOnly reads logs of others in the cluster, instead of keeping records in it. All
	// that is said of indices above is not used then.
	ReadOnly configoptional.Optional[ReadOnlyConfig] `mapstructure:"read_only"`
	// prevent unkeyed literal initialization
	_ struct{}
}

// ClientConfig is confighttp.ClientConfig without its own way to be decoded, which would
// let unknown keys pass: in its section, in those within it, and in ours.
type ClientConfig confighttp.ClientConfig

// http returns the configuration with its methods. Keepalive that is switched off is what
// the deprecated setting says in its place.
func (c ClientConfig) http() *confighttp.ClientConfig {
	config := confighttp.ClientConfig(c)
	config.DisableKeepAlives = !config.Keepalive.HasValue() //nolint:staticcheck // see above
	return &config
}

// saysDeprecated reports whether one of the deprecated settings of connections is given.
func (c ClientConfig) saysDeprecated() bool {
	return c.IdleConnTimeout != 0 || c.MaxIdleConns != 0 || c.MaxIdleConnsPerHost != 0 || c.DisableKeepAlives //nolint:staticcheck // that is the question
}

func defaultElasticsearchConfig() ElasticsearchConfig {
	keepalive := confighttp.NewDefaultKeepaliveClientConfig()
	keepalive.MaxIdleConnsPerHost = connectionsPerNode
	return ElasticsearchConfig{
		ClientConfig: ClientConfig{
			Keepalive: configoptional.Some(keepalive), ForceAttemptHTTP2: true,
			Timeout: defaultRequestTimeout, Compression: configcompression.TypeGzip,
		},
		IndexPrefix: defaultIndexPrefix, Setup: setupOn, Shards: 1, Replicas: automaticReplicas, BulkSizeMiB: defaultBulkSizeMiB,
		MaxDocumentMiB: defaultDocumentMiB, DailyIndexAge: elastic.DefaultDailyAge, ReadOnly: defaultReadOnly(),
	}
}

// Validate implements confmap.Validator.
func (c *ElasticsearchConfig) Validate() error {
	return errors.Join(c.validateConnection(), c.validateCredentials(), c.validateIndices())
}

func (c *ElasticsearchConfig) validateConnection() error {
	if c.ClientConfig.Endpoint != "" {
		return errors.New(`endpoint: write a list as endpoints instead, for example ["https://node-1:9200"]`)
	}
	if _, err := c.urls(); err != nil {
		return err
	}
	if c.ClientConfig.saysDeprecated() {
		return errors.New("write what you say of idle connections as keepalive::idle_conn_timeout, max_idle_conns, max_idle_conns_per_host or enabled")
	}
	switch c.ClientConfig.Compression {
	case "", "none", configcompression.TypeGzip:
	default: // neither product understands others in all versions
		return fmt.Errorf("compression: write gzip or none, not %q", c.ClientConfig.Compression)
	}
	if c.ClientConfig.Timeout < time.Second {
		return fmt.Errorf(`timeout: write at least 1s, for example "30s", not %s`, c.ClientConfig.Timeout)
	}
	if c.DiscoverNodesInterval != 0 && c.DiscoverNodesInterval < leastDiscovery {
		return fmt.Errorf(`discover_nodes_interval: write at least %s, for example "5m", or 0 to use the endpoints alone; not %s`,
			leastDiscovery, c.DiscoverNodesInterval)
	}
	return nil
}

// urls returns the endpoints.
func (c *ElasticsearchConfig) urls() ([]*url.URL, error) {
	if len(c.Endpoints) == 0 {
		return nil, errors.New(`endpoints: write the URL of at least one node, for example ["https://node-1:9200"]`)
	}
	var urls []*url.URL
	for n, endpoint := range c.Endpoints {
		parsed, err := url.Parse(strings.TrimSpace(endpoint))
		if err != nil || parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Hostname() == "" || parsed.RawQuery != "" || parsed.Fragment != "" {
			// Not quoted: there may be a password in it.
			return nil, fmt.Errorf(`endpoints: write number %d as the URL of a node, for example "https://node-1:9200"`, n+1)
		}
		if parsed.User != nil {
			return nil, fmt.Errorf("endpoints: write the user of number %d as user and its password as password, where it is kept out of logs", n+1)
		}
		urls = append(urls, parsed)
	}
	return urls, nil
}

func (c *ElasticsearchConfig) validateCredentials() error {
	ways := 0
	for _, isGiven := range []bool{c.User != "" || c.Password != "", c.APIKey != "", c.BearerToken != "", c.ClientConfig.Auth.HasValue()} {
		if isGiven {
			ways++
		}
	}
	switch {
	case ways > 1:
		return errors.New("write one of user with password, api_key, bearer_token and auth, not several")
	case c.User == "" && c.Password != "":
		return errors.New("user: write whose password it is")
	case c.User != "" && c.Password == "":
		return errors.New("password: write the password of the user")
	case strings.Contains(c.User, ":"):
		return errors.New("user: write a name without a colon, which HTTP basic authentication does not have")
	default:
		return nil
	}
}

// indexPrefixPattern is what all names in a cluster can begin with.
var indexPrefixPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9_.-]{0,99}$`) //nolint:gochecknoglobals // a constant

func (c *ElasticsearchConfig) validateIndices() error {
	switch {
	case !indexPrefixPattern.MatchString(c.IndexPrefix):
		return fmt.Errorf("index_prefix: write 1 to 100 of a-z, 0-9, _, . and -, beginning with a letter or digit, not %q", c.IndexPrefix)
	case c.Setup != setupOn && c.Setup != setupOff:
		return fmt.Errorf("setup: write on, or off when everything is made by hand, not %q", c.Setup)
	case c.Shards < 1 || c.Shards > 1024:
		return fmt.Errorf("shards: write a number from 1 to 1024, not %d", c.Shards)
	case c.Replicas < automaticReplicas || c.Replicas > 100:
		return fmt.Errorf("replicas: write a number from 0 to 100, or -1 for one as soon as there are two nodes, not %d", c.Replicas)
	case c.LifecycleAge != 0 && c.LifecycleAge < leastAge:
		return fmt.Errorf(`lifecycle_age: write at least %s, for example "720h" for 30 days, or 0 for no policy; not %s`, leastAge, c.LifecycleAge)
	case c.LifecycleAge%time.Hour != 0:
		return fmt.Errorf("lifecycle_age: write whole hours, not %s", c.LifecycleAge)
	case c.LifecycleAge != 0 && c.Setup == setupOff:
		return errors.New("lifecycle_age: leave it out with setup off, and make the policy by hand")
	case c.BulkSizeMiB < 1 || c.BulkSizeMiB > maxBulkSizeMiB:
		return fmt.Errorf("bulk_size_mib: write a number from 1 to %d, not %d", maxBulkSizeMiB, c.BulkSizeMiB)
	case c.MaxDocumentMiB < 1 || c.MaxDocumentMiB > maxDocumentMiB:
		return fmt.Errorf("max_document_mib: write a number from 1 to %d, not %d", maxDocumentMiB, c.MaxDocumentMiB)
	case c.DailyIndexAge < leastIndexAge || c.DailyIndexAge > mostIndexAge || c.DailyIndexAge%(24*time.Hour) != 0:
		return fmt.Errorf(`daily_index_age: write whole days, 24h to %s, for example "8784h" for 366 days, not %s`, mostIndexAge, c.DailyIndexAge)
	default:
		return nil
	}
}

// isCluster reports whether records are kept in a cluster.
func (c *Config) isCluster() bool { return c.Elasticsearch.HasValue() }

func (c *Config) validateBackend() error {
	if c.isCluster() && c.readOnly() == nil && c.Embedded.HasValue() {
		return errors.New("write one of embedded and elasticsearch: records are kept either here or in a cluster")
	}
	return nil
}

// indices says how indices of records are made.
func (c *ElasticsearchConfig) indices() elastic.IndexConfig {
	indices := elastic.IndexConfig{Shards: c.Shards, MaxAge: c.LifecycleAge}
	if c.Replicas != automaticReplicas {
		indices.Replicas = strconv.Itoa(c.Replicas)
	}
	return indices
}

func defaultElasticsearch() configoptional.Optional[ElasticsearchConfig] {
	return configoptional.Default(defaultElasticsearchConfig())
}
