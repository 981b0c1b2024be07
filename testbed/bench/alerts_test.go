package bench

import (
	"encoding/json"
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
	// rulesMadeWithin bounds the wait until all rules are made, each with its fsyncs.
	rulesMadeWithin = 3 * time.Minute
	// rulesKnownWithin is how soon a change of an alert reaches every replica.
	rulesKnownWithin = 5 * time.Second
)

// BenchmarkIngestWithAlerts measures durable ingest of single LogSentry records by a
// Docket with 10,000 alerts of distinct filters, beside one with a single alert.
func BenchmarkIngestWithAlerts(b *testing.B) {
	few, many := newSubject("1-alert", startAlerting(b, 1)), newSubject("10000-alerts", startAlerting(b, manyRules))
	time.Sleep(afterStart)
	measured := measure(b, []*subject{many, few}, aimConnections, newSchedule(), rand.New(rand.NewPCG(1, 2)))
	measured.reportMetrics(b)
	report(b, fmt.Sprintf("Single records, %d connections, %s:\n\n%s\n- %s", aimConnections, measured.plan.text(), measured.table(),
		reached(b, "alerts/ingest", measured.ratio(0, 1))))
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
		if err := json.Unmarshal(answer.Body, &page); err != nil {
			b.Fatalf("%v: %s", err, answer.Body)
		}
		if page.Count == rules {
			time.Sleep(rulesKnownWithin)
			return
		}
		if time.Since(begin) > rulesMadeWithin {
			b.Fatalf("there are %d alerts, wanted %d", page.Count, rules)
		}
	}
}
