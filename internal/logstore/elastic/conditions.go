package elastic

import (
	"math"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/record"
)

// bounds are two conditions around an expression: documents that it matches meet the
// upper one, and documents that meet the lower one it matches. They are what is said of
// a part to say something of its opposite. They say nothing of documents in which a
// field of the expression is cut.
type bounds struct {
	upper, lower condition
	// isExact is true when both are met by the same.
	isExact bool
}

func exactly(c condition) bounds { return bounds{c, c, true} }

// atMost returns the bounds of an expression of which only an upper one is known.
func atMost(upper condition) bounds {
	if upper.isNone() {
		return exactly(upper)
	}
	return bounds{upper: upper, lower: matchNone()}
}

// unknown returns the bounds of an expression of which nothing is known.
func unknown() bounds { return atMost(matchAll()) }

func (b bounds) and(c condition) bounds {
	return bounds{and(c, b.upper), and(c, b.lower), b.isExact}
}

func (b bounds) or(other bounds) bounds {
	return bounds{or(b.upper, other.upper), or(b.lower, other.lower), b.isExact && other.isExact}
}

// Limits of a filter's conditions, which leave room for what they are put into.
const (
	// maxClauses is of how many clauses they may be; the products take 1024.
	maxClauses = 800
	// maxNesting is how deep they may be nested; Elasticsearch takes 30.
	maxNesting = 24
)

// size returns of how many clauses the bounds are together.
func (b bounds) size() int {
	if b.isExact {
		return b.upper.size()
	}
	return b.upper.size() + b.lower.size()
}

// fits reports whether a cluster takes the bounds.
func (b bounds) fits() bool {
	return b.size() <= maxClauses && max(b.upper.depth(), b.lower.depth()) <= maxNesting
}

// coarseLeaf is of how many clauses a leaf may be in bounds that are to be smaller.
const coarseLeaf = 16

// fittingBounds returns bounds of a normalized expression that a cluster takes. When
// there is too much in it, they say less of its leaves, or leave out parts of it.
func fittingBounds(normal filter.Expression) bounds {
	if whole := (binder{math.MaxInt}).of(normal); whole.fits() {
		return whole
	}
	coarse := binder{coarseLeaf}
	if whole := coarse.of(normal); whole.fits() {
		return whole
	}
	fitting := unknown()
	parts, _ := normal.(filter.And)
	for _, part := range parts {
		if more := atMost(and(fitting.upper, coarse.of(part).upper)); more.fits() {
			fitting = more
		}
	}
	return fitting
}

// binder finds the bounds of expressions.
type binder struct {
	// largestLeaf is of how many clauses the bounds of a leaf may be. If they were of
	// more, they say only that there is a value.
	largestLeaf int
}

// of returns the bounds of a normalized expression.
func (b binder) of(normal filter.Expression) bounds {
	switch e := normal.(type) {
	case filter.And:
		return b.ofParts(e, and)
	case filter.Or:
		return b.ofParts(e, or)
	case filter.Not:
		part := b.of(e.Part)
		return bounds{not(part.lower), not(part.upper), part.isExact}
	}
	leaf := leafBounds(normal)
	if leaf.size() <= b.largestLeaf {
		return leaf
	}
	field, _, _ := filter.Predicate(normal)
	return atMost(leafBounds(filter.Exists{Field: field}).upper)
}

func (b binder) ofParts(parts []filter.Expression, join func(...condition) condition) bounds {
	uppers, lowers := make([]condition, len(parts)), make([]condition, len(parts))
	isExact := true
	for i, part := range parts {
		one := b.of(part)
		uppers[i], lowers[i] = one.upper, one.lower
		isExact = isExact && one.isExact
	}
	return bounds{join(uppers...), join(lowers...), isExact}
}

// leafBounds returns the bounds of a leaf that Normalize returns.
func leafBounds(leaf filter.Expression) bounds {
	field, matches, ok := filter.Predicate(leaf)
	if !ok {
		return exactly(matchNone())
	}
	switch field.Place {
	case filter.PlaceBody:
		return bodyBounds(leaf)
	case filter.PlaceLevel:
		return exactly(termIn(fieldLevel, matching(levels(), matches)))
	case filter.PlaceSeverityNumber:
		return severityBounds(leaf, matches)
	case filter.PlaceTimestamp:
		return timeBounds(leaf, timeRange.condition)
	case filter.PlaceObservedTime:
		return timeBounds(leaf, func(r timeRange) condition { return r.conditionOn(fieldObservedTime) })
	case filter.PlaceTraceID:
		return idBounds(fieldTraceID, leaf)
	case filter.PlaceSpanID:
		return idBounds(fieldSpanID, leaf)
	case filter.PlaceEventName:
		return keywordBounds(fieldEventName, leaf)
	case filter.PlaceID, filter.PlaceHash, filter.PlaceService:
		return attributeKeywordBounds(field.Place, leaf)
	case filter.PlaceAttribute:
		return anyAttributeBounds(field.Key, leaf)
	default:
		return attributeBounds(field.Place, field.Key, leaf)
	}
}

// cutNames returns the names in fieldCut of documents that do not tell a field.
func cutNames(field filter.Field) []string {
	switch field.Place {
	case filter.PlaceBody:
		return []string{nameBody}
	case filter.PlaceAttribute:
		return append(cutAttributes(filter.PlaceLogAttribute, field.Key), cutAttributes(filter.PlaceResourceAttribute, field.Key)...)
	case filter.PlaceLogAttribute, filter.PlaceResourceAttribute:
		return cutAttributes(field.Place, field.Key)
	}
	for _, own := range ownKeywords() {
		if own.place != field.Place {
			continue
		}
		names := []string{own.name}
		if place, key, ok := attributeOf(field.Place); ok {
			names = append(names, cutAttributes(place, key)...)
		}
		return names
	}
	return nil
}

func cutAttributes(place filter.Place, key string) []string {
	names := []string{placeName(place)}
	if len(key) <= maxTermBytes && utf8.ValidString(key) {
		names = append(names, placeName(place)+"."+key)
	}
	return names
}

// levels returns all texts that a level has.
func levels() []string {
	all := []record.Level{
		record.LevelUnspecified, record.LevelTrace, record.LevelDebug, record.LevelInfo, record.LevelWarn, record.LevelError, record.LevelFatal,
	}
	texts := make([]string, len(all))
	for i, level := range all {
		texts[i] = string(level)
	}
	return texts
}

// matching returns those of some texts that match.
func matching(texts []string, matches func(string) bool) []string {
	return slices.DeleteFunc(slices.Clone(texts), func(text string) bool { return !matches(text) })
}

// severityBounds decides on the severity numbers that OpenTelemetry knows. Others,
// which hardly exist, are left undecided.
func severityBounds(leaf filter.Expression, matches func(string) bool) bounds {
	switch e := leaf.(type) {
	case filter.Exists:
		return exactly(hasValue(fieldSeverityNumber))
	case filter.Equal:
		return exactly(termIn(fieldSeverityNumber, validTexts(e.Values)))
	}
	const last = 24
	known := make([]string, last)
	for i := range known {
		known[i] = strconv.Itoa(i + 1)
	}
	lower := termIn(fieldSeverityNumber, matching(known, matches))
	other := and(hasValue(fieldSeverityNumber), not(termIn(fieldSeverityNumber, known)))
	return bounds{upper: or(lower, other), lower: lower}
}

// timeBounds returns the bounds of a leaf about a time, of which 0 is none, given how
// to say that the time is in a range.
func timeBounds(leaf filter.Expression, isIn func(timeRange) condition) bounds {
	some := timeRange{from: 1, to: math.MaxUint64}
	switch e := leaf.(type) {
	case filter.Exists:
		return exactly(isIn(some))
	case filter.CompareTime:
		return exactly(isIn(comparedTimes(e.Order, e.Time).and(some)))
	case filter.Equal:
		var equal []condition
		for _, value := range e.Values {
			t, err := time.Parse(time.RFC3339Nano, value)
			if err != nil || t.UTC().Format(time.RFC3339Nano) != value {
				continue // not the text of any time
			}
			equal = append(equal, isIn(newTimeRange(t, t).and(some)))
		}
		return exactly(or(equal...))
	case filter.EqualNumber, filter.Compare: // the text of a time is no number
		return exactly(matchNone())
	default:
		return atMost(isIn(some))
	}
}

// validTexts returns those of some texts that can be in a keyword: that are UTF-8, as
// all texts of fields are, and not too long.
func validTexts(texts []string) []string {
	return matching(texts, func(text string) bool { return utf8.ValidString(text) && len(text) <= maxTermBytes })
}
