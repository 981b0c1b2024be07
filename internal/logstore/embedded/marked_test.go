package embedded_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/logstoretest"
	"github.com/docketlog/docket/internal/record"
)

// textFamilies make texts that all look like the same thing to the engine, which then
// stores a column of them as that.
func textFamilies() map[string]func(random *rand.Rand) string {
	digits := func(random *rand.Rand, least, most int) string {
		var text strings.Builder
		for range least + random.IntN(most-least+1) {
			text.WriteByte('0' + byte(random.IntN(10)))
		}
		return text.String()
	}
	whole := func(random *rand.Rand) string { return strconv.Itoa(random.IntN(1000)) }
	double := func(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
	return map[string]func(random *rand.Rand) string{
		"prices":        func(random *rand.Rand) string { return whole(random) + "." + digits(random, 2, 2) },
		"decimals":      func(random *rand.Rand) string { return whole(random) + "." + digits(random, 1, 6) },
		"long decimals": func(random *rand.Rand) string { return digits(random, 17, 19) + "." + digits(random, 1, 19) },
		"negative":      func(random *rand.Rand) string { return "-" + whole(random) + "." + digits(random, 0, 3) },
		"shortest":      func(random *rand.Rand) string { return double(random.Float64() * 100) },
		"tiny":          func(random *rand.Rand) string { return double(random.Float64() / 1e6) },
		"thousandths":   func(random *rand.Rand) string { return double(float64(random.IntN(1e6)) / 1000) },
		"integers":      func(random *rand.Rand) string { return strconv.FormatInt(int64(random.Uint64()), 10) },
		"naturals":      func(random *rand.Rand) string { return strconv.FormatUint(random.Uint64(), 10) },
		"underlined":    func(random *rand.Rand) string { return whole(random) + "_" + digits(random, 0, 3) },
		"zeros":         func(random *rand.Rand) string { return []string{"", "-"}[random.IntN(2)] + digits(random, 1, 2) },
		"statuses":      func(random *rand.Rand) string { return strconv.Itoa(200 + random.IntN(5)) },
		"units": func(random *rand.Rand) string {
			return []string{"1", "7", "1KB", "1m", "0x7", "1.5", "+7", "1.2.3.4"}[random.IntN(8)]
		},
		"addresses": func(random *rand.Rand) string {
			return "10." + whole(random)[:1] + "." + digits(random, 1, 2) + "." + digits(random, 1, 3)
		},
		"times": func(random *rand.Rand) string {
			return fmt.Sprintf("20%s-0%d-%02dT%02d:%s:%02d.%sZ", digits(random, 2, 2), 1+random.IntN(9), random.IntN(32), random.IntN(25),
				digits(random, 2, 2), random.IntN(61), digits(random, 3, 3))
		},
		"times with spaces": func(random *rand.Rand) string {
			return day.Add(time.Duration(random.Int64N(1e15))).Format("2006-01-02 15:04:05.000Z")
		},
		"edges of time": func(random *rand.Rand) string {
			return fmt.Sprintf("%d-0%d-21T00:12:44.000Z", []int{1676, 1677, 1678, 2261, 2262, 2263}[random.IntN(6)], 1+random.IntN(9))
		},
	}
}

// ofFamily returns records that have texts of a family wherever records have texts.
func ofFamily(random *rand.Rand, text func(random *rand.Rand) string, count int) []record.Record {
	records := make([]record.Record, count)
	for i := range records {
		r := newRecord(project, pcommon.NewTimestampFromTime(day)+pcommon.Timestamp(i), text(random))
		r.Log.SetEventName(text(random))
		r.Log.SetSeverityText(text(random))
		r.Scope.SetName(text(random))
		r.Scope.SetVersion(text(random))
		r.Scope.Attributes().PutStr("text", text(random))
		r.Resource.Attributes().PutStr(record.AttributeServiceName, text(random))
		r.Log.Attributes().PutStr("text", text(random))
		r.Log.Attributes().PutEmptyMap("a").PutStr("b", text(random))
		if number, err := strconv.ParseFloat(text(random), 64); err == nil {
			r.Log.Attributes().PutDouble("double", number)
		}
		records[i] = r
	}
	return records
}

// Whatever a column looks like to the engine, its texts come back, and are found and
// counted, as they are.
func TestTextsAreKept(t *testing.T) {
	count := 1000
	if isLong() {
		count = 20_000
	}
	for name, text := range textFamilies() {
		t.Run(name, func(t *testing.T) {
			random := randomSource(t)
			records := ofFamily(random, text, count)
			backend := open(t, t.TempDir())
			store(t, backend, records...)
			backend.ForceMerge()
			requireSame(t, records, search(t, backend, logstore.Query{}))
			exact, err := backend.CountExact(t.Context(), project)
			require.NoError(t, err)
			assert.Zero(t, exact, "the columns do not tell all")

			records = records[:1000]
			backend = open(t, t.TempDir())
			store(t, backend, records...)
			reference := logstoretest.NewReference(records...)
			for _, field := range []filter.Field{
				{Place: filter.PlaceBody},
				{Place: filter.PlaceService},
				{Place: filter.PlaceEventName},
				{Place: filter.PlaceLogAttribute, Key: "text"},
				{Place: filter.PlaceLogAttribute, Key: "double"},
				{Place: filter.PlaceAttribute, Key: "a.b"},
			} {
				requireSameOfField(t, random, backend, reference, field, records)
			}
		})
	}
}

// requireSameOfField asks about the texts that a field has in some of the records, and
// about others that are alike.
func requireSameOfField(
	t *testing.T, random *rand.Rand, backend logstoretest.Backend, reference *logstoretest.Reference, field filter.Field, records []record.Record,
) {
	t.Helper()
	ctx, all := t.Context(), logstore.Selection{ProjectID: project}
	for range 2 {
		text, _ := field.Text(records[random.IntN(len(records))])
		texts := []string{text, text + "0", strings.TrimRight(text, "0"), strings.ReplaceAll(text, "_", ""), text + "\x1f", "\x1f"}
		number, _ := strconv.ParseFloat(text, 64)
		for _, leaf := range []filter.Expression{
			filter.Equal{Field: field, Values: texts[:1]},
			filter.Equal{Field: field, Values: texts[1:]},
			filter.Contains{Field: field, Parts: []string{texts[random.IntN(len(texts))]}},
			filter.Wildcard{Field: field, Parts: []string{"", texts[random.IntN(len(texts))]}},
			filter.EqualNumber{Field: field, Values: []float64{number}},
			filter.Compare{Field: field, Order: filter.Order(random.IntN(4)), Number: number},
		} {
			for _, expression := range []filter.Expression{leaf, filter.Not{Part: leaf}} {
				query := logstore.Query{ProjectID: project, Filter: expression}
				want, err := reference.Count(ctx, query)
				require.NoError(t, err)
				got, err := backend.Count(ctx, query)
				require.NoError(t, err)
				require.Equal(t, want, got, "%#v", expression)
			}
		}
	}
	values := logstore.ValuesQuery{Selection: all, Field: field, Limit: math.MaxInt32}
	wantValues, _, err := reference.Values(ctx, values)
	require.NoError(t, err)
	gotValues, _, err := backend.Values(ctx, values)
	require.NoError(t, err)
	require.Equal(t, append([]logstore.ValueCount{}, wantValues...), gotValues)
	buckets := logstore.HistogramQuery{Selection: all, Interval: time.Hour, By: &field, WithBodyBytes: true}
	wantBuckets, err := reference.Histogram(ctx, buckets)
	require.NoError(t, err)
	gotBuckets, err := backend.Histogram(ctx, buckets)
	require.NoError(t, err)
	require.Equal(t, wantBuckets, gotBuckets)
}
