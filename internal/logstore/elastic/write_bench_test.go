package elastic

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/elasticsearch/elasticsearchtest"
	"github.com/docketlog/docket/internal/record"
)

// benchmarkBatch returns records of about testDay: 8 severities, 30 services, bodies of
// 200 bytes made of templates with random ids, 8 attributes.
func benchmarkBatch(random *rand.Rand, size int) []record.Record {
	severities := []plog.SeverityNumber{9, 9, 9, 9, 9, 5, 5, 10, 13, 13, 17, 18, 19, 21}
	batch := make([]record.Record, size)
	for i := range batch {
		moment := testDay().Add(time.Duration(random.Int64N(int64(10 * time.Minute))))
		user := random.IntN(5000)
		r := newTestRecord(uuid.Must(uuid.NewV7()).String())
		r.Log.Body().SetStr(fmt.Sprintf("User %d %s order %x of customer %d from the session %x; the request took %d ms and returned status %d. %s",
			user, []string{"created", "changed", "removed", "looked at"}[random.IntN(4)], random.Uint64(), random.IntN(900), random.Uint64(),
			random.IntN(500), 200+random.IntN(5), "Nothing else of note happened while it was served by the replica."))
		r.Log.SetTimestamp(pcommon.NewTimestampFromTime(moment))
		r.Resource.Attributes().PutStr(record.AttributeServiceName, fmt.Sprintf("service-%d", random.IntN(30)))
		r.Log.SetObservedTimestamp(pcommon.NewTimestampFromTime(moment.Add(time.Millisecond)))
		r.Log.SetSeverityNumber(severities[random.IntN(len(severities))])
		r.Log.SetSeverityText("Informational")
		attributes := r.Log.Attributes()
		hash := sha256.Sum256([]byte(r.ID()))
		attributes.PutStr(record.AttributeHash, hex.EncodeToString(hash[:]))
		attributes.PutStr(record.AttributeSource, record.SourceLogSentry)
		attributes.PutStr(record.AttributeUserID, fmt.Sprint(user))
		attributes.PutStr(record.AttributeClientAddress, fmt.Sprintf("10.0.%d.%d", random.IntN(4), random.IntN(250)))
		attributes.PutInt("http.response.status_code", int64(200+random.IntN(5)))
		attributes.PutDouble("duration", float64(random.IntN(50000))/100)
		batch[i] = r
	}
	return batch
}

func BenchmarkEncode(b *testing.B) {
	batch := benchmarkBatch(rand.New(rand.NewPCG(1, 2)), 1000)
	var e encoder
	var source []byte
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		d, err := e.encode(source[:0], batch[i%len(batch)])
		require.NoError(b, err)
		source = d.source
	}
	b.ReportMetric(float64(len(source)), "bytes/record")
}

func BenchmarkDecode(b *testing.B) {
	d, err := newDocument(benchmarkBatch(rand.New(rand.NewPCG(1, 2)), 1)[0])
	require.NoError(b, err)
	source := rewritten(b, d.source)
	b.ReportAllocs()
	for b.Loop() {
		_, err := decodeSource(source)
		require.NoError(b, err)
	}
}

// processorTime returns how long the processors have worked for this process.
func processorTime() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkApply reports how many records a second a real cluster takes, the time of the
// processors on this side, and how much the records take on the disk once merged.
func BenchmarkApply(b *testing.B) {
	for _, server := range elasticsearchtest.Servers(b) {
		for _, size := range []int{1000, 5000} {
			b.Run(fmt.Sprintf("%s/%d", server.Product.Name, size), func(b *testing.B) {
				server := server
				server.Prefix += fmt.Sprint("-", size)
				backend := newBackend(b, server)
				random := rand.New(rand.NewPCG(1, 2))
				require.NoError(b, backend.Apply(b.Context(), benchmarkBatch(random, 10), false))
				var here time.Duration
				for b.Loop() {
					b.StopTimer()
					batch := benchmarkBatch(random, size)
					start := processorTime()
					b.StartTimer()
					require.NoError(b, backend.Apply(b.Context(), batch, false))
					here += processorTime() - start
				}
				records := float64(b.N * size)
				b.ReportMetric(records/b.Elapsed().Seconds(), "records/s")
				b.ReportMetric(float64(here.Microseconds())/records, "cpu-µs/record")
				b.ReportMetric(float64(backend.Stats().Bytes)/(records+10), "sent-B/record")
				_, err := backend.client.Do(b.Context(), http.MethodPost, "/"+backend.alias()+"/_forcemerge", url.Values{"max_num_segments": {"1"}, "flush": {"true"}}, nil)
				require.NoError(b, err)
				bytes, err := backend.DayBytes(b.Context(), testDay())
				require.NoError(b, err)
				b.ReportMetric(float64(bytes)/(records+10), "disk-B/record")
			})
		}
	}
}
