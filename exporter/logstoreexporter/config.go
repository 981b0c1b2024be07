package logstoreexporter

import (
	"errors"

	"go.opentelemetry.io/collector/component"
)

// Config of the log_store exporter. There is no queue, no retry and no timeout to
// configure: they would come between a record's durability and its sender.
type Config struct {
	// Store is the id of the log_store extension to write to.
	Store component.ID `mapstructure:"store"`
	// prevent unkeyed literal initialization
	_ struct{}
}

// Validate implements confmap.Validator.
func (c *Config) Validate() error {
	if c.Store == (component.ID{}) {
		return errors.New(`store: name a log_store extension, for example "log_store"`)
	}
	return nil
}
