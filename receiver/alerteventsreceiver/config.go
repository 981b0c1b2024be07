package alerteventsreceiver

import (
	"errors"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
)

// Config is what users write under `alert_events`.
type Config struct {
	// Alerting is the id of the alerting extension whose alerts are told of.
	Alerting component.ID `mapstructure:"alerting"`

	_ struct{} // prevent unkeyed literal initialization
}

var _ confmap.Validator = (*Config)(nil)

// Validate implements confmap.Validator.
func (c *Config) Validate() error {
	if c.Alerting == (component.ID{}) {
		return errors.New("alerting: write the id of the extension that checks the alerts, such as `alerting`")
	}
	return nil
}

func createDefaultConfig() component.Config {
	return &Config{Alerting: component.MustNewID("alerting")}
}
