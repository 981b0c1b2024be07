package posthoglogs

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/filter/posthog"
	"github.com/docketlog/docket/internal/record"
)

// MaxBacklog is the largest TailQuestion.Backlog.
const MaxBacklog = 1000

// TailQuestion is what a client wants to follow.
type TailQuestion struct {
	// Filter is nil for every record.
	Filter filter.Expression
	// Backlog is how many of the newest records come first.
	Backlog int
}

const (
	nameText       = "q"
	nameSearchTerm = "searchTerm"
	nameBacklog    = "backlog"
)

// jsonNames are the parameters of a tail that are JSON, with an example of each.
func jsonNames() []struct{ name, example string } {
	return []struct{ name, example string }{
		{"severityLevels", `["error"]`},
		{"serviceNames", `["checkout"]`},
		{"filterGroup", `[{"key": "user.id", "type": "log_attribute", "operator": "exact", "value": "42"}]`},
	}
}

// ParseTail reads the parameters of a tail: q is a text of the search box, backlog a
// number, and the others are filters of Query. The error is a *RequestError or a
// *filter.Error.
func (a API) ParseTail(parameters Parameters) (TailQuestion, error) {
	known := []string{nameText, nameSearchTerm, nameBacklog}
	for _, parameter := range jsonNames() {
		known = append(known, parameter.name)
	}
	if err := checkNames(parameters, known...); err != nil {
		return TailQuestion{}, err
	}
	backlog, err := parseBacklog(parameters)
	if err != nil {
		return TailQuestion{}, err
	}
	filters, err := a.parseFilters(parameters)
	if err != nil {
		return TailQuestion{}, err
	}
	// By itself, as JSON cannot hold what is not UTF-8.
	typed, err := posthog.ParseText(parameters.Get(nameText), a.clock())
	if err != nil {
		return TailQuestion{}, err
	}
	return TailQuestion{Filter: filter.All(filters, typed), Backlog: backlog}, nil
}

func parseBacklog(parameters Parameters) (int, error) {
	if !parameters.Has(nameBacklog) {
		return 0, nil
	}
	backlog, err := strconv.Atoi(parameters.Get(nameBacklog))
	if err != nil || backlog < 0 || backlog > MaxBacklog {
		return 0, problem("%s must be a whole number from 0 to %d", nameBacklog, MaxBacklog)
	}
	return backlog, nil
}

// parseFilters returns the filter of the parameters that Query has too; nil if there is
// none.
func (a API) parseFilters(parameters Parameters) (filter.Expression, error) {
	object := map[string]any{nameSearchTerm: parameters.Get(nameSearchTerm)}
	for _, parameter := range jsonNames() {
		given := jsonParameter(parameters, parameter.name)
		if !json.Valid(given) {
			return nil, problem("%s is not JSON: send such as %s", parameter.name, parameter.example)
		}
		object[parameter.name] = json.RawMessage(given)
	}
	query, err := json.Marshal(object)
	if err != nil {
		return nil, fmt.Errorf("encode the filters: %w", err)
	}
	parsed, err := posthog.ParseQuery(query, a.clock())
	return parsed.Filter, err
}

// LiveRow returns a record as Query does.
func (a API) LiveRow(r record.Record) Row { return a.row(page{}, r) }

// AppendEvent appends a record's row in JSON, on one line.
func (a API) AppendEvent(dst []byte, r record.Record) ([]byte, error) {
	row, err := marshal(a.LiveRow(r))
	return append(dst, row...), err
}

// CursorOf returns what Query takes as after, to go on behind a record.
func CursorOf(r record.Record) string { return cursorOf(r) }
