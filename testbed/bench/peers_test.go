package bench

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/docketlog/docket/testbed/client"
	"github.com/docketlog/docket/testbed/collector"
)

// The paths by which VictoriaLogs takes what Docket takes. All records are of one stream,
// as all of a project are in Docket.
const (
	victoriaJSONPath = "/insert/jsonline?_msg_field=msg&_stream_fields=project"
	victoriaOTLPPath = "/insert/opentelemetry/v1/logs"

	authorization = "Authorization: Bearer " + adminKey + "\r\n"
	streamHeader  = "VL-Stream-Fields: " + streamField + "\r\n"
)

// newSubject is a Docket that gets single LogSentry records.
func newSubject(name string, server *collector.Collector) *subject {
	return newDocketSubject(name, server, singleRecord())
}

// newDocketSubject is a Docket that gets JSON or OTLP.
func newDocketSubject(name string, server *collector.Collector, sent payload) *subject {
	load := sent.load(server.Endpoints.Ingest, "/api/auditlog", authorization)
	if sent.isOTLP() {
		load = sent.load(server.Endpoints.OTLPHTTP, "/v1/logs", authorization)
	}
	return &subject{
		name: name, server: server, since: time.Now(), load: load,
		count: func(b *testing.B) int64 { b.Helper(); return docketTotal(b, server) },
	}
}

// newBareSubject is a handler that decodes and keeps nothing.
func newBareSubject(b *testing.B, sent payload) *subject {
	b.Helper()
	server := startProgram(b, "barehandler")
	return &subject{name: "bare", server: server, load: sent.load(server.Endpoints.Ingest, "/", "")}
}

// newVictoriaSubject is VictoriaLogs with its own JSON endpoint, or with that for OTLP.
func newVictoriaSubject(b *testing.B, sent payload) *subject {
	b.Helper()
	server, _ := startEngine(b)
	load := sent.load(server.Endpoints.Ingest, victoriaJSONPath, "")
	if sent.isOTLP() {
		load = sent.load(server.Endpoints.Ingest, victoriaOTLPPath, streamHeader)
	}
	return &subject{name: "victorialogs", server: server, load: load, count: victoriaCount(server)}
}

// newNowhereSubject is a collector that throws away what it takes.
func newNowhereSubject(b *testing.B, sent payload) *subject {
	b.Helper()
	server := startStock(b, "nowhere.yaml", "")
	return &subject{name: "collector-nowhere", server: server, load: sent.load(server.Endpoints.Ingest, "/v1/logs", "")}
}

// newQueueSubject is a collector with a queue before VictoriaLogs. What both use is
// counted.
func newQueueSubject(b *testing.B, name, config string, sent payload) *subject {
	b.Helper()
	engine, _ := startEngine(b)
	server := startStock(b, config, engine.Endpoints.Ingest)
	return &subject{
		name: name, server: server, beside: []process{engine}, mayRepeat: true, count: victoriaCount(engine),
		load: sent.load(server.Endpoints.Ingest, "/v1/logs", ""),
	}
}

// newFsyncSubject is a collector with Docket's receiver and a queue in files, with fsync.
// What takes its exports keeps nothing, and does not count.
func newFsyncSubject(b *testing.B) *subject {
	b.Helper()
	sink := startProgram(b, "baresink")
	server := startStock(b, "fsync.yaml", sink.Endpoints.Ingest)
	return &subject{
		name: "file_storage", server: server, mayRepeat: true, load: singleRecord().load(server.Endpoints.Ingest, "/api/auditlog", ""),
		count: func(b *testing.B) int64 {
			b.Helper()
			return readNumber(b, "http://"+sink.Endpoints.Ingest+"/")
		},
	}
}

// docketTotal asks Docket how many records it has.
func docketTotal(b *testing.B, server *collector.Collector) int64 {
	b.Helper()
	c := client.New(server.Endpoints, adminKey)
	defer c.Close()
	ctx, cancel := context.WithTimeout(b.Context(), settledWithin)
	defer cancel()
	page, err := c.Search(ctx, nil)
	if err != nil {
		b.Fatal(err)
	}
	return page.Pagination.Total
}

func victoriaCount(server *collector.Collector) func(b *testing.B) int64 {
	return func(b *testing.B) int64 {
		b.Helper()
		return readNumber(b, "http://"+server.Endpoints.Ingest+"/select/logsql/query?query=*+%7C+stats+count()+hits")
	}
}

// readNumber gets a page that is a number, or an object in which hits is one as text.
func readNumber(b *testing.B, url string) int64 {
	b.Helper()
	request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		b.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		b.Fatal(err)
	}
	digits := strings.TrimFunc(string(text), func(r rune) bool { return !unicode.IsDigit(r) })
	number, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		b.Fatalf("read a number from %s: %q: %v", url, text, err)
	}
	return number
}

// await waits until the subject has all records that it has acknowledged, and fails the
// benchmark when it does not, or when it has more. It returns how many it has.
func (s *subject) await(b *testing.B) (found int64) {
	b.Helper()
	for begin := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		found = s.count(b)
		switch {
		case found == s.acknowledged || s.mayRepeat && found > s.acknowledged:
			return found
		case found > s.acknowledged || time.Since(begin) > settledWithin:
			b.Fatalf("%s: %d records were acknowledged, %d are found", s.name, s.acknowledged, found)
		}
	}
}

// awaitAll does so for all subjects that keep records, and says how many they are.
func awaitAll(b *testing.B, list []*subject) string {
	b.Helper()
	var counts []string
	for _, subject := range list {
		if subject.count != nil {
			counts = append(counts, fmt.Sprintf("%s %d of %d", subject.name, subject.await(b), subject.acknowledged))
		}
	}
	return "Afterwards these had the records that they had acknowledged: " + strings.Join(counts, ", ") + ".\n"
}
