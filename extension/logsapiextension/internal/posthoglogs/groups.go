package posthoglogs

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
)

// Bounds of GroupBy.
const (
	defaultGroups = 100
	maxGroups     = 500
	// maxRanked is how many groups can be put in an order that is not that of their
	// sizes.
	maxRanked = 10_000
)

// GroupsAnswer is the answer of GroupBy.
type GroupsAnswer struct {
	Groups []Group `json:"groups"`
	// TotalGroups and TotalLogs count all, also what is truncated.
	TotalGroups int   `json:"total_groups"`
	TotalLogs   int64 `json:"total_logs"`
	Truncated   bool  `json:"truncated"`
}

// Group is the records with the same values.
type Group struct {
	// Value is the first of Values, which are in the order of the question's keys.
	Value    string   `json:"value"`
	Values   []string `json:"values"`
	LogCount int64    `json:"log_count"`
	// ErrorCount are those of the levels error and fatal.
	ErrorCount int64  `json:"error_count"`
	LastSeen   string `json:"last_seen"`
}

// dimension is a key to group by.
type dimension struct {
	Key    string `json:"key"`
	Source string `json:"source"`
}

// GroupBy groups records by the values of one to five keys. Records without one of the
// values are in no group.
func (a API) GroupBy(ctx context.Context, body Body) (GroupsAnswer, error) {
	q, selected, err := a.ask(body)
	if err != nil {
		return GroupsAnswer{}, err
	}
	fields, err := q.groupFields()
	if err != nil {
		return GroupsAnswer{}, err
	}
	order, err := q.choice("orderGroupsBy", "log_count", "error_count", "last_seen")
	if err != nil {
		return GroupsAnswer{}, err
	}
	limit, err := q.positive("limit", defaultGroups, maxGroups)
	if err != nil {
		return GroupsAnswer{}, err
	}
	for _, field := range fields {
		selected.Filter = and(selected.Filter, filter.And{
			filter.Exists{Field: field}, filter.Not{Part: filter.Equal{Field: field, Values: []string{""}}},
		})
	}
	found, err := a.rankedGroups(ctx, logstore.GroupsQuery{Selection: selected, By: fields, Limit: limit}, order)
	if err != nil {
		return GroupsAnswer{}, err
	}
	answer := GroupsAnswer{
		Groups: []Group{}, TotalGroups: found.TotalGroups, TotalLogs: found.TotalRecords,
		Truncated: found.TotalGroups > len(found.Groups),
	}
	for _, group := range found.Groups {
		values := shownValues(fields, group.Texts)
		answer.Groups = append(answer.Groups, Group{
			Value: values[0], Values: values, LogCount: group.Count, ErrorCount: group.Errors,
			LastSeen: timeText(group.Last),
		})
	}
	return answer, nil
}

// shownValues returns the texts of fields as rows have them: ids in upper case.
func shownValues(fields []filter.Field, texts []string) []string {
	values := slices.Clone(texts)
	for i, field := range fields {
		if field.Place == filter.PlaceTraceID || field.Place == filter.PlaceSpanID {
			values[i] = strings.ToUpper(values[i])
		}
	}
	return values
}

// rankedGroups returns the first groups of an order. The analyst knows only that of
// their sizes.
func (a API) rankedGroups(ctx context.Context, query logstore.GroupsQuery, order string) (logstore.Groups, error) {
	limit := query.Limit
	if order != "log_count" {
		query.Limit = maxRanked
	}
	found, err := a.groups(ctx, query)
	if err != nil || order == "log_count" {
		return found, err
	}
	if found.TotalGroups > len(found.Groups) {
		return found, problem("orderGroupsBy %s works on at most %d groups, and there are %d: narrow the filters, or order by log_count",
			order, maxRanked, found.TotalGroups)
	}
	slices.SortStableFunc(found.Groups, func(a, b logstore.Group) int {
		if order == "error_count" {
			return cmp.Compare(b.Errors, a.Errors)
		}
		return b.Last.Compare(a.Last)
	})
	found.Groups = found.Groups[:min(limit, len(found.Groups))]
	return found, nil
}

// groupFields reads groupBys, or groupBy and groupBySource.
func (o options) groupFields() ([]filter.Field, error) {
	var dimensions []dimension
	if raw := o["groupBys"]; !isMissing(raw) {
		if err := json.Unmarshal(raw, &dimensions); err != nil {
			return nil, problem(`groupBys must be a list such as [{"key": "service.name", "source": "resource"}]`)
		}
	} else {
		key, err := o.text("groupBy")
		if err != nil {
			return nil, err
		}
		source, err := o.text("groupBySource")
		if err != nil {
			return nil, err
		}
		dimensions = []dimension{{key, source}}
	}
	if len(dimensions) < 1 || len(dimensions) > logstore.MaxGroupFields {
		return nil, problem("groupBys must have 1 to %d keys", logstore.MaxGroupFields)
	}
	fields := make([]filter.Field, len(dimensions))
	for i, d := range dimensions {
		var err error
		if fields[i], err = d.field(); err != nil {
			return nil, err
		}
	}
	return fields, nil
}

// field returns the field of a key.
func (d dimension) field() (filter.Field, error) {
	if d.Key == "" {
		return filter.Field{}, problem("groupBy is required: send the key of an attribute")
	}
	switch d.Source {
	case "log", "":
		return filter.Field{Place: filter.PlaceLogAttribute, Key: d.Key}, nil
	case "resource":
		return filter.Field{Place: filter.PlaceResourceAttribute, Key: d.Key}, nil
	case "column":
		place, ok := columnPlaces()[d.Key]
		if !ok {
			return filter.Field{}, problem("groupBy must be severity_level, service_name, event_name, trace_id or span_id when the source is column")
		}
		return filter.Field{Place: place}, nil
	default:
		return filter.Field{}, problem("the source of a group must be log, resource or column")
	}
}

func columnPlaces() map[string]filter.Place {
	return map[string]filter.Place{
		"severity_level": filter.PlaceLevel, "service_name": filter.PlaceService, "event_name": filter.PlaceEventName,
		"trace_id": filter.PlaceTraceID, "span_id": filter.PlaceSpanID,
	}
}
