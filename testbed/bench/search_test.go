package bench

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// searchSchedule says how much the benchmark of searches measures.
type searchSchedule struct {
	records int
	// Each kind of question is asked that often, or, when it takes longer than
	// atMost, less often, but at least atLeast times.
	repeats, atLeast int
	atMost           time.Duration
}

func newSearchSchedule() searchSchedule {
	if testing.Short() {
		return searchSchedule{records: shortCorpusRecords, repeats: 5, atLeast: 3, atMost: time.Second}
	}
	return searchSchedule{records: corpusRecords, repeats: 200, atLeast: 25, atMost: 4 * time.Second}
}

// BenchmarkSearch measures searches over HTTP in a week of a million records, beside
// a plain VictoriaLogs of the version that Docket has inside, with the same records,
// the same stream and the same memory for the engine. Both got the records as the same
// OTLP requests; Docket's are on disk when it answers. Both are asked the same things
// in random order, in ranges of one to seven days, by one client. Answers are compared:
// messages in their order, or counts.
func BenchmarkSearch(b *testing.B) {
	plan := newSearchSchedule()
	records := newCorpus(b, plan.records)
	docket, victorialogs := startSearchedDocket(b), startVictoriaLogs(b)
	servers := []*searched{docket, victorialogs}
	b.Run("load", func(b *testing.B) {
		b.ReportMetric(0, "ns/op")
		for _, server := range servers {
			server.fill(b, records)
			b.ReportMetric(server.loadRate, server.name+"-records/s")
		}
	})
	records.requests = nil // a great part of a gigabyte
	if b.Failed() {
		b.FailNow()
	}
	asked := searchReport{records: plan.records, servers: servers}
	q := &questioner{b: b, docket: docket, records: records, random: rand.New(rand.NewPCG(5, 6))}
	for _, kind := range questions() {
		b.Run(kind.name, func(b *testing.B) {
			q.b = b
			row := measureQuestion(b, q, kind, servers, plan)
			row.reportMetrics(b)
			asked.rows = append(asked.rows, row)
		})
	}
	report(b, asked.table())
}

// searchRow is what was measured of a kind of question.
type searchRow struct {
	name string
	// facts is how many facts the answers had on average.
	facts float64
	// times has those of each server, in ascending order.
	times [][]time.Duration
	// incomplete is how many answers of others than Docket had to be asked for again.
	incomplete int
}

// completeWithin bounds the wait until an answer of VictoriaLogs is complete.
const completeWithin = 10 * time.Second

// measureQuestion asks all servers the same questions, in random order, and fails the
// benchmark when their answers differ.
func measureQuestion(b *testing.B, q *questioner, kind question, servers []*searched, plan searchSchedule) searchRow {
	b.Helper()
	row := searchRow{name: kind.name, times: make([][]time.Duration, len(servers))}
	begin, facts, repeats := time.Now(), 0, 0
	for ; repeats < plan.repeats && (repeats < plan.atLeast || time.Since(begin) < plan.atMost); repeats++ {
		asked := kind.make(q)
		answers := make([][]string, len(servers))
		for _, i := range q.random.Perm(len(servers)) {
			took, answer, err := servers[i].askTimed(b.Context(), asked[servers[i].name])
			if err != nil {
				b.Fatal(err)
			}
			row.times[i], answers[i] = append(row.times[i], took), answer
		}
		facts += len(answers[0])
		for i := range answers[1:] {
			if !slices.Equal(answers[0], answers[i+1]) {
				askAgain(b, kind.name, servers[0], servers[i+1], asked, answers[0], answers[i+1])
				row.incomplete++
			}
		}
	}
	if facts == 0 {
		b.Fatalf("%s: nothing was ever found, so nothing was measured", kind.name)
	}
	for _, times := range row.times {
		slices.Sort(times)
	}
	row.facts = float64(facts) / float64(repeats)
	return row
}

// askAgain asks two servers again whose answers differ. VictoriaLogs has been seen to
// leave out records for a moment, soon after it had counted all that were loaded.
// Docket must not; so the benchmark fails when Docket's answer is another one the second
// time, or when the other's does not become the same.
func askAgain(b *testing.B, kind string, docket, other *searched, asked asked, first, second []string) {
	b.Helper()
	found, err := docket.ask(b.Context(), asked[docket.name])
	if err != nil {
		b.Fatal(err)
	}
	if !slices.Equal(found, first) {
		b.Fatalf("%s: %s's answer has changed, %s; asked was\n%s", kind, docket.name, difference(first, found), asked[docket.name].body)
	}
	for begin := time.Now(); !slices.Equal(found, second); time.Sleep(100 * time.Millisecond) {
		if time.Since(begin) > completeWithin {
			b.Fatalf("%s: the answers differ, %s; asked were\n%s\n%s", kind, difference(found, second),
				asked[docket.name].body, asked[other.name].body)
		}
		if second, err = other.ask(b.Context(), asked[other.name]); err != nil {
			b.Fatal(err)
		}
	}
}

// difference describes the first place at which two answers are not the same.
func difference(first, second []string) string {
	at := 0
	for at < min(len(first), len(second)) && first[at] == second[at] {
		at++
	}
	return fmt.Sprintf("from the fact %d on, of %d and %d:\n%.400q\n%.400q", at, len(first), len(second), first[at:], second[at:])
}
