package embedded_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
)

// randomSentence returns a text of words in random cases.
func randomSentence(random *rand.Rand) string {
	words := []string{"order", "4711", "removed", "a", "Ångström", "ok", "Straße", "Σίσυφος", "(.*)", `[x]\E`, "\u0345", "\ufffd", "ß1", "_", "4f"}
	borders := []string{" ", " ", " ", "-", ".", ""}
	var text strings.Builder
	for range 1 + random.IntN(5) {
		text.WriteString(respell(random, []rune(words[random.IntN(len(words))])))
		text.WriteString(borders[random.IntN(len(borders))])
	}
	return text.String()
}

// Texts must be found in whatever block and window of a search their record is.
func TestBodiesInManyBlocks(t *testing.T) {
	const batches, batchSize, days = 6, 400, 3
	backend := open(t, t.TempDir())
	random := randomSource(t)
	var all reference
	for range batches {
		var batch reference
		for range batchSize {
			at := day.Add(time.Duration(random.Int64N(int64(days * 24 * time.Hour))))
			batch = append(batch, newRecord(project, pcommon.NewTimestampFromTime(at), randomSentence(random)))
		}
		store(t, backend, batch...)
		all = append(all, batch...)
	}

	found := 0
	for range 30 {
		text := []rune(all[random.IntN(len(all))].Log.Body().Str())
		start := random.IntN(len(text))
		part := text[start : start+1+random.IntN(len(text)-start)]
		query := logstore.Query{
			ProjectID: project, Filter: filter.BodyContains(respell(random, part)), Limit: len(all), Order: logstore.Order(random.IntN(2)),
		}
		want := idsOf(all.search(query))
		found += len(want)
		require.Equal(t, int64(len(want)), count(t, backend, query), "%q", query.Filter)
		query.Limit = 1 + random.IntN(len(want))
		require.Equal(t, want[:query.Limit], idsOf(search(t, backend, query)), "%q", query.Filter)
	}
	assert.Greater(t, found, len(all)/100)
}

// Words have borders where the engine, on whose idea of words the search relies,
// says so. All of these must be found between any others.
func TestWordsBetweenAllLetters(t *testing.T) {
	var letters []rune
	for r := range rune(0x3000) {
		letters = append(letters, filter.Spellings(r)...)
	}
	letters = append(letters, '\ufffd', '\U0001f600')
	slices.Sort(letters)
	letters = slices.Compact(letters)
	var all reference
	for _, r := range letters {
		all = append(all, newRecord(project, pcommon.NewTimestampFromTime(day), "xx"+string(r)+"Word"+string(r)+"yy"))
	}
	backend := open(t, t.TempDir())
	store(t, backend, all...)
	for i, r := range letters {
		if i%97 != 0 && len(filter.Spellings(r)) < 3 && r != '\ufffd' {
			continue // each takes milliseconds
		}
		query := logstore.Query{ProjectID: project, Filter: filter.BodyContains("X" + string(r) + "wORD" + string(r) + "Y")}
		require.Equal(t, int64(len(filter.Spellings(r))), count(t, backend, query), "%U", r)
	}
}
