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
	lower := and(isNumberIn(column), quote(column)+":"+e.Order.String()+limit)
	return bounds{upper: or(lower, and(has(column), not(isNumberIn(column)))), lower: lower}
}

// engineNumber returns the number of a comparison as the engine reads it; ok is false if
// the engine cannot compare the column with it.
func engineNumber(column string, e filter.Compare) (number string, ok bool) {
	const exactIntegers = 1 << 53 // what is less is not rounded, nor what is compared with it
	number = strconv.FormatFloat(e.Number, 'f', -1, 64)
	return number, column != columnID && isKept(number) && math.Abs(e.Number) < exactIntegers
}

// isNumberIn returns the condition that a column has a number that the engine reads as
// filter.Number does.
func isNumberIn(column string) string {
	isFew := or(isOfType(column, "dict"), isOfType(column, "const"))
	isInteger := quote(column) + ":~" + quote(`^-?(0|[1-9][0-9]{0,14})$`)
	return or(isStoredAsNumber(column), and(isFew, isInteger))
}

// certainOf returns a condition that only those plain rows meet that match a normalized
// expression, on plain rows that meet its upper bound: what the bound leaves open are
// comparisons, and what they are of are numbers.
func certainOf(normal filter.Expression) string {
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
			return conditionNone
		}
		column := ownColumnOf(e.Field.Place)
		if e.Field.Place == filter.PlaceLogAttribute || e.Field.Place == filter.PlaceResourceAttribute {
			column, _ = columnName(sectionOf(e.Field.Place), e.Field.Key)
		}
		if _, ok := engineNumber(column, e); !ok || column == "" {
			return conditionNone
		}
		conditions = append(conditions, isNumberIn(column))
	}
	return and(conditions...)
}

// columnCertain is a column of the engine's answer to countCertain.
const columnCertain = "certain"

// countCertain counts the plain rows; ok is false if it cannot be told without looking at
// them whether they match. It is one query, as rows may come, or be stored in another
// way, from one to the next.
func (b *Backend) countCertain(ctx context.Context, p plan) (count int64, ok bool, err error) {
	if p.certain == conditionNone {
		return 0, false, nil
	}
	selected := selection{tenant: p.tenant, span: p.span, condition: p.plain, isByEngine: true}
	pipe := "stats " + sumRows + ", count() if (" + p.certain + ") as " + columnCertain
	var certain int64
	err = b.rows.query(ctx, selected, pipe, func(block *logstorage.DataBlock) {
		count += sumOf(block, columnRows)
		certain += sumOf(block, columnCertain)
	})
	return count, count == certain, err
}

// sumOf adds up a column of counts.
func sumOf(block *logstorage.DataBlock, column string) (sum int64) {
	for _, count := range valuesOf(block, column) {
		sum += int64(parseDecimal(count)) //nolint:gosec // counts rows
	}
	return sum
}
