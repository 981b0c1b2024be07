package elasticsearchtest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// updateGolden is the environment variable that makes Recorder.Golden write its files.
const updateGolden = "DOCKET_UPDATE_GOLDEN"

// Recorder is a transport that notes each request exactly as it is sent. It is to be the
// Transport of a client; the zero value is ready.
type Recorder struct {
	transport http.Transport

	// mutex guards written.
	mutex   sync.Mutex
	written strings.Builder
}

// RoundTrip implements http.RoundTripper.
func (r *Recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	var body []byte
	if request.Body != nil {
		var err error
		if body, err = io.ReadAll(request.Body); err != nil {
			return nil, err
		}
		_ = request.Body.Close() // of which all is read
		request = request.Clone(request.Context())
		request.Body = io.NopCloser(bytes.NewReader(body))
	}
	r.note(request, body)
	return r.transport.RoundTrip(request)
}

func (r *Recorder) note(request *http.Request, body []byte) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	_, _ = fmt.Fprintf(&r.written, "%s %s\n", request.Method, request.URL.RequestURI())
	var names []string
	for name := range request.Header {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		_, _ = fmt.Fprintf(&r.written, "%s: %s\n", name, strings.Join(request.Header[name], ", "))
	}
	if len(body) > 0 {
		_, _ = fmt.Fprintf(&r.written, "\n%s\n", bytes.TrimRight(body, "\n"))
	}
	r.written.WriteString("\n")
}

// CloseIdleConnections ends the connections that no request uses.
func (r *Recorder) CloseIdleConnections() { r.transport.CloseIdleConnections() }

// Golden fails the test unless the requests so far are those of the file
// testdata/golden/PRODUCT/NAME.txt, and forgets them. The prefix of the server is written
// as PREFIX, and what one of the patterns matches, because it is random, as RANDOM.
func (r *Recorder) Golden(tb testing.TB, server Server, name string, random ...*regexp.Regexp) {
	tb.Helper()
	r.mutex.Lock()
	got := strings.ReplaceAll(r.written.String(), server.Prefix, "PREFIX")
	r.written.Reset()
	r.mutex.Unlock()
	for _, pattern := range random {
		got = pattern.ReplaceAllString(got, "RANDOM")
	}
	path := filepath.Join("testdata", "golden", string(server.Product.Name), name+".txt")
	if os.Getenv(updateGolden) != "" {
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			tb.Fatalf("%v", err)
		}
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			tb.Fatalf("%v", err)
		}
		return
	}
	want, err := os.ReadFile(path) //nolint:gosec // a test's own file
	if err != nil {
		tb.Fatalf("%v: set %s=1 to write it", err, updateGolden)
	}
	if got != string(want) {
		tb.Errorf("the requests are not those of %s, which %s=1 would replace:\n%s", path, updateGolden, got)
	}
}
