package testbed

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/docketlog/docket/testbed/client"
	"github.com/docketlog/docket/testbed/collector"
	"github.com/docketlog/docket/testbed/ledger"
)

const (
	smallDiskMiB = 256
	// smallDiskConfig is put on top of the default config; the reserve belongs
	// into its gap.
	smallDiskConfig = `extensions:
  log_store:
    free_space_reserve_mib: %d
    journal: {segment_size_mib: 1, max_size_mib: 64}
`
	smallDiskReserveMiB = 64
	// noticedWithin is how soon Docket must see that a disk is nearly full or is so
	// no more. It looks once a second; the rest is for a busy machine.
	noticedWithin = 10 * time.Second

	nearlyFull = "the disk is nearly full"

	// diskConnections is how many connections post while the disk fills.
	diskConnections = 4
)

// While somebody else fills the disk, Docket refuses records in each format's own
// words, answers searches, applies what it has acknowledged, and lives; when there
// is room again it takes records again. What was acknowledged is there once, what
// was refused is not there.
func TestNearlyFullDiskRefusesAndRecovers(t *testing.T) {
	disk := mountSmallDisk(t)
	docket := startOnSmallDisk(t, disk, smallDiskReserveMiB)
	c, book := newClient(t, docket, adminKey), newLedger(t)
	load := book.Post(t.Context(), c, diskConnections)
	defer load.Stop()
	waitForAnswers(t, book, 200, 0)

	junk := fillDisk(t, disk, smallDiskReserveMiB-16)
	waitForAnswers(t, book, 0, 1)
	fillDisk(t, disk, 16)
	waitForAnswers(t, book, 0, 200)
	assertRefusedInEveryFormat(t, c)
	assertHealth(t, c, http.StatusServiceUnavailable, nearlyFull)
	page, err := c.Search(t.Context(), nil)
	require.NoError(t, err, "a search is answered")
	assert.NotZero(t, page.Pagination.Total)
	// The applier goes on: what is in the journal becomes durable in the backend.
	require.Eventually(t, func() bool { return metric(t, c, "log_store_journal_size") == 0 }, 15*time.Second, 100*time.Millisecond)
	assert.Less(t, metric(t, c, "log_store_disk_free"), metric(t, c, "log_store_disk_reserve"))

	require.NoError(t, os.RemoveAll(junk))
	waitForAnswers(t, book, 200, 0)
	assertHealth(t, c, http.StatusOK, "")
	load.Stop()
	for _, text := range []string{"the log store is unhealthy", "the log store has recovered"} {
		assert.Equal(t, 1, strings.Count(docket.Output(), text), "%q is logged once", text)
	}
	report := auditApplied(t, book, c)
	assert.Zero(t, report.Unanswered, "it lived and answered: %v", report.Failures)
	for _, example := range examples() {
		response, err := example.send(t.Context(), c)
		require.NoError(t, err, example.name)
		assert.Equal(t, http.StatusOK, response.Status, "%s: %s", example.name, response)
	}

	require.Zero(t, docket.Terminate(), "it lived until now and ends in order")
}

// A start on a disk that is nearly full is possible: whoever must make room may
// want to look at the records first.
func TestStartOnANearlyFullDisk(t *testing.T) {
	disk := mountSmallDisk(t)
	docket := startOnSmallDisk(t, disk, smallDiskReserveMiB)
	c, book := newClient(t, docket, adminKey), newLedger(t)
	load := book.Post(t.Context(), c, diskConnections)
	defer load.Stop()
	waitForAnswers(t, book, 200, 0)
	load.Stop()
	docket.Kill()
	fillDisk(t, disk, 32)
	docket.Restart()
	assertRefusedInEveryFormat(t, c)
	auditApplied(t, book, c)
	assertHealth(t, c, http.StatusServiceUnavailable, nearlyFull)
}

// Without a reserve a full disk ends the process, or the journal takes nothing any
// more; but the answers that were given stay true.
func TestFullDiskLosesNothing(t *testing.T) {
	disk := mountSmallDisk(t)
	docket := startOnSmallDisk(t, disk, 0)
	fillDisk(t, disk, 4)
	c, book := newClient(t, docket, adminKey), newLedger(t)
	book.FailingDisk = true
	load := book.Post(t.Context(), c, diskConnections)
	defer load.Stop()
	waitForAnswers(t, book, 200, 0)
	junk := fillDisk(t, disk, 0)
	waitUntilNothingIsTaken(t, docket, book)
	load.Stop()
	docket.Kill() // if it has not ended by itself

	require.NoError(t, os.RemoveAll(junk))
	docket.Restart()
	auditApplied(t, book, newClient(t, docket, adminKey))
}

// newLedger returns a ledger whose choices are other ones in each run.
func newLedger(t *testing.T) *ledger.Ledger {
	t.Helper()
	seed := numberFromEnvironment(t, seedVariable, int(time.Now().UnixNano()))
	t.Logf("%s=%d", seedVariable, seed)
	return ledger.New(uint64(seed))
}

// waitForAnswers returns when so many more records were acknowledged and refused.
func waitForAnswers(t *testing.T, book *ledger.Ledger, acknowledged, refused int) {
	t.Helper()
	acknowledged += book.Acknowledged()
	refused += book.Refused()
	require.Eventually(t, func() bool {
		return book.Acknowledged() >= acknowledged && book.Refused() >= refused
	}, noticedWithin, 10*time.Millisecond)
}

// waitUntilNothingIsTaken returns when the process has ended, or no record was
// acknowledged for a while.
func waitUntilNothingIsTaken(t *testing.T, docket *collector.Collector, book *ledger.Ledger) {
	t.Helper()
	for before := -1; book.Acknowledged() > before; {
		before = book.Acknowledged()
		select {
		case <-docket.Exited():
			return
		case <-time.After(time.Second):
		}
	}
}

// auditApplied compares what is stored with the ledger when all is applied. Unlike
// Ledger.Settle it needs no record to be taken.
func auditApplied(t *testing.T, book *ledger.Ledger, c *client.Client) *ledger.Report {
	t.Helper()
	require.Eventually(t, func() bool { return metric(t, c, "log_store_lag_batches") == 0 }, 30*time.Second, 100*time.Millisecond)
	time.Sleep(findableWithin)
	report, err := book.Audit(t.Context(), c)
	require.NoError(t, err)
	require.NoError(t, report.Err())
	t.Logf("%d records acknowledged, %d refused, %d of %d unanswered ones are stored",
		report.Acknowledged, report.Refused, report.Present, report.Unanswered)
	return report
}

// mountSmallDisk returns the folder of a new file system of smallDiskMiB.
func mountSmallDisk(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	output, err := exec.CommandContext(t.Context(), "mount", "-t", "tmpfs",
		"-o", fmt.Sprintf("size=%dm", smallDiskMiB), "docket-test", folder).CombinedOutput()
	if err != nil {
		t.Fatalf("this test fills a file system of its own, which it may mount only as root on Linux "+
			"(in a container, with the capability SYS_ADMIN): %v: %s", err, output)
	}
	t.Cleanup(func() {
		output, err := exec.CommandContext(context.Background(), "umount", folder).CombinedOutput()
		assert.NoError(t, err, "%s", output)
	})
	return folder
}

func startOnSmallDisk(t *testing.T, disk string, reserveMiB int) *collector.Collector {
	t.Helper()
	overlay := filepath.Join(t.TempDir(), "small-disk.yaml")
	require.NoError(t, os.WriteFile(overlay, fmt.Appendf(nil, smallDiskConfig, reserveMiB), 0o600))
	return collector.Start(t, collector.Options{
		AdminKey: adminKey, DataDir: filepath.Join(disk, "data"), Ready: listening,
		Arguments: []string{
			"--config", filepath.Join(collector.ModuleRoot(t), "distribution", "docket.yaml"), "--config", overlay,
		},
	})
}

// listening is for a Docket whose health is not expected to be good.
func listening(endpoints collector.Endpoints) bool {
	for _, endpoint := range []string{endpoints.API, endpoints.Ingest, endpoints.OTLPHTTP, endpoints.OTLPGRPC} {
		if !collector.Listening(func(collector.Endpoints) string { return endpoint })(endpoints) {
			return false
		}
	}
	return true
}

// fillDisk writes junk until so much is free, and returns the junk's folder.
func fillDisk(t *testing.T, disk string, leaveMiB uint64) (junk string) {
	t.Helper()
	const block = 256 << 10
	junk = filepath.Join(disk, "junk")
	require.NoError(t, os.MkdirAll(junk, 0o700))
	file, err := os.CreateTemp(junk, "")
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	for {
		var usage syscall.Statfs_t
		require.NoError(t, syscall.Statfs(disk, &usage))
		if usage.Bavail*uint64(usage.Bsize) < leaveMiB<<20+block {
			return junk
		}
		_, err := file.Write(make([]byte, block))
		require.NoError(t, err)
	}
}

// assertRefusedInEveryFormat expects answers from which each format's client
// learns what is wrong and when to try again.
func assertRefusedInEveryFormat(t *testing.T, c *client.Client) {
	t.Helper()
	for _, example := range examples() {
		response, err := example.send(t.Context(), c)
		if err != nil { // only a gRPC call's status is an error
			assertRefusal(t, example.name, status.Convert(err))
			continue
		}
		assert.Equal(t, http.StatusServiceUnavailable, response.Status, "%s: %s", example.name, response)
		seconds, err := strconv.Atoi(response.Header.Get("Retry-After"))
		require.NoError(t, err, "%s: Retry-After", example.name)
		assert.Positive(t, seconds, example.name)

		switch example.found.Details["docket.source"] {
		case "logsentry":
			var answer struct {
				Status, Message string
				Errors          []any
			}
			require.NoError(t, response.Decode(&answer), example.name)
			assert.Equal(t, "error", answer.Status)
			assert.Contains(t, answer.Message, nearlyFull)
		case "loghub":
			var answer struct {
				Code, Status, Message string
				Errors                []any
			}
			require.NoError(t, response.Decode(&answer), example.name)
			assert.Equal(t, "error", answer.Status)
			assert.NotEmpty(t, answer.Code)
			assert.Contains(t, answer.Message, nearlyFull)
		case "codemash":
			var answer struct {
				ResponseStatus struct {
					ErrorCode, Message string
					Errors             []any
				}
			}
			require.NoError(t, response.Decode(&answer), example.name)
			assert.NotEmpty(t, answer.ResponseStatus.ErrorCode)
			assert.Contains(t, answer.ResponseStatus.Message, nearlyFull)
		default:
			assertRefusal(t, example.name, otlpStatus(t, response))
		}
	}
}

// otlpStatus decodes the error of OTLP/HTTP, in the encoding of the request.
func otlpStatus(t *testing.T, response client.Response) *status.Status {
	t.Helper()
	var answer rpcstatus.Status
	decode := proto.Unmarshal
	if response.Header.Get("Content-Type") == "application/json" {
		decode = protojson.Unmarshal
	}
	require.NoError(t, decode(response.Body, &answer), "%s", response)
	return status.FromProto(&answer)
}

func assertRefusal(t *testing.T, name string, refusal *status.Status) {
	t.Helper()
	assert.Equal(t, codes.Unavailable, refusal.Code(), name)
	assert.Contains(t, refusal.Message(), nearlyFull, name)
	for _, detail := range refusal.Details() {
		if retry, ok := detail.(*errdetails.RetryInfo); ok {
			assert.Positive(t, retry.GetRetryDelay().AsDuration(), name)
			return
		}
	}
	assert.Fail(t, "no RetryInfo", name)
}

func assertHealth(t *testing.T, c *client.Client, expected int, text string) {
	t.Helper()
	response, err := c.Do(t.Context(), http.MethodGet, "http://"+c.Endpoints.API+"/healthz", "")
	require.NoError(t, err)
	assert.Equal(t, expected, response.Status, response)
	assert.Contains(t, string(response.Body), text)
}

// metric returns the only value of one of Docket's own metrics.
func metric(t *testing.T, c *client.Client, name string) float64 {
	t.Helper()
	response, err := c.Do(t.Context(), http.MethodGet, "http://"+c.Endpoints.Metrics+"/metrics", "")
	require.NoError(t, err)
	for line := range strings.Lines(string(response.Body)) {
		if strings.HasPrefix(line, "#") || !strings.Contains(line, name) {
			continue
		}
		fields := strings.Fields(line)
		value, err := strconv.ParseFloat(fields[len(fields)-1], 64)
		require.NoError(t, err, line)
		return value
	}
	require.Fail(t, "no such metric", name)
	return 0
}
