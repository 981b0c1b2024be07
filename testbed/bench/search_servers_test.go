package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/docketlog/docket/testbed/collector"
)

const (
	// streamField is the same in all records. With it as VictoriaLogs' stream field,
	// both keep a project's records in one stream, as Docket does by itself.
	streamField = "deployment.environment.name"
	// engineMemory is what Docket gives its engine by default, in bytes.
	engineMemory = 256 << 20

	loadConnections = 4
	// loadedWithin bounds the wait until the last loaded record is found.
	loadedWithin = 30 * time.Second
	// writtenWithin is when what came last is on disk, of both: VictoriaLogs has it in
	// memory for five seconds, Docket's engine until the journal's checkpoint.
	writtenWithin = 12 * time.Second
)

// searched is a server that has the corpus.
type searched struct {
	name string
	// process is what runs, load how it takes OTLP/HTTP, as a URL, and api where it
	// is asked.
	process   *collector.Collector
	load, api string
	// headers are pairs of name and value.
	headers []string
	client  *http.Client

	// stored is where its records are.
	stored string

	// loadRate is in records a second, loadCPU the processor time for each, with what
	// it did until it was at rest.
	loadRate float64
	loadCPU  time.Duration
	// bytes are those of the files of a record, resident the memory after the load.
	bytes    float64
	resident int64
	// refusals counts requests that had to be repeated.
	refusals atomic.Int64
}

func startSearchedDocket(b *testing.B) *searched {
	b.Helper()
	process := startDocket(b, diskFolder(b))
	return &searched{
		name: "docket", process: process, client: newHTTPClient(b), stored: filepath.Join(process.DataDir, "records"),
		load: "http://" + process.Endpoints.OTLPHTTP + "/v1/logs", api: "http://" + process.Endpoints.API + "/api/projects/1/logs/",
		headers: []string{"Authorization", "Bearer " + adminKey},
	}
}

// startVictoriaLogs runs the VictoriaLogs that `make bench` has built, of the version
// that Docket has inside.
func startVictoriaLogs(b *testing.B) *searched {
	b.Helper()
	binary := filepath.Join(collector.ModuleRoot(b), "build", "victorialogs", "victoria-logs")
	if _, err := os.Stat(binary); err != nil {
		b.Fatalf("there is no VictoriaLogs (%v): run `make bench`, which builds it", err)
	}
	stored := filepath.Join(diskFolder(b), "data")
	process := collector.Start(b, collector.Options{
		Binary: binary,
		Arguments: []string{
			"-storageDataPath=" + stored, "-httpListenAddr=%{DOCKET_INGEST_ENDPOINT}", // it puts the variable in
			"-memory.allowedBytes=" + strconv.Itoa(engineMemory), "-retentionPeriod=100y", "-loggerLevel=WARN",
		},
		Ready: listening(),
	})
	address := process.Endpoints.Ingest
	return &searched{
		name: "victorialogs", process: process, client: newHTTPClient(b), stored: stored,
		load: "http://" + address + "/insert/opentelemetry/v1/logs", api: "http://" + address + "/select/logsql/",
		headers: []string{"VL-Stream-Fields", streamField},
	}
}

func newHTTPClient(b *testing.B) *http.Client {
	b.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}, Timeout: time.Minute}
	b.Cleanup(client.CloseIdleConnections)
	return client
}

// fill loads the corpus and waits until all of it is found and the server is at rest.
func (s *searched) fill(b *testing.B, records *corpus) {
	b.Helper()
	server := &subject{name: s.name, server: s.process}
	before := server.usage(b)
	begin := time.Now()
	var next atomic.Int64
	var running sync.WaitGroup
	problems := make([]error, loadConnections)
	for i := range problems {
		running.Go(func() {
			for at := next.Add(1) - 1; at < int64(len(records.requests)) && problems[i] == nil; at = next.Add(1) - 1 {
				problems[i] = s.insert(b.Context(), records.requests[at])
			}
		})
	}
	running.Wait()
	for _, err := range problems {
		if err != nil {
			b.Fatalf("load %s: %v", s.name, err)
		}
	}
	s.loadRate = float64(records.records) / time.Since(begin).Seconds()
	count := countQuestion(records.from, records.to, severityFilter{})[s.name]
	for {
		facts, err := s.ask(b.Context(), count)
		if err != nil {
			b.Fatal(err)
		}
		if facts[0] == strconv.Itoa(records.records) {
			break
		}
		if time.Since(begin) > loadedWithin+time.Duration(float64(records.records)/s.loadRate*float64(time.Second)) {
			b.Fatalf("%s: %d records were loaded, %s are found", s.name, records.records, facts[0])
		}
		time.Sleep(100 * time.Millisecond)
	}
	server.settle(b)
	time.Sleep(writtenWithin)
	server.settle(b)
	after := server.usage(b)
	s.loadCPU = (after.CPU - before.CPU) / time.Duration(records.records)
	s.resident, s.bytes = after.ResidentBytes, float64(sizeOf(b, s.stored))/float64(records.records)
}

// sizeOf is that of all files in a folder, in bytes.
func sizeOf(b *testing.B, folder string) (total int64) {
	b.Helper()
	err := filepath.WalkDir(folder, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) { // merged meanwhile
			return nil
		}
		if err == nil {
			total += info.Size()
		}
		return err
	})
	if err != nil {
		b.Fatalf("measure the folder %s: %v", folder, err)
	}
	return total
}

// insert sends one OTLP request, again when the server asks for that.
func (s *searched) insert(ctx context.Context, body []byte) error {
	for {
		answer, err := s.send(ctx, request{method: http.MethodPost, body: string(body), contentType: "application/x-protobuf"}, s.load)
		if err == nil {
			return nil
		}
		if answer == nil || answer.Header.Get("Retry-After") == "" {
			return err
		}
		s.refusals.Add(1)
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("repeat a request: %w", ctx.Err())
		}
	}
}

// request is a question to one server.
type request struct {
	method string
	// path is below the server's API, with its query.
	path              string
	body, contentType string
	// read takes the facts out of the answer by which two servers' answers are
	// compared.
	read func(body []byte) ([]string, error)
}

// ask returns the facts of the answer.
func (s *searched) ask(ctx context.Context, asked request) ([]string, error) {
	_, facts, err := s.askTimed(ctx, asked)
	return facts, err
}

// askTimed also returns the time from the request to the end of the answer.
func (s *searched) askTimed(ctx context.Context, asked request) (time.Duration, []string, error) {
	begin := time.Now()
	answer, err := s.send(ctx, asked, s.api+asked.path)
	took := time.Since(begin)
	if err != nil {
		return took, nil, err
	}
	facts, err := asked.read(answer.body)
	if err != nil {
		return took, nil, fmt.Errorf("%s: read the answer %.300q to %s: %w", s.name, answer.body, asked.path, err)
	}
	return took, facts, nil
}

// answer is an HTTP answer that has been read.
type answer struct {
	*http.Response

	body []byte
}

// send returns the answer also with the error that its status is not 2xx.
func (s *searched) send(ctx context.Context, asked request, url string) (*answer, error) {
	message, err := http.NewRequestWithContext(ctx, asked.method, url, strings.NewReader(asked.body))
	if err != nil {
		return nil, fmt.Errorf("make a request: %w", err)
	}
	message.Header.Set("Content-Type", asked.contentType)
	for i := 0; i+1 < len(s.headers); i += 2 {
		message.Header.Set(s.headers[i], s.headers[i+1])
	}
	response, err := s.client.Do(message)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", s.name, err)
	}
	defer func() { _ = response.Body.Close() }()
	var body bytes.Buffer
	if _, err := io.Copy(&body, response.Body); err != nil {
		return nil, fmt.Errorf("read the answer of %s: %w", s.name, err)
	}
	got := &answer{Response: response, body: body.Bytes()}
	if response.StatusCode/100 != 2 {
		return got, fmt.Errorf("%s answered %s %d %.500s to %s", s.name, url, response.StatusCode, got.body, asked.body[:min(len(asked.body), 500)])
	}
	return got, nil
}
