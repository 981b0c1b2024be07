package alertingprocessor

import (
	"errors"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
)

// Config is what users write under `alerting` in the processors.
type Config struct {
	// Extension is the id of the extension that knows the alerts.
	Extension component.ID `mapstructure:"extension"`
}

var _ confmap.Validator = (*Config)(nil)

// Validate implements confmap.Validator.
func (c *Config) Validate() error {
	if c.Extension == (component.ID{}) {
		return errors.New("extension: write the id of the extension that knows the alerts, such as `alerting`")
	}
	return nil
}

func createDefaultConfig() component.Config {
	return &Config{Extension: component.MustNewID("alerting")}
}
