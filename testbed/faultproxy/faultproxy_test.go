package faultproxy_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/docketlog/docket/testbed/faultproxy"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const answer = "the whole answer"

// target answers every request and counts them.
func target(t *testing.T) (*faultproxy.Proxy, *atomic.Int64) {
	t.Helper()
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Asked", r.URL.Path+" "+string(body))
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	address, err := url.Parse(server.URL)
	require.NoError(t, err)
	return faultproxy.Start(t, address), &asked
}

// answered is what came of a request, as far as it came.
type answered struct {
	status int
	header http.Header
	body   string
}

func post(t *testing.T, proxy *faultproxy.Proxy) (answered, error) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	response, err := client.Post(proxy.URL()+"/path", "text/plain", strings.NewReader("body"))
	if err != nil {
		return answered{}, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return answered{response.StatusCode, response.Header, string(body)}, err
}

func TestFaults(t *testing.T) {
	proxy, asked := target(t)
	response, err := post(t, proxy)
	require.NoError(t, err)
	assert.Equal(t, answer, response.body)
	assert.Equal(t, "/path body", response.header.Get("X-Asked"))

	for fault, status := range map[faultproxy.Fault]int{
		faultproxy.TooManyRequests: http.StatusTooManyRequests, faultproxy.Unavailable: http.StatusServiceUnavailable,
	} {
		proxy.Break(fault, 1)
		response, err = post(t, proxy)
		require.NoError(t, err)
		assert.Equal(t, status, response.status)
		assert.EqualValues(t, 1, proxy.Broken(fault))
	}
	assert.EqualValues(t, 1, asked.Load())

	proxy.Break(faultproxy.Cut, 1)
	response, err = post(t, proxy)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	assert.Equal(t, http.StatusOK, response.status)
	assert.Equal(t, answer[:len(answer)/2], response.body)
	assert.EqualValues(t, 2, asked.Load(), "what was asked for is done")

	proxy.Break(faultproxy.Away, 1)
	_, err = post(t, proxy)
	require.Error(t, err)
	assert.EqualValues(t, 2, asked.Load())

	proxy.Break(faultproxy.None, 1)
	response, err = post(t, proxy)
	require.NoError(t, err)
	assert.Equal(t, answer, response.body)
}

func TestSomeAnswersAreBroken(t *testing.T) {
	proxy, asked := target(t)
	proxy.Break(faultproxy.Unavailable, 3)
	for range 60 {
		_, err := post(t, proxy)
		require.NoError(t, err)
	}
	assert.Positive(t, proxy.Broken(faultproxy.Unavailable))
	assert.EqualValues(t, 60, proxy.Broken(faultproxy.Unavailable)+asked.Load())
	assert.Equal(t, asked.Load(), proxy.Broken(faultproxy.None))
}
