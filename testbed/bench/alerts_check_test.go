package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"

	"github.com/docketlog/docket/internal/alert"
	"github.com/docketlog/docket/internal/alert/alertstore"
	"github.com/docketlog/docket/internal/alert/evaluation"
	"github.com/docketlog/docket/internal/docstore/docstoretest"
	"github.com/docketlog/docket/internal/elasticsearch"
	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest"
	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/filter/dates"
	"github.com/docketlog/docket/internal/filter/posthog"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/elastic"
	"github.com/docketlog/docket/internal/logstore/embedded"
	"github.com/docketlog/docket/internal/record"
	"github.com/docketlog/docket/testbed/collector"
)

const (
	// checkedRecords are in the window of the checks; in a cluster clusterRecords, since it
	// takes them more slowly.
	checkedRecords, clusterRecords = 1_000_000, 100_000
	// checkRounds is how often a check and counts are measured, in turn.
	checkRounds = 3
	// countedAlone is how many of the rules are counted by a query of their own in a round,
	// and in a cluster, which does so more quickly; the others would take as long.
	countedAlone, clusterCountedAlone = 50, 200
	// checkWindow is that of the alerts.
	checkWindow = 5 * time.Minute
)

// checkedStore is a store under BenchmarkCheck.
type checkedStore struct {
	backend interface {
		evaluation.Records
		Apply(ctx context.Context, records []record.Record, mayBeRepeated bool) error
		Sync(ctx context.Context) error
		Count(ctx context.Context, query logstore.Query) (int64, error)
	}
	// records and countedAlone are those of the constants.
	records, countedAlone int
	// server is the processor time that another process of the store has used, nil if there
	// is none.
	server func() time.Duration
}

// BenchmarkCheck reports the processor time of one check of 10,000 rules over as many
// records as there are in five minutes, and its share of that of 10,000 separate counts.
func BenchmarkCheck(b *testing.B) {
	b.Run("embedded", func(b *testing.B) { measureCheck(b, embeddedStore(b)) })
	b.Run("elasticsearch", func(b *testing.B) { measureCheck(b, clusterStore(b)) })
}

// shortened is by what all is divided in a short run.
func shortened() int {
	if testing.Short() {
		return 10
	}
	return 1
}

func embeddedStore(b *testing.B) checkedStore {
	b.Helper()
	backend, err := embedded.Open(embedded.Config{Directory: b.TempDir(), Logger: zap.NewNop()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = backend.Close() })
	return checkedStore{backend: backend, records: checkedRecords / shortened(), countedAlone: countedAlone / shortened()}
}

func clusterStore(b *testing.B) checkedStore {
	b.Helper()
	server := startCluster(b, elasticsearch.Elasticsearch)
	backend, err := elastic.New(elastic.Config{
		Client: server.Client, Product: server.Product, Prefix: server.Prefix, Indices: elastic.IndexConfig{Replicas: "0"},
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = backend.Close() })
	if err := backend.Setup(b.Context()); err != nil {
		b.Fatal(err)
	}
	pid := pidOf(b, server)
	return checkedStore{
		backend: backend, records: clusterRecords / shortened(), countedAlone: clusterCountedAlone / shortened(),
		server: func() time.Duration {
			used, err := collector.ReadUsage(pid)
			if err != nil {
				b.Fatal(err)
			}
			return used.CPU
		},
	}
}

// pidOf returns the id of the server's process. What that has used is not asked of the
// server: it tells so anew only once a second.
func pidOf(b *testing.B, server *elasticsearchtest.Process) int {
	b.Helper()
	text, err := server.Client.Do(b.Context(), "GET", "/_nodes/process", nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	var found struct {
		Nodes map[string]struct {
			Process struct {
				ID int `json:"id"`
			} `json:"process"`
		} `json:"nodes"`
	}
	if err := json.Unmarshal(text, &found); err != nil {
		b.Fatal(err)
	}
	for _, node := range found.Nodes {
		return node.Process.ID
	}
	b.Fatalf("the server has no nodes: %s", text)
	return 0
}

func measureCheck(b *testing.B, store checkedStore) {
	b.Helper()
	begin := time.Now().Add(-time.Hour).Truncate(checkWindow)
	now := begin
	rules := alertstore.New(docstoretest.NewMemory(), func() time.Time { return now })
	store.fill(b, begin, makeRules(b, rules, begin))
	evaluator := newEvaluator(rules, store, &now)
	check := func() {
		if err := evaluator.Check(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	now = begin.Add(checkWindow - time.Minute)
	check() // which reads the rules
	var checks, ofServer, counts, shares [checkRounds]float64
	for b.Loop() {
		for round := range checkRounds {
			// Nothing is told of, as in nearly all checks. Each looks back on those before it, so
			// that it counts all records.
			now = now.Add(time.Minute)
			own, server := store.cpuOf(b, check)
			checks[round], ofServer[round] = milliseconds(own+server), milliseconds(server)
			own, server = store.cpuOf(b, func() { store.countAlone(b, begin, round) })
			counts[round] = milliseconds(own+server) / float64(store.countedAlone)
			shares[round] = checks[round] / (counts[round] * manyRules)
		}
	}
	share := newSpread(shares[:])
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(newSpread(checks[:]).median, "check-CPU-ms")
	b.ReportMetric(newSpread(counts[:]).median, "count-CPU-ms")
	b.ReportMetric(share.median, "check/counts")
	product := strings.TrimPrefix(b.Name(), "BenchmarkCheck/")
	table := newSheet("", "records", "one check, CPU ms", "of it the server's", "one count, CPU ms", "check ÷ 10,000 counts")
	table.add(product, strconv.Itoa(store.records), newSpread(checks[:]).text(0), newSpread(ofServer[:]).text(0), newSpread(counts[:]).text(2), share.text(5))
	report(b, table.text()+"\n- "+reached(b, "alerts/check-"+product, share))
}

func newEvaluator(rules *alertstore.Store, store checkedStore, now *time.Time) *evaluation.Evaluator {
	return evaluation.New(evaluation.Config{
		Alerts: rules, Records: store.backend, Interval: time.Minute, IsTagging: func() bool { return true },
		QueryTimeout: time.Minute,
		Compile: func(filters json.RawMessage) (filter.Expression, error) {
			return posthog.ParseAlert(filters, dates.Clock{Now: *now})
		},
		IsQuiet:  func(json.RawMessage, time.Time) bool { return false },
		Announce: func(alertstore.Alert, *alertstore.Transition) {},
		Deliver:  func(context.Context, alertstore.Alert, []alertstore.Transition) error { return nil },
		Now:      func() time.Time { return *now }, Logger: zap.NewNop(),
	})
}

// ruleFilter selects every manyRules-th record.
func ruleFilter(number int) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"q":"attributes.order=%d"}`, number))
}

func makeRules(b *testing.B, rules *alertstore.Store, begin time.Time) []string {
	b.Helper()
	tags := make([]string, manyRules)
	for i := range tags {
		made, err := rules.Create(b.Context(), alertstore.Alert{
			ProjectID: 1, FilterVersion: 1, TaggedFrom: begin.Add(-time.Hour), State: alertstore.State{Name: alert.NotFiring},
			Settings: alertstore.Settings{
				Name: "x", Enabled: true, Filters: ruleFilter(i), ThresholdCount: checkedRecords,
				Operator: alert.Above, WindowMinutes: int(checkWindow / time.Minute), Periods: 1, Datapoints: 1,
			},
		}, 0)
		if err != nil {
			b.Fatal(err)
		}
		tags[i] = made.Tag()
	}
	return tags
}

// fill stores records of the window, each of which one rule matches.
func (s checkedStore) fill(b *testing.B, begin time.Time, tags []string) {
	b.Helper()
	const batch = 4000
	text := strings.Repeat("card declined by the issuer ", 4)
	for stored := 0; stored < s.records; stored += batch {
		records := make([]record.Record, batch)
		for i := range records {
			number := stored + i
			r := record.New()
			r.Resource.Attributes().PutInt(record.AttributeProjectID, 1)
			r.Resource.Attributes().PutStr(record.AttributeServiceName, "checkout")
			at := begin.Add(time.Duration(number) * checkWindow / time.Duration(s.records))
			r.Log.SetTimestamp(pcommon.NewTimestampFromTime(at))
			r.Log.SetObservedTimestamp(pcommon.NewTimestampFromTime(at))
			r.Log.SetSeverityNumber(plog.SeverityNumberError)
			r.Log.Body().SetStr(text)
			r.Log.Attributes().PutInt("order", int64(number%manyRules))
			r.Log.Attributes().PutEmptySlice(record.AttributeAlertMatches).AppendEmpty().SetStr(tags[number%manyRules])
			record.Seal(r, at)
			records[i] = r
		}
		if err := s.backend.Apply(b.Context(), records, false); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.backend.Sync(b.Context()); err != nil {
		b.Fatal(err)
	}
}

// countAlone counts what some of the rules select, others in each round, each by a query of
// its own.
func (s checkedStore) countAlone(b *testing.B, begin time.Time, round int) {
	b.Helper()
	for i := range s.countedAlone {
		selected, err := posthog.ParseAlert(ruleFilter(round+i*manyRules/s.countedAlone), dates.Clock{Now: begin})
		if err != nil {
			b.Fatal(err)
		}
		count, err := s.backend.Count(b.Context(), logstore.Query{
			ProjectID: 1, From: begin, To: begin.Add(checkWindow - 1), Filter: selected,
		})
		if err != nil || count != int64(s.records/manyRules) {
			b.Fatalf("%d records were counted, wanted %d: %v", count, s.records/manyRules, err)
		}
	}
}

// cpuOf returns the processor time that a call takes in this process and in the server's,
// with what runs beside it.
func (s checkedStore) cpuOf(b *testing.B, call func()) (own, server time.Duration) {
	b.Helper()
	ofServer := func() time.Duration {
		if s.server == nil {
			return 0
		}
		return s.server()
	}
	serverBefore, ownBefore := ofServer(), ownCPU(b)
	call()
	own = ownCPU(b) - ownBefore
	return own, ofServer() - serverBefore
}
