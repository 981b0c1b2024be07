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
	"sync"
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
)

// While somebody else fills the disk, Docket refuses records in each format's own
// words, answers searches, applies what it has acknowledged, and lives; when there
// is room again it takes records again. What was acknowledged is there once, what
// was refused is not there.
func TestNearlyFullDiskRefusesAndRecovers(t *testing.T) {
	disk := mountSmallDisk(t)
	docket := startOnSmallDisk(t, disk, smallDiskReserveMiB)
	c := newClient(t, docket, adminKey)
	load := startPatientLoad(t, c)
	load.wait(t, 200, 0)

	junk := fillDisk(t, disk, smallDiskReserveMiB-16)
	load.wait(t, 0, 1)
	fillDisk(t, disk, 16)
	load.wait(t, 0, 200)
	assertRefusedInEveryFormat(t, c)
	assertHealth(t, c, http.StatusServiceUnavailable, nearlyFull)
	page, err := c.Search(t.Context(), nil)
	require.NoError(t, err, "a search is answered")
	assert.NotZero(t, page.Pagination.Total)
	// The applier goes on: what is in the journal becomes durable in the backend.
	require.Eventually(t, func() bool { return metric(t, c, "log_store_journal_size") == 0 }, 15*time.Second, 100*time.Millisecond)
	assert.Less(t, metric(t, c, "log_store_disk_free"), metric(t, c, "log_store_disk_reserve"))

	require.NoError(t, os.RemoveAll(junk))
	load.wait(t, 200, 0)
	assertHealth(t, c, http.StatusOK, "")
	load.stop()
	for _, text := range []string{"the log store is unhealthy", "the log store has recovered"} {
		assert.Equal(t, 1, strings.Count(docket.Output(), text), "%q is logged once", text)
	}
	load.assertStored(t, c)
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
	c := newClient(t, docket, adminKey)
	load := startPatientLoad(t, c)
	load.wait(t, 200, 0)
	load.stop()
	docket.Kill()
	fillDisk(t, disk, 32)
	docket.Restart()
	assertRefusedInEveryFormat(t, c)
	require.Eventually(t, func() bool { return metric(t, c, "log_store_lag_batches") == 0 }, 30*time.Second, 100*time.Millisecond)
	load.assertStored(t, c)
	assertHealth(t, c, http.StatusServiceUnavailable, nearlyFull)
}

// Without a reserve a full disk ends the process, or the journal takes nothing any
// more; but the answers that were given stay true.
func TestFullDiskLosesNothing(t *testing.T) {
	disk := mountSmallDisk(t)
	docket := startOnSmallDisk(t, disk, 0)
	fillDisk(t, disk, 4)
	load := startLoad(t, newClient(t, docket, adminKey))
	require.Eventually(t, func() bool { return load.acknowledged.Load() > 200 }, 20*time.Second, time.Millisecond)
	junk := fillDisk(t, disk, 0)
	load.clients.Wait() // each ends with its first refusal, or when the server is gone
	docket.Kill()       // if it has not ended by itself

	require.NoError(t, os.RemoveAll(junk))
	docket.Restart()
	c := newClient(t, docket, adminKey)
	require.Eventually(t, func() bool { return metric(t, c, "log_store_lag_batches") == 0 }, 30*time.Second, 100*time.Millisecond)
	assertLedger(t, c, load.sent)
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

// patientLoad is four clients that post, also after a refusal, until stop.
type patientLoad struct {
	stop func()

	mutex sync.Mutex
	// sent has the message of every request; its value is the answer's status.
	sent map[string]int
}

func startPatientLoad(t *testing.T, c *client.Client) *patientLoad {
	t.Helper()
	var clients sync.WaitGroup
	done := make(chan struct{})
	l := &patientLoad{sent: map[string]int{}, stop: sync.OnceFunc(func() { close(done); clients.Wait() })}
	t.Cleanup(l.stop)
	for number := range 4 {
		clients.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-done:
					return
				case <-time.After(2 * time.Millisecond):
					if !l.post(t, c, fmt.Sprintf("client %d message %d", number, i)) {
						return
					}
				}
			}
		})
	}
	return l
}

// post returns false after an answer that nobody may get.
func (l *patientLoad) post(t *testing.T, c *client.Client, message string) bool {
	t.Helper()
	response, err := c.LogSentry(context.Background(), `{"project": 1, "msg": "`+message+`"}`)
	if err != nil {
		t.Errorf("the process does not live and answer: %v", err)
		return false
	}
	l.mutex.Lock()
	l.sent[message] = response.Status
	l.mutex.Unlock()
	return assert.Contains(t, []int{http.StatusOK, http.StatusServiceUnavailable}, response.Status, "%s", response)
}

func (l *patientLoad) count(answer int) (count int) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for _, status := range l.sent {
		if status == answer {
			count++
		}
	}
	return count
}

// wait returns when so many more requests were acknowledged and refused.
func (l *patientLoad) wait(t *testing.T, acknowledged, refused int) {
	t.Helper()
	acknowledged += l.count(http.StatusOK)
	refused += l.count(http.StatusServiceUnavailable)
	require.Eventually(t, func() bool {
		return l.count(http.StatusOK) >= acknowledged && l.count(http.StatusServiceUnavailable) >= refused
	}, noticedWithin, 10*time.Millisecond)
}

// assertStored compares what is stored with what was answered.
func (l *patientLoad) assertStored(t *testing.T, c *client.Client) {
	t.Helper()
	acknowledged := map[string]bool{}
	for message, answer := range l.sent {
		acknowledged[message] = answer == http.StatusOK
	}
	assertLedger(t, c, acknowledged)
	for message := range countMessages(t, c) {
		assert.True(t, acknowledged[message], "%q was refused, but is stored", message)
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
