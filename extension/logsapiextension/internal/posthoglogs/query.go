package posthoglogs

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// Bounds of a page.
const (
	defaultPage      = 1000
	maxPage          = 2000
	maxPageBytes     = 32 << 20
	maxCustomColumns = 50
)

// maxExportable is how many records an export has at most: as many as there are, for
// which this is the greatest number that every reader of JSON knows exactly.
const maxExportable = 1<<53 - 1

// tailMargin is how long after it was observed a record may become findable.
const tailMargin = 5 * time.Second

// QueryAnswer is the answer of Query.
type QueryAnswer struct {
	// Query is the question with what was not given: the range, the order, the limit.
	Query   map[string]any `json:"query"`
	Results []Row          `json:"results"`
	HasMore bool           `json:"hasMore"`
	// NextCursor is what to send as after; null on the last page.
	NextCursor *string `json:"nextCursor"`
	// MaxExportableLogs bounds nothing.
	MaxExportableLogs int64 `json:"maxExportableLogs"`
	// Columns are the names of the custom columns; null if there are none.
	Columns []string `json:"columns"`
}

// page is what a question asks for.
type page struct {
	query             logstore.Query
	columns           []column
	excludeAttributes bool
}

// Query returns a page of records.
func (a API) Query(ctx context.Context, body Body) (QueryAnswer, error) {
	q, err := requireQuestion(body)
	if err != nil {
		return QueryAnswer{}, err
	}
	p, err := a.parsePage(q)
	if err != nil {
		return QueryAnswer{}, err
	}
	found, hasMore, err := a.findPage(ctx, p)
	if err != nil {
		return QueryAnswer{}, err
	}
	answer := QueryAnswer{
		Query: echo(q, p.query, p.query.Limit), Results: []Row{}, HasMore: hasMore,
		MaxExportableLogs: maxExportable, Columns: namesOf(p.columns),
	}
	if hasMore {
		cursor := cursorOf(found[len(found)-1])
		answer.NextCursor = &cursor
	}
	for _, r := range found {
		answer.Results = append(answer.Results, a.row(p, r))
	}
	return answer, nil
}

// findPage returns the records of a page, and whether there are more. A page of large
// records has fewer than it may have.
func (a API) findPage(ctx context.Context, p page) (found []record.Record, hasMore bool, err error) {
	limit, size := p.query.Limit, 0
	p.query.Limit++ // to see whether there are more
	errFull := errors.New("the page is full")
	err = logstore.Scan(ctx, a.Reader, p.query, func(r record.Record) error {
		if len(found) == limit || size > maxPageBytes {
			return errFull
		}
		found = append(found, r)
		size += logstore.ApproximateSize(r)
		return nil
	})
	if hasMore = errors.Is(err, errFull); hasMore {
		return found, true, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("search records: %w", err)
	}
	return found, false, nil
}

func (a API) row(p page, r record.Record) Row {
	row := rowOf(r)
	row.LiveLogsCheckpoint = timeText(a.Now.Add(-tailMargin))
	for _, m := range membersOf(p.columns, r) {
		if !isRowMember(m.name) { // which is there already
			row.custom = append(row.custom, m)
		}
	}
	if p.excludeAttributes {
		row.Attributes, row.ResourceAttributes = map[string]string{}, map[string]string{}
	}
	return row
}

// parsePage reads a question for records.
func (a API) parsePage(q question) (page, error) {
	selected, err := a.selection(q)
	if err != nil {
		return page{}, err
	}
	p := page{query: queryOf(selected, 0)}
	if p.query.Limit, err = q.positive("limit", defaultPage, maxPage); err != nil {
		return page{}, err
	}
	if p.query.Order, err = q.order(); err != nil {
		return page{}, err
	}
	if p.query.After, err = q.cursor(); err != nil {
		return page{}, err
	}
	if p.query.Filter, err = a.withCheckpoint(q, p.query.Filter); err != nil {
		return page{}, err
	}
	if p.excludeAttributes, err = q.boolean("excludeAttributes"); err != nil {
		return page{}, err
	}
	names, err := q.texts("customColumns", maxCustomColumns)
	if err != nil {
		return page{}, err
	}
	p.columns, err = parseColumns(names)
	return p, err
}

// order returns the order of records. What is not earliest is latest.
func (o options) order() (logstore.Order, error) {
	text, err := o.text("orderBy")
	if err == nil && text == "earliest" {
		return logstore.OldestFirst, nil
	}
	return logstore.NewestFirst, err
}

// withCheckpoint adds the condition of liveLogsCheckpoint to a filter.
func (a API) withCheckpoint(q question, expression filter.Expression) (filter.Expression, error) {
	const name = "liveLogsCheckpoint"
	text, err := q.text(name)
	if err != nil || text == "" {
		return expression, err
	}
	first, _, err := a.clock().Parse(text)
	if err != nil {
		return nil, problem("%s: the date %s", name, err)
	}
	observed := filter.CompareTime{
		Field: filter.Field{Place: filter.PlaceObservedTime}, Order: filter.GreaterOrEqual, Time: first,
	}
	if expression == nil {
		return observed, nil
	}
	return filter.And{expression, observed}, nil
}

// cursor is the place of the last record of a page.
type cursor struct {
	Timestamp time.Time `json:"timestamp"`
	UUID      string    `json:"uuid"`
}

func cursorOf(r record.Record) string {
	place := logstore.PlaceOf(r)
	text, _ := marshal(cursor{Timestamp: place.Timestamp, UUID: place.ID}) // cannot fail
	return base64.StdEncoding.EncodeToString(text)
}

// cursor returns the place after which to go on; nil if there is none.
func (o options) cursor() (*logstore.Place, error) {
	text, err := o.text("after")
	if err != nil || text == "" {
		return nil, err
	}
	place, ok := ParseCursor(text)
	if !ok {
		return nil, problem("after is no cursor: send the nextCursor of the page before, or nothing for the first page")
	}
	return &place, nil
}

// ParseCursor returns the place that CursorOf has put into a text.
func ParseCursor(text string) (place logstore.Place, ok bool) {
	decoded, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return place, false
	}
	var c cursor
	if err := json.Unmarshal(decoded, &c); err != nil || c.Timestamp.IsZero() || c.UUID == "" {
		return place, false
	}
	if seconds := c.Timestamp.Unix(); seconds < 0 || seconds > math.MaxInt64/int64(time.Second) {
		return place, false // no record is there
	}
	return logstore.Place{Timestamp: c.Timestamp.UTC(), ID: c.UUID}, true
}

// echo returns the question as it was understood: asked again, it is about the same
// records.
func echo(q question, query logstore.Query, limit int) map[string]any {
	understood := map[string]any{"kind": "LogsQuery"}
	for name, value := range q.options {
		understood[name] = value
	}
	dateRange := map[string]any{"date_from": "all", "date_to": query.To.UTC().Format(wholeTime)}
	if !query.From.IsZero() {
		dateRange["date_from"] = timeText(query.From)
	}
	understood["dateRange"] = dateRange
	understood["orderBy"] = "latest"
	if query.Order == logstore.OldestFirst {
		understood["orderBy"] = "earliest"
	}
	understood["limit"] = limit
	return understood
}

// namesOf returns the names of columns, nil if there are none.
func namesOf(columns []column) []string {
	var names []string
	for _, c := range columns {
		names = append(names, c.name)
	}
	return names
}
