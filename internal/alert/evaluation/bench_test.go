package evaluation_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"

	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/alert/alertstore"
	"github.com/docketlog/docket/internal/alert/evaluation"
	"github.com/docketlog/docket/internal/docstore/docstoretest"
	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/filter/dates"
	"github.com/docketlog/docket/internal/filter/posthog"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/embedded"
	"github.com/docketlog/docket/internal/record"
)

const (
	benchmarkRules   = 10_000
	benchmarkRecords = 1_000_000
	// countedAlone is how many of the rules are counted by a query of their own; the
	// others would take as long.
	countedAlone = 100
)

// BenchmarkCheck reports the processor time of one check of 10,000 rules over 1,000,000
// records in the embedded store, and its share of that of 10,000 separate counts.
func BenchmarkCheck(b *testing.B) {
	ctx := b.Context()
	backend, err := embedded.Open(embedded.Config{Directory: b.TempDir(), Logger: zap.NewNop()})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, backend.Close()) })
	begin := time.Now().Add(-time.Hour).Truncate(5 * time.Minute)
	rules := alertstore.New(docstoretest.NewMemory(), func() time.Time { return begin })
	tags := makeRules(b, rules, begin)
	storeTagged(b, backend, begin, tags)

	now := begin.Add(4 * time.Minute)
	evaluator := evaluation.New(evaluation.Config{
		Alerts: rules, Records: backend, Interval: time.Minute, IsTagging: func() bool { return true },
		QueryTimeout: time.Minute,
		Compile: func(filters json.RawMessage) (filter.Expression, error) {
			return posthog.ParseAlert(filters, dates.Clock{Now: now})
		},
		IsQuiet:  func(json.RawMessage, time.Time) bool { return false },
		Announce: func(alertstore.Alert, *alertstore.Transition) {},
		Deliver:  func(context.Context, alertstore.Alert, alertstore.Transition) error { return nil },
		Now:      func() time.Time { return now }, Logger: zap.NewNop(),
	})
	require.NoError(b, evaluator.Check(ctx), "the first check reads the rules")
	for b.Loop() {
		// Nothing is told of, as in nearly all checks. The first one's window has all records.
		now = now.Add(time.Minute)
		checked := cpuOf(b, func() { require.NoError(b, evaluator.Check(ctx)) })
		counted := cpuOf(b, func() { countAlone(b, backend, begin) })
		b.ReportMetric(checked.Seconds()*1000, "check-CPU-ms")
		b.ReportMetric(counted.Seconds()*1000/countedAlone, "count-CPU-ms")
		share := checked.Seconds() / (counted.Seconds() * benchmarkRules / countedAlone)
		b.ReportMetric(share*100, "%-of-10000-counts")
		b.Logf("aim at most 5 %%: %.2f %%", share*100)
	}
}

func ruleFilter(number int) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"q":"attributes.order=%d"}`, number))
}

func makeRules(b *testing.B, rules *alertstore.Store, begin time.Time) []string {
	b.Helper()
	tags := make([]string, benchmarkRules)
	for i := range tags {
		made, err := rules.Create(b.Context(), alertstore.Alert{
			ProjectID: 1, FilterVersion: 1, TaggedFrom: begin, State: alertstore.State{Name: alert.NotFiring},
			Settings: alertstore.Settings{
				Name: "x", Enabled: true, Filters: ruleFilter(i), ThresholdCount: benchmarkRecords,
				Operator: alert.Above, WindowMinutes: 5, Periods: 1, Datapoints: 1,
			},
		}, 0)
		require.NoError(b, err)
		tags[i] = made.Tag()
	}
	return tags
}

// storeTagged stores records of five minutes, each of which one rule matches.
func storeTagged(b *testing.B, backend *embedded.Backend, begin time.Time, tags []string) {
	b.Helper()
	const batch = 1000
	text := strings.Repeat("card declined by the issuer ", 4)
	for stored := 0; stored < benchmarkRecords; stored += batch {
		records := make([]record.Record, batch)
		for i := range records {
			number := stored + i
			r := record.New()
			r.Resource.Attributes().PutInt(record.AttributeProjectID, 1)
			r.Resource.Attributes().PutStr(record.AttributeServiceName, "checkout")
			at := begin.Add(time.Duration(number) * 5 * time.Minute / benchmarkRecords)
			r.Log.SetTimestamp(pcommon.NewTimestampFromTime(at))
			r.Log.SetObservedTimestamp(pcommon.NewTimestampFromTime(at))
			r.Log.SetSeverityNumber(plog.SeverityNumberError)
			r.Log.Body().SetStr(text)
			r.Log.Attributes().PutInt("order", int64(number%benchmarkRules))
			r.Log.Attributes().PutEmptySlice(record.AttributeAlertMatches).AppendEmpty().SetStr(tags[number%benchmarkRules])
			record.Seal(r, at)
			records[i] = r
		}
		require.NoError(b, backend.Apply(b.Context(), records, false))
	}
	require.NoError(b, backend.Sync(b.Context()))
}

// countAlone counts what some of the rules select, each by a query of its own.
func countAlone(b *testing.B, backend *embedded.Backend, begin time.Time) {
	b.Helper()
	for i := range countedAlone {
		selected, err := posthog.ParseAlert(ruleFilter(i*benchmarkRules/countedAlone), dates.Clock{Now: begin})
		require.NoError(b, err)
		count, err := backend.Count(b.Context(), logstore.Query{
			ProjectID: 1, From: begin, To: begin.Add(5*time.Minute - 1), Filter: selected,
		})
		require.NoError(b, err)
		require.EqualValues(b, benchmarkRecords/benchmarkRules, count)
	}
}

// cpuOf returns the processor time that a call takes, with what runs beside it.
func cpuOf(b *testing.B, call func()) time.Duration {
	b.Helper()
	usage := func() time.Duration {
		var used syscall.Rusage
		require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &used))
		return time.Duration(used.Utime.Nano() + used.Stime.Nano())
	}
	before := usage()
	call()
	return usage() - before
}
