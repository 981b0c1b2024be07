package mapped

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/docketlog/docket/internal/elasticsearch"
	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore/elastic/searches"
	"github.com/docketlog/docket/internal/record"
)

// maxExactLetters is how long a text may be that the cluster is asked for: longer ones
// are often left out of indices.
const maxExactLetters = 256

// maxExactTexts is how many texts the cluster is asked for in a condition.
const maxExactTexts = 10_000

// narrow returns conditions that all documents meet that a normalized filter matches.
// It asks the cluster for the mappings, if there is anything to say.
func (b *Backend) narrow(ctx context.Context, normal filter.Expression) ([]object, error) {
	var wanted []exactTexts
	for _, part := range partsOf(normal) {
		if one, ok := b.exactTextsOf(part); ok {
			wanted = append(wanted, one)
		}
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	keywords, err := b.keywords(ctx)
	if err != nil {
		return nil, err
	}
	var conditions []object
	for _, one := range wanted {
		if condition, ok := one.condition(keywords); ok {
			conditions = append(conditions, condition)
		}
	}
	return conditions, nil
}

// partsOf returns expressions all of which match what the normalized one does.
func partsOf(normal filter.Expression) []filter.Expression {
	if parts, ok := normal.(filter.And); ok {
		return parts
	}
	return []filter.Expression{normal}
}

// exactTexts says that a field has one of some texts.
type exactTexts struct {
	field string
	texts []string
	// isAnyCase is true if case does not count.
	isAnyCase bool
}

// exactTextsOf returns what an expression says about a field of documents, if it is
// something that an index tells. Numbers, lists and objects are not: they are written in
// several ways.
func (b *Backend) exactTextsOf(part filter.Expression) (exactTexts, bool) {
	equal, ok := part.(filter.Equal)
	if !ok || len(equal.Values) > maxExactTexts {
		return exactTexts{}, false
	}
	exact := exactTexts{texts: equal.Values}
	switch equal.Field.Place {
	case filter.PlaceService:
		exact.field = b.config.Mapping.Service
	case filter.PlaceTraceID:
		exact.field, exact.isAnyCase = b.config.Mapping.TraceID, true
	case filter.PlaceSpanID:
		exact.field, exact.isAnyCase = b.config.Mapping.SpanID, true
	case filter.PlaceEventName:
		exact.field = b.config.Mapping.EventName
	case filter.PlaceID:
		return b.documentsOf(equal.Values)
	case filter.PlaceLogAttribute, filter.PlaceAttribute:
		switch equal.Field.Key {
		case record.AttributeID, record.AttributeServiceName, record.AttributeProjectID: // set here
		default:
			exact.field = equal.Field.Key
		}
	}
	for _, text := range exact.texts {
		_, isNumber := filter.Number(text)
		isOther := isNumber && !exact.isAnyCase
		if text == "" || isOther || strings.ContainsAny(text[:1], "[{") || utf8.RuneCountInString(text) > maxExactLetters {
			return exactTexts{}, false
		}
	}
	return exact, exact.field != ""
}

// documentsOf returns what says of documents that their records have one of some ids.
func (b *Backend) documentsOf(ids []string) (exactTexts, bool) {
	exact := exactTexts{field: cmp.Or(b.config.Mapping.ID, attributeDocumentID)}
	for _, id := range ids {
		text, ok := textOfID(id)
		if !ok {
			return exactTexts{}, false
		}
		exact.texts = append(exact.texts, text)
	}
	return exact, len(ids) > 0
}

// condition returns the condition for the cluster; ok is false if the field is not a
// keyword that tells the texts.
func (e exactTexts) condition(keywords map[string]keyword) (object, bool) {
	if e.field == attributeIndex || e.field == attributeDocumentID {
		return object{"terms": object{e.field: e.texts}}, true
	}
	field, ok := keywords[e.field]
	if !ok {
		return nil, false
	}
	for _, text := range e.texts {
		if utf8.RuneCountInString(text) > field.longest {
			return nil, false
		}
	}
	if !e.isAnyCase {
		return object{"terms": object{field.name: e.texts}}, true
	}
	if len(e.texts) > maxExactLetters {
		return nil, false
	}
	some := make([]object, len(e.texts))
	for i, text := range e.texts {
		some[i] = object{"term": object{field.name: object{"value": text, "case_insensitive": true}}}
	}
	return object{"bool": object{"should": some, "minimum_should_match": 1}}, true
}

// keyword is how a field of documents can be found by its text.
type keyword struct {
	// name is that of the field in the index.
	name string
	// longest is the number of letters of the longest text that is in the index.
	longest int
}

// fieldMapping is the mapping of a field.
type fieldMapping struct {
	Type        string                  `json:"type"`
	IgnoreAbove int                     `json:"ignore_above"`
	Index       *bool                   `json:"index"`
	Fields      map[string]fieldMapping `json:"fields"`
	Properties  map[string]fieldMapping `json:"properties"`
}

// keywords returns the fields that are keywords in all indices.
func (b *Backend) keywords(ctx context.Context) (map[string]keyword, error) {
	answer, err := b.config.Client.Do(ctx, http.MethodGet, "/"+b.config.Index+"/_mapping",
		url.Values{"ignore_unavailable": {"true"}, "allow_no_indices": {"true"}}, nil)
	if elasticsearch.IsMissing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("ask for mappings: %w", searches.Error(err))
	}
	var indices map[string]struct {
		Mappings fieldMapping `json:"mappings"`
	}
	if err := json.Unmarshal(answer, &indices); err != nil {
		return nil, fmt.Errorf("decode mappings: %w", err)
	}
	var common map[string]keyword
	for _, index := range indices {
		found := map[string]keyword{}
		index.Mappings.addTo(found, "")
		common = intersect(common, found)
	}
	return common, nil
}

// addTo adds the keywords of the properties to those that were found. A keyword is
// found by its path, and so is a text that is indexed as a keyword, too.
func (m fieldMapping) addTo(found map[string]keyword, prefix string) {
	for name, property := range m.Properties {
		path := prefix + name
		if one, ok := property.keyword(path); ok {
			found[path] = one
		}
		for _, inner := range slices.Sorted(maps.Keys(property.Fields)) {
			if one, ok := property.Fields[inner].keyword(path + "." + inner); ok && found[path].name == "" {
				found[path] = one
			}
		}
		property.addTo(found, path+".")
	}
}

func (m fieldMapping) keyword(name string) (keyword, bool) {
	if m.Type != "keyword" || m.Index != nil && !*m.Index {
		return keyword{}, false
	}
	longest := m.IgnoreAbove
	if longest == 0 {
		longest = math.MaxInt
	}
	return keyword{name, longest}, true
}

// intersect returns what is in both; common is nil at first.
func intersect(common, found map[string]keyword) map[string]keyword {
	if common == nil {
		return found
	}
	for path, one := range common {
		other, ok := found[path]
		if !ok || other.name != one.name {
			delete(common, path)
			continue
		}
		common[path] = keyword{one.name, min(one.longest, other.longest)}
	}
	return common
}
