package bench

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// aimOfKept is the share of its rate that ingest is to keep beside searches.
const aimOfKept = 0.5

// spread is that of the rounds with one number of searchers.
func (i interference) spread(place int, column func(ingestSample) float64) spread {
	values := make([]float64, len(i.samples[place]))
	for round, sample := range i.samples[place] {
		values[round] = column(sample)
	}
	return newSpread(values)
}

// compared divides round by round by what ingest alone has in that round.
func (i interference) compared(place int, column func(ingestSample) float64) spread {
	values := make([]float64, len(i.samples[place]))
	for round, sample := range i.samples[place] {
		values[round] = column(sample) / column(i.samples[0][round])
	}
	return newSpread(values)
}

func ingestRate(s ingestSample) float64 { return s.rate }
func ingestP50(s ingestSample) float64  { return s.p50 }
func ingestP99(s ingestSample) float64  { return s.p99 }

// merged are the times of all rounds, ascending.
func (i interference) merged(place int, times func(ingestSample) []float64) (all []float64) {
	for _, sample := range i.samples[place] {
		all = append(all, times(sample)...)
	}
	slices.Sort(all)
	return all
}

func findable(s ingestSample) []float64 { return s.findable }
func newest(s ingestSample) []float64   { return s.newest }

// share returns the time within which that share of all, 0 to 1, was.
func share(ascending []float64, part float64) float64 {
	return ascending[int(part*float64(len(ascending)-1))]
}

func (i interference) reportMetrics(b *testing.B) {
	b.Helper()
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(i.spread(0, ingestRate).median, "alone-req/s")
	for place, clients := range searchers() {
		found, pages := i.merged(place, findable), i.merged(place, newest)
		name := fmt.Sprintf("%d-searchers-", clients)
		b.ReportMetric(100*i.compared(place, ingestRate).median, name+"kept-%")
		b.ReportMetric(i.compared(place, ingestP99).median, name+"p99-x")
		b.ReportMetric(share(found, 0.5), name+"findable-p50-s")
		b.ReportMetric(share(found, 1), name+"findable-max-s")
		b.ReportMetric(share(pages, 0.5), name+"newest50-p50-ms")
		b.ReportMetric(share(pages, 0.99), name+"newest50-p99-ms")
	}
}

// table is the result for people.
func (i interference) table() string {
	var text strings.Builder
	fmt.Fprintf(&text, "ingest over %d connections while clients search a week without an index; medians (min-max) of %d rounds of %v\n",
		ingestConnections, i.plan.rounds, i.plan.length)
	const row = "%-10s %22s %16s %20s %18s %16s %18s %10s\n"
	fmt.Fprintf(&text, row, "searchers", "records/s", "kept %", "p50 ms", "p99 ms", "p99 x", "searches", "slowest s")
	for place, clients := range searchers() {
		searches, limited, slowest := 0, 0, 0.0
		for _, sample := range i.samples[place] {
			searches += sample.searches
			limited += sample.limited
			slowest = max(slowest, sample.slowest)
		}
		kept := i.compared(place, ingestRate)
		kept = spread{least: 100 * kept.least, median: 100 * kept.median, most: 100 * kept.most}
		fmt.Fprintf(&text, row, fmt.Sprint(clients), i.spread(place, ingestRate).text(0), kept.text(0), i.spread(place, ingestP50).text(2),
			i.spread(place, ingestP99).text(1), i.compared(place, ingestP99).text(1),
			fmt.Sprintf("%d + %d limited", searches, limited), fmt.Sprintf("%.2f", slowest))
	}
	late := 0.0
	for place, clients := range searchers() {
		found, pages := i.merged(place, findable), i.merged(place, newest)
		late = max(late, share(found, 1))
		fmt.Fprintf(&text, "%d searchers: %d records were found after %.2f s at the median, %.2f s at most; "+
			"the newest %d took %.0f ms at the median, %.0f ms at p99, %.0f ms at most (%d times)\n",
			clients, len(found), share(found, 0.5), share(found, 1),
			pageLimit, share(pages, 0.5), share(pages, 0.99), share(pages, 1), len(pages))
	}
	fmt.Fprintf(&text, "%s\n", aim(fmt.Sprintf("share of ingest kept beside %d searchers", searchers()[len(searchers())-1]),
		i.compared(len(searchers())-1, ingestRate).median, aimOfKept))
	verdict := "KEPT"
	if late > findableWithin.Seconds() {
		verdict = "NOT KEPT"
	}
	fmt.Fprintf(&text, "every record is findable within %v: %s", findableWithin, verdict)
	return text.String()
}
