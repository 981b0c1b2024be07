package journaled_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/embedded"
	"github.com/docketlog/docket/internal/logstore/journaled"
	"github.com/docketlog/docket/internal/record"
)

// openEngine opens a store on the embedded engine.
func openEngine(directory string, interval time.Duration) (*journaled.Store, error) {
	backend, err := embedded.Open(embedded.Config{Directory: filepath.Join(directory, "records"), Logger: zap.NewNop()})
	if err != nil {
		return nil, err
	}
	return journaled.Open(context.Background(), journaled.Config{
		Directory: directory, Backend: backend, CheckpointInterval: interval, FindsAtOnce: true,
	})
}

// event returns one sealed record of project 1.
func event(body string) plog.Logs {
	logs := plog.NewLogs()
	resource := logs.ResourceLogs().AppendEmpty()
	resource.Resource().Attributes().PutInt(record.AttributeProjectID, 1)
	log := resource.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	log.Body().SetStr(body)
	log.SetTimestamp(pcommon.NewTimestampFromTime(time.Now()))
	for r := range record.All(logs) {
		record.Seal(r, time.Now())
	}
	return logs
}

// Who has an answer finds the record with the next search.
func TestASearchFindsWhatWasAnswered(t *testing.T) {
	s, err := openEngine(t.TempDir(), time.Hour)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close(context.Background())) })
	for n := range 50 {
		require.NoError(t, s.Append(t.Context(), event(fmt.Sprintf("event %d", n))))
		count, err := s.Count(t.Context(), logstore.Query{ProjectID: 1})
		require.NoError(t, err)
		require.EqualValues(t, n+1, count)
	}
}

// The promise of logstore.Writer: what was appended is found within two seconds,
// while others write as fast as they can and checkpoints come often.
func TestRecordsAreFoundWithinTwoSeconds(t *testing.T) {
	s, err := openEngine(t.TempDir(), 300*time.Millisecond)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close(context.Background())) })
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var writers sync.WaitGroup
	for writer := range 8 {
		writers.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				if err := s.Append(context.Background(), event(fmt.Sprintf("noise %d of %d", n, writer))); !assert.NoError(t, err) {
					return
				}
			}
		})
	}
	for n := range 10 {
		needle := fmt.Sprintf("needle-%d", n)
		require.NoError(t, s.Append(t.Context(), event(needle)))
		query := logstore.Query{ProjectID: 1, Filter: filter.BodyContains(needle), Limit: 2}
		require.Eventually(t, func() bool {
			found, err := s.Search(t.Context(), query)
			require.NoError(t, err)
			return len(found) == 1
		}, 2*time.Second, 10*time.Millisecond, needle)
		time.Sleep(100 * time.Millisecond)
	}
	stop()
	writers.Wait()
}

const killedStoreDirectory = "DOCKET_TEST_KILLED_STORE"

// TestKilledStore is the process that TestKillLosesAndDoublesNothing kills: it
// writes the number of each acknowledged record.
func TestKilledStore(t *testing.T) {
	directory := os.Getenv(killedStoreDirectory)
	if directory == "" {
		return // only the other test starts it in earnest
	}
	s, err := openEngine(directory, 30*time.Millisecond)
	require.NoError(t, err)
	var mu sync.Mutex
	var writers sync.WaitGroup
	for range 8 {
		writers.Go(func() {
			for {
				logs := event("acknowledged")
				require.NoError(t, s.Append(context.Background(), logs))
				for r := range record.All(logs) {
					mu.Lock()
					fmt.Println("ack", r.ID())
					mu.Unlock()
				}
			}
		})
	}
	writers.Wait()
}

// A store whose process is killed at any moment, again and again, has every
// acknowledged record, and each once.
func TestKillLosesAndDoublesNothing(t *testing.T) {
	directory := t.TempDir()
	acknowledged := map[string]bool{}
	for kill := range 6 {
		command := exec.Command(os.Args[0], "-test.run=^TestKilledStore$")
		command.Env = append(os.Environ(), killedStoreDirectory+"="+directory)
		output, err := command.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, command.Start())
		lines := bufio.NewScanner(output)
		require.True(t, lines.Scan(), "it acknowledges a record") // so it is open
		timer := time.AfterFunc(time.Duration(30+kill*53)*time.Millisecond, func() { assert.NoError(t, command.Process.Kill()) })
		for more := true; more; more = lines.Scan() {
			if id, isAck := strings.CutPrefix(lines.Text(), "ack "); isAck && len(id) == 36 {
				acknowledged[id] = true
			}
		}
		require.Error(t, command.Wait(), "it was killed")
		timer.Stop()
	}
	require.Greater(t, len(acknowledged), 100)

	s, err := openEngine(directory, time.Hour)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close(context.Background())) })
	require.Eventually(t, func() bool { return s.Stats().LagEntries == 0 }, 30*time.Second, 10*time.Millisecond)
	counts := map[string]int{}
	require.Eventually(t, func() bool {
		clear(counts)
		found, err := s.Search(t.Context(), logstore.Query{ProjectID: 1, Limit: 10 * len(acknowledged)})
		require.NoError(t, err)
		for _, r := range found {
			counts[r.ID()]++
		}
		for id := range acknowledged {
			if counts[id] == 0 {
				return false
			}
		}
		return true
	}, 5*time.Second, 100*time.Millisecond, "every acknowledged record is there")
	for id, count := range counts {
		require.Equal(t, 1, count, id)
	}
	t.Logf("%d records acknowledged, %d stored", len(acknowledged), len(counts))
}

func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			s, err := openEngine(b.TempDir(), 0)
			require.NoError(b, err)
			next := make(chan plog.Logs, 1000)
			var group sync.WaitGroup
			for range writers {
				group.Go(func() {
					for logs := range next {
						if err := s.Append(b.Context(), logs); err != nil {
							b.Error(err)
						}
					}
				})
			}
			body := strings.Repeat("x", 300)
			b.ResetTimer()
			for range b.N {
				next <- event(body)
			}
			close(next)
			group.Wait()
			b.StopTimer()
			stats := s.Stats()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
			b.ReportMetric(float64(stats.Appends)/float64(stats.Fsyncs), "records/fsync")
			b.ReportMetric(float64(stats.LagEntries), "lag")
			require.NoError(b, s.Close(b.Context()))
		})
	}
}
