package logstore_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/filter/filtertest"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/logstoretest"
	"github.com/docketlog/docket/internal/record"
)

// pageKeeper is a reader that keeps how many records each page had.
type pageKeeper struct {
	logstore.Reader
	pages []int
	// before is called before each page but the first.
	before func()
}

func (k *pageKeeper) Search(ctx context.Context, query logstore.Query) ([]record.Record, error) {
	if len(k.pages) > 0 && k.before != nil {
		k.before()
	}
	found, err := k.Reader.Search(ctx, query)
	k.pages = append(k.pages, len(found))
	return found, err
}

func newRecord(second int, body string) record.Record {
	r := record.New()
	r.Resource.Attributes().PutInt(record.AttributeProjectID, 1)
	r.Log.SetTimestamp(pcommon.NewTimestampFromTime(time.Unix(int64(second), 0)))
	r.Log.Body().SetStr(body)
	record.Seal(r, time.Unix(1, 0))
	return r
}

func scan(ctx context.Context, reader logstore.Reader, query logstore.Query) (ids []string, err error) {
	err = logstore.Scan(ctx, reader, query, func(r record.Record) error {
		ids = append(ids, r.ID())
		return nil
	})
	return ids, err
}

// A scan visits what one search finds, whatever the order, the bounds and the filter.
func TestScanVisitsWhatSearchFinds(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	records := logstoretest.Records(random, 800)
	reference := logstoretest.NewReference(records...)
	for n := range 20 {
		query := logstore.Query{ProjectID: logstoretest.Project, Order: logstore.Order(n % 2), Limit: len(records)}
		if n > 1 {
			query.Filter = filtertest.Expression(random, records[:20]...)
		}
		if n%3 == 2 {
			query.Limit, query.Offset = 1+random.IntN(500), random.IntN(200)
			query.From = filtertest.Start().Add(300 * time.Millisecond)
		}
		found, err := reference.Search(t.Context(), query)
		require.NoError(t, err)
		var want []string
		for _, r := range found {
			want = append(want, r.ID())
		}
		if n%3 == 0 {
			query.Limit = 0
		}
		got, err := scan(t.Context(), reference, query)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
}

func TestScanPages(t *testing.T) {
	for name, tt := range map[string]struct {
		records, size, limit int
		want                 string
	}{
		"none":                {0, 10, 0, "[0]"},
		"a page that is full": {100, 10, 0, "[100 0]"},
		"small records":       {2500, 10, 0, "[100 1000 1000 400]"},
		"large records":       {125, 1 << 20, 0, "[100 10 10 5]"},
		"limited":             {2500, 10, 1100, "[100 1000]"},
		"limited within":      {2500, 10, 101, "[100 1]"},
		"limited to a page":   {2500, 10, 7, "[7]"},
	} {
		t.Run(name, func(t *testing.T) {
			body := strings.Repeat("x", tt.size)
			var records []record.Record
			for n := range tt.records {
				records = append(records, newRecord(n, body))
			}
			keeper := &pageKeeper{Reader: logstoretest.NewReference(records...)}
			found, err := scan(t.Context(), keeper, logstore.Query{ProjectID: 1, Limit: tt.limit})
			require.NoError(t, err)
			want := tt.records
			if tt.limit > 0 {
				want = min(want, tt.limit)
			}
			assert.Len(t, found, want)
			assert.Equal(t, tt.want, fmt.Sprint(keeper.pages))
		})
	}
}

// Records that come during a scan make it neither repeat nor skip others.
func TestScanWhileRecordsCome(t *testing.T) {
	var records []record.Record
	for n := range 3000 {
		records = append(records, newRecord(n/100, "old"))
	}
	for _, order := range []logstore.Order{logstore.NewestFirst, logstore.OldestFirst} {
		reference := logstoretest.NewReference(records...)
		keeper := &pageKeeper{Reader: reference, before: func() {
			for second := range 30 {
				assert.NoError(t, reference.Apply(t.Context(), []record.Record{newRecord(second, "new")}, false))
			}
		}}
		seen := map[string]int{}
		require.NoError(t, logstore.Scan(t.Context(), keeper, logstore.Query{ProjectID: 1, Order: order}, func(r record.Record) error {
			seen[r.ID()]++
			return nil
		}))
		for _, r := range records {
			require.Equal(t, 1, seen[r.ID()])
		}
		for id, times := range seen {
			require.Equal(t, 1, times, id)
		}
	}
}

func TestScanErrors(t *testing.T) {
	records := []record.Record{newRecord(1, ""), newRecord(2, ""), newRecord(3, "")}
	reference := logstoretest.NewReference(records...)
	query := logstore.Query{ProjectID: 1}

	failure := errors.New("no more")
	visited := 0
	err := logstore.Scan(t.Context(), reference, query, func(record.Record) error {
		visited++
		return failure
	})
	assert.Equal(t, failure, err)
	assert.Equal(t, 1, visited)

	ctx, cancel := context.WithCancel(t.Context())
	visited = 0
	err = logstore.Scan(ctx, reference, query, func(record.Record) error {
		visited++
		cancel()
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, 1, visited)
	_, err = scan(ctx, reference, query)
	require.ErrorIs(t, err, context.Canceled)
}

// refusingReader answers a search with the next of its errors, until there is none left.
type refusingReader struct {
	logstore.Reader
	errors []error
	limits []int
}

func (r *refusingReader) Search(ctx context.Context, query logstore.Query) ([]record.Record, error) {
	r.limits = append(r.limits, query.Limit)
	if len(r.errors) > 0 {
		err := r.errors[0]
		r.errors = r.errors[1:]
		if err != nil {
			return nil, err
		}
	}
	return r.Reader.Search(ctx, query)
}

func TestScanReadsTooLargePagesInSmallerOnes(t *testing.T) {
	var records []record.Record
	for n := range 150 {
		records = append(records, newRecord(n, "x"))
	}
	tooLarge := &logstore.TooExpensiveError{Reason: "large", IsPageTooLarge: true}
	reader := &refusingReader{Reader: logstoretest.NewReference(records...), errors: []error{tooLarge, tooLarge}}
	ids, err := scan(t.Context(), reader, logstore.Query{ProjectID: 1})
	require.NoError(t, err)
	assert.Len(t, ids, 150)
	assert.Equal(t, []int{100, 50, 25}, reader.limits[:3])

	other := &logstore.TooExpensiveError{Reason: "long"}
	reader.errors, reader.limits = []error{other}, nil
	_, err = scan(t.Context(), reader, logstore.Query{ProjectID: 1})
	require.ErrorIs(t, err, other, "a smaller page is no less work")
	assert.Len(t, reader.limits, 1)

	reader.errors, reader.limits = []error{tooLarge}, nil
	_, err = scan(t.Context(), reader, logstore.Query{ProjectID: 1, Limit: 1})
	require.ErrorIs(t, err, tooLarge, "there is no smaller one")
}

func TestScanWaitsForOtherQueries(t *testing.T) {
	var records []record.Record
	for n := range 150 {
		records = append(records, newRecord(n, "x"))
	}
	tooMany := &logstore.TooManyQueriesError{Reason: "2 are being answered", RetryAfter: time.Millisecond}
	reader := &refusingReader{Reader: logstoretest.NewReference(records...), errors: []error{nil, tooMany, tooMany}}
	ids, err := scan(t.Context(), reader, logstore.Query{ProjectID: 1})
	require.NoError(t, err)
	assert.Len(t, ids, 150)

	reader.errors = []error{tooMany}
	_, err = scan(t.Context(), reader, logstore.Query{ProjectID: 1})
	require.ErrorIs(t, err, tooMany, "before the first page, nothing is lost by an error")

	tooMany.RetryAfter = time.Hour
	reader.errors = []error{nil, tooMany}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = scan(ctx, reader, logstore.Query{ProjectID: 1})
	require.ErrorIs(t, err, context.DeadlineExceeded)
}
