package projectkeyextension

import (
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/docketlog/docket/internal/ratelimit"
	"github.com/docketlog/docket/internal/tenant/directory"
)

const (
	defaultStore        = "log_store"
	defaultAdminKeyFile = "./data/admin.key"

	// minAdminKeyLength keeps words that can be guessed from being keys.
	minAdminKeyLength = 16
	// maxAdminKeyLength is the length of the longest token that is looked at.
	maxAdminKeyLength = 512

	minRefreshInterval = 100 * time.Millisecond
)

// Config of the project_key extension.
type Config struct {
	// Store is the log_store extension whose documents hold the organizations,
	// projects and keys.
	Store component.ID `mapstructure:"store"`
	// AdminKey may do everything: 16 to 512 printable ASCII characters without
	// space. When it is empty, the key is in AdminKeyFile.
	AdminKey configopaque.String `mapstructure:"admin_key"`
	// AdminKeyFile is where the admin key is read from when AdminKey is empty. The
	// first start makes a key and the file, with mode 0600. It is not used when
	// AdminKey is given.
	AdminKeyFile string `mapstructure:"admin_key_file"`
	// RefreshInterval is the time from one reading of the stored keys to the next:
	// how soon keys that other replicas make can be used here. At least 100ms.
	RefreshInterval time.Duration `mapstructure:"refresh_interval"`
	// StaleAfter is how long keys are believed while the store cannot be read.
	// After it nobody is let in until the store can be read again, because a key
	// may have been revoked meanwhile. More than RefreshInterval.
	StaleAfter time.Duration `mapstructure:"stale_after"`
	// SnapshotFile is where a copy of the keys is kept, as hashes, for a start while the
	// store cannot be read. When it is empty, such a start fails.
	SnapshotFile string `mapstructure:"snapshot_file"`
	// RateLimit bounds how many requests each key may make of the receivers that this
	// extension authenticates: what is posted, and not what is asked of logs_api, which has
	// a limit of its own. The default is none.
	RateLimit ratelimit.Config `mapstructure:"rate_limit"`
	// prevent unkeyed literal initialization
	_ struct{}
}

func createDefaultConfig() component.Config {
	return &Config{
		Store:           component.MustNewID(defaultStore),
		AdminKeyFile:    defaultAdminKeyFile,
		RefreshInterval: directory.DefaultRefreshInterval,
		StaleAfter:      directory.DefaultStaleAfter,
	}
}

// Validate implements confmap.Validator.
func (c *Config) Validate() error {
	var problems []error
	if c.Store == (component.ID{}) {
		problems = append(problems, errors.New(`store: name the log_store extension that keeps the keys, for example "log_store"`))
	}
	if c.AdminKey == "" {
		if c.AdminKeyFile == "" {
			problems = append(problems, errors.New(`admin_key_file: name a file for the admin key, for example "./data/admin.key", or give an admin_key`))
		}
	} else if err := checkAdminKey(string(c.AdminKey)); err != nil {
		problems = append(problems, fmt.Errorf("admin_key: %w; leave it empty to have one made in admin_key_file", err))
	}
	if c.RefreshInterval < minRefreshInterval {
		problems = append(problems, fmt.Errorf("refresh_interval: must be at least %s, for example 2s", minRefreshInterval))
	}
	if c.StaleAfter <= c.RefreshInterval {
		problems = append(problems, fmt.Errorf("stale_after: must be more than refresh_interval (%s), for example %s", c.RefreshInterval, max(directory.DefaultStaleAfter, 2*c.RefreshInterval)))
	}
	problems = append(problems, c.RateLimit.Check("rate_limit"))
	return errors.Join(problems...)
}

// checkAdminKey never quotes the key.
func checkAdminKey(key string) error {
	if len(key) < minAdminKeyLength || len(key) > maxAdminKeyLength {
		return fmt.Errorf("an admin key needs %d to %d characters, this one has %d", minAdminKeyLength, maxAdminKeyLength, len(key))
	}
	for n := range len(key) {
		if key[n] <= ' ' || key[n] > '~' {
			return errors.New("an admin key must be of printable ASCII characters without space, so that it fits into a header")
		}
	}
	return nil
}
