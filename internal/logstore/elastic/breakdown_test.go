package elastic

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/filter"
)

func TestPrefixPattern(t *testing.T) {
	for prefix, want := range map[string]string{
		"attributes.user=":         `attributes\.user=.*`,
		`resource.a\=b\\=`:         `resource\.a\\=b\\\\=.*`,
		`.?+*|{}[]()"#@&<>~^$-`:    `\.\?\+\*\|\{\}\[\]\(\)\"\#\@\&\<\>\~\^\$\-.*`,
		"ключ\n🙂":                  "ключ\n🙂.*",
		strings.Repeat("a", 1000):  strings.Repeat("a", maxPatternLength/2) + ".*",
		strings.Repeat("..", 1000): strings.Repeat(`\.`, maxPatternLength/2) + ".*",
	} {
		assert.Equal(t, want, prefixPattern(prefix))
	}
}

func TestBeforePrefix(t *testing.T) {
	before := beforePrefix("attributes.a=")
	assert.Less(t, before, "attributes.a=")
	for _, earlier := range []string{"attributes.a", "attributes.a<🙂", "attributes.", "attributes.a!="} {
		assert.Less(t, earlier, before)
	}
}

// textsOfAttribute returns an attribute with so many texts in the log and the resource.
func textsOfAttribute(inLog, inResource int, hasNone bool) attribute {
	a := attribute{hasNone: hasNone}
	for place, count := range map[filter.Place]int{filter.PlaceLogAttribute: inLog, filter.PlaceResourceAttribute: inResource} {
		if count == 0 {
			continue
		}
		part := branch{place: place}
		for i := range count {
			part.terms = append(part.terms, fmt.Sprintf("%d %d", place, i))
		}
		a.branches = append(a.branches, part)
	}
	return a
}

// cellsOf returns the combinations of texts that there are in combinations of parts.
func cellsOf(parts []attribute) []string {
	if len(parts) == 0 {
		return []string{""}
	}
	var cells []string
	for _, rest := range cellsOf(parts[1:]) {
		if parts[0].hasNone {
			cells = append(cells, "none|"+rest)
		}
		for _, b := range parts[0].branches {
			for _, term := range b.terms {
				cells = append(cells, term+"|"+rest)
			}
		}
	}
	return cells
}

func TestCombinations(t *testing.T) {
	for name, tt := range map[string]struct {
		attributes []attribute
		// want is how many combinations there are.
		want int
	}{
		"nothing":         {nil, 1},
		"one":             {[]attribute{textsOfAttribute(3, 0, true)}, 1},
		"both places":     {[]attribute{textsOfAttribute(3, 4, true), textsOfAttribute(0, 2, false)}, 1},
		"none only":       {[]attribute{textsOfAttribute(0, 0, true), textsOfAttribute(1, 0, false)}, 1},
		"no documents":    {[]attribute{textsOfAttribute(0, 0, false), textsOfAttribute(1, 0, false)}, 0},
		"full":            {[]attribute{textsOfAttribute(maxCells-1, 0, true)}, 1},
		"one too many":    {[]attribute{textsOfAttribute(maxCells, 0, true)}, 2},
		"in both places":  {[]attribute{textsOfAttribute(maxCells-10, 20, true)}, 2},
		"first is larger": {[]attribute{textsOfAttribute(1000, 0, true), textsOfAttribute(50, 49, true)}, 6},
		"second is":       {[]attribute{textsOfAttribute(3, 0, false), textsOfAttribute(maxCells, 0, false)}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			combinations, err := combinationsOf(tt.attributes, maxCells)
			require.NoError(t, err)
			assert.Len(t, combinations, tt.want)
			var cells []string
			for _, c := range combinations {
				in := cellsOf(c.parts)
				assert.Len(t, in, c.width)
				assert.LessOrEqual(t, c.width, maxCells)
				cells = append(cells, in...)
			}
			want := cellsOf(tt.attributes)
			assert.Len(t, cells, len(want))
			assert.Equal(t, setOf(want), setOf(cells))
		})
	}
	many := textsOfAttribute(2000, 0, false)
	_, err := combinationsOf([]attribute{many, many}, maxCells)
	require.ErrorIs(t, err, errTooWide)
}

func setOf(texts []string) map[string]bool {
	set := map[string]bool{}
	for _, text := range texts {
		set[text] = true
	}
	return set
}

func TestLongTermsAreDivided(t *testing.T) {
	a := attribute{branches: []branch{{terms: []string{
		strings.Repeat("a", maxPartBytes), "b", strings.Repeat("c", maxPartBytes), strings.Repeat("d", maxPartBytes/2), strings.Repeat("e", maxPartBytes/2),
	}}}}
	var sizes []int
	for _, part := range a.parts(100) {
		sizes = append(sizes, len(part.branches[0].terms))
	}
	assert.Equal(t, []int{1, 1, 1, 2}, sizes)
}

func TestRoughTimestamps(t *testing.T) {
	for _, timestamp := range []pcommon.Timestamp{
		0, 1, 1023, 1025, 1_795_255_200_123_456_789, 1<<63 - 1, 1 << 63, 1<<63 + 1, math.MaxUint64 - 1, math.MaxUint64,
	} {
		times := around(roughTimestamp(float64(timeNumber(timestamp))))
		assert.LessOrEqual(t, times.from, timestamp)
		assert.GreaterOrEqual(t, times.to, timestamp)
		assert.LessOrEqual(t, uint64(times.to-times.from), uint64(2*roughness))
	}
}
