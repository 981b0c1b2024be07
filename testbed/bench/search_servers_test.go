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

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"

	"github.com/docketlog/docket/testbed/collector"
)

const (
	// streamField is the same in all records. With it as VictoriaLogs' stream field,
	// both keep a project's records in one stream, as Docket does by itself.
	streamField = "deployment.environment.name"
	// engineMemory is what Docket gives its engine by default, in bytes.
	engineMemory = 256 << 20

	loadConnections = 4
	// lookAtMemoryEvery is how often a server's memory is looked at while it is loaded.
	lookAtMemoryEvery = 100 * time.Millisecond
	// loadedWithin bounds the wait until the last loaded record is found.
	loadedWithin = time.Minute
	// writtenWithin is when what came last is on disk, of both: VictoriaLogs has it in
	// memory for five seconds, Docket's engine until the journal's checkpoint.
	writtenWithin = 12 * time.Second
)

// searched is a server that has the corpus.
type searched struct {
	name string
	// process is what runs; collector is the same unless it is a cluster, and beside what
	// does a part of its work.
	process   process
	collector *collector.Collector
	beside    []process
	// load is where it takes records, as a URL, and api where it is asked.
	load, api string
	// encode makes the request with which it takes records.
	encode func(logs plog.Logs) (request, error)
	// headers are pairs of name and value.
	headers []string
	client  *http.Client

	// size is how many bytes its records take on disk, without a journal.
	size func(b *testing.B) int64

	// isShared says that others are loaded into the same process.
	isShared bool

	// loadTook is the time until all records were found, loadCPU the processor time for
	// each record, with what it did until it was at rest; idleCPU is all that it had used
	// before.
	loadTook, loadCPU, idleCPU time.Duration
	// bytes are those of the files of a record, resident the most memory during the load.
	bytes    float64
	resident int64
	// refusals counts requests that had to be repeated.
	refusals atomic.Int64
}

func startSearchedDocket(b *testing.B) *searched {
	b.Helper()
	server := startDocket(b, diskFolder(b))
	return newSearchedDocket(b, "docket", server, func(b *testing.B) int64 {
		b.Helper()
		return sizeOf(b, filepath.Join(server.DataDir, "records"))
	})
}

func newSearchedDocket(b *testing.B, name string, server *collector.Collector, size func(b *testing.B) int64) *searched {
	b.Helper()
	return &searched{
		name: name, process: server, collector: server, client: newHTTPClient(b), size: size, encode: otlpRequest,
		load: "http://" + server.Endpoints.OTLPHTTP + "/v1/logs", api: "http://" + server.Endpoints.API + "/api/projects/1/logs/",
		headers: []string{"Authorization", "Bearer " + adminKey},
	}
}

func startVictoriaLogs(b *testing.B) *searched {
	b.Helper()
	server, stored := startEngine(b)
	address := server.Endpoints.Ingest
	return &searched{
		name: "victorialogs", process: server, collector: server, client: newHTTPClient(b), encode: otlpRequest,
		size: func(b *testing.B) int64 { b.Helper(); return sizeOf(b, stored) },
		load: "http://" + address + victoriaOTLPPath, api: "http://" + address + "/select/logsql/",
		headers: []string{"VL-Stream-Fields", streamField},
	}
}

// startEngine runs the VictoriaLogs that `make bench` has built, of the version that Docket
// has inside, and returns where it stores its records.
func startEngine(b *testing.B) (server *collector.Collector, stored string) {
	b.Helper()
	binary := filepath.Join(collector.ModuleRoot(b), "build", "victorialogs", "victoria-logs")
	if _, err := os.Stat(binary); err != nil {
		b.Fatalf("there is no VictoriaLogs (%v): run `make bench`, which builds it", err)
	}
	stored = filepath.Join(diskFolder(b), "data")
	return collector.Start(b, collector.Options{
		Binary: binary,
		Arguments: []string{
			"-storageDataPath=" + stored, "-httpListenAddr=%{DOCKET_INGEST_ENDPOINT}", // it puts the variable in
			"-memory.allowedBytes=" + strconv.Itoa(engineMemory), "-retentionPeriod=100y", "-loggerLevel=WARN",
		},
		Ready: listening(),
	}), stored
}

// otlpRequest is a request as all take it who take OTLP.
func otlpRequest(logs plog.Logs) (request, error) {
	encoded, err := plogotlp.NewExportRequestFromLogs(logs).MarshalProto()
	if err != nil {
		return request{}, fmt.Errorf("encode records: %w", err)
	}
	return request{method: http.MethodPost, body: string(encoded), contentType: otlpType}, nil
}

func newHTTPClient(b *testing.B) *http.Client {
	b.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}, Timeout: time.Minute}
	b.Cleanup(client.CloseIdleConnections)
	return client
}

// fillAll loads the corpus into servers, one after the other, and waits until all of it is
// found and on disk, and they are at rest.
func fillAll(b *testing.B, records *corpus, servers ...*searched) {
	b.Helper()
	for _, server := range servers {
		server.fill(b, records)
	}
	if !testing.Short() {
		time.Sleep(writtenWithin)
	}
	for _, server := range servers {
		after := server.subject().settle(b)
		if !server.isShared {
			server.loadCPU = (after.CPU - server.idleCPU) / time.Duration(records.records)
		}
		server.bytes = float64(server.size(b)) / float64(records.records)
	}
}

func (s *searched) subject() *subject {
	return &subject{name: s.name, server: s.process, beside: s.beside}
}

// fill loads the corpus and waits until all of it is found.
func (s *searched) fill(b *testing.B, records *corpus) {
	b.Helper()
	server := s.subject()
	s.idleCPU = server.usage(b).CPU
	begin := time.Now()
	s.insertAll(b, records, server)
	count := countQuestion(records.from, records.to, condition{}).of(s.name)
	loaded := time.Since(begin)
	for {
		facts, err := s.ask(b.Context(), count)
		if err != nil {
			b.Fatal(err)
		}
		if facts[0] == strconv.Itoa(records.records) {
			break
		}
		if time.Since(begin) > loadedWithin+5*loaded {
			b.Fatalf("%s: %d records were loaded, %s are found", s.name, records.records, facts[0])
		}
		time.Sleep(100 * time.Millisecond)
	}
	s.loadTook = time.Since(begin)
	s.loadCPU = (server.settle(b).CPU - s.idleCPU) / time.Duration(records.records)
}

// insertAll sends the corpus, over several connections, and looks at the server's memory
// meanwhile.
func (s *searched) insertAll(b *testing.B, records *corpus, server *subject) {
	b.Helper()
	var next atomic.Int64
	var running sync.WaitGroup
	problems := make([]error, loadConnections)
	for i := range problems {
		running.Go(func() {
			for at := next.Add(1) - 1; at < int64(records.batches()) && problems[i] == nil; at = next.Add(1) - 1 {
				logs, _ := records.batch(int(at))
				var asked request
				if asked, problems[i] = s.encode(logs); problems[i] == nil {
					problems[i] = s.insert(b.Context(), asked)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { defer close(done); running.Wait() }()
	for isDone := false; !isDone; {
		select {
		case <-done:
			isDone = true
		case <-time.After(lookAtMemoryEvery):
		}
		s.resident = max(s.resident, server.usage(b).ResidentBytes)
	}
	for _, err := range problems {
		if err != nil {
			b.Fatalf("load %s: %v", s.name, err)
		}
	}
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

// insert sends a request with records, again when the server asks for that.
func (s *searched) insert(ctx context.Context, asked request) error {
	for {
		answer, err := s.send(ctx, asked, s.load)
		if err == nil && asked.read != nil {
			_, err = asked.read(answer.body)
		}
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
