// Serve shows the web page as it is on disk, so that an edit is seen at the next reload:
//
//	go run ./testbed/ui/serve
//
// It starts bin/docket with a data folder of its own, stores records, and prints the address
// of the page and the key. Everything but the page's files goes to that Docket.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/docketlog/docket/extension/logsapiextension/ui"
	"github.com/docketlog/docket/testbed/client"
	"github.com/docketlog/docket/testbed/collector"
	"github.com/docketlog/docket/testbed/ui/records"
)

// options are the command line's.
type options struct {
	listen            string
	binary, data, key string
	port, count       int
	live              time.Duration
	asWritten         bool
}

func main() {
	var o options
	flag.StringVar(&o.listen, "listen", "127.0.0.1:8521", "where to serve the page")
	flag.StringVar(&o.binary, "binary", filepath.Join("bin", "docket"), "the Docket to start")
	flag.IntVar(&o.port, "port", 8520, "port of Docket's API; the second to fifth after it are for LogSentry, OTLP over HTTP and gRPC, and metrics")
	flag.StringVar(&o.data, "data", "", "folder to keep the records in; a temporary one when empty")
	flag.StringVar(&o.key, "key", "an-admin-key-to-try-the-page-with-0123", "the admin key")
	flag.IntVar(&o.count, "records", 100_000, "how many records to store; 0 for none")
	flag.BoolVar(&o.asWritten, "as-written", true, "serve scripts as they are written; false minifies them as Docket does")
	flag.DurationVar(&o.live, "live", 2*time.Second, "how often a few records come; 0 for never")
	flag.Parse()
	if err := run(o); err != nil {
		log.Fatal(err)
	}
}

func run(o options) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if o.data == "" {
		folder, err := os.MkdirTemp("", "docket-page-")
		if err != nil {
			return fmt.Errorf("make a data folder: %w", err)
		}
		defer func() { _ = os.RemoveAll(folder) }()
		o.data = folder
	}
	endpoints := collector.Endpoints{
		API: address(o.port), Ingest: address(o.port + 2), OTLPHTTP: address(o.port + 3),
		OTLPGRPC: address(o.port + 4), Metrics: address(o.port + 5),
	}
	docket := exec.CommandContext(ctx, o.binary, "--config", filepath.Join("distribution", "docket.yaml")) //nolint:gosec // ours
	docket.Cancel = func() error { return docket.Process.Signal(syscall.SIGTERM) }
	docket.Env = append(os.Environ(), "DOCKET_DATA_DIR="+o.data, "DOCKET_ADMIN_KEY="+o.key, "DOCKET_LOG_LEVEL=warn",
		"DOCKET_API_ENDPOINT="+endpoints.API, "DOCKET_INGEST_ENDPOINT="+endpoints.Ingest,
		"DOCKET_OTLP_HTTP_ENDPOINT="+endpoints.OTLPHTTP, "DOCKET_OTLP_GRPC_ENDPOINT="+endpoints.OTLPGRPC,
		fmt.Sprintf("DOCKET_METRICS_PORT=%d", o.port+5))
	docket.Stdout, docket.Stderr = os.Stdout, os.Stderr
	if err := docket.Start(); err != nil {
		return fmt.Errorf("start Docket (run `make build` first): %w", err)
	}
	defer func() { _ = docket.Wait() }() // ends with ctx
	defer stop()
	c := client.New(endpoints, o.key)
	if err := store(ctx, c, o.count); err != nil {
		return err
	}
	go send(ctx, c, o.live)
	log.Printf("The page: http://%s/ui/ with the key %s", o.listen, o.key)
	return serve(ctx, o, endpoints.API)
}

func address(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

// store waits until Docket takes records, and stores some.
func store(ctx context.Context, c *client.Client, count int) error {
	for {
		answer, err := c.Get(ctx, "/healthz")
		if err == nil && answer.Status == http.StatusOK {
			break
		}
		if ctx.Err() != nil {
			return fmt.Errorf("wait for Docket: %w", ctx.Err())
		}
		time.Sleep(100 * time.Millisecond)
	}
	if err := records.Store(ctx, c, count, time.Now()); err != nil {
		return fmt.Errorf("store records: %w", err)
	}
	return nil
}

// send stores a few records again and again, so that a live tail has something to show.
func send(ctx context.Context, c *client.Client, interval time.Duration) {
	if interval <= 0 {
		return
	}
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := records.StoreSome(ctx, c, 3, time.Now()); err != nil && ctx.Err() == nil {
			log.Printf("store a few records: %v", err)
		}
	}
}

// serve serves the page from disk, and Docket's API beside it.
func serve(ctx context.Context, o options, api string) error {
	proxy := &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(&url.URL{Scheme: "http", Host: api}) },
		FlushInterval: -1, // tails
	}
	page := &pageOnDisk{
		folder: os.DirFS(filepath.Join("extension", "logsapiextension", "ui")), options: ui.Options{AsWritten: o.asWritten},
	}
	mux := http.NewServeMux()
	mux.Handle("/ui/", page)
	mux.Handle("/", proxy)
	server := &http.Server{Addr: o.listen, Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the page: %w", err)
	}
	return nil
}

// staleAfter is how long what was read from disk is served.
const staleAfter = 500 * time.Millisecond

// pageOnDisk serves the page's files as they are on disk.
type pageOnDisk struct {
	folder  fs.FS
	options ui.Options

	mutex sync.Mutex
	// handler has the files as they were at read. Both are guarded by mutex.
	handler *ui.Handler
	read    time.Time
}

func (p *pageOnDisk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	handler, err := p.fresh()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if !handler.Serve(w, r, strings.TrimPrefix(r.URL.Path, "/ui/")) {
		http.NotFound(w, r)
	}
}

func (p *pageOnDisk) fresh() (*ui.Handler, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if time.Since(p.read) < staleAfter {
		return p.handler, nil
	}
	handler, err := ui.New(p.folder, p.options)
	if err != nil {
		return nil, err
	}
	p.handler, p.read = handler, time.Now()
	return handler, nil
}
