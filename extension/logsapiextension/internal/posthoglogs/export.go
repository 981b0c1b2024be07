package posthoglogs

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// Format is the format of an export.
type Format string

// The formats.
const (
	FormatCSV    Format = "csv"
	FormatNDJSON Format = "ndjson"
	FormatJSON   Format = "json"
	// FormatOTLP has whole records, to be posted to another Docket.
	FormatOTLP Format = "otlp"
)

// ContentType returns the format's media type.
func (f Format) ContentType() string {
	switch f {
	case FormatCSV:
		return "text/csv; charset=utf-8"
	case FormatNDJSON, FormatOTLP:
		return "application/x-ndjson"
	default:
		return "application/json"
	}
}

// ParseFormat returns the format of a name.
func ParseFormat(name string) (Format, error) {
	switch format := Format(name); format {
	case FormatCSV, FormatNDJSON, FormatJSON, FormatOTLP:
		return format, nil
	default:
		return "", problem("the format %q is none: use csv, ndjson, json or otlp", name)
	}
}

// defaultCSVColumns are the columns of a CSV if the client names none.
func defaultCSVColumns() []string {
	return []string{
		"timestamp", "severity_text", "service_name", "body", "trace_id", "span_id", "uuid", "event_name",
		"attributes", "resource_attributes",
	}
}

// maxColumns is how many columns an export may have.
const maxColumns = 100

// Export is every record of a question, to be written.
type Export struct {
	api  API
	page page
	// columns are what a record's row has; none stands for all of it.
	columns []column
	format  Format
	// Filename has no extension.
	Filename string
	// ID tells exports apart: it is the same for the same request. Docket keeps nothing
	// under it.
	ID int64
	// Question is the question with its range as it is now, and Columns are the columns
	// that the client named; to be asked again.
	Question map[string]any
	Columns  []string
	// Rows is how many records Write has written.
	Rows int64
}

// Export reads what to export: the question, whose page does not count, and the
// columns.
func (a API) Export(body Body, format Format) (*Export, error) {
	q, err := requireQuestion(body)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"limit", "after"} {
		delete(q.options, name)
	}
	p, err := a.parsePage(q)
	if err != nil {
		return nil, err
	}
	p.query.Limit = 0
	e := &Export{api: a, page: p, format: format, ID: idOf(body), Question: echo(q, p.query, 0)}
	delete(e.Question, "limit")
	if e.Filename, err = a.filename(q); err != nil {
		return nil, err
	}
	names, err := options(body).texts("columns", maxColumns)
	if err != nil {
		return nil, err
	}
	if len(names) > 0 && format == FormatOTLP {
		return nil, problem("an export as otlp has whole records: leave out the columns")
	}
	e.Columns = names
	if len(names) == 0 && format == FormatCSV {
		names = defaultCSVColumns()
	}
	if len(names) > 0 {
		names = append(names, namesOf(p.columns)...)
	}
	e.columns, err = parseColumns(withoutRepeats(names))
	return e, err
}

// NamedColumn is a part of a record, as a column of an export is, under another name.
type NamedColumn struct{ Name, Part string }

// ExportRecords is an export of what a query finds. It has exactly the columns that are
// given; its Question is that of the caller.
func (a API) ExportRecords(query logstore.Query, columns []NamedColumn, format Format, filename string, question map[string]any) (*Export, error) {
	parts := make([]string, len(columns))
	for i, column := range columns {
		parts[i] = column.Part
	}
	e := &Export{api: a, page: page{query: query}, format: format, Filename: filename, Question: question}
	var err error
	if e.columns, err = parseColumns(parts); err != nil {
		return nil, err
	}
	for i, column := range columns {
		e.columns[i].name = column.Name
	}
	return e, nil
}

// withoutRepeats returns names without those that stand earlier already: in an object
// a name must not stand twice.
func withoutRepeats(names []string) []string {
	var once []string
	for _, name := range names {
		if !slices.Contains(once, name) {
			once = append(once, name)
		}
	}
	return once
}

// Write writes the whole export.
func (e *Export) Write(ctx context.Context, w io.Writer) error {
	rows := e.writer(w)
	if err := rows.begin(); err != nil {
		return err
	}
	err := logstore.Scan(ctx, timedReader{e.api.Reader, e.api.Timeout}, e.page.query, func(r record.Record) error {
		e.Rows++
		return rows.write(r)
	})
	if err != nil {
		return fmt.Errorf("export records: %w", err)
	}
	return rows.end()
}

// timedReader gives each question a time of its own.
type timedReader struct {
	logstore.Reader

	timeout time.Duration
}

func (r timedReader) Search(ctx context.Context, query logstore.Query) ([]record.Record, error) {
	if r.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, r.timeout)
		defer cancel()
	}
	return r.Reader.Search(ctx, query)
}

// filename returns a name that says what is in the file: the service, and the dates as
// they were given.
func (a API) filename(q question) (string, error) {
	services, err := q.texts("serviceNames", maxServices)
	if err != nil {
		return "", err
	}
	part := "all-services"
	switch {
	case len(services) == 1:
		const longest = 50
		part = nameSafe(services[0])
		part = part[:min(longest, len(part))]
	case len(services) > 1:
		part = strconv.Itoa(len(services)) + "-services"
	}
	var dateRange struct {
		From string `json:"date_from"`
		To   string `json:"date_to"`
	}
	_ = json.Unmarshal(q.options["dateRange"], &dateRange) // what cannot be read is not in the name
	from, to := datePart(dateRange.From), datePart(dateRange.To)
	switch {
	case from != "" && to != "":
		return "logs-" + part + "-" + from + "-to-" + to, nil
	case from != "":
		return "logs-" + part + "-from-" + from, nil
	default:
		return "logs-" + part + "-" + a.Now.UTC().Format(time.DateOnly), nil
	}
}

// datePart returns the start of a date, as far as it can be in the name of a file.
func datePart(date string) string { return nameSafe(date[:min(len(time.DateOnly), len(date))]) }

// nameSafe replaces what had better not be in the name of a file.
func nameSafe(text string) string {
	return strings.Map(func(r rune) rune {
		isSafe := r == '_' || r == '-' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		if isSafe {
			return r
		}
		return '-'
	}, text)
}

// idOf returns a positive number for a request.
func idOf(body Body) int64 {
	hash := fnv.New32a()
	text, _ := marshal(body) // what was JSON, is
	_, _ = hash.Write(text)
	return int64(hash.Sum32()) + 1
}

// rowWriter writes records in a format.
type rowWriter interface {
	begin() error
	write(r record.Record) error
	end() error
}

func (e *Export) writer(w io.Writer) rowWriter {
	switch e.format {
	case FormatCSV:
		return &csvWriter{w: w, columns: e.columns}
	case FormatNDJSON:
		return &jsonWriter{w: w, object: e.object, after: "\n"}
	case FormatOTLP:
		return newOTLPWriter(w)
	default:
		return &jsonWriter{w: w, object: e.object, start: "[", between: ",\n", finish: "]\n"}
	}
}

// object returns a record as JSON.
func (e *Export) object(r record.Record) ([]byte, error) {
	if len(e.columns) > 0 {
		return marshalMembers(membersOf(e.columns, r))
	}
	row := e.api.row(e.page, r)
	row.LiveLogsCheckpoint = "" // for pages only
	return row.MarshalJSON()
}

// jsonWriter writes a JSON object for each record.
type jsonWriter struct {
	w                             io.Writer
	object                        func(r record.Record) ([]byte, error)
	start, between, after, finish string

	buffer  bytes.Buffer
	started bool
}

func (j *jsonWriter) begin() error {
	_, err := io.WriteString(j.w, j.start)
	return err
}

func (j *jsonWriter) write(r record.Record) error {
	object, err := j.object(r)
	if err != nil {
		return err
	}
	j.buffer.Reset()
	if j.started {
		j.buffer.WriteString(j.between)
	}
	j.started = true
	j.buffer.Write(object)
	j.buffer.WriteString(j.after)
	_, err = j.w.Write(j.buffer.Bytes())
	return err
}

func (j *jsonWriter) end() error {
	_, err := io.WriteString(j.w, j.finish)
	return err
}
