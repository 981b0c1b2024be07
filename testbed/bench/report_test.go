package bench

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docketlog/docket/testbed/collector"
)

// The subjects' places in results.
const (
	docketPlace = iota
	inMemoryPlace
	barePlace
	queuePlace
)

// results are those of all subjects at one number of connections.
type results struct {
	connections int
	plan        schedule
	names       []string
	// samples has one for each subject and round.
	samples [][]sample
}

// The columns of a table. Each takes one number out of a sample.
func rate(s sample) float64      { return s.rate }
func p50(s sample) float64       { return s.p50 }
func p99(s sample) float64       { return s.p99 }
func cpu(s sample) float64       { return s.cpu }
func loadShare(s sample) float64 { return s.loadShare * 100 }

// spread is what the rounds have measured of one thing.
type spread struct{ least, median, most float64 }

func newSpread(values []float64) spread {
	ascending := slices.Sorted(slices.Values(values))
	return spread{ascending[0], ascending[len(ascending)/2], ascending[len(ascending)-1]}
}

func (s spread) text(decimals int) string {
	return fmt.Sprintf("%.*f (%.*f-%.*f)", decimals, s.median, decimals, s.least, decimals, s.most)
}

func (r results) spread(place int, column func(sample) float64) spread {
	values := make([]float64, len(r.samples[place]))
	for i, sample := range r.samples[place] {
		values[i] = column(sample)
	}
	return newSpread(values)
}

// ratio compares the rates of two subjects round by round.
func (r results) ratio(place, other int) spread {
	values := make([]float64, len(r.samples[place]))
	for i := range values {
		values[i] = r.samples[place][i].rate / r.samples[other][i].rate
	}
	return newSpread(values)
}

// reportSubjects reports what was measured of each subject.
func (r results) reportSubjects(b *testing.B) {
	b.Helper()
	b.ReportMetric(0, "ns/op") // an operation is the whole benchmark, which says nothing
	for place, name := range r.names {
		b.ReportMetric(r.spread(place, rate).median, name+"-req/s")
		b.ReportMetric(r.spread(place, p50).median, name+"-p50-ms")
		b.ReportMetric(r.spread(place, p99).median, name+"-p99-ms")
	}
}

// reportMetrics reports what was measured of subjects.
func (r results) reportMetrics(b *testing.B) {
	b.Helper()
	r.reportSubjects(b)
	b.ReportMetric(r.ratio(docketPlace, barePlace).median, "docket/bare")
	b.ReportMetric(r.ratio(docketPlace, queuePlace).median, "docket/file_storage")
	b.ReportMetric(r.ratio(docketPlace, inMemoryPlace).median, "fsync/no-fsync")
}

// table is the result for people. It has at most ten lines, because the testing
// package shows no more of a benchmark's log.
func (r results) table() string {
	return r.rows() + fmt.Sprintf("docket/bare = %s   docket/file_storage = %s   docket with/without fsync = %s",
		r.ratio(docketPlace, barePlace).text(2), r.ratio(docketPlace, queuePlace).text(1),
		r.ratio(docketPlace, inMemoryPlace).text(2))
}

// rows are those of a table, one for each subject.
func (r results) rows() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%d connections, %d-byte LogSentry records; medians (min-max) of %d rounds of %v\n",
		r.connections, bodyBytes, r.plan.rounds, r.plan.length)
	const row = "%-16s %22s %24s %24s %17s %14s\n"
	fmt.Fprintf(&text, row, "", "requests/s", "p50 ms", "p99 ms", "its CPU us/req", "load's CPU %")
	for place, name := range r.names {
		fmt.Fprintf(&text, row, name,
			r.spread(place, rate).text(0), r.spread(place, p50).text(2), r.spread(place, p99).text(2),
			r.spread(place, cpu).text(0), r.spread(place, loadShare).text(0))
	}
	return text.String()
}

// summary is what is said once, after all rounds.
type summary struct {
	// aimed are the results at aimConnections; empty when they were not measured.
	aimed results
	// startup, idle and busy are those of the Docket on disk.
	startup    time.Duration
	idle, busy collector.Usage
	// fsync is the time of one on that disk.
	fsync time.Duration
	// audited and auditedInMemory are what the two Dockets have acknowledged and
	// were found to have, drained what the queue has.
	audited, auditedInMemory, drained int64
}

func (s *summary) reportMetrics(b *testing.B) {
	b.Helper()
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(s.audited), "records")
	b.ReportMetric(milliseconds(s.fsync), "fsync-ms")
	b.ReportMetric(milliseconds(s.startup), "startup-ms")
	b.ReportMetric(mebibytes(s.idle.ResidentBytes), "idle-RSS-MiB")
}

// text has at most ten lines, as table has.
func (s *summary) text() string {
	var text strings.Builder
	fmt.Fprintf(&text, "docket-no-fsync is Docket with its data folder in memory (tmpfs), where an fsync costs nothing;\n"+
		"file_storage is a collector with Docket's receiver and an exporter's queue in file_storage, fsync: true, no keys\n")
	fmt.Fprintf(&text, "one fsync of a page takes %.2f ms on this disk\n", milliseconds(s.fsync))
	fmt.Fprintf(&text, "acknowledged = found once = %d records; without fsync %d; drained from the queue %d\n",
		s.audited, s.auditedInMemory, s.drained)
	fmt.Fprintf(&text, "healthy after %v; memory %.0f MiB idle, %.0f MiB after the load\n",
		s.startup.Round(time.Millisecond), mebibytes(s.idle.ResidentBytes), mebibytes(s.busy.ResidentBytes))
	if s.aimed.samples == nil {
		fmt.Fprintf(&text, "the aims were not measured: they are at %d connections", aimConnections)
		return text.String()
	}
	fmt.Fprintf(&text, "aim at %d connections: %s\n", aimConnections,
		aim("docket/bare", s.aimed.ratio(docketPlace, barePlace).median, aimOfBare))
	fmt.Fprintf(&text, "aim at %d connections: %s", aimConnections,
		aim("docket/file_storage", s.aimed.ratio(docketPlace, queuePlace).median, aimTimesQueue))
	return text.String()
}

// aim says whether a ratio is what it should be.
func aim(name string, measured, wanted float64) string {
	verdict := "MET"
	if measured < wanted {
		verdict = "NOT MET"
	}
	return fmt.Sprintf("%s at least %.1f: %s, it is %.3f", name, wanted, verdict, measured)
}

// aimAtMost says whether a ratio is as small as it should be.
func aimAtMost(name string, measured, wanted float64) string {
	verdict := "MET"
	if measured > wanted {
		verdict = "NOT MET"
	}
	return fmt.Sprintf("%s at most %.2f: %s, it is %.4f", name, wanted, verdict, measured)
}

func mebibytes(bytes int64) float64 { return float64(bytes) / (1 << 20) }
