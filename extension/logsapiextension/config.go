package logsapiextension

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap"

	"github.com/docketlog/docket/internal/ratelimit"
)

const (
	defaultEndpoint     = "127.0.0.1:8320"
	defaultQueryTimeout = 25 * time.Second
	defaultMaxTails     = 100
	defaultAITimeout    = 60 * time.Second
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

	// Alerting is the id of the extension that checks alerts; none means that there are no
	// alerts.
	Alerting component.ID `mapstructure:"alerting"`

	// AI says which language model explains records; without it none does.
	AI AIConfig `mapstructure:"ai"`

	// MCP offers the API to AI assistants at /mcp, with the same keys.
	MCP MCPConfig `mapstructure:"mcp"`

	// UI serves the web page at /ui/.
	UI UIConfig `mapstructure:"ui"`

	// AuditTrail records what is changed through the API, every export and failed sign-ins
	// in the project of Docket's own audit trail.
	AuditTrail bool `mapstructure:"audit_trail"`

	// Tail bounds those who follow records as they come.
	Tail TailConfig `mapstructure:"tail"`

	// Views are made, changed and removed at the start so that they are as here, by a key
	// that tells them apart. Nil leaves those that there are as they are; empty removes
	// them.
	Views map[string]ViewConfig `mapstructure:"views"`

	// RateLimit bounds how many requests each key may make.
	RateLimit ratelimit.Config `mapstructure:"rate_limit"`

	// BehindProxy is true when a proxy in front sets the headers X-Forwarded-Proto and
	// X-Forwarded-Host, so that addresses in answers are made of them, and appends the
	// client's address to X-Forwarded-For, for the audit trail. Where clients can set
	// them, it must be false.
	BehindProxy bool `mapstructure:"behind_proxy"`
}

// AIConfig is the configuration of explanations. They are off unless BaseURL and Model are
// given.
type AIConfig struct {
	// BaseURL is that of any server that speaks OpenAI's chat completions, up to and
	// without /chat/completions.
	BaseURL string `mapstructure:"base_url"`
	// Model is the model's name.
	Model string `mapstructure:"model"`
	// APIKey is for servers that ask for one.
	APIKey configopaque.String `mapstructure:"api_key"`
	// Timeout is how long the model may take.
	Timeout time.Duration `mapstructure:"timeout"`
	// RedactEmails takes e-mail addresses out of what the model is told, as passwords,
	// keys, tokens and card numbers are in any case.
	RedactEmails bool `mapstructure:"redact_emails"`
}

// MCPConfig is the configuration of /mcp.
type MCPConfig struct {
	Enabled bool `mapstructure:"enabled"`
}

// UIConfig is the configuration of the web page.
type UIConfig struct {
	Enabled bool `mapstructure:"enabled"`
	// FrameAncestors are the origins, such as https://app.example.com, whose pages may show
	// the embedded audit table in a frame; none by default.
	FrameAncestors []string `mapstructure:"frame_ancestors"`
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
		AI:            AIConfig{Timeout: defaultAITimeout},
		MCP:           MCPConfig{Enabled: true},
		UI:            UIConfig{Enabled: true},
		AuditTrail:    true,
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
		Alerting      component.ID  `mapstructure:"alerting"`
		AI            AIConfig      `mapstructure:"ai"`
		MCP           MCPConfig     `mapstructure:"mcp"`
		UI            UIConfig      `mapstructure:"ui"`
		AuditTrail    bool          `mapstructure:"audit_trail"`
		Tail          TailConfig    `mapstructure:"tail"`

		Views       map[string]ViewConfig `mapstructure:"views"`
		RateLimit   ratelimit.Config      `mapstructure:"rate_limit"`
		BehindProxy bool                  `mapstructure:"behind_proxy"`
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
	errs = append(errs, c.AI.check())
	for _, ancestor := range c.UI.FrameAncestors {
		if origin, ok := parseOrigin(ancestor); !ok || origin != ancestor {
			errs = append(errs, fmt.Errorf("ui::frame_ancestors: %q must be an origin in lower case, such as https://app.example.com", ancestor))
		}
	}
	if c.Tail.MaxConnections < 1 {
		errs = append(errs, fmt.Errorf("tail::max_connections: must be at least 1, such as %d", defaultMaxTails))
	}
	errs = append(errs, c.RateLimit.Check("rate_limit"))
	_, err := c.provisioned()
	return errors.Join(append(errs, err)...)
}

// check tells what to write instead of what cannot work.
func (c AIConfig) check() error {
	if c.BaseURL == "" && c.Model == "" {
		return nil
	}
	if c.BaseURL == "" || c.Model == "" {
		return errors.New("ai: write both base_url and model, or neither for no explanations")
	}
	if parsed, err := url.Parse(c.BaseURL); err != nil || parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Host == "" {
		return errors.New("ai::base_url: write an address such as http://localhost:11434/v1")
	}
	if c.Timeout <= 0 {
		return fmt.Errorf("ai::timeout: must be more than 0, such as %s", defaultAITimeout)
	}
	return nil
}
