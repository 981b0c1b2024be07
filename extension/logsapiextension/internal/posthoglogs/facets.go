package posthoglogs

import (
	"context"
	"slices"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
)

// maxFacetValues is how many values of a facet are returned.
const maxFacetValues = 100

// FacetsAnswer is the answer of FacetValues.
type FacetsAnswer struct {
	// Results are the most frequent values, the most frequent first.
	Results []FacetValue `json:"results"`
}

// FacetValue is how many records have a value.
type FacetValue struct {
	Value string `json:"value"`
	Count int64  `json:"count"`
}

// facet is a field by whose values people narrow a search.
type facet struct {
	field filter.Field
	// option is the option of a question that filters by the field; "" if there is none.
	option string
	// leaves are the type and the keys of the leaves that do.
	leaves map[string][]string
}

// FacetValues counts the records by the values of a facet. The question's own filters
// by the facet do not count, so that the other values can be seen and chosen.
func (a API) FacetValues(ctx context.Context, body Body) (FacetsAnswer, error) {
	q, err := parseQuestion(body)
	if err != nil {
		return FacetsAnswer{}, err
	}
	facet, err := q.facet()
	if err != nil {
		return FacetsAnswer{}, err
	}
	contains, err := q.text("facetSearch")
	if err != nil {
		return FacetsAnswer{}, err
	}
	// As it is, for its errors; then without what filters by the facet.
	if _, err := a.selection(q); err != nil {
		return FacetsAnswer{}, err
	}
	selected, err := a.selection(q.without(facet))
	if err != nil {
		return FacetsAnswer{}, err
	}
	values, err := a.values(ctx, logstore.ValuesQuery{
		Selection: selected, Field: facet.field, Contains: contains, Limit: maxFacetValues,
	})
	if err != nil {
		return FacetsAnswer{}, err
	}
	answer := FacetsAnswer{Results: []FacetValue{}}
	for _, value := range values {
		answer.Results = append(answer.Results, FacetValue{Value: value.Text, Count: value.Count})
	}
	return answer, nil
}

// facet reads which facet is meant.
func (o options) facet() (facet, error) {
	var facets []facet
	for _, kind := range []struct {
		name string
		of   func(text string) (facet, bool)
	}{
		{"facetField", facetOfField}, {"facetResourceAttribute", facetOfResourceAttribute}, {"facetAttribute", facetOfAttribute},
	} {
		text, err := o.text(kind.name)
		if err != nil {
			return facet{}, err
		}
		if text == "" {
			continue
		}
		f, ok := kind.of(text)
		if !ok {
			return facet{}, &ParseError{Problem: "facetField must be one of service_name, severity_text"}
		}
		facets = append(facets, f)
	}
	if len(facets) != 1 {
		return facet{}, &ParseError{Problem: "Provide exactly one of facetField, facetResourceAttribute or facetAttribute"}
	}
	return facets[0], nil
}

func facetOfField(name string) (facet, bool) {
	switch name {
	case "severity_text":
		return facet{
			field: filter.Field{Place: filter.PlaceLevel}, option: "severityLevels",
			leaves: map[string][]string{"log": {"severity_level", "severity_text", "level"}},
		}, true
	case "service_name":
		return facet{
			field: filter.Field{Place: filter.PlaceService}, option: "serviceNames",
			leaves: map[string][]string{"log": {"service_name"}, "log_resource_attribute": {"service.name"}},
		}, true
	default:
		return facet{}, false
	}
}

func facetOfResourceAttribute(key string) (facet, bool) {
	return facet{
		field:  filter.Field{Place: filter.PlaceResourceAttribute, Key: key},
		leaves: map[string][]string{"log_resource_attribute": {key}},
	}, true
}

func facetOfAttribute(key string) (facet, bool) {
	return facet{
		field:  filter.Field{Place: filter.PlaceLogAttribute, Key: key},
		leaves: map[string][]string{"log_attribute": {key}},
	}, true
}

// without returns the question without what filters by a facet.
func (q question) without(f facet) question {
	remaining := options{}
	for name, raw := range q.options {
		if name != f.option {
			remaining[name] = raw
		}
	}
	const group = "filterGroup"
	if tree, err := decodeJSON(remaining[group]); err == nil {
		remaining[group], _ = marshal(f.prune(tree)) // what was JSON, is
	}
	raw, _ := marshal(remaining)
	return question{raw: raw, options: remaining}
}

// prune returns a group, or a list of leaves and groups, without the leaves that
// filter by the facet.
func (f facet) prune(tree any) any {
	switch node := tree.(type) {
	case []any:
		kept := []any{}
		for _, element := range node {
			if !f.isLeaf(element) {
				kept = append(kept, f.prune(element))
			}
		}
		return kept
	case map[string]any:
		if values, ok := node["values"]; ok {
			node["values"] = f.prune(values)
		}
	}
	return tree
}

func (f facet) isLeaf(element any) bool {
	object, ok := element.(map[string]any)
	if !ok {
		return false
	}
	kind, _ := object["type"].(string)
	key, _ := object["key"].(string)
	return slices.Contains(f.leaves[kind], key)
}
