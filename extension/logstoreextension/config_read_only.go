package logstoreextension

import (
	"errors"
	"fmt"
	"strings"

	"go.opentelemetry.io/collector/config/configoptional"

	"github.com/docketlog/docket/internal/logstore/elastic/mapped"
)

// defaultProject is the project that there is in every Docket.
const defaultProject = 1

// ReadOnlyConfig reads logs that others keep in the cluster, where they are. Nothing is
// written to the cluster: Docket's own documents are in the data folder.
type ReadOnlyConfig struct {
	// Index names the indices, aliases and data streams to read, with commas between them
	// and * for any text.
	Index string `mapstructure:"index"`
	// ProjectID is the project that all these logs are in.
	ProjectID int64 `mapstructure:"project_id"`
	// Fields says what the fields of the documents are.
	Fields FieldsConfig `mapstructure:"fields"`
	// MaxReadRecords is how many documents a question may take to be read.
	MaxReadRecords int `mapstructure:"max_read_records"`
	// prevent unkeyed literal initialization
	_ struct{}
}

// FieldsConfig names fields of documents, by their paths with dots; "" says that there is
// no such field. Every field that is not named is an attribute.
type FieldsConfig struct {
	// Timestamp is a date with one value.
	Timestamp string `mapstructure:"timestamp"`
	// Body is the message.
	Body string `mapstructure:"body"`
	// Level is the name or the number of a severity.
	Level string `mapstructure:"level"`
	// Service is the name of the service.
	Service string `mapstructure:"service"`
	// EventName is the name of the event.
	EventName string `mapstructure:"event_name"`
	// TraceID and SpanID are ids in hex.
	TraceID string `mapstructure:"trace_id"`
	SpanID  string `mapstructure:"span_id"`
	// ID is a text that no two documents share; "" is their _id.
	ID string `mapstructure:"id"`
	// prevent unkeyed literal initialization
	_ struct{}
}

// defaultReadOnly is for logs in Elastic Common Schema.
func defaultReadOnly() configoptional.Optional[ReadOnlyConfig] {
	return configoptional.Default(ReadOnlyConfig{
		ProjectID: defaultProject,
		Fields: FieldsConfig{
			Timestamp: "@timestamp", Body: "message", Level: "log.level", Service: "service.name",
			EventName: "event.action", TraceID: "trace.id", SpanID: "span.id",
		},
		MaxReadRecords: mapped.DefaultMaxRead,
	})
}

// Validate implements confmap.Validator.
func (c *ReadOnlyConfig) Validate() error {
	if c.Index == "" {
		return errors.New(`index: name the indices to read, for example "logs-*"`)
	}
	for name := range strings.SplitSeq(c.Index, ",") {
		if name == "" || strings.HasPrefix(name, "_") || strings.ContainsAny(name, " /\\?#\"<>|") {
			return fmt.Errorf(`index: write names of indices, for example "logs-*" or "app-*,web-*"; there is none that is %q`, name)
		}
	}
	if c.ProjectID < 1 {
		return fmt.Errorf("project_id: write the number of a project, not %d", c.ProjectID)
	}
	if c.Fields.Timestamp == "" {
		return errors.New(`fields: timestamp: name the field with the time, for example "@timestamp"`)
	}
	if c.MaxReadRecords < 1 {
		return fmt.Errorf("max_read_records: write a positive number, not %d", c.MaxReadRecords)
	}
	return nil
}

// mapping is what the fields are called in package mapped.
func (c FieldsConfig) mapping() mapped.Mapping {
	return mapped.Mapping{
		Timestamp: c.Timestamp, Body: c.Body, Level: c.Level, Service: c.Service,
		EventName: c.EventName, TraceID: c.TraceID, SpanID: c.SpanID, ID: c.ID,
	}
}

// readOnly is what is only read, nil if records are kept.
func (c *Config) readOnly() *ReadOnlyConfig {
	if !c.isCluster() || !c.Elasticsearch.Get().ReadOnly.HasValue() {
		return nil
	}
	return c.Elasticsearch.Get().ReadOnly.Get()
}
