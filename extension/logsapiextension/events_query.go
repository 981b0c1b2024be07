package logsapiextension

import (
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
)

// Bounds of GET /v1/events.
const (
	defaultEventsLimit = 5
	// maxEventsPage keeps offsets within 32 bits.
	maxEventsPage = math.MaxInt32 / 20
)

// eventsQuery is what the parameters of GET /v1/events ask for.
type eventsQuery struct {
	page, limit int
	order       logstore.Order
	// externalID is "" for events of every one.
	externalID string
}

// parseEventsQuery reads a URL's query string. Like GET /logs, it refuses parameters that
// are unknown: a misspelt external_id must not answer with the events of all.
func parseEventsQuery(raw string) (eventsQuery, error) {
	query := eventsQuery{limit: defaultEventsLimit, order: logstore.NewestFirst}
	values, err := url.ParseQuery(raw)
	if err != nil {
		return query, parseProblem("Malformed query string: please percent-encode every name and value.")
	}
	readers := map[string]func(value string) error{
		"page": query.readPage, "limit": query.readLimit, "order": query.readOrder, "external_id": query.readExternalID,
	}
	for _, name := range sortedParameters(values) {
		read, ok := readers[name]
		switch {
		case !ok:
			return query, fieldProblem(codeInvalidInput, clip(name), "is unknown: send only page, limit, order and external_id")
		case len(values[name]) > 1:
			return query, fieldProblem(codeInvalidInput, name, "is given more than once")
		}
		if err := read(values.Get(name)); err != nil {
			return query, err
		}
	}
	return query, nil
}

// sortedParameters returns the names of parameters, so that the first problem is always
// the same.
func sortedParameters(values url.Values) []string {
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (q *eventsQuery) readPage(value string) error {
	page, err := strconv.Atoi(value)
	if err != nil || page < 0 || page > maxEventsPage {
		return fieldProblem(codeInvalidInput, "page", "must be a whole number from 0 to %d", maxEventsPage)
	}
	q.page = page
	return nil
}

func (q *eventsQuery) readLimit(value string) error {
	limit, err := strconv.Atoi(value)
	if err != nil || !slices.Contains([]int{5, 10, 15, 20}, limit) {
		return fieldProblem(codeInvalidInput, "limit", "must be 5, 10, 15 or 20")
	}
	q.limit = limit
	return nil
}

func (q *eventsQuery) readOrder(value string) error {
	switch value {
	case "asc":
		q.order = logstore.OldestFirst
	case "desc":
		q.order = logstore.NewestFirst
	default:
		return fieldProblem(codeInvalidInput, "order", `must be "asc" or "desc"`)
	}
	return nil
}

// readExternalID refuses an empty one: what a page forgot to fill in must not show it the
// events of all.
func (q *eventsQuery) readExternalID(value string) error {
	value = strings.TrimSpace(value)
	switch {
	case value == "":
		return fieldProblem(codeInvalidInput, "external_id", "must not be empty: leave it out to read the events of all")
	case !utf8.ValidString(value):
		return fieldProblem(codeInvalidInput, "external_id", "must be UTF-8")
	case utf8.RuneCountInString(value) > filter.MaxLength:
		return fieldProblem(codeInvalidInput, "external_id", "must have at most %d characters", filter.MaxLength)
	}
	q.externalID = value
	return nil
}

// eventShape is the shape of LogHub's errors:
// {"code":"…","status":"error","message":"…","errors":[{"field":"…","message":"…"}]}.
func eventShape(dst []byte, p *problem) []byte {
	dst = append(dst, `{"code":`...)
	dst = appendString(dst, eventCode(p.status))
	dst = append(dst, `,"status":"error","message":`...)
	if p.field == "" {
		dst = appendString(dst, p.detail)
		return append(dst, `,"errors":[]}`...)
	}
	dst = appendString(dst, p.field+" "+p.detail)
	dst = append(dst, `,"errors":[{"field":`...)
	dst = appendString(dst, p.field)
	dst = append(dst, `,"message":`...)
	dst = appendString(dst, p.detail)
	return append(dst, `}]}`...)
}

// eventCode returns LogHub's word for an HTTP status.
func eventCode(status int) string {
	switch status {
	case http.StatusBadRequest:
		return "GET_EVENT_DETAIL_INVALID"
	case http.StatusUnauthorized:
		return "UNAUTHORIZED"
	case http.StatusForbidden:
		return "FORBIDDEN"
	case http.StatusNotFound:
		return "NOT_FOUND"
	case http.StatusMethodNotAllowed:
		return "METHOD_NOT_ALLOWED"
	case http.StatusTooManyRequests:
		return "TOO_MANY_REQUESTS"
	case http.StatusServiceUnavailable:
		return "SERVICE_UNAVAILABLE"
	case http.StatusGatewayTimeout:
		return "TIMEOUT"
	default:
		return "INTERNAL_ERROR"
	}
}
