package logsapiextension

import (
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/confmap"
)

const (
	defaultEndpoint     = "127.0.0.1:8320"
	defaultQueryTimeout = 25 * time.Second
	defaultMaxTails     = 100
	// defaultMaxRequestBodySize is ample for a key or a project, in bytes.
	defaultMaxRequestBodySize = 1 << 20
	// A request has that long to arrive, so that clients which are slow, or gone,
	// hold no connection for ever.
	defaultReadHeaderTimeout = 10 * time.Second
	defaultReadTimeout       = 20 * time.Second
)

var _ confmap.Unmarshaler = (*Config)(nil)

// Config is the configuration of the extension.
type Config struct {
	// Server is the listener. Its auth block is refused, because confighttp's
	// authentication covers a whole listener and /healthz must stay open;
	// Authenticator guards each other route instead.
	Server confighttp.ServerConfig `mapstructure:",squash"`

	// Store is the id of the extension that owns the log store.
	Store component.ID `mapstructure:"store"`

	// Authenticator is the id of the extension that knows the keys.
	Authenticator component.ID `mapstructure:"authenticator"`

	// QueryTimeout is how long a request may take before it is answered with 504.
	// It must be shorter than the server's write_timeout, after which no answer
	// can be written.
	QueryTimeout time.Duration `mapstructure:"query_timeout"`

	// Tail bounds those who follow records as they come.
	Tail TailConfig `mapstructure:"tail"`
}

// TailConfig is the configuration of live tails.
type TailConfig struct {
	// MaxConnections is how many clients may follow records at the same time. Each may
	// keep up to 1,000 records in memory; more clients are answered with 429.
	MaxConnections int `mapstructure:"max_connections"`
}

func createDefaultConfig() component.Config {
	server := confighttp.NewDefaultServerConfig()
	server.NetAddr.Endpoint = defaultEndpoint
	server.MaxRequestBodySize = defaultMaxRequestBodySize
	server.ReadHeaderTimeout = defaultReadHeaderTimeout
	server.ReadTimeout = defaultReadTimeout
	return &Config{
		Server:        server,
		Store:         component.MustNewID("log_store"),
		Authenticator: component.MustNewID("project_key"),
		QueryTimeout:  defaultQueryTimeout,
		Tail:          TailConfig{MaxConnections: defaultMaxTails},
	}
}

// Unmarshal implements confmap.Unmarshaler. Where a squashed struct has an
// Unmarshal of its own, as confighttp's has, confmap lets unknown options pass;
// so the options are read once more into the same fields without that method.
func (c *Config) Unmarshal(conf *confmap.Conf) error {
	if err := conf.Unmarshal(c); err != nil {
		return err
	}
	type server confighttp.ServerConfig
	var strict struct {
		Server        server        `mapstructure:",squash"`
		Store         component.ID  `mapstructure:"store"`
		Authenticator component.ID  `mapstructure:"authenticator"`
		QueryTimeout  time.Duration `mapstructure:"query_timeout"`
		Tail          TailConfig    `mapstructure:"tail"`
	}
	return conf.Unmarshal(&strict)
}

// Validate tells what to write instead of what cannot work.
func (c *Config) Validate() error {
	var errs []error
	if c.Server.NetAddr.Endpoint == "" {
		errs = append(errs, fmt.Errorf("endpoint: write the address to listen on, such as %q", defaultEndpoint))
	}
	if c.Server.Auth.HasValue() {
		errs = append(errs, errors.New("auth: remove it and write `authenticator: project_key`: "+
			"routes are guarded one by one by `authenticator`, so that /healthz and /version stay open"))
	}
	if c.Store == (component.ID{}) {
		errs = append(errs, errors.New("store: write the id of the extension that owns the log store, such as `log_store`"))
	}
	if c.Authenticator == (component.ID{}) {
		errs = append(errs, errors.New("authenticator: write the id of the extension that knows the keys, such as `project_key`"))
	}
	switch {
	case c.QueryTimeout <= 0:
		errs = append(errs, fmt.Errorf("query_timeout: must be more than 0, such as %s", defaultQueryTimeout))
	case c.Server.WriteTimeout > 0 && c.QueryTimeout >= c.Server.WriteTimeout:
		errs = append(errs, fmt.Errorf("query_timeout: %s must be shorter than write_timeout (%s), "+
			"after which no answer can be written", c.QueryTimeout, c.Server.WriteTimeout))
	}
	if c.Tail.MaxConnections < 1 {
		errs = append(errs, fmt.Errorf("tail::max_connections: must be at least 1, such as %d", defaultMaxTails))
	}
	return errors.Join(errs...)
}
