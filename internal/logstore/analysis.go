package logstore

import (
	"context"
	"time"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/record"
)

// Analyst answers questions about many records at once. All answers are exact: they
// count what Search with the same Selection would return, record by record.
//
// A field's text is that of filter.Field; a record in which it has none counts as
// one with the empty text.
type Analyst interface {
	// Histogram counts records by time. Buckets without records are left out; the
	// others come in the order of their start, and within one start by the text.
	Histogram(ctx context.Context, query HistogramQuery) ([]Bucket, error)
	// Values returns the texts that a field has, the most frequent first and equally
	// frequent ones by text, and how many distinct ones there are. Records in which
	// the field has no value do not count.
	Values(ctx context.Context, query ValuesQuery) (values []ValueCount, total int, err error)
	// Keys returns the keys of attributes, the most frequent first and equally
	// frequent ones by name, and how many distinct ones there are. An attribute that
	// is a map does not count itself, but each value in it does, by its path: keys
	// joined by dots, which a filter.Field finds. An empty map has no keys.
	Keys(ctx context.Context, query KeysQuery) (keys []KeyCount, total int, err error)
	// Groups returns groups of records that have the same texts in some fields, the
	// largest first and equally large ones by their texts, and the totals.
	Groups(ctx context.Context, query GroupsQuery) (Groups, error)
}

// Selection is the records that a question is about.
type Selection struct {
	// ProjectID is the project; required.
	ProjectID int64
	// From and To bound the timestamp, both inclusive, to the nanosecond. A zero
	// time leaves that side open.
	From, To time.Time
	// Filter is nil for every record.
	Filter filter.Expression
}

// HistogramQuery asks for a histogram.
type HistogramQuery struct {
	Selection
	// Interval is the width of a bucket, a whole number of milliseconds. Buckets
	// begin at Offset plus multiples of it, counted from 1970 in UTC.
	Interval, Offset time.Duration
	// By breaks the counts down by the texts of a field; nil does not.
	By *filter.Field
	// WithBodyBytes asks for Bucket.BodyBytes, for which every body must be read.
	WithBodyBytes bool
}

// Bucket is the records of a time, and of a text if there is a breakdown.
type Bucket struct {
	// Start is the first moment; the bucket ends an interval later, exclusively.
	Start time.Time
	// Text is that of HistogramQuery.By.
	Text  string
	Count int64
	// BodyBytes is the sum of the lengths of the bodies' texts; 0 unless asked for.
	BodyBytes int64
}

// ValuesQuery asks for the values of a field.
type ValuesQuery struct {
	Selection
	Field filter.Field
	// Contains leaves out texts that do not contain it, as filter.Contains; "" none.
	Contains string
	// Limit is the largest number of values to return; required. Offset is the number
	// of leading ones to leave out.
	Limit, Offset int
}

// ValueCount is how many records have a value.
type ValueCount struct {
	Text  string
	Count int64
}

// KeysQuery asks for keys of attributes.
type KeysQuery struct {
	Selection
	// Place is filter.PlaceLogAttribute or filter.PlaceResourceAttribute.
	Place filter.Place
	// Contains, Limit and Offset are those of ValuesQuery, for keys.
	Contains      string
	Limit, Offset int
}

// KeyCount is how many records have a key.
type KeyCount struct {
	Key   string
	Count int64
}

// GroupsQuery asks for groups.
type GroupsQuery struct {
	Selection
	// By are the fields, one to MaxGroupFields.
	By []filter.Field
	// Limit is the largest number of groups to return; required.
	Limit int
}

// MaxGroupFields is the largest number of fields to group by.
const MaxGroupFields = 5

// Groups is the answer to a GroupsQuery.
type Groups struct {
	Groups []Group
	// TotalGroups and TotalRecords count all, also what Limit leaves out.
	TotalGroups  int
	TotalRecords int64
}

// Group is records with the same texts.
type Group struct {
	// Texts are those of GroupsQuery.By, in its order.
	Texts []string
	Count int64
	// Errors counts those of the levels error and fatal.
	Errors int64
	// First and Last are the least and the greatest timestamp.
	First, Last time.Time
}

// TooExpensiveError says that a question needs more than a query may take, and what
// would help.
type TooExpensiveError struct {
	// Reason completes the sentence "the query is too expensive: …".
	Reason string
	// IsPageTooLarge is true when the records of the page take too much memory, so that
	// a smaller Limit helps. A page of one record never does.
	IsPageTooLarge bool
}

func (e *TooExpensiveError) Error() string { return "the query is too expensive: " + e.Reason }

// Tailer follows records as they become findable.
type Tailer interface {
	// Tail follows the records of a project that a filter selects, from now on. At
	// most buffer records wait to be received, fewer if they are large; when there are
	// more, the newest are dropped and counted. The caller closes the tail.
	Tail(projectID int64, expression filter.Expression, buffer int) (Tail, error)
}

// Tail is records as they become findable.
type Tail interface {
	// Next returns what has come since the last call, in the order in which it was
	// stored, and how many records were dropped in between; it waits until there is
	// something of either. The error is that of ctx, or ErrClosed.
	Next(ctx context.Context) (records []record.Record, dropped int64, err error)
	// Close ends the tail. It may be called again.
	Close()
}
