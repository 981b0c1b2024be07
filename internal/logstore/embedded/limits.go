package embedded

import (
	"errors"
	"fmt"
	"runtime"
)

// Limits bound what queries may take. How long one may take is up to its context.
type Limits struct {
	// MaxQueries is how many queries may be begun and not finished; at least 2. More are
	// refused with a *logstore.TooManyQueriesError. A project may have half of them.
	MaxQueries int
	// MaxRows is how many rows a query may look at; 0 is any number. One that has looked
	// at more ends with a *logstore.TooExpensiveError.
	MaxRows int64
	// MaxMemoryBytes is how much memory the records that a query returns, and what it
	// counts, may take, as estimated: 1 MiB or more. One that takes more ends with a
	// *logstore.TooExpensiveError. All queries together may take maxMemoryShares times
	// as much; a query that needs more then ends with a *logstore.TooManyQueriesError.
	MaxMemoryBytes int64
	// CPUShare is how much of the processor time long queries may take while records
	// come in, more than 0 and at most 1.
	CPUShare float64
}

// maxMemoryShares is how many queries may take the memory that one may take.
const maxMemoryShares = 4

// DefaultLimits are those of a Config without any.
func DefaultLimits() Limits {
	return Limits{MaxQueries: 64, MaxRows: 1_000_000_000, MaxMemoryBytes: 128 << 20, CPUShare: 0.2}
}

// Validate returns an error that says what is out of bounds.
func (l Limits) Validate() error {
	var errs []error
	if l.MaxQueries < 2 {
		errs = append(errs, fmt.Errorf("the number of queries must be at least 2, not %d", l.MaxQueries))
	}
	if l.MaxRows < 0 {
		errs = append(errs, fmt.Errorf("the number of rows of a query must be positive, or 0 for any number; not %d", l.MaxRows))
	}
	if l.MaxMemoryBytes < 1<<20 {
		errs = append(errs, fmt.Errorf("the memory of a query must be at least %d bytes, not %d", 1<<20, l.MaxMemoryBytes))
	}
	if !(l.CPUShare > 0 && l.CPUShare <= 1) {
		errs = append(errs, fmt.Errorf("the processor time of long queries must be a share of more than 0 and at most 1, not %v", l.CPUShare))
	}
	return errors.Join(errs...)
}

// processors is how many slices of queries are worked on at the same time at most.
func processors() int { return runtime.GOMAXPROCS(0) }
