package elastic

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/record"
)

// timestampFormat is that of fieldTimestamp.
const timestampFormat = "2006-01-02T15:04:05.000Z"

// document is what a record becomes. See layout.go.
type document struct {
	// id is the _id: the project and the record's id, as 7:0199….
	id string
	// day is the number since 1970 of the day (UTC) of the record's timestamp.
	day int64
	// isAhead is true if that is long after the record was received.
	isAhead bool
	// source is the JSON of the fields.
	source []byte
}

// newDocument returns the document of a record. The error is a refusal: the record
// can never be stored.
func newDocument(r record.Record) (document, error) {
	return new(encoder).encode(nil, r)
}

// encoder makes documents, and keeps what it needs for that from one to the next. It
// is not safe for concurrent use.
type encoder struct {
	lists lists
}

// encode makes a document whose source is appended to dst. The error is a refusal.
func (e *encoder) encode(dst []byte, r record.Record) (document, error) {
	if err := refusalOf(r); err != nil {
		return document{}, err
	}
	timestamp := r.Log.Timestamp()
	d := document{
		id: documentID(r.ProjectID(), r.ID()), day: dayOf(timestamp), isAhead: isAhead(timestamp, r.Log.ObservedTimestamp()),
	}

	e.lists.start()
	dst = append(dst, '{')
	dst = appendName(dst, fieldTimestamp)
	dst = append(dst, '"')
	dst = record.TimeOf(timestamp).AppendFormat(dst, timestampFormat)
	dst = append(dst, '"')
	dst = appendName(dst, fieldTime)
	dst = strconv.AppendInt(dst, timeNumber(timestamp), 10)
	if observed := r.Log.ObservedTimestamp(); observed != 0 {
		dst = appendName(dst, fieldObservedTime)
		dst = strconv.AppendInt(dst, timeNumber(observed), 10)
	}
	dst = appendName(dst, fieldProject)
	dst = strconv.AppendInt(dst, r.ProjectID(), 10)
	for _, own := range ownKeywords() {
		dst = e.appendOwn(dst, own, r)
	}
	body := filter.Text(r.Log.Body())
	dst = appendName(dst, fieldBodyBytes)
	dst = strconv.AppendInt(dst, int64(len(body)), 10)
	e.lists.addBody(body)
	e.lists.addAttributes(filter.PlaceLogAttribute, r.Log.Attributes())
	e.lists.addAttributes(filter.PlaceResourceAttribute, r.Resource.Attributes())
	dst = e.lists.append(dst)
	dst, err := appendRecord(dst, r)
	if err != nil {
		return document{}, err
	}
	dst = append(dst, '}')
	d.source = dst
	return d, nil
}

// ownKeyword is a keyword with the text of a field of the record itself.
type ownKeyword struct {
	name  string
	place filter.Place
}

func ownKeywords() [8]ownKeyword {
	return [...]ownKeyword{
		{fieldID, filter.PlaceID},
		{fieldHash, filter.PlaceHash},
		{fieldLevel, filter.PlaceLevel},
		{fieldSeverityNumber, filter.PlaceSeverityNumber},
		{fieldService, filter.PlaceService},
		{fieldEventName, filter.PlaceEventName},
		{fieldTraceID, filter.PlaceTraceID},
		{fieldSpanID, filter.PlaceSpanID},
	}
}

// appendOwn appends a keyword, unless it is empty or too long.
func (e *encoder) appendOwn(dst []byte, own ownKeyword, r record.Record) []byte {
	text, ok := filter.Field{Place: own.place}.Text(r)
	switch {
	case !ok:
		return dst
	case len(text) > maxTermBytes:
		e.lists.addCut(own.name)
		return dst
	}
	return appendString(appendName(dst, own.name), text)
}

// documentID returns the _id of a record: unique, and the same for its copies.
func documentID(project int64, id string) string {
	return strconv.FormatInt(project, 10) + ":" + id
}

// timeNumber returns the value of fieldTime.
func timeNumber(timestamp pcommon.Timestamp) int64 {
	return int64(uint64(timestamp) ^ 1<<63) //nolint:gosec // from MinInt64 on
}

// timestampOfNumber is the inverse of timeNumber.
func timestampOfNumber(number int64) pcommon.Timestamp {
	return pcommon.Timestamp(uint64(number) ^ 1<<63) //nolint:gosec // every bit counts
}

// dayOf returns the number since 1970 of the day of a timestamp.
func dayOf(timestamp pcommon.Timestamp) int64 {
	return int64(uint64(timestamp) / uint64(24*time.Hour)) //nolint:gosec // fits
}

const (
	// maxIDBytes is the size of the longest _id that a cluster takes.
	maxIDBytes = 512
	// maxDepth is the number of levels that values may have. What handles them is
	// recursive, and Go ends a process whose stack outgrows its limit.
	maxDepth = 10_000
)

// refusal is the reason why a record can never be stored, in words for an operator.
type refusal string

func (r refusal) Error() string { return string(r) }

// refusalOf returns why a record cannot be stored, nil if nothing is known against it.
func refusalOf(r record.Record) error {
	if id := r.ProjectID(); id < 1 || id > math.MaxUint32 {
		return refusal(fmt.Sprintf("project id %d is not between 1 and %d: see the resource attribute %s",
			id, uint32(math.MaxUint32), record.AttributeProjectID))
	}
	switch id := r.ID(); {
	case id == "":
		return refusal("it has no id: see the attribute " + record.AttributeID)
	case len(documentID(r.ProjectID(), id)) > maxIDBytes:
		return refusal(fmt.Sprintf("its id has %d bytes, and with its project's more than %d", len(id), maxIDBytes))
	case !isValidText(id):
		return refusal(fmt.Sprintf("its id %+q is not UTF-8", id))
	}
	if r.IsDeeper(maxDepth) {
		return refusal(fmt.Sprintf("one of its values has more than %d levels", maxDepth))
	}
	return nil
}
