// Package faultproxy stands between a Docket and its cluster, and breaks some of the
// answers.
//
//	proxy := faultproxy.Start(t, cluster)
//	… a Docket with proxy.URL() …
//	proxy.Break(faultproxy.Cut, 3) // every third answer, on average
//	…
//	proxy.Break(faultproxy.None, 1)
//
// The proxy knows HTTP only.
package faultproxy

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
)

// Fault is a way to answer a request wrongly.
type Fault int

const (
	// None passes everything on.
	None Fault = iota
	// TooManyRequests answers 429 and passes nothing on.
	TooManyRequests
	// Unavailable answers 503 and passes nothing on.
	Unavailable
	// Cut passes a request on and breaks the answer off in the middle, so that what was
	// asked for is done and whoever asked does not know.
	Cut
	// Away breaks every connection off without an answer, and passes nothing on.
	Away
)

func (f Fault) String() string {
	return [...]string{"no fault", "status 429", "status 503", "answers cut in half", "connections broken off"}[f]
}

// Proxy passes requests on to a server.
type Proxy struct {
	server  *httptest.Server
	forward *httputil.ReverseProxy

	mutex sync.Mutex
	// random, fault and oneIn are guarded by mutex.
	random *rand.Rand
	fault  Fault
	oneIn  int

	broken [Away + 1]atomic.Int64
}

// Start starts a proxy that passes everything on; it ends with the test.
func Start(tb testing.TB, target *url.URL) *Proxy {
	tb.Helper()
	transport := &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 16}
	p := &Proxy{
		random: rand.New(rand.NewPCG(1, 2)), //nolint:gosec // repeatable on purpose
		oneIn:  1,
		forward: &httputil.ReverseProxy{
			Rewrite:   func(request *httputil.ProxyRequest) { request.SetURL(target) },
			Transport: transport,
			// The server is away too, as some tests want it.
			ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
		},
	}
	p.server = httptest.NewServer(http.HandlerFunc(p.serve))
	tb.Cleanup(func() {
		p.server.Close()
		transport.CloseIdleConnections()
	})
	return p
}

// URL is where the proxy listens.
func (p *Proxy) URL() string { return p.server.URL }

// Break answers one in so many requests with a fault from now on, by chance, and passes
// the others on.
func (p *Proxy) Break(fault Fault, oneIn int) {
	p.mutex.Lock()
	p.fault, p.oneIn = fault, oneIn
	p.mutex.Unlock()
	if fault == Away {
		p.server.CloseClientConnections()
	}
}

// Broken counts the answers that were broken in a way.
func (p *Proxy) Broken(fault Fault) int64 { return p.broken[fault].Load() }

func (p *Proxy) choose() Fault {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.random.IntN(p.oneIn) != 0 {
		return None
	}
	return p.fault
}

func (p *Proxy) serve(w http.ResponseWriter, r *http.Request) {
	fault := p.choose()
	p.broken[fault].Add(1)
	switch fault {
	case None:
		p.forward.ServeHTTP(w, r)
	case TooManyRequests:
		refuse(w, r, http.StatusTooManyRequests)
	case Unavailable:
		refuse(w, r, http.StatusServiceUnavailable)
	case Cut:
		p.cut(w, r)
	default: // Away
		panic(http.ErrAbortHandler)
	}
}

// refuse reads the request first, so that the connection can be used again.
func refuse(w http.ResponseWriter, r *http.Request, status int) {
	_, _ = io.Copy(io.Discard, r.Body)
	w.WriteHeader(status)
}

// cut promises the whole answer and sends half of it.
func (p *Proxy) cut(w http.ResponseWriter, r *http.Request) {
	answer := &buffered{header: http.Header{}, status: http.StatusOK}
	// Whoever asks may give up, but the server is to do what was asked for.
	p.forward.ServeHTTP(answer, r.WithContext(context.WithoutCancel(r.Context())))
	for name, values := range answer.header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Length", strconv.Itoa(answer.body.Len()))
	w.WriteHeader(answer.status)
	_, _ = w.Write(answer.body.Bytes()[:answer.body.Len()/2])
	if flusher, ok := w.(http.Flusher); ok {
		flusher.Flush()
	}
	panic(http.ErrAbortHandler)
}

// buffered is a response that is only kept.
type buffered struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (b *buffered) Header() http.Header            { return b.header }
func (b *buffered) WriteHeader(status int)         { b.status = status }
func (b *buffered) Write(data []byte) (int, error) { return b.body.Write(data) }
