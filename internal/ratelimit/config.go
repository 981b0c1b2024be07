package ratelimit

import (
	"errors"
	"fmt"
)

// maxRequests is more requests than can be answered in a second.
const maxRequests = 1_000_000

// Config is the configuration of how many requests each caller may make. The zero value is
// no limit.
type Config struct {
	// RequestsPerSecond is what a caller may keep up, from 0 to 1,000,000; 0 is no limit.
	RequestsPerSecond float64 `mapstructure:"requests_per_second"`
	// Burst is how many requests a caller who has been idle may make at once, up to
	// 1,000,000; 0 is as many as in a second.
	Burst int `mapstructure:"burst"`
	// prevent unkeyed literal initialization
	_ struct{}
}

// Check returns what is wrong with the configuration, or nil. Option is the name of the
// option that holds it, with which each error begins.
func (c Config) Check(option string) error {
	var errs []error
	if !(c.RequestsPerSecond >= 0 && c.RequestsPerSecond <= maxRequests) { // which NaN is neither
		errs = append(errs, fmt.Errorf("%s::requests_per_second: must be from 0 (no limit) to %d", option, maxRequests))
	}
	if c.Burst < 0 || c.Burst > maxRequests {
		errs = append(errs, fmt.Errorf("%s::burst: must be from 0 (as many as in a second) to %d", option, maxRequests))
	}
	return errors.Join(errs...)
}
