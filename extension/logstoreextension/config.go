package logstoreextension

import (
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/config/configoptional"

	"github.com/docketlog/docket/internal/journal"
	"github.com/docketlog/docket/internal/logstore/retention"
)

const (
	mib = 1 << 20

	// defaultFreeSpaceReserveMiB is room for what goes on while records are refused
	// (journaled.Reserve) with the other defaults: 512 MiB for the applier until the
	// journal gives space back, 64 MiB for the journal's next segment, and the rest
	// for what comes in during a second and for merges.
	defaultFreeSpaceReserveMiB = 1024
	// leastReserveSegments is how many journal segments the reserve has to hold.
	leastReserveSegments = 4
	// leastAge is the least age of retention.
	leastAge = 24 * time.Hour
)

// Config of the log_store extension.
type Config struct {
	// Directory is the data folder. It is made with mode 0700 when it is not there,
	// and belongs to one process at a time.
	Directory string `mapstructure:"directory"`
	// FreeSpaceReserveMiB is how much of the disk is kept free, of the data folder's
	// and of the journal's: with less than that, records are refused and reads go
	// on. 0 keeps nothing free; then a full disk ends the process.
	FreeSpaceReserveMiB int64 `mapstructure:"free_space_reserve_mib"`
	// Journal configures the write-ahead journal.
	Journal JournalConfig `mapstructure:"journal"`
	// Retention deletes old records; by default none.
	Retention RetentionConfig `mapstructure:"retention"`
	// Embedded configures the embedded backend, which is used unless Elasticsearch is
	// there.
	Embedded configoptional.Optional[EmbeddedConfig] `mapstructure:"embedded"`
	// Elasticsearch keeps records and documents in a cluster of Elasticsearch or
	// OpenSearch instead.
	Elasticsearch configoptional.Optional[ElasticsearchConfig] `mapstructure:"elasticsearch"`
	// prevent unkeyed literal initialization
	_ struct{}
}

// JournalConfig configures the write-ahead journal.
type JournalConfig struct {
	// Directory is where the journal is, "journal" in the data folder when empty.
	// A disk of its own makes ingest independent of searches.
	Directory string `mapstructure:"directory"`
	// SegmentSizeMiB is the size of a journal file, 1 to 1024. Disk space is given
	// back in whole files.
	SegmentSizeMiB int `mapstructure:"segment_size_mib"`
	// MaxSizeMiB is how much the journal may hold that the backend has not made
	// durable yet; beyond it, records are refused until there is room.
	MaxSizeMiB int64 `mapstructure:"max_size_mib"`
	// prevent unkeyed literal initialization
	_ struct{}
}

// RetentionConfig says which records are deleted. Only what the backend holds is:
// never what the journal holds, nor documents.
type RetentionConfig struct {
	// Age is how old records of a project may become, by their timestamp, unless
	// Projects says otherwise; 0 keeps them for ever.
	Age time.Duration `mapstructure:"age"`
	// Projects has the ages of single projects.
	Projects []ProjectRetentionConfig `mapstructure:"projects"`
	// MaxSizeMiB is the size on disk beyond which the oldest day of all projects is
	// deleted; 0 means none.
	MaxSizeMiB int64 `mapstructure:"max_size_mib"`
	// prevent unkeyed literal initialization
	_ struct{}
}

// ProjectRetentionConfig is the age of one project's records.
type ProjectRetentionConfig struct {
	// ID is the project's number.
	ID int64 `mapstructure:"id"`
	// Age is like RetentionConfig.Age.
	Age time.Duration `mapstructure:"age"`
	// prevent unkeyed literal initialization
	_ struct{}
}

// EmbeddedConfig configures the embedded backend.
type EmbeddedConfig struct {
	// MemoryLimitMiB bounds the memory for the engine's caches and queries, at
	// least 32.
	MemoryLimitMiB int64 `mapstructure:"memory_limit_mib"`
	// Queries bounds what queries may take.
	Queries QueriesConfig `mapstructure:"queries"`
	// prevent unkeyed literal initialization
	_ struct{}
}

func defaultEmbeddedConfig() EmbeddedConfig {
	return EmbeddedConfig{MemoryLimitMiB: 256, Queries: defaultQueries()}
}

// Validate implements confmap.Validator.
func (c *Config) Validate() error {
	if c.Directory == "" {
		return errors.New(`directory: name the data folder, for example "./data"`)
	}
	least := leastReserveSegments * int64(c.Journal.SegmentSizeMiB)
	if c.FreeSpaceReserveMiB != 0 && c.FreeSpaceReserveMiB < least {
		return fmt.Errorf("free_space_reserve_mib: write at least four times the journal's segment size, %d, or 0 for no reserve, not %d",
			least, c.FreeSpaceReserveMiB)
	}
	return c.validateBackend()
}

// Validate implements confmap.Validator.
func (c *JournalConfig) Validate() error {
	const maxSegment = journal.MaxSegmentBytes / mib
	if c.SegmentSizeMiB < 1 || c.SegmentSizeMiB > maxSegment {
		return fmt.Errorf("segment_size_mib: write a number from 1 to %d, not %d", maxSegment, c.SegmentSizeMiB)
	}
	if least := 2 * int64(c.SegmentSizeMiB); c.MaxSizeMiB < least {
		return fmt.Errorf("max_size_mib: write at least twice the segment size, %d, not %d", least, c.MaxSizeMiB)
	}
	return nil
}

// Validate implements confmap.Validator.
func (c *RetentionConfig) Validate() error {
	if err := validateAge(c.Age); err != nil {
		return err
	}
	seen := map[int64]bool{}
	for _, project := range c.Projects {
		if seen[project.ID] {
			return fmt.Errorf("projects: project %d is there twice: write one age for it", project.ID)
		}
		seen[project.ID] = true
	}
	if c.MaxSizeMiB < 0 {
		return fmt.Errorf("max_size_mib: write a positive number, or 0 for no limit, not %d", c.MaxSizeMiB)
	}
	return nil
}

// Validate implements confmap.Validator.
func (c *ProjectRetentionConfig) Validate() error {
	if c.ID < 1 {
		return fmt.Errorf("id: write the number of a project, not %d", c.ID)
	}
	return validateAge(c.Age)
}

// validateAge refuses ages that are more likely a slip than a wish.
func validateAge(age time.Duration) error {
	if age != 0 && age < leastAge {
		return fmt.Errorf(`age: write at least %s, for example "720h" for 30 days, or 0 to keep records for ever; not %s`, leastAge, age)
	}
	return nil
}

func (c *RetentionConfig) policy() retention.Policy {
	policy := retention.Policy{DefaultAge: c.Age, MaxBytes: c.MaxSizeMiB * mib}
	for _, project := range c.Projects {
		if policy.Ages == nil {
			policy.Ages = map[int64]time.Duration{}
		}
		policy.Ages[project.ID] = project.Age
	}
	return policy
}

// Validate implements confmap.Validator.
func (c *EmbeddedConfig) Validate() error {
	if c.MemoryLimitMiB < 32 {
		return fmt.Errorf("memory_limit_mib: write at least 32, not %d", c.MemoryLimitMiB)
	}
	return nil
}

func (c *Config) embedded() EmbeddedConfig {
	if c.Embedded.HasValue() {
		return *c.Embedded.Get()
	}
	return defaultEmbeddedConfig()
}
