package testbed

import (
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/testbed/client"
	"github.com/docketlog/docket/testbed/collector"
)

const (
	// stopConnections is how many keep-alive connections post while Docket stops, each
	// its next request when the last was answered.
	stopConnections = 64
	stopRounds      = 10
	// stopWithin is how long a stop may take under load. A stop with a request whose
	// rest does not come may take shutdownLimit of the receiver longer.
	stopWithin, cutOffWithin = 5 * time.Second, 15 * time.Second
)

// Docket ends keep-alive connections so that every request that was sent on one is
// answered; only new connections are refused. What it answered is stored.
func TestStopAnswersEveryRequest(t *testing.T) {
	run := newLedgerRun(t)
	var longest time.Duration
	for range stopRounds {
		run.restart(run.journal()...)
		c := client.New(run.docket.Endpoints, run.key)
		load := run.book.Post(t.Context(), c, stopConnections, "LogSentry", "LogHub", "CodeMash")
		run.waitForRecords(500 + run.random.IntN(2000))
		begin := time.Now()
		assert.Zero(t, run.docket.Terminate(), "exit code")
		longest = max(longest, time.Since(begin))
		load.Stop()
		c.Close()
	}
	t.Logf("the longest stop took %v", longest)
	assert.Less(t, longest, stopWithin)
	report := run.restartAndAudit(time.Minute)
	assert.Zero(t, report.Unanswered, "requests without an answer: %v", report.Failures)
}

// Clients that do nothing do not keep Docket from ending at once.
func TestStopWithIdleConnections(t *testing.T) {
	docket, c := start(t)
	_, err := c.LogSentry(t.Context(), `{"msg": "one"}`)
	require.NoError(t, err)
	time.Sleep(200 * time.Millisecond) // that the connection counts as idle
	begin := time.Now()
	require.Zero(t, docket.Terminate())
	assert.Less(t, time.Since(begin), time.Second)
}

// A client whose request never becomes whole cannot keep Docket from ending, and
// does not make the stop a failure.
func TestStopCutsOffWhatDoesNotEnd(t *testing.T) {
	docket := collector.Start(t, collector.Options{AdminKey: adminKey})
	connection := dial(t, docket.Endpoints.Ingest)
	_, err := io.WriteString(connection, halfRequest)
	require.NoError(t, err)
	c := newClient(t, docket, adminKey)
	_, err = c.LogSentry(t.Context(), `{"msg": "the half request is there by now"}`)
	require.NoError(t, err)
	begin := time.Now()
	require.Zero(t, docket.Terminate())
	assert.Less(t, time.Since(begin), cutOffWithin)
}

// The same for the listeners that are not audit_log's. OTLP's wait for as long as
// their timeouts allow, which are shorter here than in docket.yaml.
func TestStopEndsWithHalfRequestsEverywhere(t *testing.T) {
	const grpc = "--set=receivers::otlp::protocols::grpc::keepalive::server_parameters::max_connection_age"
	docket := collector.Start(t, collector.Options{AdminKey: adminKey, Arguments: []string{
		"--config", filepath.Join(collector.ModuleRoot(t), "distribution", "docket.yaml"),
		"--set=receivers::otlp::protocols::http::read_timeout=3s", grpc + "=2s", grpc + "_grace=1s",
	}})
	half := func(path string) string {
		return "POST " + path + " HTTP/1.1\r\nHost: docket\r\nAuthorization: Bearer " + adminKey +
			"\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
	}
	for endpoint, request := range map[string]string{
		docket.Endpoints.API: half("/api/projects/"), docket.Endpoints.OTLPHTTP: half("/v1/logs"),
		docket.Endpoints.OTLPGRPC: halfCall,
	} {
		_, err := io.WriteString(dial(t, endpoint), request)
		require.NoError(t, err)
	}
	time.Sleep(500 * time.Millisecond) // that they are there
	begin := time.Now()
	require.Zero(t, docket.Terminate())
	assert.Less(t, time.Since(begin), cutOffWithin)
}

// halfCall is the beginning of an OTLP call in HTTP/2: its preface, empty settings,
// the headers, which do not end the stream, and half a message.
const halfCall = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + "\x00\x00\x00\x04\x00\x00\x00\x00\x00" +
	"\x00\x00\x97\x01\x04\x00\x00\x00\x01" +
	"\x00\x07:method\x04POST" + "\x00\x07:scheme\x04http" +
	"\x00\x05:path\x39/opentelemetry.proto.collector.logs.v1.LogsService/Export" +
	"\x00\x0a:authority\x01x" + "\x00\x0ccontent-type\x10application/grpc" + "\x00\x02te\x08trailers" +
	"\x00\x00\x04\x00\x00\x00\x00\x00\x01" + "\x00\x00\x00\x10"

// halfRequest is a request whose body does not come.
const halfRequest = "POST /api/auditlog HTTP/1.1\r\nHost: docket\r\nAuthorization: Bearer " + adminKey +
	"\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{\"msg\": "

// dial returns a plain connection, which is closed when the test ends.
func dial(t *testing.T, endpoint string) net.Conn {
	t.Helper()
	var dialer net.Dialer
	connection, err := dialer.DialContext(t.Context(), "tcp", endpoint)
	require.NoError(t, err)
	t.Cleanup(func() { _ = connection.Close() })
	return connection
}
