package bench

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/docketlog/docket/internal/elasticsearch"
	"github.com/docketlog/docket/testbed/collector"
)

// searchSchedule says how much the benchmark of searches measures.
type searchSchedule struct {
	records int
	// Before a kind is measured, it is asked that often, or for warmAtMost: a server may
	// have a compiler that wakes up late.
	warm       int
	warmAtMost time.Duration
	// Each kind of question is asked that often, or, when it takes longer than
	// atMost, less often, but at least atLeast times.
	repeats, atLeast int
	atMost           time.Duration
}

func newSearchSchedule() searchSchedule {
	if testing.Short() {
		return searchSchedule{records: shortCorpusRecords, warm: 1, repeats: 5, atLeast: 5, atMost: time.Second}
	}
	return searchSchedule{records: corpusRecords, warm: 20, warmAtMost: time.Second, repeats: 200, atLeast: 25, atMost: 3 * time.Second}
}

// clusterSchedule is that for Docket in a cluster, which it fills slowly.
func clusterSchedule() searchSchedule {
	if testing.Short() {
		return searchSchedule{records: shortCorpusRecords / 5, warm: 1, repeats: 5, atLeast: 5, atMost: time.Second}
	}
	return searchSchedule{records: clusterCorpusRecords, warm: 20, warmAtMost: time.Second, repeats: 50, atLeast: 15, atMost: 2 * time.Second}
}

// BenchmarkSearch measures searches over HTTP in a week of a million records, beside
// a plain VictoriaLogs of the version that Docket has inside, with the same records,
// the same stream and the same memory for the engine, and beside Elasticsearch and
// OpenSearch with the same records. All are asked the same things in random order, in
// ranges of one to seven days, by one client. Answers are compared: messages in their
// order, or counts.
func BenchmarkSearch(b *testing.B) {
	plan := newSearchSchedule()
	opensearch := startCluster(b, elasticsearch.OpenSearch)
	servers := []*searched{
		startSearchedDocket(b), startVictoriaLogs(b),
		newPlainIndex(b, startCluster(b, elasticsearch.Elasticsearch), "elasticsearch"), newPlainIndex(b, opensearch, "opensearch"),
	}
	asked := measureSearches(b, plan, servers)
	docket, engine := servers[0], servers[1]
	report(b, asked.text()+"\n- "+reached(b, "questions", exactly(asked.shareOfFast()))+"- "+reached(b, "disk", exactly(docket.bytes/engine.bytes)))
}

// BenchmarkSearchInElasticsearch measures the same of a Docket that keeps its records in
// Elasticsearch, beside plain queries of the same server, in fewer records.
func BenchmarkSearchInElasticsearch(b *testing.B) {
	cluster := startCluster(b, elasticsearch.Elasticsearch)
	options := collector.InCluster(b, cluster.URL.String(), cluster.Prefix)
	options.AdminKey, options.DataDir = adminKey, filepath.Join(diskFolder(b), "data")
	docket := newSearchedDocket(b, "docket-elasticsearch", collector.Start(b, options), func(b *testing.B) int64 {
		b.Helper()
		return indexSize(b, cluster, cluster.Prefix+"*")
	})
	plain := newPlainIndex(b, cluster, "elasticsearch")
	docket.beside, docket.isShared, plain.isShared = []process{plain.process}, true, true
	asked := measureSearches(b, clusterSchedule(), []*searched{docket, plain})
	report(b, asked.text())
}

// measureSearches fills servers, of which the first is a Docket, and asks them.
func measureSearches(b *testing.B, plan searchSchedule, servers []*searched) searchReport {
	b.Helper()
	records := newCorpus(plan.records)
	fillAll(b, records, servers...)
	asked := searchReport{records: plan.records, servers: servers}
	q := &questioner{b: b, docket: servers[0], records: records, random: rand.New(rand.NewPCG(5, 6))}
	for _, kind := range questions() {
		b.Run(kind.name, func(b *testing.B) {
			q.b = b
			row := measureQuestion(b, q, kind, servers, plan)
			row.reportMetrics(b, servers)
			asked.rows = append(asked.rows, row)
		})
	}
	if b.Failed() {
		b.FailNow() // what is left would not be all kinds
	}
	return asked
}

func (p searchSchedule) warmUp(ask func()) {
	begin := time.Now()
	for repeats := 0; repeats < p.warm && (repeats == 0 || time.Since(begin) < p.warmAtMost); repeats++ {
		ask()
	}
}

// repeat returns how often it has asked.
func (p searchSchedule) repeat(ask func()) (repeats int) {
	for begin := time.Now(); repeats < p.repeats && (repeats < p.atLeast || time.Since(begin) < p.atMost); repeats++ {
		ask()
	}
	return repeats
}

// searchRow is what was measured of a kind of question.
type searchRow struct {
	name string
	// facts is how many facts the answers had on average.
	facts float64
	// times has those of each server, in the order in which they were asked.
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
	facts := 0
	ask := func() []time.Duration {
		asked := kind.make(q)
		answers, times := make([][]string, len(servers)), make([]time.Duration, len(servers))
		for _, i := range q.random.Perm(len(servers)) {
			var err error
			if times[i], answers[i], err = servers[i].askTimed(b.Context(), asked.of(servers[i].name)); err != nil {
				b.Fatal(err)
			}
		}
		facts += len(answers[0])
		for i := range answers[1:] {
			if !slices.Equal(answers[0], answers[i+1]) {
				askAgain(b, kind.name, servers[0], servers[i+1], asked, answers[0], answers[i+1])
				row.incomplete++
			}
		}
		return times
	}
	plan.warmUp(func() { ask() })
	facts = 0
	repeats := plan.repeat(func() {
		for i, took := range ask() {
			row.times[i] = append(row.times[i], took)
		}
	})
	if facts == 0 {
		b.Fatalf("%s: nothing was ever found, so nothing was measured", kind.name)
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
	found, err := docket.ask(b.Context(), asked.of(docket.name))
	if err != nil {
		b.Fatal(err)
	}
	if !slices.Equal(found, first) {
		b.Fatalf("%s: %s's answer has changed, %s; asked was\n%s", kind, docket.name, difference(first, found), asked.of(docket.name).body)
	}
	for begin := time.Now(); !slices.Equal(found, second); time.Sleep(100 * time.Millisecond) {
		if time.Since(begin) > completeWithin {
			b.Fatalf("%s: the answers differ, %s; asked were\n%s\n%s", kind, difference(found, second),
				asked.of(docket.name).body, asked.of(other.name).body)
		}
		if second, err = other.ask(b.Context(), asked.of(other.name)); err != nil {
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
