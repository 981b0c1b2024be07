package elastic

import "maps"

// condition is a query of the query DSL.
type condition map[string]any

func matchAll() condition  { return condition{"match_all": condition{}} }
func matchNone() condition { return condition{"match_none": condition{}} }

func (c condition) isAll() bool  { return c.is("match_all") }
func (c condition) isNone() bool { return c.is("match_none") }

func (c condition) is(name string) bool {
	_, ok := c[name]
	return ok
}

// and returns the condition that all of some conditions are met.
func and(parts ...condition) condition {
	var all, not []condition
	for _, part := range parts {
		switch {
		case part.isNone():
			return matchNone()
		case part.isAll():
			continue
		}
		if filters, excluded, ok := part.conjunction(); ok {
			all, not = append(all, filters...), append(not, excluded...)
			continue
		}
		all = append(all, part)
	}
	switch {
	case len(all)+len(not) == 0:
		return matchAll()
	case len(all) == 1 && len(not) == 0:
		return all[0]
	}
	parted := condition{}
	if len(all) > 0 {
		parted["filter"] = all
	}
	if len(not) > 0 {
		parted["must_not"] = not
	}
	return condition{"bool": parted}
}

// or returns the condition that one of some conditions is met.
func or(parts ...condition) condition {
	var some []condition
	for _, part := range parts {
		switch {
		case part.isAll():
			return matchAll()
		case part.isNone():
			continue
		}
		if alternatives, ok := part.alternatives(); ok {
			some = append(some, alternatives...)
			continue
		}
		some = append(some, part)
	}
	switch len(some) {
	case 0:
		return matchNone()
	case 1:
		return some[0]
	default:
		return condition{"bool": condition{"should": some, "minimum_should_match": 1}}
	}
}

// not returns the condition that another is not met.
func not(part condition) condition {
	switch {
	case part.isAll():
		return matchNone()
	case part.isNone():
		return matchAll()
	}
	filters, excluded, ok := part.conjunction()
	if ok && len(filters) == 0 {
		return or(excluded...)
	}
	if alternatives, ok := part.alternatives(); ok {
		return condition{"bool": condition{"must_not": alternatives}}
	}
	return condition{"bool": condition{"must_not": []condition{part}}}
}

// conjunction returns the parts of a condition that and or not made.
func (c condition) conjunction() (filters, excluded []condition, ok bool) {
	parts, ok := c["bool"].(condition)
	if !ok || parts.is("should") {
		return nil, nil, false
	}
	filters, _ = parts["filter"].([]condition)
	excluded, _ = parts["must_not"].([]condition)
	return filters, excluded, true
}

// alternatives returns the parts of a condition that or made.
func (c condition) alternatives() ([]condition, bool) {
	parts, _ := c["bool"].(condition)
	alternatives, ok := parts["should"].([]condition)
	return alternatives, ok
}

// size returns of how many clauses a condition is made, which the products limit.
func (c condition) size() int {
	if alternatives, ok := c.alternatives(); ok {
		return sizeOf(alternatives)
	}
	if filters, excluded, ok := c.conjunction(); ok {
		return sizeOf(filters) + sizeOf(excluded)
	}
	return 1
}

func sizeOf(parts []condition) int {
	sum := 1
	for _, part := range parts {
		sum += part.size()
	}
	return sum
}

// depth returns how deep the parts of a condition are nested.
func (c condition) depth() int {
	alternatives, _ := c.alternatives()
	filters, excluded, _ := c.conjunction()
	deepest := 0
	for _, parts := range [][]condition{alternatives, filters, excluded} {
		for _, part := range parts {
			deepest = max(deepest, part.depth())
		}
	}
	return deepest + 1
}

// maxTermsPerClause is how many values termIn writes into one clause; the products
// take 65,536.
const maxTermsPerClause = 10_000

// termIs returns the condition that one of a field's values is a text or a number.
func termIs(field string, value any) condition {
	return condition{"term": condition{field: value}}
}

// termIn returns the condition that one of a field's values is one of the texts.
func termIn(field string, values []string) condition {
	switch len(values) {
	case 0:
		return matchNone()
	case 1:
		return termIs(field, values[0])
	}
	var clauses []condition
	for len(values) > 0 {
		size := min(len(values), maxTermsPerClause)
		clauses = append(clauses, condition{"terms": condition{field: values[:size]}})
		values = values[size:]
	}
	return or(clauses...)
}

// maxPrefixBytes is how long a prefix may be, and what the limits of a range have in
// common. Elasticsearch 8 and OpenSearch 2 take less than 1000 bytes (the automatons of
// Lucene 9), which is also how many letters a wildcard pattern may have before its first
// star, for which maxStartLetters leaves room; Elasticsearch 9 takes 1000 letters of a
// prefix (index.max_regex_length).
const maxPrefixBytes = 700

// hasPrefix returns the condition that one of a field's values starts with a text of at
// most maxPrefixBytes.
func hasPrefix(field, prefix string) condition {
	return condition{"prefix": condition{field: prefix}}
}

// hasValue returns the condition that a field has a value.
func hasValue(field string) condition { return condition{"exists": condition{"field": field}} }

// likePattern returns the condition that one of a field's values is like a pattern in
// which * stands for any text and ? for any letter.
func likePattern(field, pattern string) condition {
	return condition{"wildcard": condition{field: condition{"value": pattern}}}
}

// isBetween returns the condition that one of a field's values is in a range. The
// limits are named gte, gt, lte and lt.
func isBetween(field string, limits condition) condition {
	return condition{"range": condition{field: maps.Clone(limits)}}
}
