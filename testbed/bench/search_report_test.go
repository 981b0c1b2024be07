package bench

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// searchReport is what was measured of all kinds of questions. The first server is
// Docket, the second is what it is measured beside.
type searchReport struct {
	records int
	servers []*searched
	rows    []searchRow
}

// aimOfEngine is how many times as long as the engine a search may take.
const aimOfEngine = 1.3

// at returns the time within which that share of a server's answers, 0 to 1, came, in
// milliseconds.
func (r searchRow) at(server int, share float64) float64 {
	return milliseconds(quantile(r.times[server], share))
}

// ratio compares the first server with the second.
func (r searchRow) ratio(share float64) float64 { return r.at(0, share) / r.at(1, share) }

func quantile(ascending []time.Duration, share float64) time.Duration {
	return ascending[int(share*float64(len(ascending)-1))]
}

func (r searchRow) reportMetrics(b *testing.B) {
	b.Helper()
	b.ReportMetric(0, "ns/op") // an operation is the whole benchmark, which says nothing
	b.ReportMetric(r.at(0, 0.5), "docket-p50-ms")
	b.ReportMetric(r.at(0, 0.99), "docket-p99-ms")
	b.ReportMetric(r.at(1, 0.5), "victorialogs-p50-ms")
	b.ReportMetric(r.at(1, 0.99), "victorialogs-p99-ms")
	b.ReportMetric(r.ratio(0.5), "docket/victorialogs")
}

// table goes to the standard output, as the testing package shows no more than ten
// lines of a benchmark's log.
func (r searchReport) table() string {
	var text strings.Builder
	fmt.Fprintf(&text, "searches over HTTP in %d records of 7 days, milliseconds\n", r.records)
	for _, server := range r.servers {
		fmt.Fprintf(&text, "%s took %.0f records/s, %d requests had to be repeated\n", server.name, server.loadRate, server.refusals.Load())
	}
	fmt.Fprintf(&text, "%-22s %6s %6s %10s %10s %10s %10s %8s %8s\n",
		"", "asked", "found", "docket p50", "p99", "VL p50", "p99", "p50 x", "p99 x")
	slow, incomplete := 0, 0
	for _, row := range r.rows {
		mark := ""
		incomplete += row.incomplete
		if row.ratio(0.5) > aimOfEngine {
			mark = fmt.Sprintf("  over %.1f", aimOfEngine)
			slow++
		}
		fmt.Fprintf(&text, "%-22s %6d %6.0f %10.2f %10.2f %10.2f %10.2f %8.2f %8.2f%s\n", row.name, len(row.times[0]), row.facts,
			row.at(0, 0.5), row.at(0, 0.99), row.at(1, 0.5), row.at(1, 0.99), row.ratio(0.5), row.ratio(0.99), mark)
	}
	fmt.Fprintf(&text, "%d answers of VictoriaLogs were incomplete at first\n", incomplete)
	fmt.Fprintf(&text, "%d of %d kinds take at most %.1f times as long at the median", len(r.rows)-slow, len(r.rows), aimOfEngine)
	return text.String()
}
