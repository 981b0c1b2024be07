package embedded_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// newLargeRecord returns an error that needs several parts.
func newLargeRecord(after time.Duration) record.Record {
	r := newRecord(project, pcommon.NewTimestampFromTime(day.Add(after)), strings.Repeat("large ", 1<<19))
	r.Log.SetSeverityNumber(plog.SeverityNumberError)
	return r
}

// A large record that becomes findable while a query runs counts as what it is, or not
// at all: its main row alone has no level and would be no error.
func TestLargeRecordThatComesDuringAQuery(t *testing.T) {
	directory := t.TempDir()
	backend := open(t, directory)
	small := newRecord(project, pcommon.NewTimestampFromTime(day), "small")
	noErrors := logstore.Selection{ProjectID: project, Filter: filter.Not{Part: filter.Levels{record.LevelError}}}
	store(t, backend, small)
	for i := range 3 {
		count, err := backend.CountWhile(t.Context(), noErrors, func() {
			store(t, backend, newLargeRecord(time.Duration(i)*time.Hour))
		})
		require.NoError(t, err)
		assert.Equal(t, int64(1), count)
	}
	errors := logstore.Query{Filter: filter.Levels{record.LevelError}}
	for range 2 {
		assert.Equal(t, int64(3), count(t, backend, errors))
		assert.Equal(t, int64(4), count(t, backend, logstore.Query{}))
		require.NoError(t, backend.Close())
		backend = open(t, directory) // which has to find out what there is
	}
}
