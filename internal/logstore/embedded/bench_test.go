package embedded_test

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/logstore/embedded"
	"github.com/docketlog/docket/internal/record"
)

var recordCount = flag.Int("records", 1_000_000, "number of records that BenchmarkQueries and BenchmarkMaintenance work on")

// benchmarkBatch returns records of about the time at: 8 severities, 30 services,
// bodies of 200 bytes made of templates with random ids, 8 attributes.
func benchmarkBatch(random *rand.Rand, at time.Time, size int) []record.Record {
	severities := []plog.SeverityNumber{9, 9, 9, 9, 9, 5, 5, 10, 13, 13, 17, 18, 19, 21}
	batch := make([]record.Record, size)
	for i := range batch {
		at := at.Add(time.Duration(random.Int64N(int64(10 * time.Minute))))
		user := random.IntN(5000)
		body := fmt.Sprintf("User %d %s order %x of customer %d from the session %x; the request took %d ms and returned status %d. %s",
			user, []string{"created", "changed", "removed", "looked at"}[random.IntN(4)], random.Uint64(), random.IntN(900), random.Uint64(),
			random.IntN(500), 200+random.IntN(5), "Nothing else of note happened while it was served by the replica.")
		r := newRecord(project, pcommon.NewTimestampFromTime(at), body)
		r.Resource.Attributes().PutStr(record.AttributeServiceName, fmt.Sprintf("service-%d", random.IntN(30)))
		r.Log.SetObservedTimestamp(pcommon.NewTimestampFromTime(at.Add(time.Millisecond)))
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

func BenchmarkApply(b *testing.B) {
	directory := b.TempDir()
	backend := open(b, directory)
	random := rand.New(rand.NewPCG(1, 2))
	batch := benchmarkBatch(random, day, 1000)
	for b.Loop() {
		require.NoError(b, backend.Apply(b.Context(), batch, false))
	}
	b.ReportMetric(float64(b.N*len(batch))/b.Elapsed().Seconds(), "records/s")
}

func BenchmarkSync(b *testing.B) {
	backend := open(b, b.TempDir())
	random := rand.New(rand.NewPCG(1, 2))
	for b.Loop() {
		require.NoError(b, backend.Apply(b.Context(), benchmarkBatch(random, day, 100), false))
		require.NoError(b, backend.Sync(b.Context()))
	}
}

func fill(b *testing.B, backend *embedded.Backend, directory string) {
	b.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	var applying time.Duration
	batches := *recordCount / 1000
	for i := range batches { // over seven days
		at := day.Add(-7 * 24 * time.Hour / time.Duration(batches) * time.Duration(batches-i))
		batch := benchmarkBatch(random, at, 1000)
		start := time.Now()
		require.NoError(b, backend.Apply(b.Context(), batch, false))
		applying += time.Since(start)
	}
	start := time.Now()
	require.NoError(b, backend.Sync(b.Context()))
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	b.Logf("%d records: applied %.0f a second, synced in %v, %d bytes a record, %d MB of memory",
		*recordCount, float64(*recordCount)/applying.Seconds(), time.Since(start), sizeOf(b, directory)/int64(*recordCount), memory.Sys>>20)
	backend.ForceMerge()
	b.Logf("merged: %d bytes a record", sizeOf(b, directory)/int64(*recordCount))
}

func sizeOf(b *testing.B, directory string) (total int64) {
	b.Helper()
	require.NoError(b, filepath.WalkDir(directory, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	}))
	return total
}

// BenchmarkMaintenance reports how long Snapshot takes and keeps Apply waiting, and
// how long the deletion of half the records takes, as one of two projects of a day
// and as a whole day.
func BenchmarkMaintenance(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		parent := b.TempDir()
		backend := open(b, filepath.Join(parent, "store"))
		random := rand.New(rand.NewPCG(1, 2))
		for i := range *recordCount / 1000 {
			batch := benchmarkBatch(random, midnight.AddDate(0, 0, -i%7), 1000)
			for n, r := range batch {
				r.Resource.Attributes().PutInt(record.AttributeProjectID, int64(project+n%2))
			}
			require.NoError(b, backend.Apply(b.Context(), batch, false))
		}
		require.NoError(b, backend.Sync(b.Context()))
		b.StartTimer()

		start := time.Now()
		waited := longestApply(b, backend, random, func() {
			require.NoError(b, backend.Snapshot(b.Context(), filepath.Join(parent, "copy")))
		})
		b.ReportMetric(float64(time.Since(start).Milliseconds()), "ms/snapshot")
		b.ReportMetric(float64(waited.Milliseconds()), "ms/longest-apply")
		start = time.Now()
		for ago := range 7 {
			require.NoError(b, backend.DeleteProjects(b.Context(), midnight.AddDate(0, 0, -ago), []int64{project}))
		}
		b.ReportMetric(float64(time.Since(start).Milliseconds()), "ms/7-rewrites")
		start = time.Now()
		require.NoError(b, backend.DeleteDay(b.Context(), midnight.AddDate(0, 0, -3)))
		b.ReportMetric(float64(time.Since(start).Milliseconds()), "ms/day")
		require.NoError(b, backend.Close())
	}
}

// longestApply applies small batches while do runs, and returns how long the
// slowest took.
func longestApply(b *testing.B, backend *embedded.Backend, random *rand.Rand, do func()) (longest time.Duration) {
	b.Helper()
	stop, finished := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(finished)
		for {
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
			}
			batch := benchmarkBatch(random, day, 10)
			start := time.Now()
			if backend.Apply(b.Context(), batch, false) != nil {
				return
			}
			longest = max(longest, time.Since(start))
		}
	}()
	do()
	close(stop)
	<-finished
	return longest
}
