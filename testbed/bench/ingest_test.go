package bench

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docketlog/docket/testbed/client"
	"github.com/docketlog/docket/testbed/collector"
)

const (
	connections = 64
	bodyBytes   = 400
	warmUp      = 2 * time.Second
	round       = 3 * time.Second
	// rounds is odd, so that there is a middle one.
	rounds = 5
	// appliedWithin bounds the wait for the last record to become findable.
	appliedWithin = 2 * time.Minute
	adminKey      = "an-admin-key-of-the-benchmark-0123456789"
)

// BenchmarkIngestSingle measures durable ingest of single LogSentry records: 400
// bytes each, over 64 kept connections, each answered after its fsync. Beside it
// runs a bare handler that decodes the same bodies and keeps nothing. Afterwards
// every acknowledged record must be there.
func BenchmarkIngestSingle(b *testing.B) {
	docket := collector.Start(b, collector.Options{AdminKey: adminKey})
	time.Sleep(2 * time.Second) // until the start's garbage has been collected
	idle, err := docket.Usage()
	if err != nil {
		b.Fatal(err)
	}
	bare := collector.Start(b, collector.Options{
		Binary: buildBareHandler(b),
		Ready:  collector.Listening(func(endpoints collector.Endpoints) string { return endpoints.Ingest }),
	})
	targets := [2]*target{newTarget("docket", docket), newTarget("bare", bare)}
	for _, target := range targets {
		target.run(b, warmUp)
	}
	for i := range rounds {
		// Every other round the other one begins, so that neither always has the
		// machine as its neighbour left it. Docket ends the last round, which is
		// odd: its lag is measured next.
		targets[1-i%2].measure(b)
		targets[i%2].measure(b)
	}
	busy, err := docket.Usage()
	if err != nil {
		b.Fatal(err)
	}
	lag := awaitTotal(b, docket, targets[0].answered)

	ratios := make([]float64, rounds)
	for i := range ratios {
		ratios[i] = targets[0].rates[i] / targets[1].rates[i]
	}
	b.ReportMetric(0, "ns/op") // an operation is the whole benchmark, which says nothing
	b.ReportMetric(median(targets[0].rates), "docket-req/s")
	b.ReportMetric(median(targets[1].rates), "bare-req/s")
	b.ReportMetric(median(ratios), "docket/bare")
	b.ReportMetric(float64(docket.StartupTime.Milliseconds()), "startup-ms")
	b.ReportMetric(mebibytes(idle.ResidentBytes), "idle-RSS-MiB")
	b.Log(table(targets, ratios, docket.StartupTime, idle, busy, lag))
}

// target is a server under the benchmark's load.
type target struct {
	name string
	load *Load
	// answered counts every 200, those of the warm-up too.
	answered int64
	// rates has one number of answers a second for each round.
	rates []float64
}

func newTarget(name string, server *collector.Collector) *target {
	return &target{name: name, load: &Load{
		Address:     server.Endpoints.Ingest,
		Path:        "/api/auditlog",
		Headers:     "Authorization: Bearer " + adminKey + "\r\n",
		Body:        body(),
		Connections: connections,
	}}
}

func (t *target) measure(b *testing.B) {
	b.Helper()
	t.rates = append(t.rates, t.run(b, round))
}

func (t *target) run(b *testing.B, duration time.Duration) (rate float64) {
	b.Helper()
	answered, took, err := t.load.Run(b.Context(), duration)
	if err != nil {
		b.Fatalf("%s: %v", t.name, err)
	}
	t.answered += answered
	return float64(answered) / took.Seconds()
}

// body is a LogSentry event of bodyBytes bytes.
func body() string {
	const start = `{"project":1,"level":4,"msg":"Order ` + sequenceMark + ` paid late","app":"shop",` +
		`"context":{"order":1009,"amount":"129.90","currency":"EUR","provider":"bank transfer","attempts":3,"note":"`
	const end = `"},"user":{"id":42,"name":"Ada Lovelace","email":"ada@example.com"},` +
		`"request":{"method":"POST","path":"/checkout/payment","ip":"192.0.2.7"}}`
	return start + strings.Repeat("x", bodyBytes-len(start)-len(end)) + end
}

func buildBareHandler(b *testing.B) string {
	b.Helper()
	binary := filepath.Join(b.TempDir(), "barehandler")
	text, err := exec.CommandContext(b.Context(), "go", "build", "-o", binary, "./barehandler").CombinedOutput()
	if err != nil {
		b.Fatalf("build the bare handler: %v\n%s", err, text)
	}
	return binary
}

// awaitTotal waits until GET /logs counts as many records as were acknowledged and
// returns how long that took.
func awaitTotal(b *testing.B, docket *collector.Collector, acknowledged int64) time.Duration {
	b.Helper()
	c := client.New(docket.Endpoints, adminKey)
	defer c.Close()
	begin := time.Now()
	ctx, cancel := context.WithTimeout(b.Context(), appliedWithin)
	defer cancel()
	for {
		page, err := c.Search(ctx, nil)
		switch {
		case err != nil && !errors.Is(err, context.DeadlineExceeded):
			b.Fatal(err)
		case err == nil && page.Pagination.Total == acknowledged:
			return time.Since(begin)
		case err != nil || page.Pagination.Total > acknowledged:
			b.Fatalf("%d records were acknowledged, %d are found", acknowledged, page.Pagination.Total)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// table is the result for people. It has at most ten lines, because the testing
// package shows no more of a benchmark's log.
func table(
	targets [2]*target, ratios []float64, startup time.Duration, idle, busy collector.Usage, lag time.Duration,
) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%d-byte LogSentry records, %d connections, %d rounds of %v\n", bodyBytes, connections, rounds, round)
	fmt.Fprintf(&text, "%-14s %10s %10s %10s\n", "requests/s", "min", "median", "max")
	for _, target := range targets {
		fmt.Fprintf(&text, "%-14s %10.0f %10.0f %10.0f\n", target.name,
			slices.Min(target.rates), median(target.rates), slices.Max(target.rates))
	}
	fmt.Fprintf(&text, "docket/bare = %.2f (median of the rounds' ratios; %.2f to %.2f)\n",
		median(ratios), slices.Min(ratios), slices.Max(ratios))
	fmt.Fprintf(&text, "acknowledged = found = %d, the last one %v after its answer\n", targets[0].answered, lag.Round(time.Millisecond))
	fmt.Fprintf(&text, "healthy after %v; memory %.0f MiB idle, %.0f MiB after the load",
		startup.Round(time.Millisecond), mebibytes(idle.ResidentBytes), mebibytes(busy.ResidentBytes))
	return text.String()
}

func median(values []float64) float64 { return slices.Sorted(slices.Values(values))[len(values)/2] }

func mebibytes(bytes int64) float64 { return float64(bytes) / (1 << 20) }
