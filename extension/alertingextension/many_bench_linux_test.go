package alertingextension

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/internal/docstore/embedded"
)

// BenchmarkManyAlerts measures the processor time until many alerts of the configuration
// are made and known to who tags records, and that of a second in which nothing changes.
func BenchmarkManyAlerts(b *testing.B) {
	const count, quiet, patient = 10_000, 5 * time.Second, 3 * time.Minute
	for b.Loop() {
		documents, err := embedded.Open(b.TempDir() + "/documents.db")
		require.NoError(b, err)
		b.Cleanup(func() { require.NoError(b, documents.Close()) })
		s := newStore()
		s.documents = documents
		begin, used := time.Now(), processorTime(b)
		replica, stop := s.startWith(b, func(c *Config) {
			c.CheckInterval, c.Alerts = time.Minute, map[string]AlertConfig{}
			for i := range count {
				c.Alerts[fmt.Sprint("rule-", i)] = AlertConfig{
					Project: 1, Settings: map[string]any{"filters": map[string]any{"q": fmt.Sprintf("user.id=%d level>=warn", i)}, "threshold_count": 1},
				}
			}
		})
		for replica.Rules() == nil || replica.Rules().Len() < count {
			if time.Since(begin) > patient {
				b.Fatalf("the alerts are not made within %s", patient)
			}
			time.Sleep(100 * time.Millisecond)
		}
		made := processorTime(b)
		b.ReportMetric(time.Since(begin).Seconds(), "made-s")
		b.ReportMetric((made - used).Seconds(), "made-CPU-s")
		time.Sleep(quiet)
		b.ReportMetric(float64((processorTime(b)-made).Milliseconds())/quiet.Seconds(), "quiet-CPU-ms/s")
		stop()
	}
	b.ReportMetric(0, "ns/op")
}

// processorTime is what this process has used.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
