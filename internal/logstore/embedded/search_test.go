package embedded_test

import (
	"cmp"
	"fmt"
	"math"
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
	"github.com/docketlog/docket/internal/logstore/embedded"
	"github.com/docketlog/docket/internal/record"
)

// reference answers queries by looking at every record.
type reference []record.Record

func (all reference) search(query logstore.Query) []record.Record {
	var found []record.Record
	for _, r := range all {
		timestamp := uint64(r.Log.Timestamp())
		isEarly := !query.From.IsZero() && query.From.Unix() >= 0 && timestamp < uint64(query.From.UnixNano())
		isLate := !query.To.IsZero() && (query.To.Unix() < 0 || timestamp > uint64(query.To.UnixNano()))
		if !isEarly && !isLate && filter.Matches(query.Filter, r) {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(a, b record.Record) int {
		if query.Order == logstore.NewestFirst {
			a, b = b, a
		}
		return cmp.Or(cmp.Compare(a.Log.Timestamp(), b.Log.Timestamp()), strings.Compare(a.ID(), b.ID()))
	})
	found = found[min(query.Offset, len(found)):]
	return found[:min(query.Limit, len(found))]
}

func randomExpression(random *rand.Rand, depth int) filter.Expression {
	switch kind := random.IntN(6); {
	case kind == 0:
		return nil
	case kind == 1:
		all := []record.Level{
			record.LevelUnspecified, record.LevelTrace, record.LevelDebug, record.LevelInfo,
			record.LevelWarn, record.LevelError, record.LevelFatal, "no level",
		}
		random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		return filter.Levels(all[:random.IntN(len(all))])
	case kind == 2:
		var services filter.Services
		for range random.IntN(5) {
			services = append(services, randomText(random))
		}
		return services
	case kind == 3 && depth > 0:
		var parts filter.And
		for range random.IntN(4) {
			parts = append(parts, randomExpression(random, depth-1))
		}
		return parts
	default:
		return filter.BodyContains(randomPart(random))
	}
}

// randomPart returns a part, in mixed case, of a text that a body may be.
func randomPart(random *rand.Rand) string {
	text := []rune(randomText(random))
	if len(text) == 0 {
		return ""
	}
	start := random.IntN(len(text))
	part := text[start:min(len(text), start+1+random.IntN(1+random.IntN(20)))]
	switch random.IntN(4) {
	case 0:
		return strings.ToUpper(string(part))
	case 1:
		return strings.ToLower(string(part))
	case 2:
		return string(part)
	default:
		return respell(random, part)
	}
}

// respell puts every letter of a text in any of its cases.
func respell(random *rand.Rand, text []rune) string {
	respelled := make([]rune, len(text))
	for i, r := range text {
		spellings := filter.Spellings(r)
		respelled[i] = spellings[random.IntN(len(spellings))]
	}
	return string(respelled)
}

func TestSearchAgreesWithMatches(t *testing.T) {
	backend := open(t, t.TempDir())
	random := randomSource(t)
	size, queries := 400, 120
	if isLong() {
		size, queries = 2000, 1000
	}
	var all reference
	for range size {
		all = append(all, randomRecord(random, project))
	}
	store(t, backend, all...)
	matched := requireAgreement(t, backend, all, random, queries)
	// A sixth does on average: of 120, 6 or fewer in one of some thousand runs.
	assert.Greater(t, matched, queries/20, "too few of the filters match something for this to be a test")

	large := newRecord(project, pcommon.NewTimestampFromTime(day), strings.Repeat("user logged in 007 ", 120_000))
	large.Resource.Attributes().PutStr(record.AttributeServiceName, "007")
	store(t, backend, large)
	requireAgreement(t, backend, append(all, large), random, queries/12)
}

// requireAgreement makes random queries and returns how many of them have a filter
// and found something.
func requireAgreement(t *testing.T, backend *embedded.Backend, all reference, random *rand.Rand, queries int) (matched int) {
	t.Helper()
	for range queries {
		query := logstore.Query{
			ProjectID: project, Filter: randomExpression(random, 2), Limit: 1 + random.IntN(200), Offset: random.IntN(20) * random.IntN(20),
			Order: logstore.Order(random.IntN(2)),
		}
		if random.IntN(2) == 0 {
			query.From = day.Add(time.Duration(random.IntN(2e9)))
		}
		if random.IntN(2) == 0 {
			query.To = day.Add(time.Duration(random.IntN(2e9)))
		}
		want := all.search(query)
		require.Equal(t, idsOf(want), idsOf(search(t, backend, query)), "%#v", query)
		if len(want) > 0 && query.Filter != nil {
			matched++
		}
		query.Limit, query.Offset = math.MaxInt, 0
		require.Equal(t, int64(len(all.search(query))), count(t, backend, query), "%#v", query)
	}
	return matched
}

func TestPages(t *testing.T) {
	random := randomSource(t)
	// Clusters with many equal timestamps, far apart, and lone records between.
	var times []time.Time
	for cluster, size := range []int{100, 6000, 0, 300, 1} {
		start := day.AddDate(0, -cluster*cluster, 0)
		for range size {
			times = append(times, start.Add(time.Duration(random.IntN(50))))
		}
		times = append(times, start.Add(time.Hour), start.Add(time.Minute))
	}
	var all reference
	for i, at := range times {
		all = append(all, newRecord(project, pcommon.NewTimestampFromTime(at), fmt.Sprintf("text %d", i%10)))
	}
	backend := open(t, t.TempDir())
	store(t, backend, all...)

	queries := 30
	if isLong() {
		queries = 300
	}
	for range queries {
		query := logstore.Query{
			ProjectID: project, Limit: 1 + random.IntN(100), Offset: random.IntN(len(times) + 10), Order: logstore.Order(random.IntN(2)),
		}
		if random.IntN(3) == 0 {
			query.Filter = filter.BodyContains("TEXT 3")
			query.Offset /= 10
		}
		if random.IntN(3) == 0 {
			query.From = times[random.IntN(len(times))]
		}
		if random.IntN(3) == 0 {
			query.To = times[random.IntN(len(times))]
		}
		require.Equal(t, idsOf(all.search(query)), idsOf(search(t, backend, query)), "%#v", query)
	}

	var paged []string
	for offset := 0; ; offset += 1000 {
		page := search(t, backend, logstore.Query{Limit: 1000, Offset: offset})
		if len(page) == 0 {
			break
		}
		paged = append(paged, idsOf(page)...)
	}
	assert.Equal(t, idsOf(all.search(logstore.Query{Limit: len(all)})), paged)
}

func TestTimeBounds(t *testing.T) {
	at := func(timestamp uint64) record.Record { return newRecord(project, pcommon.Timestamp(timestamp), "x") }
	const year2200 = 7_258_118_400_000_000_000
	all := reference{
		at(0), at(1), at(uint64(day.UnixNano()) - 1), at(uint64(day.UnixNano())), at(uint64(day.UnixNano()) + 1),
		at(year2200 - 1), at(year2200), at(year2200), at(year2200 + 1), at(year2200 + 2),
		at(math.MaxInt64 - 1), at(math.MaxInt64), at(math.MaxInt64 + 1), at(math.MaxUint64 - 1), at(math.MaxUint64),
	}
	backend := open(t, t.TempDir())
	store(t, backend, all...)

	nano := func(timestamp int64) time.Time { return time.Unix(0, timestamp) }
	bounds := []time.Time{
		{},
		time.Date(1200, 1, 1, 0, 0, 0, 0, time.UTC), nano(0), nano(1), nano(2), day.Add(-1), day, day.Add(1),
		nano(year2200 - 1), nano(year2200), nano(year2200 + 1), nano(year2200 + 3), nano(math.MaxInt64 - 1), nano(math.MaxInt64),
	}
	for _, from := range bounds {
		for _, to := range bounds {
			for _, order := range []logstore.Order{logstore.NewestFirst, logstore.OldestFirst} {
				query := logstore.Query{ProjectID: project, From: from, To: to, Order: order, Limit: 100}
				if from.Year() == 1200 {
					query.From = time.Time{} // the reference computes in nanoseconds
				}
				want := all.search(query)
				query.From = from
				require.Equal(t, idsOf(want), idsOf(search(t, backend, query)), "from %v to %v", from, to)
				require.Equal(t, int64(len(want)), count(t, backend, query), "from %v to %v", from, to)
			}
		}
	}
	farFuture := time.Date(2400, 1, 1, 0, 0, 0, 0, time.UTC)
	assert.Len(t, search(t, backend, logstore.Query{From: farFuture}), 2)
	assert.Len(t, search(t, backend, logstore.Query{To: farFuture}), len(all)-2)
	assert.Len(t, search(t, backend, logstore.Query{From: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}), 1,
		"the latest timestamp there is stands for all that are later")
}

func TestImpossiblePages(t *testing.T) {
	backend := open(t, t.TempDir())
	store(t, backend, newRecord(project, 5, "x"))
	for _, query := range []logstore.Query{{ProjectID: project, Limit: -1}, {ProjectID: project, Limit: 1, Offset: -1}} {
		_, err := backend.Search(t.Context(), query)
		require.ErrorContains(t, err, "must not be negative")
	}
	none, err := backend.Search(t.Context(), logstore.Query{ProjectID: project})
	require.NoError(t, err)
	assert.Empty(t, none)
	assert.Len(t, search(t, backend, logstore.Query{Limit: math.MaxInt}), 1)
	assert.Empty(t, search(t, backend, logstore.Query{Limit: 1, Offset: math.MaxInt}))
}

// Senders can send sealed records and so choose ids.
func TestSameIDTwice(t *testing.T) {
	backend := open(t, t.TempDir())
	one, other := newRecord(project, 5, "one"), newRecord(project, 6, "other")
	other.Log.Attributes().PutStr(record.AttributeID, one.ID())
	store(t, backend, one, other)
	found := search(t, backend, logstore.Query{})
	require.Len(t, found, 2)
	assert.Equal(t, "other", found[0].Log.Body().Str())
	assert.Equal(t, "one", found[1].Log.Body().Str())
}

// An id says within what times its record is looked for, whenever that is.
func TestFoundByIDs(t *testing.T) {
	backend := open(t, t.TempDir())
	now, first := time.Now(), time.Unix(0, 1)
	times := []time.Time{now, now.Add(time.Hour), now.Add(-time.Minute), now.Add(-40 * 24 * time.Hour), now.AddDate(20, 0, 0), first}
	records := make([]record.Record, len(times))
	for i, at := range times {
		records[i] = record.New()
		records[i].Resource.Attributes().PutInt(record.AttributeProjectID, project)
		records[i].Log.SetTimestamp(pcommon.NewTimestampFromTime(at))
		record.Seal(records[i], now)
	}
	store(t, backend, records...)
	byID := func(values ...string) logstore.Query {
		return logstore.Query{Filter: filter.Equal{Field: filter.Field{Place: filter.PlaceID}, Values: values}}
	}
	for i, r := range records {
		assert.Equal(t, []string{r.ID()}, idsOf(search(t, backend, byID(r.ID()))), "%v", times[i])
		assert.EqualValues(t, 1, count(t, backend, byID(r.ID())))
	}
	assert.Len(t, search(t, backend, byID(append(idsOf(records), "none")...)), len(records))
	query := byID(idsOf(records)...)
	query.From = now.Add(-time.Hour)
	assert.Len(t, search(t, backend, query), 4)
	query.Filter = filter.And{query.Filter, byID(records[2].ID()).Filter}
	assert.Len(t, search(t, backend, query), 1)
}

// What comes without a seal may have an id that tells another time, and is found by it too.
func TestStraysAreFoundByIDs(t *testing.T) {
	for name, body := range map[string]string{"small": "one", "large": strings.Repeat("large ", 1<<20)} {
		t.Run(name, func(t *testing.T) {
			directory := t.TempDir()
			backend := open(t, directory)
			stray, id := newRecord(project, 5, body), record.NewID(pcommon.NewTimestampFromTime(time.Now()))
			stray.Log.Attributes().PutStr(record.AttributeID, id)
			byID := logstore.Query{Filter: filter.Equal{Field: filter.Field{Place: filter.PlaceID}, Values: []string{id}}}
			store(t, backend, newRecord(project, 6, "other"))
			assert.Empty(t, search(t, backend, byID))
			store(t, backend, stray)
			assert.Len(t, search(t, backend, byID), 1)
			require.NoError(t, backend.Close())
			assert.Len(t, search(t, open(t, directory), byID), 1)
		})
	}
}
