package bench

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	bodyBytes = 400
	adminKey  = "an-admin-key-of-the-benchmark-0123456789"

	// aimConnections is where Docket has aims, as ratios of the records a second.
	aimConnections = 64
)

// schedule says how long a benchmark measures.
type schedule struct {
	// rounds is odd, so that there is a middle one.
	rounds         int
	warmUp, length time.Duration
}

func newSchedule() schedule {
	if testing.Short() {
		return schedule{rounds: 3, warmUp: 100 * time.Millisecond, length: 200 * time.Millisecond}
	}
	return schedule{rounds: 5, warmUp: 500 * time.Millisecond, length: time.Second}
}

// BenchmarkIngestSingle measures durable ingest of single LogSentry records, each
// answered after its fsync, over kept connections. Beside it run, at all numbers of
// connections:
//
//   - the same Docket with its data folder in memory, where an fsync costs nothing;
//     Docket itself has no setting that leaves fsync out;
//   - a bare handler that decodes the same bodies and keeps nothing;
//
// and, at that for which there are aims, what others offer: VictoriaLogs, and the
// collector in four ways. Afterwards every record that Docket has acknowledged must be
// there, once, and the others must have as many as they have acknowledged.
func BenchmarkIngestSingle(b *testing.B) {
	onDisk, inMemory := startDocket(b, diskFolder(b)), startDocket(b, memoryFolder(b))
	docket := newSubject("docket", onDisk)
	few := []*subject{docket, newSubject("docket-no-fsync", inMemory), newBareSubject(b, singleRecord())}
	all := append(slices.Clone(few), startSinglePeers(b)...)
	time.Sleep(afterStart)
	idle := docket.usage(b)
	random := rand.New(rand.NewPCG(1, 2))
	for _, connections := range []int{1, 16, aimConnections, 256} {
		b.Run(fmt.Sprintf("connections=%d", connections), func(b *testing.B) {
			list := few
			if connections == aimConnections {
				list = all
			}
			measured := measure(b, list, connections, newSchedule(), random)
			measured.reportMetrics(b)
			text := fmt.Sprintf("### Connections: %d\n\nEach has one request at a time; %s:\n\n%s", connections,
				measured.plan.text(), measured.table())
			if connections == aimConnections {
				text += "\n" + singleAims(b, measured)
			}
			report(b, text)
		})
	}
	b.Run("audit", func(b *testing.B) {
		b.ReportMetric(0, "ns/op")
		busy := docket.usage(b)
		report(b, fmt.Sprintf("Docket was ready %v after its start; it has %.0f MiB resident idle and %.0f MiB after all rounds. "+
			"One fsync of a page takes %.2f ms on this disk. All %d records that Docket had acknowledged were read back: each is there, once. %s",
			onDisk.StartupTime.Round(time.Millisecond), mebibytes(idle.ResidentBytes), mebibytes(busy.ResidentBytes),
			milliseconds(fsyncTime(b, onDisk.DataDir)), auditDocket(b, docket, onDisk), awaitAll(b, all[1:])))
	})
}

// startSinglePeers starts what takes single records in ways of its own.
func startSinglePeers(b *testing.B) []*subject {
	b.Helper()
	otlp := singleOTLP(b)
	return []*subject{
		newVictoriaSubject(b, singleRecord()),
		newNowhereSubject(b, otlp),
		newQueueSubject(b, "collector-memory", "memory.yaml", otlp),
		newQueueSubject(b, "collector-file", "file.yaml", otlp),
		newFsyncSubject(b),
	}
}

func singleAims(b *testing.B, measured results) string {
	b.Helper()
	var text strings.Builder
	for _, name := range []string{"bare", "victorialogs", "collector-nowhere", "collector-file", "file_storage"} {
		text.WriteString("- " + reached(b, "single/"+name, measured.to(b, name)))
	}
	return text.String()
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
