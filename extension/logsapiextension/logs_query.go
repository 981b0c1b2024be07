package logsapiextension

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/filter/dates"
	"github.com/docketlog/docket/internal/filter/text"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// Bounds of GET /logs.
const (
	defaultLogsLimit = 50
	maxLogsLimit     = 1000
	// maxSearchLength bounds what looking for the phrase can cost, in characters.
	maxSearchLength = 1000
)

// logsQueryParser collects what the parameters of GET /logs say and everything
// that is wrong with them, so that one answer names it all.
type logsQueryParser struct {
	query      logstore.Query
	conditions filter.And
	problems   []string
	// code and field are those of the first problem.
	code, field string
}

// parseLogsQuery returns the query of a URL's query string, without a project, or
// a *problem that names each parameter that is wrong.
func parseLogsQuery(raw string) (logstore.Query, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return logstore.Query{}, &problem{
			status: http.StatusBadRequest, code: codeParseError,
			detail: "Malformed query string: please percent-encode every name and value.",
		}
	}
	parser := logsQueryParser{query: logstore.Query{Order: logstore.NewestFirst, Limit: defaultLogsLimit}}
	parser.parse(values)
	if len(parser.problems) > 0 {
		return logstore.Query{}, fieldProblem(parser.code, parser.field, "%s", strings.Join(parser.problems, " "))
	}
	if len(parser.conditions) > 0 {
		parser.query.Filter = parser.conditions
	}
	return parser.query, nil
}

func (p *logsQueryParser) parse(values url.Values) {
	known := []struct {
		name  string
		parse func(name, value string)
	}{
		{"limit", p.limit},
		{"offset", p.offset},
		{"startDate", p.startDate},
		{"endDate", p.endDate},
		{"level", p.level},
		{"service", p.service},
		{"search", p.search},
		{"q", p.text},
	}
	names := make([]string, 0, len(known))
	for _, parameter := range known {
		names = append(names, parameter.name)
		given := values[parameter.name]
		delete(values, parameter.name)
		switch len(given) {
		case 0:
		case 1:
			parameter.parse(parameter.name, given[0])
		default:
			p.refuse(parameter.name, "The parameter '"+parameter.name+"' is given more than once.")
		}
	}
	p.unknown(values, names)
	if !p.query.From.IsZero() && !p.query.To.IsZero() && p.query.From.After(p.query.To) {
		p.refuse("startDate", "Invalid date range: 'startDate' must not be after 'endDate'.")
	}
}

// refuse notes a problem.
func (p *logsQueryParser) refuse(field, text string) {
	if len(p.problems) == 0 {
		p.code, p.field = codeInvalidInput, field
	}
	p.problems = append(p.problems, text)
}

// unknown refuses the parameters that are left: a misspelt filter must not answer
// with more than was asked for.
func (p *logsQueryParser) unknown(values url.Values, known []string) {
	const maxNamed = 5
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for n, name := range names {
		if n == maxNamed {
			p.refuse("", "There are "+strconv.Itoa(len(names)-n)+" more unknown parameters.")
			break
		}
		p.refuse(name, "Unknown parameter "+clip(name)+".")
	}
	if len(names) > 0 {
		p.refuse("", "The parameters are: "+strings.Join(known, ", ")+".")
	}
}

func (p *logsQueryParser) limit(name, value string) {
	limit, err := strconv.Atoi(value)
	if err != nil || limit < 1 || limit > maxLogsLimit {
		p.refuse(name, "Invalid value for 'limit'. Please use an integer from 1 to "+strconv.Itoa(maxLogsLimit)+".")
		return
	}
	p.query.Limit = limit
}

func (p *logsQueryParser) offset(name, value string) {
	offset, err := strconv.Atoi(value)
	if err != nil || offset < 0 {
		p.refuse(name, "Invalid value for 'offset'. Please use an integer from 0 on.")
		return
	}
	p.query.Offset = offset
}

func (p *logsQueryParser) startDate(name, value string) {
	if first, _, ok := p.date(name, value); ok {
		p.query.From = first
	}
}

func (p *logsQueryParser) endDate(name, value string) {
	if _, last, ok := p.date(name, value); ok {
		p.query.To = last
	}
}

func (p *logsQueryParser) date(name, value string) (first, last time.Time, ok bool) {
	first, last, ok = parseTimestamp(value)
	if !ok {
		p.refuse(name, "Invalid date format for '"+name+"'. Please use ISO 8601 format (YYYY-MM-DDTHH:MM:SSZ).")
	}
	return first, last, ok
}

func (p *logsQueryParser) level(name, value string) {
	level, ok := record.ParseLevel(value)
	if !ok {
		p.refuse(name, "Invalid value for 'level'. Please use one of TRACE, DEBUG, INFO, WARN, ERROR, FATAL, UNSPECIFIED.")
		return
	}
	p.conditions = append(p.conditions, filter.Levels{level})
}

func (p *logsQueryParser) service(name, value string) {
	switch {
	case value == "":
		p.refuse(name, "Invalid value for 'service'. Please use the name of a service, or leave the parameter out.")
	case !utf8.ValidString(value):
		p.refuse(name, "Invalid value for 'service'. Please use UTF-8.")
	default:
		p.conditions = append(p.conditions, filter.Services{value})
	}
}

// search takes the empty phrase too: it is in every message.
func (p *logsQueryParser) search(name, value string) {
	switch {
	case !utf8.ValidString(value):
		p.refuse(name, "Invalid value for 'search'. Please use UTF-8.")
	case utf8.RuneCountInString(value) > maxSearchLength:
		p.refuse(name, "Invalid value for 'search'. Please use at most "+strconv.Itoa(maxSearchLength)+" characters.")
	case value != "":
		p.conditions = append(p.conditions, filter.BodyContains(value))
	}
}

// text reads the language of the search box; docs/search.md is its reference.
func (p *logsQueryParser) text(name, value string) {
	if !utf8.ValidString(value) {
		p.refuse(name, "Invalid value for 'q'. Please use UTF-8.")
		return
	}
	expression, err := text.Parse(value, dates.Clock{Now: time.Now()})
	switch {
	case err != nil:
		p.refuse(name, "Invalid value for 'q', "+err.Error()+".")
	case expression != nil:
		p.conditions = append(p.conditions, expression)
	}
}
