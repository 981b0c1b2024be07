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

const (
	// aimOfEngine is how many times as long as the engine a search may take.
	aimOfEngine = 1.0
	// aimOfBatches is how much of the engine's rate Docket's ingest of batches should
	// have, and aimOfDisk how many times as much its records may take.
	aimOfBatches, aimOfDisk = 0.8, 1.1
)

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
		fmt.Fprintf(&text, "%-12s took %.0f records/s in OTLP requests, %.1f s of CPU a million, %.0f bytes on disk a record, %.0f MiB resident, %d requests repeated\n",
			server.name, server.loadRate, server.loadCPU.Seconds()*1e6, server.bytes, mebibytes(server.resident), server.refusals.Load())
	}
	text.WriteString("(Docket's folder of records, without its journal, as it is after the load: merges may come later)\n")
	docket, engine := r.servers[0], r.servers[1]
	fmt.Fprintf(&text, "%s\n%s\n", aim("ingest of batches docket/victorialogs", docket.loadRate/engine.loadRate, aimOfBatches),
		aimAtMost("bytes on disk docket/victorialogs", docket.bytes/engine.bytes, aimOfDisk))
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
