package testbed

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/testbed/client"
	"github.com/docketlog/docket/testbed/collector"
)

const (
	// clientsConfig is put on top of the default config: short timeouts, and instead of
	// metrics the profiler, by which goroutines are counted.
	clientsConfig = `receivers:
  audit_log: {read_header_timeout: 2s, read_timeout: 4s, idle_timeout: 10s}
extensions:
  pprof: {endpoint: "127.0.0.1:${env:DOCKET_METRICS_PORT}"}
service:
  extensions: [log_store, project_key, alerting, logs_api, pprof]
  telemetry: {metrics: {level: none}}
`
	// droppedWithin is how soon a client that goes on too slowly is dropped, with time
	// for a busy machine.
	droppedWithin = 15 * time.Second
	// freedWithin is how soon what clients took is given back: idle_timeout and the same.
	freedWithin = 30 * time.Second

	idleClients = 2000
	badClients  = 200
	// goodClients post while the others are there.
	goodClients = 4
	// saneAnswer bounds the 99th percentile of what they wait, on a busy machine. It is
	// a few milliseconds on an idle one.
	saneAnswer = 500 * time.Millisecond
	// goroutineSlack is for the engine's own, which come and go.
	goroutineSlack = 30
)

// badClient is a way to be a bad client. Each gets a connection of its own and ends
// when Docket closes it.
type badClient struct {
	name string
	act  func(connection net.Conn) error
}

func badClientKinds() []badClient {
	return []badClient{
		{"sends the header byte by byte", func(connection net.Conn) error {
			return trickle(connection, strings.Repeat("X-Slow: 1\r\n", 1000))
		}},
		{"sends the body byte by byte", func(connection net.Conn) error {
			if _, err := io.WriteString(connection, halfRequest); err != nil {
				return err
			}
			return trickle(connection, strings.Repeat("x", 900))
		}},
		{"sends half a body and waits", func(connection net.Conn) error {
			_, err := io.WriteString(connection, halfRequest)
			return err
		}},
		{"says that the body is large and waits", func(connection net.Conn) error {
			_, err := io.WriteString(connection, strings.Replace(halfRequest, "Content-Length: 1000", "Content-Length: 16777216", 1))
			return err
		}},
		{"sends half a body and goes", func(connection net.Conn) error {
			_, err := io.WriteString(connection, halfRequest)
			_ = connection.Close()
			return err
		}},
		{"goes before the answer", func(connection net.Conn) error {
			body := `{"msg": "` + goneMessage + `"}`
			_, err := io.WriteString(connection, strings.Replace(
				strings.TrimSuffix(halfRequest, `{"msg": `), "Content-Length: 1000", fmt.Sprintf("Content-Length: %d", len(body)), 1)+body)
			_ = connection.Close()
			return err
		}},
		{"says nothing", func(net.Conn) error { return nil }},
		{"says nonsense", func(connection net.Conn) error {
			_, err := io.WriteString(connection, "\x16\x03\x01\x02\x00nonsense\r\n\r\n")
			return err
		}},
	}
}

// trickle sends a text byte by byte until it is through or the connection is closed.
func trickle(connection net.Conn, text string) error {
	for i := range len(text) {
		if _, err := io.WriteString(connection, text[i:i+1]); err != nil {
			return nil //nolint:nilerr // Docket has closed it, as it should
		}
		time.Sleep(20 * time.Millisecond)
	}
	return nil
}

// Clients that are slow, vanish, send half a body, or keep thousands of connections
// for nothing take nothing that is not given back, and nobody else notices them.
func TestBadClientsHarmNobody(t *testing.T) {
	docket := startWithProfiler(t)
	c := newClient(t, docket, adminKey)
	warmUp := startGoodClients(t, c)
	time.Sleep(time.Second)
	warmUp.stop(t)
	c.Close()
	before := resourcesOf(t, docket)

	good := startGoodClients(t, c)
	idle := connectIdle(t, docket)
	var bad sync.WaitGroup
	for _, kind := range badClientKinds() {
		for range badClients {
			bad.Go(func() { runBadClient(t, docket, kind) })
		}
	}
	during := resourcesOf(t, docket)
	assert.Greater(t, during.sockets, before.sockets+idleClients, "the clients are there")
	bad.Wait()
	answers := good.stop(t)
	t.Logf("%d requests answered; 99 of 100 within %v, the last after %v", len(answers.waits), answers.percentile(0.99), answers.percentile(1))
	assert.Less(t, answers.percentile(0.99), saneAnswer)
	c.Close()

	after := waitForResources(t, docket, before)
	t.Logf("before %+v, during %+v, after %+v", before, during, after)
	for _, connection := range idle {
		require.NoError(t, waitUntilClosed(connection), "an idle connection")
	}
	c = newClient(t, docket, adminKey)
	assert.Equal(t, warmUp.count()+good.count(), countFound(t, c, goodMessage))
	assert.LessOrEqual(t, countFound(t, c, goneMessage), badClients, "each once at most")
	require.Zero(t, docket.Terminate())
}

// countFound returns how many records have the message. All were acknowledged, or
// their clients had gone, more than findableWithin ago.
func countFound(t *testing.T, c *client.Client, message string) int {
	t.Helper()
	page, err := c.Search(t.Context(), searchFor(message))
	require.NoError(t, err)
	return int(page.Pagination.Total)
}

func startWithProfiler(t *testing.T) *collector.Collector {
	t.Helper()
	overlay := filepath.Join(t.TempDir(), "clients.yaml")
	require.NoError(t, os.WriteFile(overlay, []byte(clientsConfig), 0o600))
	return collector.Start(t, collector.Options{AdminKey: adminKey, Arguments: []string{
		"--config", filepath.Join(collector.ModuleRoot(t), "distribution", "docket.yaml"), "--config", overlay,
	}})
}

// connectIdle opens connections that each get one answer and are silent then.
func connectIdle(t *testing.T, docket *collector.Collector) []net.Conn {
	t.Helper()
	connections := make([]net.Conn, 0, idleClients)
	for range idleClients {
		connection := dial(t, docket.Endpoints.Ingest)
		connections = append(connections, connection)
		_, err := io.WriteString(connection, "GET /nowhere HTTP/1.1\r\nHost: docket\r\n\r\n")
		require.NoError(t, err)
	}
	return connections
}

func runBadClient(t *testing.T, docket *collector.Collector, kind badClient) {
	t.Helper()
	begin := time.Now()
	connection, err := net.DialTimeout("tcp", docket.Endpoints.Ingest, droppedWithin)
	if err == nil {
		defer func() { _ = connection.Close() }()
		if err = kind.act(connection); err == nil {
			err = waitUntilClosed(connection)
		}
	}
	if took := time.Since(begin); err != nil || took > droppedWithin {
		t.Errorf("a client that %s was dropped after %v, error %v", kind.name, took, err)
	}
}

// waitUntilClosed reads until the other side has closed the connection, or this one.
func waitUntilClosed(connection net.Conn) error {
	_ = connection.SetReadDeadline(time.Now().Add(droppedWithin)) // fails on a closed one only
	_, err := io.Copy(io.Discard, connection)
	if timeout, ok := err.(net.Error); ok && timeout.Timeout() { //nolint:errorlint // as io.Copy returns it
		return fmt.Errorf("still open after %v", droppedWithin)
	}
	return nil
}

// resources are what a process has taken for its clients.
type resources struct {
	goroutines, sockets, files int
}

func resourcesOf(t *testing.T, docket *collector.Collector) resources {
	t.Helper()
	c := client.New(docket.Endpoints, "")
	defer c.Close()
	response, err := c.Do(t.Context(), http.MethodGet, "http://"+docket.Endpoints.Metrics+"/debug/pprof/goroutine?debug=1", "", "Connection", "close")
	require.NoError(t, err)
	var r resources
	_, err = fmt.Sscanf(string(response.Body), "goroutine profile: total %d", &r.goroutines)
	require.NoError(t, err, "%s", response)
	folder := fmt.Sprintf("/proc/%d/fd", docket.PID())
	descriptors, err := os.ReadDir(folder)
	require.NoError(t, err)
	for _, descriptor := range descriptors {
		target, err := os.Readlink(filepath.Join(folder, descriptor.Name()))
		switch {
		case err != nil: // closed meanwhile
		case strings.HasPrefix(target, "socket:"):
			r.sockets++
		default:
			r.files++
		}
	}
	return r
}

// waitForResources returns when the process has no more than before, and fails the
// test when that takes too long.
func waitForResources(t *testing.T, docket *collector.Collector, before resources) resources {
	t.Helper()
	var now resources
	assert.Eventually(t, func() bool {
		now = resourcesOf(t, docket)
		return now.goroutines <= before.goroutines+goroutineSlack && now.sockets <= before.sockets
	}, freedWithin, 200*time.Millisecond, "what clients took is not given back")
	return now
}

const goodMessage, goneMessage = "posted by a good client", "whoever sent this has gone"

// goodLoad is clients that post, each its next request when the last was answered.
type goodLoad struct {
	clients sync.WaitGroup
	done    chan struct{}

	mutex sync.Mutex
	// waits are how long the answers took.
	waits []time.Duration
}

func startGoodClients(t *testing.T, c *client.Client) *goodLoad {
	t.Helper()
	l := &goodLoad{done: make(chan struct{})}
	for range goodClients {
		l.clients.Go(func() {
			for {
				select {
				case <-l.done:
					return
				default:
				}
				begin := time.Now()
				response, err := c.LogSentry(t.Context(), `{"project": 1, "msg": "`+goodMessage+`"}`)
				if err != nil || response.Status != http.StatusOK {
					t.Errorf("a good client got %s, error %v", response, err)
					return
				}
				l.mutex.Lock()
				l.waits = append(l.waits, time.Since(begin))
				l.mutex.Unlock()
				time.Sleep(5 * time.Millisecond) // what is measured is waiting, not throughput
			}
		})
	}
	return l
}

// stop returns when every request was answered, with the waits sorted.
func (l *goodLoad) stop(t *testing.T) *goodLoad {
	t.Helper()
	close(l.done)
	l.clients.Wait()
	require.NotEmpty(t, l.waits)
	slices.Sort(l.waits)
	return l
}

func (l *goodLoad) count() int { return len(l.waits) }

func (l *goodLoad) percentile(share float64) time.Duration {
	return l.waits[int(share*float64(len(l.waits)-1))]
}
