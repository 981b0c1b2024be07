package bench

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"
)

// searchReport is what was measured of all kinds of questions. The first server is
// Docket, the others are what it is measured beside.
type searchReport struct {
	records int
	servers []*searched
	rows    []searchRow
}

// searchRounds is into how many parts the times of a kind are divided, to see how much its
// ratio spreads.
const searchRounds = 5

// at returns the time within which that share of a server's answers, 0 to 1, came, in
// milliseconds.
func (r searchRow) at(server int, share float64) float64 {
	return milliseconds(quantile(r.times[server], share))
}

func quantile(times []time.Duration, share float64) time.Duration {
	ascending := slices.Sorted(slices.Values(times))
	return ascending[int(share*float64(len(ascending)-1))]
}

// best is the place of the server other than the first that has the least median.
func (r searchRow) best() int {
	best := 1
	for place := 2; place < len(r.times); place++ {
		if r.at(place, 0.5) < r.at(best, 0.5) {
			best = place
		}
	}
	return best
}

// ratio compares the medians of the first server with those of another, of all and of
// each round.
func (r searchRow) ratio(other int) spread {
	asked := len(r.times[0])
	rounds := min(searchRounds, asked)
	values := make([]float64, rounds)
	for round := range values {
		from, to := round*asked/rounds, (round+1)*asked/rounds
		values[round] = float64(quantile(r.times[0][from:to], 0.5)) / float64(quantile(r.times[other][from:to], 0.5))
	}
	all := newSpread(values)
	all.median = r.at(0, 0.5) / r.at(other, 0.5)
	return all
}

func (r searchRow) reportMetrics(b *testing.B, servers []*searched) {
	b.Helper()
	b.ReportMetric(0, "ns/op") // an operation is the whole benchmark, which says nothing
	for place, server := range servers {
		b.ReportMetric(r.at(place, 0.5), server.name+"-p50-ms")
		b.ReportMetric(r.at(place, 0.99), server.name+"-p99-ms")
	}
	b.ReportMetric(r.ratio(r.best()).median, servers[0].name+"/best")
}

// shareOfFast is the share of kinds in which the first server is at or under the best of
// the others.
func (r searchReport) shareOfFast() float64 {
	fast := 0
	for _, row := range r.rows {
		if row.ratio(row.best()).median <= 1 {
			fast++
		}
	}
	return float64(fast) / float64(len(r.rows))
}

// text has a table of what the load took, and one of the questions.
func (r searchReport) text() string {
	load := newSheet("", "loaded in, s", "CPU s a million", "bytes on disk a record", "MiB resident, most", "requests repeated")
	head := []string{"", "asked", "facts found"}
	for _, server := range r.servers {
		load.add(server.name, fmt.Sprintf("%.1f", server.loadTook.Seconds()), fmt.Sprintf("%.1f", server.loadCPU.Seconds()*1e6),
			fmt.Sprintf("%.0f", server.bytes), fmt.Sprintf("%.0f", mebibytes(server.resident)), strconv.FormatInt(server.refusals.Load(), 10))
		head = append(head, server.name+", p50 ms (p99)")
	}
	table := newSheet(append(head, "best of the others", r.servers[0].name+" ÷ it")...)
	incomplete := 0
	for _, row := range r.rows {
		incomplete += row.incomplete
		cells := []string{row.name, strconv.Itoa(len(row.times[0])), fmt.Sprintf("%.0f", row.facts)}
		for place := range r.servers {
			cells = append(cells, fmt.Sprintf("%.2f (%.1f)", row.at(place, 0.5), row.at(place, 0.99)))
		}
		table.add(append(cells, r.servers[row.best()].name, row.ratio(row.best()).text(2))...)
	}
	return fmt.Sprintf("Load of %d records, %d a request, over %d connections; journals are not counted:\n\n%s\n"+
		"Questions in these records, over HTTP; a ratio is that of all medians, and its least and most are of %d parts of the questions. "+
		"%d answers of others than Docket were incomplete at first:\n\n%s",
		r.records, corpusBatch, loadConnections, load.text(), searchRounds, incomplete, table.text())
}
