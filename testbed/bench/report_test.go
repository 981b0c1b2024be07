package bench

import (
	"fmt"
	"slices"
	"testing"
	"time"
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
func resident(s sample) float64  { return s.resident }
func loadShare(s sample) float64 { return s.loadShare * 100 }

// spread is what the rounds have measured of one thing.
type spread struct{ least, median, most float64 }

func newSpread(values []float64) spread {
	ascending := slices.Sorted(slices.Values(values))
	return spread{ascending[0], ascending[len(ascending)/2], ascending[len(ascending)-1]}
}

// exactly is the spread of what is measured once.
func exactly(value float64) spread { return spread{value, value, value} }

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

// to compares the first subject with another one by its name.
func (r results) to(b *testing.B, name string) spread {
	b.Helper()
	other := slices.Index(r.names, name)
	if other < 0 {
		b.Fatalf("%q was not measured", name)
	}
	return r.ratio(0, other)
}

// reportMetrics reports what was measured of each subject.
func (r results) reportMetrics(b *testing.B) {
	b.Helper()
	b.ReportMetric(0, "ns/op") // an operation is the whole benchmark, which says nothing
	for place, name := range r.names {
		b.ReportMetric(r.spread(place, rate).median, name+"-records/s")
		b.ReportMetric(r.spread(place, p50).median, name+"-p50-ms")
		b.ReportMetric(r.spread(place, cpu).median, name+"-CPU-us/record")
		if place > 0 {
			b.ReportMetric(r.ratio(0, place).median, r.names[0]+"/"+name)
		}
	}
}

// table has a row for each subject, which compares the first with it.
func (r results) table() string {
	table := newSheet("", "records/s", "p50 ms", "p99 ms", "CPU s a million", "MiB resident", "load's CPU %", r.names[0]+" ÷ it")
	for place, name := range r.names {
		ratio := ""
		if place > 0 {
			ratio = r.ratio(0, place).text(2)
		}
		table.add(name, r.spread(place, rate).text(0), r.spread(place, p50).text(2), r.spread(place, p99).text(1),
			r.spread(place, cpu).text(1), fmt.Sprintf("%.0f", r.spread(place, resident).most),
			fmt.Sprintf("%.0f", r.spread(place, loadShare).median), ratio)
	}
	return table.text() + r.refusals()
}

// refusals says who has refused requests, "" if nobody has.
func (r results) refusals() (text string) {
	for place, name := range r.names {
		refused := int64(0)
		for _, sample := range r.samples[place] {
			refused += sample.refused
		}
		if refused > 0 {
			text += fmt.Sprintf("\n%s refused %d requests for now, which were sent again.\n", name, refused)
		}
	}
	return text
}

// rounds says how often and how long each subject was measured.
func (p schedule) text() string {
	return fmt.Sprintf("medians (least-most) of %d rounds of %v", p.rounds, p.length.Round(time.Millisecond))
}

func mebibytes(bytes int64) float64 { return float64(bytes) / (1 << 20) }
