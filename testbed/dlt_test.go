package testbed

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/testbed/client"
	"github.com/docketlog/docket/testbed/collector"
	"github.com/docketlog/docket/testbed/tools"
)

const (
	// dltRecords are read in pages of dltPage, the last of which is not full. Three each
	// have the same timestamp.
	dltRecords, dltPage, dltEqual = 2345, 50, 3
	// dltTimeout bounds a run, which takes seconds.
	dltTimeout = 3 * time.Minute
)

// dlt's REST source, with its offset paginator, reads each record of a range of time
// once while records right before and right after the range are stored.
func TestDltReadsEveryRecordOnce(t *testing.T) {
	t.Parallel() // no time is measured in it
	onEachBackend(t, testDltReadsEveryRecordOnce)
}

func testDltReadsEveryRecordOnce(t *testing.T, b *backend) {
	t.Helper()
	python := tools.InstallPython(t, "dlt")
	docket, c := b.start(t)
	begin := time.Now().UTC().Add(-time.Hour).Truncate(time.Second)
	end := begin.Add(dltRecords / dltEqual * 100 * time.Millisecond).Truncate(time.Second)
	var times []time.Time
	for i := range dltRecords {
		// The first and the last are the ends of the range.
		times = append(times, end.Add(-time.Duration(i/dltEqual)*end.Sub(begin)/((dltRecords-1)/dltEqual)))
	}
	require.NoError(t, storeAt(t.Context(), c, "in the range", times))
	require.Eventually(t, func() bool {
		page, err := c.Search(t.Context(), url.Values{"startDate": {dltDate(begin)}, "endDate": {dltDate(end)}, "limit": {"1"}})
		return assert.NoError(t, err) && page.Pagination.Total == dltRecords
	}, patience(c), 10*time.Millisecond)

	others := startOthers(t, c, begin.Add(-time.Nanosecond), end.Add(time.Second))
	messages, meanwhile := readWithDlt(t, python, docket, begin, end, &others.stored)
	others.stop()
	t.Logf("%d requests were stored from the first record that was read to the last", meanwhile)
	assert.Positive(t, meanwhile)

	require.Len(t, messages, dltRecords)
	seen := map[string]int{}
	for _, message := range messages {
		seen[message]++
	}
	for i := range dltRecords {
		assert.Equal(t, 1, seen[fmt.Sprintf("in the range %d", i)], "record %d", i)
	}
}

// dltDate is a date of GET /logs.
func dltDate(t time.Time) string { return t.Format(time.RFC3339) }

// storeAt stores records with a message, behind which stands their number, and the
// given timestamps.
func storeAt(ctx context.Context, c *client.Client, message string, times []time.Time) error {
	logs := plog.NewLogs()
	resource := logs.ResourceLogs().AppendEmpty()
	resource.Resource().Attributes().PutStr("service.name", "dlt")
	records := resource.ScopeLogs().AppendEmpty().LogRecords()
	for i, at := range times {
		record := records.AppendEmpty()
		record.SetTimestamp(pcommon.NewTimestampFromTime(at))
		record.SetSeverityNumber(plog.SeverityNumberInfo)
		record.Body().SetStr(message + " " + strconv.Itoa(i))
	}
	response, err := c.OTLPProtobuf(ctx, logs)
	if err == nil && response.Status != http.StatusOK {
		err = &client.StatusError{Response: response}
	}
	return err
}

// others stores records that nobody asks for, until it is stopped.
type others struct {
	// stored is how many requests with them were acknowledged so far.
	stored atomic.Int64
	cancel context.CancelFunc
	writer sync.WaitGroup
}

// startOthers stores records of two timestamps, and of now.
func startOthers(t *testing.T, c *client.Client, first, second time.Time) *others {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	o := &others{cancel: cancel}
	t.Cleanup(o.stop) // also when the test fails before it stops them
	o.writer.Go(func() {
		for ctx.Err() == nil {
			err := storeAt(ctx, c, "beside the range", []time.Time{first, second, time.Now()})
			if ctx.Err() == nil && assert.NoError(t, err) {
				o.stored.Add(1)
			}
		}
	})
	return o
}

func (o *others) stop() {
	o.cancel()
	o.writer.Wait()
}

// readWithDlt returns the messages that dlt reads, and by how much a counter grew from the
// first of them to the last.
func readWithDlt(
	t *testing.T, python tools.Python, docket *collector.Collector, begin, end time.Time, counter *atomic.Int64,
) (messages []string, growth int64) {
	t.Helper()
	script, err := filepath.Abs(filepath.Join("testdata", "read_logs_with_dlt.py"))
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), dltTimeout)
	defer cancel()
	command := exec.CommandContext(ctx, python.Interpreter(), script) //nolint:gosec // the pinned program
	command.Dir = t.TempDir()
	command.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + command.Dir, "RUNTIME__DLTHUB_TELEMETRY=false",
		"DOCKET_URL=http://" + docket.Endpoints.API, "DOCKET_KEY=" + adminKey, "DOCKET_PAGE=" + strconv.Itoa(dltPage),
		"DOCKET_START=" + dltDate(begin), "DOCKET_END=" + dltDate(end),
	}
	var problems strings.Builder
	command.Stderr = &problems
	output, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if len(messages) == 0 {
			growth = -counter.Load()
		}
		messages = append(messages, lines.Text())
	}
	growth += counter.Load()
	require.NoError(t, lines.Err())
	require.NoError(t, command.Wait(), "%s", &problems)
	return messages, growth
}
