package posthog

import (
	"slices"
	"strings"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/record"
)

// operator is what an operator that is not negative does.
type operator struct {
	// isBare is true if it needs no value; what is given is ignored.
	isBare bool
	// count is how many values it needs; 0 is any number, at least one.
	count int
	build func(c condition) (filter.Expression, error)
}

// operatorNames returns the operators for messages.
func operatorNames() []string {
	return []string{
		"exact", "is_not", "icontains", "not_icontains", "starts_with", "not_starts_with", "ends_with", "not_ends_with", "regex", "not_regex",
		"gt", "gte", "lt", "lte", "between", "not_between", "is_date_exact", "is_date_before", "is_date_after", "is_set", "is_not_set", "in", "not_in",
	}
}

// operatorOf returns the operator of a name, and whether what it selects is to be
// negated.
func operatorOf(name string) (op operator, isNegative, ok bool) {
	if op, ok = positiveOperator(name); ok {
		return op, false, true
	}
	switch name {
	case "is_not":
		name = "exact"
	case "is_not_set":
		name = "is_set"
	case "not_icontains", "not_icontains_multi", "not_starts_with", "not_ends_with", "not_regex", "not_between", "not_in":
		name = strings.TrimPrefix(name, "not_")
	default:
		return operator{}, false, false
	}
	op, ok = positiveOperator(name)
	return op, true, ok
}

func positiveOperator(name string) (operator, bool) {
	switch name {
	case "exact", "in":
		return operator{build: condition.equal}, true
	case "icontains", "icontains_multi":
		return operator{build: condition.contains}, true
	case "starts_with":
		return operator{build: func(c condition) (filter.Expression, error) { return c.wildcards(true) }}, true
	case "ends_with":
		return operator{build: func(c condition) (filter.Expression, error) { return c.wildcards(false) }}, true
	case "regex":
		return operator{count: 1, build: condition.regexp}, true
	case "gt":
		return ordering(filter.Greater), true
	case "gte", "min":
		return ordering(filter.GreaterOrEqual), true
	case "lt":
		return ordering(filter.Less), true
	case "lte", "max":
		return ordering(filter.LessOrEqual), true
	case "between":
		return operator{count: 2, build: condition.between}, true
	case "is_date_exact":
		return operator{count: 1, build: func(c condition) (filter.Expression, error) { return c.duringDate(0) }}, true
	case "is_date_before":
		return operator{count: 1, build: func(c condition) (filter.Expression, error) { return c.orderDate(filter.Less, 0) }}, true
	case "is_date_after":
		return operator{count: 1, build: func(c condition) (filter.Expression, error) { return c.orderDate(filter.Greater, 0) }}, true
	case "is_set":
		return operator{isBare: true, build: func(c condition) (filter.Expression, error) { return filter.Exists{Field: c.field}, nil }}, true
	default:
		return operator{}, false
	}
}

// ordering returns the operator that compares with one value.
func ordering(order filter.Order) operator {
	return operator{count: 1, build: func(c condition) (filter.Expression, error) { return c.order(order, 0) }}
}

// equal compares as the field is: attributes as numbers if all values are numbers,
// times as dates, and everything else as text.
func (c condition) equal() (filter.Expression, error) {
	switch c.field.Place {
	case filter.PlaceLevel:
		return c.equalLevels()
	case filter.PlaceTimestamp, filter.PlaceObservedTime:
		var some filter.Or
		for i := range c.values {
			during, err := c.duringDate(i)
			if err != nil {
				return nil, err
			}
			some = append(some, during)
		}
		return filter.Normalize(some), nil
	case filter.PlaceTraceID, filter.PlaceSpanID:
		return c.equalIDs()
	case filter.PlaceID, filter.PlaceHash:
		return filter.Equal{Field: c.field, Values: mapped(c.values, strings.ToLower)}, nil
	case filter.PlaceService:
		return services(c.values), nil
	}
	if c.field.IsAttribute() || c.field.Place == filter.PlaceSeverityNumber {
		if numbers, ok := c.numbers(); ok {
			return filter.EqualNumber{Field: c.field, Values: numbers}, nil
		}
	}
	return filter.Equal{Field: c.field, Values: c.values}, nil
}

// numbers returns the values as numbers; ok is false if they are to be compared as
// text.
func (c condition) numbers() (numbers []float64, ok bool) {
	for _, value := range c.values {
		number, ok := filter.EqualityNumber(value)
		if !ok {
			return nil, false
		}
		numbers = append(numbers, number)
	}
	return numbers, true
}

func (c condition) equalLevels() (filter.Expression, error) {
	names := make([]string, len(c.values))
	for i := range c.values {
		level, err := c.level(i)
		if err != nil {
			return nil, err
		}
		names[i] = string(level)
	}
	return filter.Equal{Field: c.field, Values: names}, nil
}

func (c condition) level(i int) (record.Level, error) {
	level, ok := record.ParseLevel(c.values[i])
	if !ok {
		return "", problem(c.at(i), "%s is no level: send %s", quote(c.values[i]), levelNames)
	}
	return level, nil
}

func (c condition) equalIDs() (filter.Expression, error) {
	ids := make([]string, len(c.values))
	for i, value := range c.values {
		var err error
		if ids[i], err = filter.ParseID(c.field, value); err != nil {
			return nil, problem(c.at(i), "%s is no id: %s", quote(value), err)
		}
	}
	return filter.EqualIDs(c.field, ids), nil
}

func (c condition) contains() (filter.Expression, error) {
	return filter.Contains{Field: c.field, Parts: c.values}, nil
}

// wildcards looks for the values at the start or at the end.
func (c condition) wildcards(atStart bool) (filter.Expression, error) {
	var some filter.Or
	for _, value := range c.values {
		parts := []string{"", value}
		if atStart {
			parts = []string{value, ""}
		}
		some = append(some, filter.Wildcard{Field: c.field, Parts: parts})
	}
	c.conditions += len(some) - 1
	if c.conditions > filter.MaxConditions {
		return nil, problem(c.path, "has %d values, which is too many: send at most %d filters, groups and values of this operator", len(some), filter.MaxConditions)
	}
	return filter.Normalize(some), nil
}

func (c condition) regexp() (filter.Expression, error) {
	pattern, err := filter.ParseRegexp(c.values[0])
	if err != nil {
		return nil, problem(c.at(0), "the regular expression %s", err)
	}
	return filter.Regexp{Field: c.field, Pattern: pattern}, nil
}

// order compares with one value as the field is: times as dates, levels by their
// severity, and everything else as numbers.
func (c condition) order(order filter.Order, i int) (filter.Expression, error) {
	switch {
	case c.field.IsTime():
		return c.orderDate(order, i)
	case c.field.Place == filter.PlaceLevel:
		level, err := c.level(i)
		if err != nil {
			return nil, err
		}
		return filter.LevelsInOrder(order, level), nil
	}
	number, ok := filter.Number(c.values[i])
	if !ok {
		return nil, problem(c.at(i), "%s is no number: send a number, or is_date_before or is_date_after for a date", quote(c.values[i]))
	}
	return filter.Compare{Field: c.field, Order: order, Number: number}, nil
}

func (c condition) between() (filter.Expression, error) {
	least, err := c.order(filter.GreaterOrEqual, 0)
	if err != nil {
		return nil, err
	}
	most, err := c.order(filter.LessOrEqual, 1)
	if err != nil {
		return nil, err
	}
	return filter.And{least, most}, nil
}

// orderDate compares with all that a date names: after a day is after its end.
func (c condition) orderDate(order filter.Order, i int) (filter.Expression, error) {
	first, last, err := c.clock.Parse(c.values[i])
	if err != nil {
		return nil, problem(c.at(i), "the date %s", err)
	}
	return filter.CompareDate(c.field, order, first, last), nil
}

// duringDate selects what is between the first and the last nanosecond of a date.
func (c condition) duringDate(i int) (filter.Expression, error) {
	first, err := c.orderDate(filter.GreaterOrEqual, i)
	if err != nil {
		return nil, err
	}
	last, err := c.orderDate(filter.LessOrEqual, i)
	if err != nil {
		return nil, err
	}
	return filter.And{first, last}, nil
}

func mapped(values []string, change func(string) string) []string {
	changed := slices.Clone(values)
	for i := range changed {
		changed[i] = change(changed[i])
	}
	return changed
}
