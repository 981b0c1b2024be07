package elastic

import (
	"strings"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/record"
)

// attributeOf returns the attribute of which a field of the record itself has the
// text, if it has one.
func attributeOf(place filter.Place) (attribute filter.Place, key string, ok bool) {
	switch place {
	case filter.PlaceID:
		return filter.PlaceLogAttribute, record.AttributeID, true
	case filter.PlaceHash:
		return filter.PlaceLogAttribute, record.AttributeHash, true
	case filter.PlaceService:
		return filter.PlaceResourceAttribute, record.AttributeServiceName, true
	default:
		return 0, "", false
	}
}

// ownName returns the keyword that has the text of a field of the record itself.
func ownName(place filter.Place) string {
	for _, own := range ownKeywords() {
		if own.place == place {
			return own.name
		}
	}
	return ""
}

// attributeKeywordBounds returns the bounds of a leaf about a keyword that has the text
// of an attribute, or no value if that is of another type.
func attributeKeywordBounds(place filter.Place, leaf filter.Expression) bounds {
	name := ownName(place)
	switch e := leaf.(type) {
	case filter.Exists:
		return exactly(hasValue(name))
	case filter.Equal:
		return exactly(termIn(name, validTexts(e.Values)))
	}
	attribute, key, _ := attributeOf(place)
	return attributeBounds(attribute, key, leaf).and(hasValue(name))
}

// keywordBounds returns the bounds of a leaf about a keyword with any text.
func keywordBounds(name string, leaf filter.Expression) bounds {
	switch e := leaf.(type) {
	case filter.Exists:
		return exactly(hasValue(name))
	case filter.Equal:
		return exactly(termIn(name, validTexts(e.Values)))
	case filter.Contains:
		some := exactly(matchNone())
		for _, part := range e.Parts {
			some = some.or(anyCaseBounds(name, []string{"", part, ""}))
		}
		return some
	case filter.Wildcard:
		return anyCaseBounds(name, e.Parts)
	default:
		return atMost(hasValue(name))
	}
}

// anyCaseBounds returns the bounds of a keyword's text being some parts with any text
// between them, without regard to case. The products regard no case of ASCII letters,
// so the others are left open in the upper bound, and are as given in the lower one.
func anyCaseBounds(name string, parts []string) bounds {
	if strings.Join(parts, "") == "" {
		if len(parts) == 1 {
			return exactly(matchNone())
		}
		return exactly(hasValue(name))
	}
	valid := make([]string, len(parts))
	for i, part := range parts {
		valid[i] = strings.Map(func(r rune) rune { return r }, part)
	}
	lower, isWhole := escapePattern(valid[0]), len(valid[0]) <= maxStartLetters
	if len(parts) > 1 {
		lower, isWhole = patternOf(valid)
	}
	upper, ok := openPattern(valid)
	if !isWhole || !ok {
		return atMost(hasValue(name))
	}
	return bounds{likeInAnyCase(name, upper), likeInAnyCase(name, lower), upper == lower}
}

// likeInAnyCase is likePattern without regard to the case of ASCII letters.
func likeInAnyCase(field, pattern string) condition {
	return condition{"wildcard": condition{field: condition{"value": pattern, "case_insensitive": true}}}
}

// idBounds returns the bounds of a leaf about an id in lower-case hex.
func idBounds(name string, leaf filter.Expression) bounds {
	var some []condition
	switch e := leaf.(type) {
	case filter.Exists:
		return exactly(hasValue(name))
	case filter.Equal:
		return exactly(termIn(name, validTexts(e.Values)))
	case filter.Contains:
		for _, part := range e.Parts {
			some = append(some, hexCondition(name, []string{"", part, ""}))
		}
	case filter.Wildcard:
		some = append(some, hexCondition(name, e.Parts))
	default:
		return atMost(hasValue(name))
	}
	return exactly(or(some...))
}

// hexCondition returns the condition that an id is some parts, of any case, with any
// text between them.
func hexCondition(name string, parts []string) condition {
	const longest = 32
	digits := make([]string, len(parts))
	for i, part := range parts {
		digits[i] = filter.Fold(part)
		if strings.Trim(digits[i], "0123456789abcdef") != "" {
			return matchNone()
		}
	}
	switch text := strings.Join(digits, ""); {
	case len(text) > longest:
		return matchNone()
	case text == "" && len(parts) > 1:
		return hasValue(name)
	}
	return likePattern(name, strings.Join(digits, "*"))
}
