package auditlogreceiver

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/metadata"
)

// startReceiver starts a receiver that the test itself shuts down.
func startReceiver(t *testing.T, next *pipeline) *auditLogReceiver {
	t.Helper()
	config := createDefaultConfig().(*Config)
	config.ServerConfig.NetAddr.Endpoint = "127.0.0.1:0"
	r, err := newReceiver(config, receivertest.NewNopSettings(metadata.Type), next)
	require.NoError(t, err)
	require.NoError(t, r.Start(t.Context(), testHost{}))
	return r
}

// rawConnection sends requests without the help of http.Client, which sends some of
// them again when a connection breaks.
type rawConnection struct {
	net.Conn
	answers *bufio.Reader
}

func connect(t *testing.T, r *auditLogReceiver) *rawConnection {
	t.Helper()
	var dialer net.Dialer
	connection, err := dialer.DialContext(t.Context(), "tcp", r.listener.Addr().String())
	require.NoError(t, err)
	require.NoError(t, connection.SetDeadline(time.Now().Add(20*time.Second)))
	t.Cleanup(func() { _ = connection.Close() })
	return &rawConnection{Conn: connection, answers: bufio.NewReader(connection)}
}

// post sends a record and returns the answer's status and whether the server said
// that it is the last on this connection.
func (c *rawConnection) post() (status int, last bool, err error) {
	_, err = fmt.Fprintf(c, "POST /api/auditlog HTTP/1.1\r\nHost: docket\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		len(goodLogSentry), goodLogSentry)
	if err != nil {
		return 0, false, fmt.Errorf("send: %w", err)
	}
	response, err := http.ReadResponse(c.answers, nil)
	if err != nil {
		return 0, false, fmt.Errorf("read the answer: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, response.Close, err
}

// Busy keep-alive connections all end with an answer.
func TestShutdownAnswersEveryRequest(t *testing.T) {
	for range 5 {
		next := &pipeline{before: func() { time.Sleep(time.Millisecond) }}
		r := startReceiver(t, next)
		var clients sync.WaitGroup
		var answered atomic.Int64
		for range 32 {
			c := connect(t, r)
			clients.Go(func() {
				for last := false; !last; {
					var status int
					var err error
					if status, last, err = c.post(); !assert.NoError(t, err) {
						return
					}
					assert.Equal(t, http.StatusOK, status)
					answered.Add(1)
				}
				_, err := c.answers.ReadByte()
				assert.ErrorIs(t, err, io.EOF, "the server closes what it said it would")
			})
		}
		require.Eventually(t, func() bool { return answered.Load() > 200 }, 10*time.Second, time.Millisecond)
		require.NoError(t, r.Shutdown(t.Context()))
		clients.Wait()
		assert.Equal(t, int(answered.Load()), next.callCount(), "what was answered is what was taken")
	}
}

func TestShutdownTakesNoNewConnection(t *testing.T) {
	r := startReceiver(t, &pipeline{})
	c := connect(t, r)
	_, last, err := c.post()
	require.NoError(t, err)
	require.False(t, last)
	require.NoError(t, r.Shutdown(t.Context()))
	_, err = net.DialTimeout("tcp", r.listener.Addr().String(), time.Second)
	require.Error(t, err)
	_, err = c.answers.ReadByte()
	require.ErrorIs(t, err, io.EOF)
}

// A request whose body does not come cannot keep the process from ending.
func TestShutdownCutsOffWhatDoesNotEnd(t *testing.T) {
	next := &pipeline{}
	r := startReceiver(t, next)
	c := connect(t, r)
	_, err := io.WriteString(c, "POST /api/auditlog HTTP/1.1\r\nHost: docket\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
	require.NoError(t, err)
	waitUntilBusy(t, r)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	begin := time.Now()
	require.NoError(t, r.Shutdown(ctx))
	assert.Less(t, time.Since(begin), shutdownLimit)
	assert.Zero(t, next.callCount())
}

// waitUntilBusy returns when the receiver has begun to serve a request.
func waitUntilBusy(t *testing.T, r *auditLogReceiver) {
	t.Helper()
	require.Eventually(t, func() bool { return r.drain.active.Load() >= 0 }, 10*time.Second, time.Millisecond)
}

// waitOf returns how long wait took, by the clock of the bubble.
func waitOf(ctx context.Context, d *drain) time.Duration {
	begin := time.Now()
	d.wait(ctx)
	return time.Since(begin)
}

func TestDrainWaits(t *testing.T) {
	serve := func(d *drain) {
		d.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", strings.NewReader("")))
	}
	for _, test := range []struct {
		name string
		// traffic is what comes before and while wait runs.
		traffic func(d *drain)
		expires time.Duration
		takes   time.Duration
	}{
		{"no request ever", func(*drain) {}, time.Hour, 0},
		{"the last request is long ago", func(d *drain) { serve(d); time.Sleep(time.Minute) }, time.Hour, 0},
		{"the last request was just now", serve, time.Hour, drainQuiet},
		{"the last request was a moment ago", func(d *drain) { serve(d); time.Sleep(drainQuiet / 4) }, time.Hour, 3 * drainQuiet / 4},
		{"one more comes", func(d *drain) {
			serve(d)
			go func() { time.Sleep(drainQuiet / 2); serve(d) }()
		}, time.Hour, 3 * drainQuiet / 2},
		{"they do not end", func(d *drain) {
			serve(d)
			go func() {
				for range 100 {
					time.Sleep(drainQuiet / 2)
					serve(d)
				}
			}()
		}, time.Hour, drainLimit},
		{"the last client goes", func(d *drain) {
			serve(d)
			go func() { time.Sleep(drainQuiet / 2); d.noteConnection(nil, http.StateClosed) }()
		}, time.Hour, drainQuiet / 2},
		{"the context ends", serve, drainQuiet / 10, drainQuiet / 10},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDrain(&http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})})
				d.noteConnection(nil, http.StateNew)
				test.traffic(d)
				ctx, cancel := context.WithTimeout(t.Context(), test.expires)
				defer cancel()
				assert.InDelta(t, test.takes, waitOf(ctx, d), float64(drainPoll))
				time.Sleep(time.Minute) // so that the traffic ends
			})
		})
	}
}

func TestDrainTellsWhichAnswerIsTheLast(t *testing.T) {
	d := newDrain(&http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })})
	connectionHeader := func() string {
		recorder := httptest.NewRecorder()
		d.ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, "/", strings.NewReader("")))
		assert.Equal(t, http.StatusTeapot, recorder.Code)
		return recorder.Header().Get("Connection")
	}
	assert.Empty(t, connectionHeader())
	d.begin()
	assert.Equal(t, "close", connectionHeader())
}
