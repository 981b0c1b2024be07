package logstoreextension

import (
	"fmt"

	records "github.com/docketlog/docket/internal/logstore/embedded"
)

// QueriesConfig bounds what queries may take of the embedded backend.
type QueriesConfig struct {
	// MaxConcurrent is how many queries may be in work or wait for their turn, at least
	// 2; half of them for one project. More are refused.
	MaxConcurrent int `mapstructure:"max_concurrent"`
	// MaxRecords is how many records a query may look at, 0 any number.
	MaxRecords int64 `mapstructure:"max_records"`
	// MaxMemoryMiB is how much memory a query's records and counts may take, at least
	// 1; all queries together may take four times as much.
	MaxMemoryMiB int64 `mapstructure:"max_memory_mib"`
	// CPUShareBesideIngest is how much of the processor time long queries may take
	// while records come in, more than 0 and at most 1.
	CPUShareBesideIngest float64 `mapstructure:"cpu_share_beside_ingest"`
	// prevent unkeyed literal initialization
	_ struct{}
}

func defaultQueries() QueriesConfig {
	limits := records.DefaultLimits()
	return QueriesConfig{
		MaxConcurrent: limits.MaxQueries, MaxRecords: limits.MaxRows, MaxMemoryMiB: limits.MaxMemoryBytes / mib,
		CPUShareBesideIngest: limits.CPUShare,
	}
}

// Validate implements confmap.Validator.
func (c *QueriesConfig) Validate() error {
	switch {
	case c.MaxConcurrent < 2:
		return fmt.Errorf("max_concurrent: write at least 2, not %d", c.MaxConcurrent)
	case c.MaxRecords < 0:
		return fmt.Errorf("max_records: write a positive number, or 0 for any number, not %d", c.MaxRecords)
	case c.MaxMemoryMiB < 1:
		return fmt.Errorf("max_memory_mib: write at least 1, not %d", c.MaxMemoryMiB)
	case !(c.CPUShareBesideIngest > 0 && c.CPUShareBesideIngest <= 1):
		return fmt.Errorf("cpu_share_beside_ingest: write a number above 0 and up to 1, such as 0.25, not %v", c.CPUShareBesideIngest)
	}
	return nil
}

func (c *QueriesConfig) limits() records.Limits {
	return records.Limits{
		MaxQueries: c.MaxConcurrent, MaxRows: c.MaxRecords, MaxMemoryBytes: c.MaxMemoryMiB * mib, CPUShare: c.CPUShareBesideIngest,
	}
}
