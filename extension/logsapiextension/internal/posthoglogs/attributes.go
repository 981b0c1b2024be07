package posthoglogs

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// Bounds of looking for a text in the values of all attributes.
const (
	minValueSearch = 4 // characters; shorter ones are in too many
	maxValueScan   = 10_000
)

// AttributesAnswer is the answer of Attributes.
type AttributesAnswer struct {
	Results []AttributeMatch `json:"results"`
	// Count is how many there are on all pages.
	Count int `json:"count"`
}

// AttributeMatch is the key of an attribute.
type AttributeMatch struct {
	Name string `json:"name"`
	// PropertyFilterType is the type of a filter by the attribute.
	PropertyFilterType string `json:"propertyFilterType"`
	// MatchedOn is key, or value if only a value has what was looked for.
	MatchedOn string `json:"matchedOn"`
	// MatchedValue is the value.
	MatchedValue string `json:"matchedValue,omitempty"`
}

// Attributes returns the keys of attributes that contain a text, the most frequent
// first; then, if asked for, those of which a value contains it, by name. For values,
// only the newest records are looked at.
func (a API) Attributes(ctx context.Context, parameters Parameters) (AttributesAnswer, error) {
	q, err := a.parseList(parameters)
	if err != nil {
		return AttributesAnswer{}, err
	}
	search := parameters.Get("search")
	keys, total, err := a.Analyst.Keys(ctx, logstore.KeysQuery{
		Selection: q.selected, Place: q.place, Contains: search, Limit: q.limit, Offset: q.offset,
	})
	if err != nil {
		return AttributesAnswer{}, fmt.Errorf("look for attributes: %w", err)
	}
	answer := AttributesAnswer{Results: []AttributeMatch{}, Count: total}
	for _, key := range keys {
		answer.Results = append(answer.Results, AttributeMatch{Name: key.Key, PropertyFilterType: q.filterType(), MatchedOn: "key"})
	}
	if strings.EqualFold(parameters.Get("search_values"), "true") && utf8.RuneCountInString(search) >= minValueSearch {
		err = a.addValueMatches(ctx, &answer, q, search)
	}
	return answer, err
}

func (q listQuestion) filterType() string {
	if q.place == filter.PlaceResourceAttribute {
		return "log_resource_attribute"
	}
	return "log_attribute"
}

// addValueMatches adds the attributes of which only a value contains the text.
func (a API) addValueMatches(ctx context.Context, answer *AttributesAnswer, q listQuestion, search string) error {
	finder := filter.NewFinder(filter.BodyContains(search))
	values := map[string]string{}
	err := logstore.Scan(ctx, a.Reader, queryOf(q.selected, maxValueScan), func(r record.Record) error {
		attributes := r.Log.Attributes()
		if q.place == filter.PlaceResourceAttribute {
			attributes = r.Resource.Attributes()
		}
		collectMatches(values, finder, attributes, "")
		return nil
	})
	if err != nil {
		return fmt.Errorf("look for values: %w", err)
	}
	var matches []AttributeMatch
	for key, value := range values {
		if !finder.In(key) { // a match by key already
			matches = append(matches, AttributeMatch{
				Name: key, PropertyFilterType: q.filterType(), MatchedOn: "value", MatchedValue: value,
			})
		}
	}
	slices.SortFunc(matches, func(a, b AttributeMatch) int { return cmp.Compare(a.Name, b.Name) })
	skipped := min(max(0, q.offset-answer.Count), len(matches))
	answer.Count += len(matches)
	matches = matches[skipped:]
	answer.Results = append(answer.Results, matches[:min(q.limit-len(answer.Results), len(matches))]...)
	return nil
}

// collectMatches notes by key, or path of keys, the first value that contains a text.
func collectMatches(values map[string]string, finder *filter.Finder, m pcommon.Map, prefix string) {
	for key, value := range m.All() {
		key = prefix + key
		if value.Type() == pcommon.ValueTypeMap {
			collectMatches(values, finder, value.Map(), key+".")
			continue
		}
		if _, ok := values[key]; ok {
			continue
		}
		if text := filter.Text(value); finder.In(text) {
			values[key] = text
		}
	}
}

// ErrKeyRequired is returned by Values without a key. PostHog's API answers it in a
// shape of its own.
var ErrKeyRequired = &RequestError{Problem: "key is required"} //nolint:gochecknoglobals // a constant

// ValuesAnswer is the answer of Values.
type ValuesAnswer struct {
	Results []AttributeValue `json:"results"`
	// Refreshing is always false.
	Refreshing bool `json:"refreshing"`
}

// AttributeValue is a value of an attribute.
type AttributeValue struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Count int64  `json:"count"`
}

// Values returns the values of an attribute that contain a text, the most frequent
// first.
func (a API) Values(ctx context.Context, parameters Parameters) (ValuesAnswer, error) {
	key := parameters.Get("key")
	if key == "" {
		return ValuesAnswer{}, ErrKeyRequired
	}
	q, err := a.parseList(parameters)
	if err != nil {
		return ValuesAnswer{}, err
	}
	values, err := a.values(ctx, logstore.ValuesQuery{
		Selection: q.selected, Field: filter.Field{Place: q.place, Key: key}, Contains: parameters.Get("value"),
		Limit: q.limit, Offset: q.offset,
	})
	if err != nil {
		return ValuesAnswer{}, err
	}
	answer := ValuesAnswer{Results: []AttributeValue{}}
	for _, value := range values {
		answer.Results = append(answer.Results, AttributeValue{ID: value.Text, Name: value.Text, Count: value.Count})
	}
	return answer, nil
}
