package elastic

import (
	"math"
	"strings"
	"unicode/utf8"

	"github.com/docketlog/docket/internal/filter"
)

// attributeBounds returns the bounds of a leaf about a PlaceLogAttribute or a
// PlaceResourceAttribute.
func attributeBounds(place filter.Place, key string, leaf filter.Expression) bounds {
	start := termPrefix(place, key)
	if len(start) > maxTermBytes {
		return exactly(matchNone()) // it is cut if it is there
	}
	switch e := leaf.(type) {
	case filter.Equal:
		return exactly(termIn(fieldTerms, prefixed(start, validTexts(e.Values))))
	case filter.EqualNumber:
		return exactly(termIn(fieldNumbers, prefixed(start, sortableNumbers(e.Values))))
	}
	if len(start) > maxPrefixBytes {
		return atMost(hasPrefix(fieldTerms, firstBytes(start, maxPrefixBytes)))
	}
	switch e := leaf.(type) {
	case filter.Exists:
		return exactly(hasAttribute(place, key))
	case filter.Compare:
		return exactly(comparedNumbers(start, e))
	case filter.Contains:
		some := exactly(matchNone())
		for _, part := range e.Parts {
			some = some.or(textBounds(place, key, []string{"", part, ""}))
		}
		return some
	case filter.Wildcard:
		return textBounds(place, key, e.Parts)
	case filter.Regexp:
		required := requiredTexts(e.Pattern)
		if len(required) == 0 {
			return atMost(hasAttribute(place, key))
		}
		all := matchAll()
		for _, text := range required {
			all = and(all, textBounds(place, key, []string{"", text, ""}).upper)
		}
		return atMost(all)
	default:
		return atMost(hasAttribute(place, key))
	}
}

// hasAttribute returns the condition that an attribute is there. Of its terms there may
// be as many as there are documents, so its key is looked for, which maps alone have not:
// their texts begin with a brace. The key must not be longer than for hasPrefix.
func hasAttribute(place filter.Place, key string) condition {
	if !utf8.ValidString(key) { // as fieldKeys are
		return hasPrefix(fieldTerms, termPrefix(place, key))
	}
	return or(termIs(fieldKeys, placeName(place)+"."+key), hasPrefix(fieldTerms, termPrefix(place, key)+"{"))
}

// anyAttributeBounds returns the bounds of a leaf about a PlaceAttribute: the log
// attribute or, when there is none, the resource attribute.
func anyAttributeBounds(key string, leaf filter.Expression) bounds {
	log := attributeBounds(filter.PlaceLogAttribute, key, leaf)
	isLog := attributeBounds(filter.PlaceLogAttribute, key, filter.Exists{})
	resource := attributeBounds(filter.PlaceResourceAttribute, key, leaf)
	return log.or(bounds{
		upper:   and(not(isLog.lower), resource.upper),
		lower:   and(not(isLog.upper), resource.lower),
		isExact: isLog.isExact && resource.isExact,
	})
}

// textBounds returns the bounds of an attribute's text being some parts with any text
// between them, without regard to case.
//
// A text that folding leaves as it is is in fieldTerms alone. In others, that are in
// fieldFolded too, fieldTerms may have the folded parts all the same: then the folded
// text has them as well.
func textBounds(place filter.Place, key string, parts []string) bounds {
	start := termPrefix(place, key)
	folded := make([]string, len(parts))
	for i, part := range parts {
		folded[i] = filter.Fold(part)
	}
	if len(parts) == 1 {
		same := prefixed(start, folded)
		return exactly(or(termIn(fieldTerms, same), termIn(fieldFolded, same)))
	}
	if strings.Join(folded, "") == "" {
		return exactly(hasAttribute(place, key))
	}
	pattern, isExact := patternOf(folded)
	pattern = escapePattern(start) + pattern
	like := or(likePattern(fieldTerms, pattern), likePattern(fieldFolded, pattern))
	if isExact {
		return exactly(like)
	}
	return atMost(like)
}

// prefixed returns the terms with the texts, but for those that are too long for a
// list.
func prefixed(prefix string, texts []string) []string {
	var all []string
	for _, text := range texts {
		if len(prefix)+len(text) <= maxTermBytes {
			all = append(all, prefix+text)
		}
	}
	return all
}

func sortableNumbers(numbers []float64) []string {
	var all []string
	for _, number := range numbers {
		if !math.IsNaN(number) {
			all = append(all, sortableNumber(number))
		}
	}
	return all
}

// comparedNumbers returns the condition that an attribute is a number that is to
// another as the order says. The range ends with the attribute's numbers: "g" comes
// after all hex digits.
func comparedNumbers(start string, e filter.Compare) condition {
	if math.IsNaN(e.Number) {
		return matchNone()
	}
	term := start + sortableNumber(e.Number)
	limits := condition{"gte": start, "lt": start + "g"}
	switch e.Order {
	case filter.Less:
		limits["lt"] = term
	case filter.LessOrEqual:
		delete(limits, "lt")
		limits["lte"] = term
	case filter.Greater:
		delete(limits, "gte")
		limits["gt"] = term
	case filter.GreaterOrEqual:
		limits["gte"] = term
	default:
		return matchNone()
	}
	return isBetween(fieldNumbers, limits)
}
