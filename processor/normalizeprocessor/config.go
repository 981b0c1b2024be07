package normalizeprocessor

import (
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
)

// Config is what users write under `normalize`.
type Config struct {
	// DefaultProject is the id of the project for records that come without
	// credentials and name no project. 0, the default, refuses such records, so
	// that nothing ends up in a project by accident.
	DefaultProject int64 `mapstructure:"default_project"`
}

var _ confmap.Validator = (*Config)(nil)

// Validate implements confmap.Validator.
func (c *Config) Validate() error {
	if c.DefaultProject < 0 {
		return fmt.Errorf("default_project is %d: write the id of a project (1 or more), or 0 for none", c.DefaultProject)
	}
	return nil
}

func createDefaultConfig() component.Config { return &Config{} }
