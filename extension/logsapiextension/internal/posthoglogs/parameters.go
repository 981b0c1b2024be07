package posthoglogs

import (
	"net/url"
	"strconv"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/filter/posthog"
	"github.com/docketlog/docket/internal/logstore"
)

// Parameters are those of a GET; objects and lists are JSON in them.
type Parameters = url.Values

// Bounds of a page of Attributes and Values.
const (
	defaultListPage = 100
	maxListPage     = 1000
)

// listQuestion is what the parameters of Attributes and Values have in common.
type listQuestion struct {
	selected logstore.Selection
	place    filter.Place
	limit    int
	offset   int
}

// parseList reads parameters. As in PostHog's API, numbers and a dateRange that cannot
// be read count as not given. Filters that cannot be read are refused: without them,
// the answer would be about more than was asked for.
func (a API) parseList(parameters Parameters) (listQuestion, error) {
	q := listQuestion{
		selected: logstore.Selection{ProjectID: a.ProjectID},
		place:    filter.PlaceLogAttribute,
		limit:    min(number(parameters, "limit", 1, defaultListPage), maxListPage),
		offset:   number(parameters, "offset", 0, 0),
	}
	if parameters.Get("attribute_type") == "resource" {
		q.place = filter.PlaceResourceAttribute
	}
	var err error
	if q.selected.From, q.selected.To, err = posthog.ParseDateRange(jsonParameter(parameters, "dateRange"), a.clock()); err != nil {
		if q.selected.From, q.selected.To, err = posthog.ParseDateRange([]byte("null"), a.clock()); err != nil {
			return q, err
		}
	}
	services, err := posthog.ParseServiceNames(jsonParameter(parameters, "serviceNames"))
	if err != nil {
		return q, err
	}
	group, err := posthog.ParseFilterGroup(jsonParameter(parameters, "filterGroup"), a.clock())
	if err != nil {
		return q, err
	}
	typed, err := posthog.ParseText(parameters.Get(nameText), a.clock())
	if err != nil {
		return q, err
	}
	q.selected.Filter = filter.All(services, group, typed)
	return q, nil
}

// jsonParameter returns a parameter, null if it is not there, as nothing and {} are.
func jsonParameter(parameters Parameters, name string) []byte {
	if text := parameters.Get(name); text != "" && text != "{}" {
		return []byte(text)
	}
	return []byte("null")
}

// number returns a parameter that is at least smallest, else the fallback.
func number(parameters Parameters, name string, smallest, fallback int) int {
	value, err := strconv.Atoi(parameters.Get(name))
	if err != nil || value < smallest {
		return fallback
	}
	return value
}
