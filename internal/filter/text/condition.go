package text

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/filter/dates"
	"github.com/docketlog/docket/internal/record"
)

// condition is a field, an operator and the values to compare with.
type condition struct {
	field    filter.Field
	operator string
	values   []value
	clock    dates.Clock
}

func (c condition) build() (filter.Expression, error) {
	switch c.operator {
	case ":":
		if c.field == bodyField() {
			return c.contains()
		}
		return c.wildcards()
	case "=":
		return c.equal(c.values)
	case "!=":
		equal, err := c.equal(c.values)
		if err != nil {
			return nil, err
		}
		return filter.Not{Part: equal}, nil
	case "~":
		parts := make([]string, len(c.values))
		for i, v := range c.values {
			parts[i] = v.text()
		}
		return filter.Contains{Field: c.field, Parts: parts}, nil
	case "=~":
		pattern, err := filter.ParseRegexp(c.values[0].text())
		if err != nil {
			return nil, problem(c.values[0].at, "expected another regular expression: it %s", err)
		}
		return filter.Regexp{Field: c.field, Pattern: pattern}, nil
	default:
		return c.order()
	}
}

// contains looks for words in the message. A star in a word is any text between its
// parts; one at an end says nothing.
func (c condition) contains() (filter.Expression, error) {
	contains := filter.Contains{Field: c.field}
	var some filter.Or
	for _, v := range c.values {
		inner := slices.DeleteFunc(slices.Clone(v.parts), func(part string) bool { return part == "" })
		switch {
		case v.isAny():
			some = append(some, filter.Exists{Field: c.field})
		case len(inner) < 2: // or quoted
			contains.Parts = append(contains.Parts, strings.Join(inner, ""))
		default:
			some = append(some, filter.Wildcard{Field: c.field, Parts: slices.Concat([]string{""}, inner, []string{""})})
		}
	}
	if len(contains.Parts) > 0 {
		some = append(some, contains)
	}
	return filter.Normalize(some), nil
}

// wildcards looks for values that may have stars.
func (c condition) wildcards() (filter.Expression, error) {
	var some filter.Or
	var plain []value
	for _, v := range c.values {
		switch {
		case v.isAny():
			some = append(some, filter.Exists{Field: c.field})
		case v.hasStar():
			some = append(some, filter.Wildcard{Field: c.field, Parts: v.parts})
		default:
			plain = append(plain, v)
		}
	}
	if len(plain) > 0 {
		equal, err := c.equal(plain)
		if err != nil {
			return nil, err
		}
		some = append(some, equal)
	}
	return filter.Normalize(some), nil
}

// equal looks for whole values, as the field is.
func (c condition) equal(values []value) (filter.Expression, error) {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = v.text()
	}
	switch c.field.Place {
	case filter.PlaceLevel:
		return c.equalLevels(values)
	case filter.PlaceTimestamp, filter.PlaceObservedTime:
		return c.equalDates(values)
	case filter.PlaceTraceID, filter.PlaceSpanID:
		for i, v := range values {
			var err error
			if texts[i], err = filter.ParseID(c.field, v.text()); err != nil {
				return nil, problem(v.at, "expected an id: %s", err)
			}
		}
		return filter.EqualIDs(c.field, texts), nil
	case filter.PlaceID, filter.PlaceHash:
		for i := range texts {
			texts[i] = strings.ToLower(texts[i])
		}
	case filter.PlaceService:
		return filter.Normalize(filter.Services(texts)), nil
	}
	if c.field.IsAttribute() || c.field.Place == filter.PlaceSeverityNumber {
		return c.equalNumbers(values), nil
	}
	return filter.Equal{Field: c.field, Values: texts}, nil
}

// equalNumbers compares as numbers those values that are numbers and not in quotes.
func (c condition) equalNumbers(values []value) filter.Expression {
	equalNumber, equal := filter.EqualNumber{Field: c.field}, filter.Equal{Field: c.field}
	for _, v := range values {
		if number, ok := filter.EqualityNumber(v.text()); ok && !v.isQuoted {
			equalNumber.Values = append(equalNumber.Values, number)
		} else {
			equal.Values = append(equal.Values, v.text())
		}
	}
	return filter.Normalize(filter.Or{equalNumber, equal})
}

func (c condition) equalLevels(values []value) (filter.Expression, error) {
	equal := filter.Equal{Field: c.field}
	for _, v := range values {
		level, err := levelOf(v)
		if err != nil {
			return nil, err
		}
		equal.Values = append(equal.Values, string(level))
	}
	return equal, nil
}

// levelOf returns the level of a name, or of a word such as warning.
func levelOf(v value) (record.Level, error) {
	if level, ok := record.ParseLevel(v.text()); ok {
		return level, nil
	}
	number, ok := record.ParseSeverity(v.text())
	if _, isNumber := filter.Number(v.text()); !ok || isNumber {
		return "", problem(v.at, "expected a level: trace, debug, info, warn, error, fatal or unspecified")
	}
	return record.LevelOf(number), nil
}

func (c condition) equalDates(values []value) (filter.Expression, error) {
	var some filter.Or
	for _, v := range values {
		first, last, err := c.date(v)
		if err != nil {
			return nil, err
		}
		some = append(some, filter.And{
			filter.CompareDate(c.field, filter.GreaterOrEqual, first, last),
			filter.CompareDate(c.field, filter.LessOrEqual, first, last),
		})
	}
	return filter.Normalize(some), nil
}

func (c condition) date(v value) (first, last time.Time, err error) {
	if first, last, err = c.clock.Parse(v.text()); err != nil {
		return first, last, problem(v.at, "expected a date, ISO 8601 (2026-11-21T10:00:00Z) or relative (-1h, -7d, -30M, dStart)")
	}
	return first, last, nil
}

// order compares as the field is: times as dates, levels by their severity, all else
// as numbers, or as dates if the value is one of ISO 8601.
func (c condition) order() (filter.Expression, error) {
	order, v := c.orderOf(), c.values[0]
	switch {
	case c.field.IsTime():
		first, last, err := c.date(v)
		if err != nil {
			return nil, err
		}
		return filter.CompareDate(c.field, order, first, last), nil
	case c.field.Place == filter.PlaceLevel:
		level, err := levelOf(v)
		if err != nil {
			return nil, err
		}
		return filter.LevelsInOrder(order, level), nil
	}
	if number, ok := filter.Number(v.text()); ok {
		return filter.Compare{Field: c.field, Order: order, Number: number}, nil
	}
	zone := c.clock.Zone
	if zone == nil {
		zone = time.UTC
	}
	first, last, ok := dates.Parse(v.text(), zone)
	if !ok {
		return nil, problem(v.at, "expected a number or a date (2026-11-21T10:00:00Z) after %s", c.operator)
	}
	return filter.CompareDate(c.field, order, first, last), nil
}

func (c condition) orderOf() filter.Order {
	for _, order := range []filter.Order{filter.Less, filter.LessOrEqual, filter.Greater} {
		if order.String() == c.operator {
			return order
		}
	}
	return filter.GreaterOrEqual
}

// asRegexp returns the regular expression that finds what a Wildcard matches.
func asRegexp(parts []string) string {
	quoted := make([]string, len(parts))
	for i, part := range parts {
		quoted[i] = regexp.QuoteMeta(part)
	}
	return "(?is)^" + strings.Join(quoted, ".*") + "$"
}
