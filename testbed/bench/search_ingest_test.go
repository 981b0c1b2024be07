package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	// ingestConnections is how many connections bring records meanwhile.
	ingestConnections = 16
	// A probe is a record that is looked for until it is found.
	probeEvery, lookEvery = 250 * time.Millisecond, 25 * time.Millisecond
	// findAtMost bounds the wait for a probe that is never found.
	findAtMost = 20 * time.Second
	// browseEvery is how often the newest records are asked for.
	browseEvery = 50 * time.Millisecond
)

// searchers are the numbers of clients that search; the first is the one that the
// others are compared with.
func searchers() []int { return []int{0, 1, 4} }

// BenchmarkIngestBesideSearches measures what expensive searches in a week of a million
// records take away from ingest, from the time until a record is found, and from those
// who look at the newest 50 records meanwhile.
func BenchmarkIngestBesideSearches(b *testing.B) {
	records := newCorpus(newSearchSchedule().records)
	docket := startSearchedDocket(b)
	fillAll(b, records, docket)
	measured := measureInterference(b, docket, records, newInterferenceSchedule())
	measured.reportMetrics(b)
	report(b, fmt.Sprintf("%d connections bring single records while clients search %d records, %s:\n\n%s\n%s", ingestConnections,
		records.records, measured.plan.text(), measured.table(), measured.aims(b)))
}

// newInterferenceSchedule is that of one round with each number of searchers.
func newInterferenceSchedule() schedule {
	if testing.Short() {
		return schedule{rounds: 1, warmUp: 200 * time.Millisecond, length: time.Second}
	}
	return schedule{rounds: 3, warmUp: 500 * time.Millisecond, length: 3 * time.Second}
}

// interference is what searches take away from ingest. It has results by the place of
// the number of searchers.
type interference struct {
	plan    schedule
	samples [][]ingestSample
}

// ingestSample is what one round has measured.
type ingestSample struct {
	// rate is in records a second, p50 and p99 of ingest are in milliseconds.
	rate, p50, p99 float64
	// findable has the seconds from a probe's acknowledgement until it was found,
	// ascending.
	findable []float64
	// newest has the milliseconds that the newest 50 records took, ascending.
	newest []float64
	// searches is how many were answered and limited how many were ended by a limit
	// of Docket's; slowest is the longest of both, in seconds.
	searches, limited int
	slowest           float64
}

// measureInterference puts ingest under load, alone and while clients ask the most
// expensive questions, in rounds of random order.
func measureInterference(b *testing.B, docket *searched, records *corpus, plan schedule) interference {
	b.Helper()
	ingest := newSubject("docket", docket.collector)
	ingest.run(b, ingestConnections, plan.warmUp)
	measured := interference{plan: plan, samples: make([][]ingestSample, len(searchers()))}
	random := rand.New(rand.NewPCG(7, 8))
	for range plan.rounds {
		for _, place := range random.Perm(len(searchers())) {
			measured.samples[place] = append(measured.samples[place], ingestBeside(b, docket, ingest, records, searchers()[place], plan.length))
		}
	}
	return measured
}

// ingestBeside measures ingest while that many clients search. They have begun before
// it begins, and end after it ends.
func ingestBeside(b *testing.B, docket *searched, ingest *subject, records *corpus, clients int, length time.Duration) (sample ingestSample) {
	b.Helper()
	ctx, stop := context.WithCancel(b.Context())
	defer stop()
	// A question takes long after the client is gone if the server does not notice.
	// So each is seen to its end, and what it finds out stays with its client.
	counts := make([]searchCounts, clients)
	var searching, probing sync.WaitGroup
	for i := range counts {
		searching.Go(func() { counts[i] = searchInLoop(ctx, docket, records, i) })
	}
	var problem, browsingProblem error
	probing.Go(func() { sample.findable, problem = probe(ctx, docket, ingest) })
	probing.Go(func() { sample.newest, browsingProblem = browse(ctx, docket, records) })
	if clients > 0 {
		time.Sleep(length / 4)
	}
	result, err := ingest.load.Run(b.Context(), ingestConnections, length)
	stop()
	probing.Wait()
	searching.Wait()
	if err := errors.Join(err, problem, browsingProblem); err != nil {
		b.Fatal(err)
	}
	for _, c := range counts {
		if c.err != nil {
			b.Fatal(c.err)
		}
		sample.searches += c.answered
		sample.limited += c.limited
		sample.slowest = max(sample.slowest, c.slowest.Seconds())
	}
	ingest.acknowledged += result.Records
	ingest.settle(b)
	slices.Sort(sample.findable)
	slices.Sort(sample.newest)
	sample.rate, sample.p50, sample.p99 = result.Rate(), milliseconds(result.Latency(0.5)), milliseconds(result.Latency(0.99))
	return sample
}

// searchCounts is what one client has seen.
type searchCounts struct {
	answered, limited int
	slowest           time.Duration
	err               error
}

// searchInLoop asks the most expensive questions until the context is done: to match a
// regular expression with each message of a week, and to count a text that begins and
// ends within words, for which no index helps. The last question is seen to its end.
func searchInLoop(ctx context.Context, docket *searched, records *corpus, first int) (counts searchCounts) {
	week := docketRange(records.from, time.Now().Add(time.Hour))
	questions := []request{
		{
			method: http.MethodPost, path: "query", contentType: "application/json",
			body: `{"query":{` + week + `,"limit":50,"filterGroup":[{"type":"log","key":"message","operator":"regex",` +
				`"value":"order [0-9a-f]*dead[0-9a-f]* of customer 8[0-9]{2} .* status 20[13]"}]}}`,
		},
		{
			method: http.MethodPost, path: "count", contentType: "application/json",
			body: `{"query":{` + week + `,"searchTerm":"oticeable of customer 7"}}`,
		},
	}
	for i := first; ctx.Err() == nil; i++ {
		asked := questions[i%len(questions)]
		begin := time.Now()
		answer, err := docket.send(context.WithoutCancel(ctx), asked, docket.api+asked.path)
		counts.slowest = max(counts.slowest, time.Since(begin))
		switch {
		case err == nil:
			counts.answered++
		case answer != nil && isLimit(answer):
			counts.limited++
		default:
			counts.err = err
			return counts
		}
	}
	return counts
}

// isLimit says whether Docket has ended a question because it took too much, or has
// asked to come back later.
func isLimit(a *answer) bool {
	switch a.StatusCode {
	case http.StatusGatewayTimeout, http.StatusServiceUnavailable, http.StatusTooManyRequests:
		return true
	case http.StatusBadRequest:
		return strings.Contains(string(a.body), "the query is too expensive")
	default:
		return false
	}
}

// probe sends a record from time to time, and returns for each the seconds after its
// acknowledgement until it was found by its hash.
func probe(ctx context.Context, docket *searched, ingest *subject) (findable []float64, err error) {
	for i := 0; ctx.Err() == nil; i++ {
		hash, err := sendProbe(context.WithoutCancel(ctx), docket, ingest, i)
		if err != nil {
			return findable, err
		}
		acknowledged := time.Now()
		for {
			found, err := find(context.WithoutCancel(ctx), docket, acknowledged, hash)
			if err != nil {
				return findable, err
			}
			if found {
				break
			}
			if time.Since(acknowledged) > findAtMost {
				return findable, fmt.Errorf("a record was acknowledged and not found within %v", findAtMost)
			}
			time.Sleep(lookEvery)
		}
		findable = append(findable, time.Since(acknowledged).Seconds())
		select {
		case <-time.After(probeEvery):
		case <-ctx.Done():
		}
	}
	return findable, nil
}

func sendProbe(ctx context.Context, docket *searched, ingest *subject, number int) (hash string, err error) {
	got, err := docket.send(ctx, request{
		method: http.MethodPost, contentType: "application/json",
		body: fmt.Sprintf(`{"project":1,"level":6,"msg":"Probe %d","app":"probe"}`, number),
	}, "http://"+ingest.load.Address+ingest.load.Path)
	if err != nil {
		return "", err
	}
	var acknowledged struct{ Hash string }
	if err := json.Unmarshal(got.body, &acknowledged); err != nil || acknowledged.Hash == "" {
		return "", fmt.Errorf("read the acknowledgement of a probe %.200q: %w", got.body, err)
	}
	return acknowledged.Hash, nil
}

func find(ctx context.Context, docket *searched, acknowledged time.Time, hash string) (bool, error) {
	around := docketRange(acknowledged.Add(-5*time.Second), acknowledged.Add(5*time.Second))
	facts, err := docket.ask(ctx, docketPage(around, attributeFilter("log", "hash", hash)))
	return len(facts) == 1, err
}

// browse asks for the newest 50 records from time to time, and returns the milliseconds
// that each answer took.
func browse(ctx context.Context, docket *searched, records *corpus) (newest []float64, err error) {
	for ctx.Err() == nil {
		week := docketRange(records.from, time.Now().Add(time.Hour))
		took, facts, err := docket.askTimed(context.WithoutCancel(ctx), docketPage(week, ""))
		if err != nil {
			return newest, err
		}
		if len(facts) != pageLimit {
			return newest, fmt.Errorf("%d of the newest %d records were found", len(facts), pageLimit)
		}
		newest = append(newest, milliseconds(took))
		select {
		case <-time.After(browseEvery):
		case <-ctx.Done():
		}
	}
	return newest, nil
}
