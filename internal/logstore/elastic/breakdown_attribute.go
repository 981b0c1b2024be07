package elastic

import (
	"context"
	"slices"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore/tally"
)

// attribute is a field to break down by that is an attribute, with what is known of it
// in the documents of a breakdown.
type attribute struct {
	// index is the field's place among breakdown.fields.
	index int
	// branches are the places at which the field is found, at most one each.
	branches []branch
	// none is met by documents without the field; hasNone is true if there are any.
	none    condition
	hasNone bool
	// documents is how many there are, with and without the field.
	documents int64
}

// branch is the texts of an attribute at a place.
type branch struct {
	// place is PlaceLogAttribute or PlaceResourceAttribute.
	place filter.Place
	key   string
	// documents is met by those in which the field is found at this place, if it is at
	// this place at all.
	documents condition
	// terms are those that there are in fieldTerms.
	terms []string
}

func (b branch) prefix() string { return termPrefix(b.place, b.key) }

// placeKey is the name of the aggregation of a branch.
func placeKey(place filter.Place) string {
	if place == filter.PlaceResourceAttribute {
		return "resource"
	}
	return "log"
}

// branchesOf returns where an attribute is found, the terms of which are not known yet.
func branchesOf(field filter.Field) []branch {
	inLog := branch{place: filter.PlaceLogAttribute, key: field.Key, documents: matchAll()}
	inResource := branch{place: filter.PlaceResourceAttribute, key: field.Key, documents: matchAll()}
	switch field.Place {
	case filter.PlaceLogAttribute:
		return []branch{inLog}
	case filter.PlaceResourceAttribute:
		return []branch{inResource}
	default:
		inResource.documents = not(inLog.isThere())
		return []branch{inLog, inResource}
	}
}

// isThere returns the condition that a document has the attribute at the place.
func (b branch) isThere() condition { return hasPrefix(fieldTerms, b.prefix()) }

// knownAttribute is a field of which the wanted texts are known.
func (b breakdown) knownAttribute(field filter.Field, index int) attribute {
	a := attribute{index: index, documents: b.count}
	var there []condition
	for _, part := range branchesOf(field) {
		for _, text := range b.known[index] {
			part.terms = append(part.terms, part.prefix()+text)
			a.hasNone = a.hasNone || text == ""
		}
		there, a.branches = append(there, part.isThere()), append(a.branches, part)
	}
	a.none = not(or(there...))
	return a
}

// attribute asks for the texts of a field.
func (b breakdown) attribute(ctx context.Context, field filter.Field, index int) (attribute, error) {
	if b.known != nil {
		return b.knownAttribute(field, index), nil
	}
	a := attribute{index: index}
	var there []condition
	var counted, total int64
	for _, part := range branchesOf(field) {
		seen := tally.New[int64]("values of "+field.Key, "ask for a shorter time, or with a filter")
		documents, err := b.at.distinct(ctx, and(b.documents, part.documents), fieldTerms, part.prefix(), func(term string, count int64) error {
			counted += count
			part.terms = append(part.terms, term)
			_, _, err := seen.Of(term)
			return err
		})
		if err != nil {
			return attribute{}, err
		}
		there, total = append(there, part.isThere()), max(total, documents)
		if len(part.terms) > 0 {
			a.branches = append(a.branches, part)
		}
	}
	a.none, a.hasNone, a.documents = not(or(there...)), counted < total, total
	return a, nil
}

// width returns how many cells there may be by the attribute alone.
func (a attribute) width() int {
	width := 0
	if a.hasNone {
		width++
	}
	for _, part := range a.branches {
		width += len(part.terms)
	}
	return width
}

// maxPartBytes is how long the terms of a part of an attribute may be together, but for
// one of them.
const maxPartBytes = 256 << 10

// parts returns the attribute as several that have at most so many cells each.
func (a attribute) parts(width int) []attribute {
	var parts []attribute
	empty := attribute{index: a.index, none: a.none, documents: a.documents}
	part, size := empty, 0
	part.hasNone = a.hasNone
	flush := func() {
		if part.width() > 0 {
			parts = append(parts, part)
		}
		part, size = empty, 0
	}
	for _, whole := range a.branches {
		start := 0
		for end, term := range whole.terms {
			isFull := part.width()+end-start >= width || size+len(term) > maxPartBytes
			if isFull && (part.width() > 0 || end > start) {
				part.add(whole, start, end)
				flush()
				start = end
			}
			size += len(term)
		}
		part.add(whole, start, len(whole.terms))
	}
	flush()
	return parts
}

// add adds some of the terms of a branch.
func (a *attribute) add(whole branch, start, end int) {
	if start < end {
		whole.terms = whole.terms[start:end]
		a.branches = append(a.branches, whole)
	}
}

// combination is parts of several attributes.
type combination struct {
	parts []attribute
	// width is how many cells there may be in it.
	width int
}

// combinationsOf returns combinations of parts of attributes that together make up all,
// of about so many cells at most. Without attributes it is one of nothing. It is an errTooWide
// that there are more than maxBreakdownRequests.
func combinationsOf(attributes []attribute, cells int) ([]combination, error) {
	all := []combination{{width: 1}}
	for i, a := range attributes {
		// The following ones should not be divided again: they would be for each part.
		following := 1
		for _, next := range attributes[i+1:] {
			following = min(cells, following*max(1, next.width()))
		}
		var divided []combination
		for _, c := range all {
			for _, part := range a.parts(max(1, cells/following/c.width)) {
				divided = append(divided, combination{slices.Concat(c.parts, []attribute{part}), c.width * part.width()})
			}
			if len(divided) > maxBreakdownRequests {
				return nil, errTooWide
			}
		}
		all = divided
	}
	return all, nil
}
