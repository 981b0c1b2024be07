package embedded

import (
	"math"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// afterPlace is a place after which rows are selected.
type afterPlace struct {
	order logstore.Order
	place rowOrder
}

// startAfter makes the plan select only what comes after a place in an order;
// isEmpty is true when that is nothing.
func (p *plan) startAfter(order logstore.Order, place *logstore.Place) (isEmpty bool) {
	if place == nil {
		return false
	}
	isNewestFirst := order == logstore.NewestFirst
	switch {
	case place.Timestamp.Before(record.TimeOf(0)): // before all records in time
		return isNewestFirst
	case place.Timestamp.After(record.TimeOf(math.MaxUint64)):
		return !isNewestFirst
	}
	timestamp := timestampOf(place.Timestamp)
	after := afterPlace{order, rowOrder{engineTime(timestamp), exactTime(timestamp), pack(place.ID)}}
	p.after = &after
	if isNewestFirst {
		p.to = min(p.to, after.place.time)
	} else {
		p.from = max(p.from, after.place.time)
	}
	return p.isEmpty()
}

// isBefore reports whether a row comes after the place.
func (a afterPlace) isBefore(row rowOrder) bool {
	if a.order == logstore.NewestFirst {
		return row.compare(a.place) < 0
	}
	return row.compare(a.place) > 0
}

// in prepares to tell which rows of a block come after the place.
func (a afterPlace) in(block *logstorage.DataBlock) func(row int) bool {
	orderOf := orderIn(block)
	return func(row int) bool { return a.isBefore(orderOf(row)) }
}

// rowOrder is by what rows are ordered. The texts of exact times sort as the
// times do.
type rowOrder struct {
	time      int64
	exactTime string
	// id is packed.
	id string
}

// orderColumns returns the columns that orderIn needs.
func orderColumns() []string { return []string{columnTime, columnExactTime, columnID} }

// orderIn prepares to read by what the rows of a block are ordered.
func orderIn(block *logstorage.DataBlock) func(row int) rowOrder {
	times, ids, exactTimes := textsOf(block, columnTime), textsOf(block, columnID), textsOf(block, columnExactTime)
	return func(row int) rowOrder {
		time, _ := logstorage.TryParseTimestampRFC3339Nano(times[row])
		return rowOrder{time, exactTimes[row], ids[row]}
	}
}

// orderOf returns by what the row of a record is ordered.
func orderOf(r record.Record) rowOrder {
	timestamp := r.Log.Timestamp()
	return rowOrder{engineTime(timestamp), exactTime(timestamp), pack(r.ID())}
}
