package bench

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"
)

// growthSchedule says how many records the larger Docket has, ten times as many as the
// smaller, how often both are asked, and how long the ingest is of which the memory is
// looked at.
type growthSchedule struct {
	searchSchedule

	ingest time.Duration
}

func newGrowthSchedule() growthSchedule {
	if testing.Short() {
		return growthSchedule{searchSchedule{records: 2 * shortCorpusRecords, warm: 1, repeats: 5, atLeast: 5, atMost: time.Second}, 500 * time.Millisecond}
	}
	return growthSchedule{searchSchedule{records: hugeCorpusRecords, warm: 10, warmAtMost: time.Second, repeats: 200, atLeast: searchRounds, atMost: 2500 * time.Millisecond}, 5 * time.Second}
}

// BenchmarkGrowth measures how much longer questions take when there are ten times as many
// records in the same week, in two Dockets that are asked in turn; and how much memory Docket
// takes with so many, while it ingests as fast as it can: batches, while it is filled, and
// single records afterwards.
func BenchmarkGrowth(b *testing.B) {
	plan := newGrowthSchedule()
	sizes := []*questioner{newSizedDocket(b, plan.records/10), newSizedDocket(b, plan.records)}
	asked := searchReport{records: plan.records}
	for _, kind := range questions() {
		b.Run(kind.name, func(b *testing.B) {
			row := measureGrowth(b, kind, sizes, plan.searchSchedule)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(row.at(0, 0.5), "large-p50-ms")
			b.ReportMetric(row.at(1, 0.5), "small-p50-ms")
			b.ReportMetric(row.ratio(1).median, "large/small")
			asked.rows = append(asked.rows, row)
		})
	}
	if b.Failed() {
		b.FailNow()
	}
	large := sizes[1].docket
	single := residentUnderLoad(b, newSubject("docket", large.collector), aimConnections, plan.ingest)
	batches := residentUnderLoad(b, newDocketSubject("docket", large.collector, manyOTLP(b, 1000)), batchConnections, plan.ingest)
	report(b, fmt.Sprintf("%d records, loaded in %.0f s with %.1f s of CPU a million, take %.0f bytes on disk each, without the journal. "+
		"While they were loaded, at most %.0f MiB were resident. With all of them stored and asked for, at most %s were while %d connections "+
		"brought single records as fast as they could, and %s while %d brought OTLP of 1000.\n\n%s\n%s",
		plan.records, large.loadTook.Seconds(), large.loadCPU.Seconds()*1e6, large.bytes, mebibytes(large.resident), single, aimConnections,
		batches, batchConnections, growthTable(asked, plan.records), growthAims(b, asked, max(single.resident, batches.resident))))
}

// newSizedDocket fills a Docket, and returns who asks it.
func newSizedDocket(b *testing.B, records int) *questioner {
	b.Helper()
	q := &questioner{b: b, docket: startSearchedDocket(b), records: newCorpus(records), random: rand.New(rand.NewPCG(5, 6))}
	fillAll(b, q.records, q.docket)
	return q
}

// measureGrowth asks two Dockets in turn. The row has the larger one's times first.
func measureGrowth(b *testing.B, kind question, sizes []*questioner, plan searchSchedule) searchRow {
	b.Helper()
	row := searchRow{name: kind.name, times: make([][]time.Duration, len(sizes))}
	ask := func(isMeasured bool) {
		for _, i := range sizes[0].random.Perm(len(sizes)) {
			sizes[i].b = b
			took, facts, err := sizes[i].docket.askTimed(b.Context(), kind.make(sizes[i]).of("docket"))
			if err != nil {
				b.Fatal(err)
			}
			if place := len(sizes) - 1 - i; isMeasured {
				row.times[place] = append(row.times[place], took)
				row.facts += float64(len(facts))
			}
		}
	}
	plan.warmUp(func() { ask(false) })
	plan.repeat(func() { ask(true) })
	if row.facts == 0 {
		b.Fatalf("%s: nothing was ever found, so nothing was measured", kind.name)
	}
	return row
}

// residentMemory is the most memory of a time, in MiB.
type residentMemory struct {
	// resident is all, and own what is not a mapped file's.
	resident, own float64
}

func (m residentMemory) String() string {
	return fmt.Sprintf("%.0f MiB (%.0f MiB of Docket's own; the rest are files that it has mapped)", m.resident, m.own)
}

// residentUnderLoad is the most memory that is resident during an ingest.
func residentUnderLoad(b *testing.B, ingest *subject, connections int, length time.Duration) (most residentMemory) {
	b.Helper()
	done := make(chan error, 1)
	go func() {
		_, err := ingest.load.Run(b.Context(), connections, length)
		done <- err
	}()
	for {
		usage := ingest.usage(b)
		most.resident = max(most.resident, mebibytes(usage.ResidentBytes))
		most.own = max(most.own, mebibytes(usage.ResidentBytes-usage.MappedBytes))
		select {
		case err := <-done:
			if err != nil {
				b.Fatal(err)
			}
			return most
		case <-time.After(lookAtMemoryEvery):
		}
	}
}

func growthTable(asked searchReport, records int) string {
	table := newSheet("", "asked", strconv.Itoa(records/10)+" records, p50 ms (p99)", strconv.Itoa(records)+" records, p50 ms (p99)", "more ÷ fewer")
	for _, row := range asked.rows {
		table.add(row.name, strconv.Itoa(len(row.times[0])), fmt.Sprintf("%.2f (%.1f)", row.at(1, 0.5), row.at(1, 0.99)),
			fmt.Sprintf("%.2f (%.1f)", row.at(0, 0.5), row.at(0, 0.99)), row.ratio(1).text(2))
	}
	return table.text()
}

func growthAims(b *testing.B, asked searchReport, resident float64) (text string) {
	b.Helper()
	for _, row := range asked.rows {
		if slices.Contains([]string{"newest 50", "by id", "cursor, 50"}, row.name) {
			text += "- " + reached(b, "growth/"+row.name, row.ratio(1))
		}
	}
	return text + "- " + reached(b, "memory", exactly(resident))
}
