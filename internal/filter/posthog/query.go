package posthog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/filter/dates"
	"github.com/docketlog/docket/internal/filter/text"
	"github.com/docketlog/docket/internal/record"
)

// Names of the parts of a query.
const (
	nameDateRange      = "dateRange"
	nameDateFrom       = "date_from"
	nameDateTo         = "date_to"
	nameSeverityLevels = "severityLevels"
	nameServiceNames   = "serviceNames"
	nameSearchTerm     = "searchTerm"
	nameFilterGroup    = "filterGroup"
	// nameText is Docket's own: a text of the search box.
	nameText = "q"
)

// defaultRange is how far back a query looks that does not say it.
const defaultRange = time.Hour

// Query is what a query selects.
type Query struct {
	// Filter is nil if there is none.
	Filter filter.Expression
	// From and To bound the timestamp, both inclusive. A zero From leaves that side
	// open.
	From, To time.Time
}

// ParseQuery reads the object "query" of a request. Names that are no filters are
// ignored. The error is a *filter.Error.
func ParseQuery(query []byte, clock dates.Clock) (Query, error) {
	object, err := decodeObject(query)
	if err != nil {
		return Query{}, err
	}
	p := parser{clock: clock}
	var q Query
	if q.From, q.To, err = p.dateRange(nameDateRange, object[nameDateRange]); err != nil {
		return Query{}, err
	}
	q.Filter, err = p.filters(object)
	return q, err
}

// ParseAlert reads the filters of an alert, which has no other names than
// severityLevels, serviceNames, filterGroup and q. It returns nil if they select every
// record. The error is a *filter.Error.
func ParseAlert(filters []byte, clock dates.Clock) (filter.Expression, error) {
	object, err := decodeObject(filters)
	if err != nil {
		return nil, err
	}
	known := []string{nameSeverityLevels, nameServiceNames, nameFilterGroup, nameText}
	for _, name := range sortedNames(object) {
		if !slices.Contains(known, name) {
			return nil, problem(clip(name), "is not a filter of alerts: send only %s", strings.Join(known, ", "))
		}
	}
	p := parser{clock: clock}
	return p.filters(object)
}

// ParseFilterGroup reads a filterGroup alone, as the parameter of a GET has it. It
// returns nil if it selects every record. The error is a *filter.Error.
func ParseFilterGroup(group []byte, clock dates.Clock) (filter.Expression, error) {
	value, err := decode(group)
	if err != nil {
		return nil, err
	}
	p := parser{clock: clock}
	return p.filters(map[string]any{nameFilterGroup: value})
}

// ParseText reads a text of the search box alone, as the parameter of a GET has it. It
// returns nil if it selects every record. The error is a *filter.Error.
func ParseText(typed string, clock dates.Clock) (filter.Expression, error) {
	p := parser{clock: clock}
	return p.filters(map[string]any{nameText: typed})
}

// ParseServiceNames reads serviceNames alone, as the parameter of a GET has it. It
// returns nil if it selects every record. The error is a *filter.Error.
func ParseServiceNames(names []byte) (filter.Expression, error) {
	value, err := decode(names)
	if err != nil {
		return nil, err
	}
	p := parser{}
	return p.filters(map[string]any{nameServiceNames: value})
}

// ParseDateRange reads a dateRange alone, as the parameter of a GET has it. The error
// is a *filter.Error.
func ParseDateRange(dateRange []byte, clock dates.Clock) (from, to time.Time, err error) {
	value, err := decode(dateRange)
	if err != nil {
		return time.Time{}, time.Time{}, err
	}
	p := parser{clock: clock}
	return p.dateRange(nameDateRange, value)
}

// problem returns an error about a part of the request.
func problem(path, format string, arguments ...any) error {
	return &filter.Error{Path: path, Problem: fmt.Sprintf(format, arguments...)}
}

// decode reads one JSON value. Numbers stay as they are written.
func decode(data []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, problem("", "the filter is not JSON: %s", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, problem("", "the filter is not JSON: something follows its end")
	}
	return value, nil
}

func decodeObject(data []byte) (map[string]any, error) {
	value, err := decode(data)
	if err != nil {
		return nil, err
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, problem("", "the filter is %s: send an object", kindOf(value))
	}
	return object, nil
}

// parser reads one filter and counts what it has read.
type parser struct {
	clock dates.Clock
	// conditions is the number of leaves and groups so far.
	conditions int
	// length is that of all values so far, in characters.
	length int
}

// filters reads all but the dateRange; nil selects every record.
func (p *parser) filters(object map[string]any) (filter.Expression, error) {
	var parts []filter.Expression
	for _, read := range []func(object map[string]any) (filter.Expression, error){
		p.severityLevels, p.serviceNames, p.searchTerm, p.filterGroup, p.text,
	} {
		part, err := read(object)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return filter.All(parts...), nil
}

func (p *parser) severityLevels(object map[string]any) (filter.Expression, error) {
	names, err := p.strings(nameSeverityLevels, object[nameSeverityLevels])
	if err != nil || len(names) == 0 {
		return nil, err
	}
	for i, name := range names {
		if level, ok := record.ParseLevel(name); !ok || string(level) != name {
			return nil, problem(index(nameSeverityLevels, i), "%s is no level: send %s", quote(name), levelNames)
		}
	}
	return filter.Equal{Field: filter.Field{Place: filter.PlaceLevel}, Values: names}, nil
}

// levelNames is for messages.
const levelNames = "trace, debug, info, warn, error, fatal or unspecified"

func (p *parser) serviceNames(object map[string]any) (filter.Expression, error) {
	names, err := p.strings(nameServiceNames, object[nameServiceNames])
	if err != nil || len(names) == 0 {
		return nil, err
	}
	return services(names), nil
}

// services returns the expression for services by name, where "" is no service.
func services(names []string) filter.Expression {
	return filter.Normalize(filter.Services(names))
}

func (p *parser) searchTerm(object map[string]any) (filter.Expression, error) {
	value := object[nameSearchTerm]
	if value == nil || value == "" {
		return nil, nil //nolint:nilnil // nil is the expression for every record
	}
	term, ok := value.(string)
	if !ok {
		return nil, problem(nameSearchTerm, "is %s: send a string", kindOf(value))
	}
	if err := p.count(nameSearchTerm, term); err != nil {
		return nil, err
	}
	return filter.Contains{Field: filter.Field{Place: filter.PlaceBody}, Parts: []string{term}}, nil
}

// text reads a text of the search box, which has limits of its own.
func (p *parser) text(object map[string]any) (filter.Expression, error) {
	value := object[nameText]
	if value == nil {
		return nil, nil //nolint:nilnil // nil is the expression for every record
	}
	typed, ok := value.(string)
	if !ok {
		return nil, problem(nameText, "is %s: send a string", kindOf(value))
	}
	if !utf8.ValidString(typed) {
		return nil, problem(nameText, "is not UTF-8")
	}
	expression, err := text.Parse(typed, p.clock)
	if wrong, ok := errors.AsType[*text.Error](err); ok {
		return nil, &filter.Error{Path: nameText, Column: wrong.Column, Problem: wrong.Problem}
	}
	return expression, err
}

// strings reads a list of strings; null is an empty one.
func (p *parser) strings(path string, value any) ([]string, error) {
	if value == nil {
		return nil, nil
	}
	list, ok := value.([]any)
	if !ok {
		return nil, problem(path, "is %s: send a list of strings", kindOf(value))
	}
	if len(list) > filter.MaxValues {
		return nil, problem(path, "has %d values: send at most %d", len(list), filter.MaxValues)
	}
	texts := make([]string, len(list))
	for i, element := range list {
		if texts[i], ok = element.(string); !ok {
			return nil, problem(index(path, i), "is %s: send a string", kindOf(element))
		}
		if err := p.count(index(path, i), texts[i]); err != nil {
			return nil, err
		}
	}
	return texts, nil
}

func (p *parser) dateRange(path string, value any) (from, to time.Time, err error) {
	object, ok := value.(map[string]any)
	if value != nil && !ok {
		return from, to, problem(path, `is %s: send an object such as {"date_from": "-1h"}`, kindOf(value))
	}
	to = p.clock.Now
	if _, last, ok, err := p.date(path+"."+nameDateTo, object[nameDateTo]); err != nil {
		return from, to, err
	} else if ok {
		to = last
	}
	from = to.Add(-defaultRange)
	if object[nameDateFrom] == "all" {
		return time.Time{}, to, nil
	}
	if first, _, ok, err := p.date(path+"."+nameDateFrom, object[nameDateFrom]); err != nil {
		return from, to, err
	} else if ok {
		from = first
	}
	if from.After(to) {
		return from, to, problem(path, "ends before it starts: send a date_from that is not after date_to")
	}
	return from, to, nil
}

// date reads a date; ok is false if there is none.
func (p *parser) date(path string, value any) (first, last time.Time, ok bool, err error) {
	if value == nil || value == "" {
		return first, last, false, nil
	}
	text, isString := value.(string)
	if !isString {
		return first, last, false, problem(path, `is %s: send a string, ISO 8601 or relative such as "-1h"`, kindOf(value))
	}
	if first, last, err = p.clock.Parse(text); err != nil {
		return first, last, false, problem(path, "the date %s", err)
	}
	return clampTime(first), clampTime(last), true, nil
}

// clampTime returns the nearest time that a record can have: nanoseconds since 1970 in
// 63 bits.
func clampTime(t time.Time) time.Time {
	earliest, latest := time.Unix(0, 0), time.Unix(0, math.MaxInt64)
	switch {
	case t.Before(earliest):
		return earliest.In(t.Location())
	case t.After(latest):
		return latest.In(t.Location())
	default:
		return t
	}
}
