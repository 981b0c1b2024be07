package auditlogreceiver

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/confmap"
)

// Defaults of Config.
const (
	defaultEndpoint       = "127.0.0.1:8318"
	defaultMaxRequestSize = 16 << 20 // 16 MiB
	defaultMaxRecordSize  = 1 << 20  // 1 MiB
	defaultMaxRecords     = 50_000
	defaultMaxAttributes  = 1024
	defaultMaxDepth       = 32
	defaultProject        = 1
	defaultOTLPHint       = "OTLP is taken on port 4318 (HTTP) and 4317 (gRPC)"

	// A request has that long to arrive: the largest body needs 2.3 Mbit/s.
	defaultReadHeaderTimeout = 10 * time.Second
	defaultReadTimeout       = time.Minute
	// net/http counts it from the end of the header, so it must be longer than the
	// body may take: otherwise a record is stored whose sender gets no answer.
	defaultWriteTimeout = defaultReadTimeout + 30*time.Second
)

// highestMaxDepth bounds max_depth, as decoding nests as deep as the document.
const highestMaxDepth = 1000

// Config is the configuration of the receiver.
type Config struct {
	// ServerConfig is the HTTP server. Its default endpoint is 127.0.0.1:8318, and
	// its max_request_body_size, before and after decompression, 16 MiB. Without
	// auth, everybody who reaches the endpoint may write.
	ServerConfig confighttp.ServerConfig `mapstructure:",squash"`

	// LogSentry, LogHub and CodeMash are the formats and the paths that take them.
	LogSentry FormatConfig `mapstructure:"logsentry"`
	LogHub    FormatConfig `mapstructure:"loghub"`
	CodeMash  FormatConfig `mapstructure:"codemash"`

	// MaxRecordSize is the largest size of one record in bytes, as it is sent.
	MaxRecordSize int `mapstructure:"max_record_size"`
	// MaxRecords is the largest number of records in one request.
	MaxRecords int `mapstructure:"max_records"`
	// MaxAttributes is the largest number of attributes of one record: keys and
	// array elements at every depth together.
	MaxAttributes int `mapstructure:"max_attributes"`
	// MaxDepth is the largest number of objects and arrays around a value.
	MaxDepth int `mapstructure:"max_depth"`

	// DefaultProject is the project of records that name none, where no
	// authenticator says which projects there are.
	DefaultProject int64 `mapstructure:"default_project"`
	// Idempotency says who remembers idempotency keys.
	Idempotency IdempotencyConfig `mapstructure:"idempotency"`
	// OTLPEndpointHint is what clients are told that send OTLP to CodeMash's path,
	// which is OTLP's too.
	OTLPEndpointHint string `mapstructure:"otlp_endpoint_hint"`

	_ struct{} // prevent unkeyed literal initialization
}

// FormatConfig is the configuration of one wire format.
type FormatConfig struct {
	// Enabled is true by default. The paths of a format that is not enabled
	// answer 404.
	Enabled bool `mapstructure:"enabled"`
	// Paths are the paths that take the format. A segment in braces, as in
	// "/{version}/logs", stands for any one segment.
	Paths []string `mapstructure:"paths"`

	_ struct{} // prevent unkeyed literal initialization
}

// IdempotencyConfig is the configuration of idempotency keys.
type IdempotencyConfig struct {
	// Store is the extension that knows which requests have stored records: the
	// log_store that the pipeline writes to. Without one, keys are remembered in
	// memory only: not over a restart, and only the last ones.
	Store *component.ID `mapstructure:"store"`

	_ struct{} // prevent unkeyed literal initialization
}

var (
	_ confmap.Unmarshaler = (*Config)(nil)
	_ confmap.Validator   = (*Config)(nil)
)

func createDefaultConfig() component.Config {
	server := confighttp.NewDefaultServerConfig()
	server.NetAddr.Endpoint = defaultEndpoint
	server.MaxRequestBodySize = defaultMaxRequestSize
	server.ReadHeaderTimeout = defaultReadHeaderTimeout
	server.ReadTimeout = defaultReadTimeout
	server.WriteTimeout = defaultWriteTimeout
	return &Config{
		ServerConfig:     server,
		LogSentry:        FormatConfig{Enabled: true, Paths: []string{"/api/auditlog", "/api/v1/event"}},
		LogHub:           FormatConfig{Enabled: true, Paths: []string{"/v1/event"}},
		CodeMash:         FormatConfig{Enabled: true, Paths: []string{"/{version}/logs", "/logs"}},
		MaxRecordSize:    defaultMaxRecordSize,
		MaxRecords:       defaultMaxRecords,
		MaxAttributes:    defaultMaxAttributes,
		MaxDepth:         defaultMaxDepth,
		DefaultProject:   defaultProject,
		OTLPEndpointHint: defaultOTLPHint,
	}
}

// Unmarshal implements confmap.Unmarshaler. It refuses options that do not exist,
// which confmap lets pass in a struct that squashes one with an Unmarshal of its
// own, as confighttp.ServerConfig has.
func (c *Config) Unmarshal(conf *confmap.Conf) error {
	if err := conf.Unmarshal(c); err != nil {
		return err
	}
	type serverOptions confighttp.ServerConfig // the same options without Unmarshal
	var known struct {
		Server           serverOptions     `mapstructure:",squash"`
		LogSentry        FormatConfig      `mapstructure:"logsentry"`
		LogHub           FormatConfig      `mapstructure:"loghub"`
		CodeMash         FormatConfig      `mapstructure:"codemash"`
		MaxRecordSize    int               `mapstructure:"max_record_size"`
		MaxRecords       int               `mapstructure:"max_records"`
		MaxAttributes    int               `mapstructure:"max_attributes"`
		MaxDepth         int               `mapstructure:"max_depth"`
		DefaultProject   int64             `mapstructure:"default_project"`
		Idempotency      IdempotencyConfig `mapstructure:"idempotency"`
		OTLPEndpointHint string            `mapstructure:"otlp_endpoint_hint"`
	}
	return conf.Unmarshal(&known)
}

// Validate implements confmap.Validator.
func (c *Config) Validate() error {
	var errs []error
	positive := func(name string, value int64) {
		if value <= 0 {
			errs = append(errs, fmt.Errorf("%s must be at least 1, not %d", name, value))
		}
	}
	positive("max_request_body_size", c.ServerConfig.MaxRequestBodySize)
	positive("max_record_size", int64(c.MaxRecordSize))
	positive("max_records", int64(c.MaxRecords))
	positive("max_attributes", int64(c.MaxAttributes))
	positive("max_depth", int64(c.MaxDepth))
	positive("default_project", c.DefaultProject)
	if c.MaxDepth > highestMaxDepth {
		errs = append(errs, fmt.Errorf("max_depth must be at most %d, not %d", highestMaxDepth, c.MaxDepth))
	}
	return errors.Join(append(errs, c.validatePaths()...)...)
}

func (c *Config) validatePaths() []error {
	var errs []error
	formats := []struct {
		name   string
		config FormatConfig
	}{{"logsentry", c.LogSentry}, {"loghub", c.LogHub}, {"codemash", c.CodeMash}}
	takenBy := map[string]string{}
	enabled := false
	for _, format := range formats {
		if !format.config.Enabled {
			continue
		}
		enabled = true
		if len(format.config.Paths) == 0 {
			errs = append(errs, fmt.Errorf("%s::paths is empty: write a path, or %s::enabled: false", format.name, format.name))
		}
		for _, path := range format.config.Paths {
			if !strings.HasPrefix(path, "/") || path == "/" || strings.HasSuffix(path, "/") {
				errs = append(errs, fmt.Errorf("%s::paths: %q must start with a slash and not end with one", format.name, path))
				continue
			}
			shape := newPattern(path).String()
			if other, taken := takenBy[shape]; taken {
				errs = append(errs, fmt.Errorf("%s::paths: %q is a path of %s already: give each path to one format", format.name, path, other))
			}
			takenBy[shape] = format.name
		}
	}
	if !enabled {
		errs = append(errs, errors.New("no format is enabled: enable logsentry, loghub or codemash"))
	}
	return errs
}
