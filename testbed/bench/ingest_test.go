package bench

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

const (
	bodyBytes = 400
	adminKey  = "an-admin-key-of-the-benchmark-0123456789"

	// aimConnections is where Docket has aims, as ratios of the requests a second.
	aimConnections = 64
	aimOfBare      = 0.7
	aimTimesQueue  = 5.0
)

// schedule says how long a benchmark measures.
type schedule struct {
	// rounds is odd, so that there is a middle one.
	rounds         int
	warmUp, length time.Duration
}

func newSchedule() schedule {
	if testing.Short() {
		return schedule{rounds: 3, warmUp: 100 * time.Millisecond, length: 300 * time.Millisecond}
	}
	return schedule{rounds: 5, warmUp: 500 * time.Millisecond, length: 1500 * time.Millisecond}
}

// BenchmarkIngestSingle measures durable ingest of single LogSentry records, each
// answered after its fsync, over kept connections. Beside it run:
//
//   - the same Docket with its data folder in memory, where an fsync costs nothing;
//     Docket itself has no setting that leaves fsync out;
//   - a bare handler that decodes the same bodies and keeps nothing;
//   - a collector with Docket's receiver and the collector's own durable way, an
//     exporter's queue in file_storage with fsync.
//
// Afterwards every record that either Docket acknowledged must be there, once, and
// every one that the queue took must have left it.
func BenchmarkIngestSingle(b *testing.B) {
	subjects := startSubjects(b)
	idle := subjects.docket.usage(b)
	var done summary
	random := rand.New(rand.NewPCG(1, 2))
	for _, connections := range []int{1, 16, aimConnections, 256} {
		b.Run(fmt.Sprintf("connections=%d", connections), func(b *testing.B) {
			results := measure(b, subjects.list(), connections, newSchedule(), random)
			results.reportMetrics(b)
			report(b, results.table())
			if connections == aimConnections {
				done.aimed = results
			}
		})
	}
	b.Run("audit", func(b *testing.B) {
		done.startup, done.idle, done.busy = subjects.docket.server.StartupTime, idle, subjects.docket.usage(b)
		done.fsync = fsyncTime(b, subjects.docket.server.DataDir)
		done.audited = auditDocket(b, subjects.docket)
		done.auditedInMemory = auditDocket(b, subjects.inMemory)
		done.drained = auditQueue(b, subjects.queue)
		done.reportMetrics(b)
		report(b, done.text())
	})
}

// measure lets the subjects take turns. In each round they do so in another order,
// so that what one leaves behind on the machine does not always meet the same other.
func measure(b *testing.B, list []*subject, connections int, plan schedule, random *rand.Rand) results {
	b.Helper()
	measured := results{connections: connections, plan: plan, samples: make([][]sample, len(list))}
	for _, subject := range list {
		subject.run(b, connections, plan.warmUp)
		measured.names = append(measured.names, subject.name)
	}
	for range plan.rounds {
		for _, i := range random.Perm(len(list)) {
			measured.samples[i] = append(measured.samples[i], list[i].run(b, connections, plan.length))
		}
	}
	return measured
}

// body is a LogSentry event of bodyBytes bytes.
func body() string {
	const start = `{"project":1,"level":4,"msg":"` + messageStart + sequenceMark + messageEnd + `","app":"shop",` +
		`"context":{"order":1009,"amount":"129.90","currency":"EUR","provider":"bank transfer","attempts":3,"note":"`
	const end = `"},"user":{"id":42,"name":"Ada Lovelace","email":"ada@example.com"},` +
		`"request":{"method":"POST","path":"/checkout/payment","ip":"192.0.2.7"}}`
	return start + strings.Repeat("x", bodyBytes-len(start)-len(end)) + end
}
