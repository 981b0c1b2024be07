package embedded

import (
	"context"
	"math"
	"strconv"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"

	"github.com/docketlog/docket/internal/filter"
)

// compareBounds returns the bounds of a filter.Compare of a column's text.
//
// The engine compares numbers much faster than residual does, but to it 10KB and 1m are
// numbers too. So it is believed where it stores a column as numbers, which have only the
// texts that it keeps; and, where it stores few different texts, of integers.
func compareBounds(column string, e filter.Compare) bounds {
	limit, ok := engineNumber(column, e)
	if !ok {
		return atMost(has(column))
	}
	compared, unclear := quote(column)+":"+e.Order.String()+limit, isUnclearNumber(column)
	return bounds{upper: or(unclear, compared), lower: and(compared, not(unclear))}
}

// engineNumber returns the number of a comparison as the engine reads it; ok is false if
// the engine cannot compare the column with it.
func engineNumber(column string, e filter.Compare) (number string, ok bool) {
	const exactIntegers = 1 << 53 // what is less is not rounded, nor what is compared with it
	number = strconv.FormatFloat(e.Number, 'f', -1, 64)
	return number, !isPacked(column) && isKept(number) && math.Abs(e.Number) < exactIntegers
}

// noShortInteger is a regular expression that finds something in all texts that are a number
// to anybody, but for integers of at most 15 digits as they are usually spelled; and in most
// other texts. No number has a letter beyond U+07FF, and the engine needs milliseconds to
// prepare a class of all letters.
const noShortInteger = `[\x00-,./:-\x{7ff}]|[0-9-]-|^-?0[0-9]|^-$|[0-9]{16}`

// isUnclearNumber returns the condition that rows meet in which a column may have something
// that the engine reads as another number than filter.Number does. It names what is no short
// integer, as mostly nothing is: where a block has none, the engine looks at no row.
func isUnclearNumber(column string) string {
	isFew := or(isOfType(column, "dict"), isOfType(column, "const"))
	isText := or(isOfType(column, "string"), isOfType(column, "ipv4"), isOfType(column, "iso8601"))
	isOther := quote(column) + ":~" + quote(noShortInteger)
	return or(and(isFew, isOther), and(isText, has(column)))
}

// unclearOf returns a condition that all plain rows meet that do not match a normalized
// expression, among those that meet its upper bound: what the bound leaves open are
// comparisons, of which the engine may read another number. All rows meet it if the bound
// leaves anything else open.
func unclearOf(normal filter.Expression) string {
	parts, isAnd := normal.(filter.And)
	if !isAnd {
		parts = filter.And{normal}
	}
	var conditions []string
	for _, part := range parts {
		if (binder{areAttributesKnown: true}).of(part).isExact {
			continue
		}
		e, ok := part.(filter.Compare)
		if !ok {
			return conditionAll
		}
		column := ownColumnOf(e.Field.Place)
		if e.Field.Place == filter.PlaceLogAttribute || e.Field.Place == filter.PlaceResourceAttribute {
			column, _ = columnName(sectionOf(e.Field.Place), e.Field.Key)
		}
		if _, ok := engineNumber(column, e); !ok || column == "" {
			return conditionAll
		}
		conditions = append(conditions, isUnclearNumber(column))
	}
	return or(conditions...)
}

// columnUnclear is a column of the engine's answer to countCertain.
const columnUnclear = "unclear"

// countCertain counts the plain rows; ok is false if it cannot be told without looking at
// them whether they match. It is one query, as rows may come, or be stored in another
// way, from one to the next.
func (b *Backend) countCertain(ctx context.Context, p plan) (count int64, ok bool, err error) {
	if p.unclear == conditionAll {
		return 0, false, nil
	}
	selected := selection{tenant: p.tenant, span: p.span, condition: p.plain, isByEngine: true}
	pipe := "stats " + sumRows + ", count() if (" + p.unclear + ") as " + columnUnclear
	var unclear int64
	err = b.rows.query(ctx, selected, pipe, func(block *logstorage.DataBlock) {
		count += sumOf(block, columnRows)
		unclear += sumOf(block, columnUnclear)
	})
	return count, unclear == 0, err
}

// sumOf adds up a column of counts.
func sumOf(block *logstorage.DataBlock, column string) (sum int64) {
	for _, count := range valuesOf(block, column) {
		sum += int64(parseDecimal(count)) //nolint:gosec // counts rows
	}
	return sum
}
