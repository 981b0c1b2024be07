package bench

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docketlog/docket/testbed/client"
	"github.com/docketlog/docket/testbed/collector"
)

const (
	manyRules = 10_000
	// aimOfOneRule is what ingest with manyRules is to keep of ingest with one.
	aimOfOneRule = 0.8
	// rulesKnownWithin is how soon a change of an alert reaches every replica.
	rulesKnownWithin = 5 * time.Second
)

// BenchmarkIngestWithAlerts measures durable ingest of single LogSentry records by a
// Docket with 10,000 alerts of distinct filters, beside one with a single alert.
func BenchmarkIngestWithAlerts(b *testing.B) {
	one := newSubject("1 rule", startAlerting(b, 1))
	many := newSubject("10000 rules", startAlerting(b, manyRules))
	time.Sleep(afterStart)
	plan, random := newSchedule(), rand.New(rand.NewPCG(1, 2))
	for _, subject := range []*subject{one, many} {
		subject.settle(b)
		subject.run(b, aimConnections, plan.warmUp)
	}
	ratios := make([]float64, plan.rounds)
	var rates [2][]float64
	for round := range plan.rounds {
		var rate [2]float64
		for _, place := range random.Perm(2) {
			rate[place] = []*subject{one, many}[place].run(b, aimConnections, plan.length).rate
			rates[place] = append(rates[place], rate[place])
		}
		ratios[round] = rate[1] / rate[0]
	}
	ratio := newSpread(ratios)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(newSpread(rates[0]).median, "1-rule-req/s")
	b.ReportMetric(newSpread(rates[1]).median, "10000-rules-req/s")
	b.ReportMetric(ratio.median, "10000/1")
	b.Logf("%d connections: with 1 rule %s requests/s, with %d rules %s\n%s (%s)", aimConnections, newSpread(rates[0]).text(0),
		manyRules, newSpread(rates[1]).text(0), aim("10000 rules/1 rule", ratio.median, aimOfOneRule), ratio.text(2))
}

// startAlerting runs Docket as it is delivered, with alerts in its configuration. Each
// counts the warnings of one user; the benchmark's records are of one of them.
func startAlerting(b *testing.B, rules int) *collector.Collector {
	b.Helper()
	var text strings.Builder
	text.WriteString("extensions:\n  alerting:\n    alerts:\n")
	for i := range rules {
		fmt.Fprintf(&text, "      rule-%d: {project: 1, name: rule %d, filters: {q: 'user.id=%d level>=warn'}, threshold_count: 1000000}\n", i, i, 42+i)
	}
	folder := diskFolder(b)
	alerts := filepath.Join(folder, "alerts.yaml")
	if err := os.WriteFile(alerts, []byte(text.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	config := filepath.Join(collector.ModuleRoot(b), "distribution", "docket.yaml")
	docket := collector.Start(b, collector.Options{
		AdminKey: adminKey, DataDir: filepath.Join(folder, "data"), Arguments: []string{"--config", config, "--config", alerts},
	})
	awaitRules(b, docket, rules)
	return docket
}

// awaitRules waits until the alerts are made, and known to who tags records.
func awaitRules(b *testing.B, docket *collector.Collector, rules int) {
	b.Helper()
	c := client.New(docket.Endpoints, adminKey)
	defer c.Close()
	for begin := time.Now(); ; time.Sleep(200 * time.Millisecond) {
		answer, err := c.Get(b.Context(), "/api/projects/1/logs/alerts/?limit=1")
		if err != nil {
			b.Fatal(err)
		}
		var page struct{ Count int }
		if err := answer.Decode(&page); err != nil {
			b.Fatalf("%v: %s", err, answer)
		}
		if page.Count == rules {
			time.Sleep(rulesKnownWithin)
			return
		}
		if time.Since(begin) > settledWithin {
			b.Fatalf("there are %d alerts, wanted %d", page.Count, rules)
		}
	}
}
