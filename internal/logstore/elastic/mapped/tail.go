package mapped

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

const (
	// pollInterval is the time between two looks for new records, about the interval in
	// which indices show them.
	pollInterval = time.Second
	// latest is how long after its timestamp a record may come into its index to be seen.
	latest = 30 * time.Second
	// maxSeen is about how many records are looked at again for what comes late between
	// them; where there are more, the time is shorter.
	maxSeen = 1000
)

// tail is a logstore.Tail that asks for new records again and again, as nobody tells of
// them. Records that come more than latest after their timestamp are not seen.
type tail struct {
	reader    logstore.Reader
	projectID int64
	filter    filter.Expression
	limit     int
	// latest is the constant, but in tests.
	latest   time.Duration
	isClosed atomic.Bool

	// These belong to Next. start is when the tail began, and hasLooked whether all that
	// there was then has been looked at. What is late may come from the time from on; seen
	// are the records from there on that were seen. The next look begins at next, which is
	// later if the last one did not come to the end.
	start, from, next time.Time
	hasLooked         bool
	seen              map[logstore.Place]struct{}
}

var _ logstore.Tail = (*tail)(nil)

// NewTail follows the records that a reader finds in a project, and that a filter selects,
// from now on. At most limit come at once, the others after them; none is dropped. Next
// has one caller at a time.
func NewTail(reader logstore.Reader, projectID int64, expression filter.Expression, limit int) (logstore.Tail, error) {
	if limit < 1 {
		return nil, errors.New("a tail needs room for at least one record")
	}
	if _, err := filter.Compile(expression); err != nil {
		return nil, err
	}
	now := time.Now().Truncate(time.Millisecond) // which is all that most dates tell
	return &tail{
		reader: reader, projectID: projectID, filter: expression, limit: limit, latest: latest,
		start: now, from: now.Add(-latest), next: now.Add(-latest), seen: map[logstore.Place]struct{}{},
	}, nil
}

// Next implements logstore.Tail.
func (t *tail) Next(ctx context.Context) (records []record.Record, dropped int64, err error) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return nil, 0, ctx.Err()
		}
		if t.isClosed.Load() {
			return nil, 0, logstore.ErrClosed
		}
		records, hasMore, err := t.look(ctx)
		if err != nil || len(records) > 0 {
			return records, 0, err
		}
		pause := pollInterval
		if hasMore {
			pause = 0
		}
		timer.Reset(pause)
	}
}

// look returns what is there and was not seen; hasMore is true if that may not be all.
func (t *tail) look(ctx context.Context) (records []record.Record, hasMore bool, err error) {
	began, size := time.Now(), t.limit
	for place := range t.seen {
		if !place.Timestamp.Before(t.next) {
			size++
		}
	}
	found, err := t.reader.Search(ctx, logstore.Query{
		ProjectID: t.projectID, From: t.next, Filter: t.filter, Order: logstore.OldestFirst, Limit: size,
	})
	if err != nil {
		return nil, false, err
	}
	for _, r := range found {
		place := logstore.PlaceOf(r)
		_, isSeen := t.seen[place]
		t.seen[place] = struct{}{}
		// What was there before the tail is not of it.
		if !isSeen && (t.hasLooked || !place.Timestamp.Before(t.start)) {
			records = append(records, r)
		}
	}
	if len(found) == size {
		t.next = logstore.PlaceOf(found[size-1]).Timestamp
		return records, true, nil
	}
	t.hasLooked = true
	t.forget(began.Add(-t.latest))
	return records, false, nil
}

// forget leaves only what the next look can find in seen, from a time on or, if that is
// too much, from a later one on.
func (t *tail) forget(from time.Time) {
	if len(t.seen) > maxSeen {
		places := slices.SortedFunc(maps.Keys(t.seen), func(a, b logstore.Place) int { return b.Timestamp.Compare(a.Timestamp) })
		from = later(from, places[maxSeen].Timestamp)
	}
	t.from = later(t.from, from)
	t.next = t.from
	maps.DeleteFunc(t.seen, func(place logstore.Place, _ struct{}) bool { return place.Timestamp.Before(t.from) })
}

// Close implements logstore.Tail.
func (t *tail) Close() { t.isClosed.Store(true) }
