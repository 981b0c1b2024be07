package bench

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// batchConnections bring requests of many records.
const batchConnections = 4

// BenchmarkIngestBatches measures durable ingest of requests with many records: as lines
// of JSON, which VictoriaLogs takes too, and as OTLP, which the collector takes too. All
// records must be there afterwards.
func BenchmarkIngestBatches(b *testing.B) {
	for _, records := range []int{100, 1000} {
		b.Run(fmt.Sprintf("ndjson=%d", records), func(b *testing.B) {
			measureBatches(b, fmt.Sprintf("ndjson-%d", records), fmt.Sprintf("NDJSON of %d", records), manyLines(b, records))
		})
	}
	b.Run("otlp=1000", func(b *testing.B) {
		sent := manyOTLP(b, 1000)
		measureBatches(b, "otlp-1000", "OTLP of 1000", sent, newQueueSubject(b, "collector-memory", "memory.yaml", sent))
	})
}

// measureBatches starts servers anew, so that none has many records when it begins.
func measureBatches(b *testing.B, name, title string, sent payload, more ...*subject) {
	b.Helper()
	list := append([]*subject{
		newDocketSubject("docket", startDocket(b, diskFolder(b)), sent),
		newDocketSubject("docket-no-fsync", startDocket(b, memoryFolder(b)), sent),
		newBareSubject(b, sent),
		newVictoriaSubject(b, sent),
	}, more...)
	time.Sleep(afterStart)
	measured := measure(b, list, batchConnections, newSchedule(), rand.New(rand.NewPCG(1, 2)))
	measured.reportMetrics(b)
	report(b, fmt.Sprintf("### %s\n\n%d connections, %d bytes a record, %s:\n\n%s\n- %s\n%s", title, batchConnections, len(sent.bodies[0])/sent.records,
		measured.plan.text(), measured.table(), reached(b, name+"/victorialogs", measured.to(b, "victorialogs")), awaitAll(b, list)))
}
