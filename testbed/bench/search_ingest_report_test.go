package bench

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
)

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

// table is the result for people, with a row for each number of searchers.
func (i interference) table() string {
	table := newSheet("clients that search", "records/s", "ingest kept, %", "p50 ms", "p99 ms", "p99 ÷ alone", "searches", "limited",
		"slowest, s", "found after, s (most)", fmt.Sprintf("newest %d, p50 ms (p99)", pageLimit))
	for place, clients := range searchers() {
		searches, limited, slowest := 0, 0, 0.0
		for _, sample := range i.samples[place] {
			searches += sample.searches
			limited += sample.limited
			slowest = max(slowest, sample.slowest)
		}
		kept := i.compared(place, ingestRate)
		kept = spread{least: 100 * kept.least, median: 100 * kept.median, most: 100 * kept.most}
		found, pages := i.merged(place, findable), i.merged(place, newest)
		table.add(strconv.Itoa(clients), i.spread(place, ingestRate).text(0), kept.text(0), i.spread(place, ingestP50).text(2),
			i.spread(place, ingestP99).text(1), i.compared(place, ingestP99).text(1), strconv.Itoa(searches), strconv.Itoa(limited),
			fmt.Sprintf("%.2f", slowest), fmt.Sprintf("%.2f (%.2f)", share(found, 0.5), share(found, 1)),
			fmt.Sprintf("%.0f (%.0f)", share(pages, 0.5), share(pages, 0.99)))
	}
	return table.text()
}

// aims says what was reached.
func (i interference) aims(b *testing.B) string {
	b.Helper()
	late := 0.0
	for place := range searchers() {
		late = max(late, share(i.merged(place, findable), 1))
	}
	return "- " + reached(b, "beside-searches", i.compared(len(searchers())-1, ingestRate)) + "- " + reached(b, "findable", exactly(late))
}
