package elastic

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// However few cells fit into a request, all are counted, and those of documents without the
// attribute: in several buckets at once, in halves of them, and in one with too many texts.
func TestBreakdownByTimes(t *testing.T) {
	field := logAttribute("matches")
	const large, wide = 1300, 1100
	records := numbered(large+wide+200, func(i int, r record.Record) {
		// The first second has the most documents, and the third 46 texts. Of others some have
		// no documents. All but the third have two texts, one of which is empty.
		second := 0
		if others := i - large - wide; others >= 0 {
			second = 4 + others/50*3
		} else if i >= large {
			second = 2
		}
		at(r, testDay().Add(time.Duration(second)*time.Second+time.Duration(i%900)*time.Millisecond))
		switch {
		case second == 2 && i%46 != 0:
			r.Log.Attributes().PutStr("matches", fmt.Sprint("text ", i%46))
		case i%10 == 1:
			r.Log.Attributes().PutStr("matches", "")
		case i%10 > 1:
			r.Log.Attributes().PutStr("matches", "same")
		}
	})
	elasticsearchtest.Each(t, func(t *testing.T, server elasticsearchtest.Server) {
		t.Helper()
		b := newBackend(t, server)
		reference := fill(t, b, records...)
		for _, offset := range []time.Duration{0, -3 * time.Millisecond} {
			want := countCells(t, b, breakdown{interval: time.Second, offset: offset, sums: b.histogramSums(true)}, breakdown.visitByTexts)
			require.GreaterOrEqual(t, len(want), 5*2+46) // none and empty are the same text
			for _, withSums := range []bool{true, false} {
				for _, cells := range []int{0, 100, 60, 30} {
					wanted := breakdown{interval: time.Second, offset: offset, cells: cells, sums: b.histogramSums(withSums)}
					assert.Equal(t, want, countCells(t, b, wanted, breakdown.visit), "%d cells, offset %s, sums %v", cells, offset, withSums)
				}
			}
		}
		requireSameHistogram(t, reference, b, logstore.HistogramQuery{Selection: everything(), Interval: time.Second, By: &field})
	})
}

// countCells counts the documents with the attribute matches and without.
func countCells(
	t *testing.T, b *Backend, wanted breakdown, visit func(breakdown, context.Context, visitCell) error,
) map[string]int64 {
	t.Helper()
	counts := map[string]int64{}
	require.NoError(t, b.atOnePoint(t.Context(), func(at *point) error {
		wanted.at, wanted.documents = at, termIs(fieldProject, 7)
		wanted.fields = append(wanted.fields, logAttribute("matches"))
		return visit(wanted, t.Context(), func(start int64, texts []string, c *cell) error {
			counts[fmt.Sprintf("%d %q", start, texts[0])] += c.Count
			return nil
		})
	}))
	return counts
}
