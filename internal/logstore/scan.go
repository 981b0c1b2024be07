package logstore

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/record"
)

// Sizes of the pages by which Scan reads. A page has as many records as are expected
// to take scanPageBytes, by the sizes of those before it, so that the memory that a
// scan takes hardly depends on how large records are.
const (
	firstScanPage = 100
	minScanPage   = 10
	maxScanPage   = 1000
	scanPageBytes = 4 << 20
)

// Scan visits every record that a query selects, in its order, each once, whatever is
// added meanwhile. Limit bounds how many there are; 0 does not. Scan holds a page of
// them in memory at a time.
//
// A page that is too large is read in smaller ones. When there are too many queries, the
// first page fails, and the others are waited for.
//
// It returns the error of the reader, of ctx or of visit, as it is; after an error
// nothing is visited.
func Scan(ctx context.Context, reader Reader, query Query, visit func(record.Record) error) error {
	left := query.Limit
	size := firstScanPage
	for isFirst := true; ; isFirst = false {
		query.Limit = size
		if left > 0 {
			query.Limit = min(size, left)
		}
		page, limit, err := readScanPage(ctx, reader, query, !isFirst)
		if err != nil {
			return err
		}
		query.Limit = limit
		bytes := 0
		for _, r := range page {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := visit(r); err != nil {
				return err
			}
			bytes += ApproximateSize(r)
		}
		isLimit := left > 0 && len(page) >= left
		if len(page) < query.Limit || isLimit {
			return nil
		}
		left = max(0, left-len(page))
		place := PlaceOf(page[len(page)-1])
		query.After, query.Offset = &place, 0
		size = nextScanPage(len(page), bytes)
	}
}

// readScanPage returns a page of at most query.Limit records, or of the returned limit if
// so many take too much memory.
func readScanPage(ctx context.Context, reader Reader, query Query, isPatient bool) (page []record.Record, limit int, err error) {
	for {
		page, err = reader.Search(ctx, query)
		expensive, isExpensive := errors.AsType[*TooExpensiveError](err)
		tooMany, isTooMany := errors.AsType[*TooManyQueriesError](err)
		switch {
		case isExpensive && expensive.IsPageTooLarge && query.Limit > 1:
			query.Limit /= 2
		case isTooMany && isPatient:
			if err := wait(ctx, tooMany.RetryAfter); err != nil {
				return nil, 0, err
			}
		default:
			return page, query.Limit, err
		}
	}
}

func wait(ctx context.Context, duration time.Duration) error {
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// PlaceOf returns the place of a record.
func PlaceOf(r record.Record) Place {
	timestamp, _ := filter.Field{Place: filter.PlaceTimestamp}.Time(r)
	return Place{Timestamp: timestamp, ID: r.ID()}
}

// nextScanPage returns how many records the page after one of so many has.
func nextScanPage(records, bytes int) int {
	fitting := scanPageBytes / max(1, bytes/records)
	return max(minScanPage, min(fitting, maxScanPage))
}

// ApproximateSize estimates how many bytes of memory a record takes.
func ApproximateSize(r record.Record) int {
	const fixed = 500
	return fixed + sizeOfValue(r.Log.Body()) + sizeOfMap(r.Log.Attributes()) + sizeOfMap(r.Resource.Attributes())
}

func sizeOfMap(m pcommon.Map) int {
	size := 0
	for key, value := range m.All() {
		size += len(key) + sizeOfValue(value)
	}
	return size
}

func sizeOfValue(v pcommon.Value) int {
	const fixed = 50
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return fixed + len(v.Str())
	case pcommon.ValueTypeBytes:
		return fixed + v.Bytes().Len()
	case pcommon.ValueTypeMap:
		return fixed + sizeOfMap(v.Map())
	case pcommon.ValueTypeSlice:
		size := fixed
		for _, element := range v.Slice().All() {
			size += sizeOfValue(element)
		}
		return size
	default:
		return fixed
	}
}
