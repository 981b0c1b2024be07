package logsapiextension

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// startExport asks for an export and returns the answer with its body unread.
func (s *server) startExport(ctx context.Context, asked request) *http.Response {
	s.t.Helper()
	if asked.method == "" {
		asked.method = http.MethodGet
	}
	httpRequest, err := http.NewRequestWithContext(ctx, asked.method, "http://"+s.api.address.String()+asked.path, strings.NewReader(asked.body))
	require.NoError(s.t, err)
	httpRequest.Header.Set("Authorization", "Bearer "+readerToken)
	httpRequest.Header.Set("Content-Type", "application/json")
	httpRequest.Header.Set("Accept-Encoding", "identity")
	for name, value := range asked.header {
		httpRequest.Header.Set(name, value)
	}
	response, err := s.client.Do(httpRequest)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

// export is an export as a whole.
func (s *server) export(asked request) (string, http.Header) {
	s.t.Helper()
	response := s.startExport(s.t.Context(), asked) //nolint:bodyclose // closed by startExport
	body, err := io.ReadAll(response.Body)
	require.NoError(s.t, err)
	require.Equal(s.t, http.StatusOK, response.StatusCode, string(body))
	return string(body), response.Header
}

// exportPath is the address of an export of the fixture.
func exportPath(parameters string) string {
	return "/api/projects/1/logs/export?query=" + url.QueryEscape("{"+fixtureRange+"}") + "&" + parameters
}

func TestExportFormats(t *testing.T) {
	s := newQueryServer(t)
	const columns = "columns=timestamp,severity_number,body,attributes.user.id,body.message"
	const table = "timestamp,severity_number,body,attributes.user.id,body.message\r\n" +
		"2026-11-20T10:05:00.000000001Z,0,<&>,,\r\n" +
		"2026-11-20T10:02:00Z,13,user 2 logged in,2,\r\n" +
		"2026-11-20T10:02:00Z,21,\"{\"\"message\"\":\"\"card declined\"\",\"\"amount\"\":9007199254740993}\",1,card declined\r\n" +
		"2026-11-20T10:00:59.5Z,17,timeout after 30ms,2,\r\n" +
		"2026-11-20T10:00:00Z,9,user 1 logged in,1,\r\n"
	const lines = `{"timestamp":"2026-11-20T10:05:00.000000001Z","severity_number":0,"body":"<&>","attributes.user.id":null,"body.message":null}
{"timestamp":"2026-11-20T10:02:00Z","severity_number":13,"body":"user 2 logged in","attributes.user.id":"2","body.message":null}
{"timestamp":"2026-11-20T10:02:00Z","severity_number":21,"body":"{\"message\":\"card declined\",\"amount\":9007199254740993}","attributes.user.id":"1","body.message":"card declined"}
{"timestamp":"2026-11-20T10:00:59.5Z","severity_number":17,"body":"timeout after 30ms","attributes.user.id":"2","body.message":null}
{"timestamp":"2026-11-20T10:00:00Z","severity_number":9,"body":"user 1 logged in","attributes.user.id":"1","body.message":null}
`
	list := "[" + strings.ReplaceAll(strings.TrimSuffix(lines, "\n"), "\n", ",\n") + "]\n"
	post := `{"query":{` + fixtureRange + `,"limit":1,"after":"eA=="},"columns":["timestamp","severity_number","body","attributes.user.id","body.message"]}`
	for name, tt := range map[string]struct {
		asked             request
		want, contentType string
	}{
		"csv":          {request{path: exportPath(columns)}, table, "text/csv; charset=utf-8"},
		"csv, named":   {request{path: exportPath("format=csv&" + columns)}, table, "text/csv; charset=utf-8"},
		"ndjson":       {request{path: exportPath("format=ndjson&" + columns)}, lines, "application/x-ndjson"},
		"json":         {request{path: exportPath("format=json&" + columns)}, list, "application/json"},
		"a list":       {request{path: exportPath("columns=" + url.QueryEscape(`["timestamp","severity_number","body","attributes.user.id","body.message"]`))}, table, "text/csv; charset=utf-8"},
		"by Accept":    {request{path: exportPath(columns), header: map[string]string{"Accept": "text/html, application/x-ndjson;q=0.9"}}, lines, "application/x-ndjson"},
		"post":         {request{method: http.MethodPost, path: "/api/environments/1/logs/export/?format=ndjson", body: post}, lines, "application/x-ndjson"},
		"post, Accept": {request{method: http.MethodPost, path: "/api/projects/1/logs/export", body: post, header: map[string]string{"Accept": "text/csv"}}, table, "text/csv; charset=utf-8"},
	} {
		t.Run(name, func(t *testing.T) {
			got, header := s.export(tt.asked)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.contentType, header.Get("Content-Type"))
			assert.Equal(t, "nosniff", header.Get("X-Content-Type-Options"))
			assert.Regexp(t, `^attachment; filename="logs-all-services-2026-11-20-to-2026-11-20\.(csv|ndjson|json)"$`, header.Get("Content-Disposition"))
		})
	}
	head := s.startExport(t.Context(), request{method: http.MethodHead, path: exportPath("")}) //nolint:bodyclose // closed by startExport
	assert.Equal(t, http.StatusOK, head.StatusCode)
	assert.Equal(t, "text/csv; charset=utf-8", head.Header.Get("Content-Type"))
}

func TestExportWithoutColumns(t *testing.T) {
	s := newQueryServer(t)
	whole, _ := s.export(request{path: exportPath("format=json")})
	var rows []map[string]any
	require.NoError(t, json.Unmarshal([]byte(whole), &rows))
	require.Len(t, rows, 5)
	page := s.query(fixtureRange).Results
	for i := range page {
		delete(page[i], "live_logs_checkpoint")
	}
	assert.Equal(t, page, rows, "the rows of a query")

	table, _ := s.export(request{path: exportPath("")})
	cells, err := csv.NewReader(strings.NewReader(table)).ReadAll()
	require.NoError(t, err)
	require.Len(t, cells, 6)
	assert.Equal(t, []string{
		"timestamp", "severity_text", "service_name", "body", "trace_id", "span_id", "uuid", "event_name", "attributes", "resource_attributes",
	}, cells[0])
	assert.JSONEq(t, `{"docket.project.id":"1","k8s.pod.name":"a-1","service.name":"api"}`, cells[5][9])

	custom, _ := s.export(request{method: http.MethodPost, path: "/api/projects/1/logs/export?format=ndjson", body: `{"query":{` + fixtureRange +
		`,"searchTerm":"card","excludeAttributes":true,"customColumns":["attributes.user.id","uuid"]}}`})
	assert.Contains(t, custom, `"attributes":{}`)
	assert.True(t, strings.HasSuffix(custom, `"event_name":"","attributes.user.id":"1"}`+"\n"), custom)
}

func TestExportOfNothing(t *testing.T) {
	s := newServer(t, nil)
	for format, want := range map[string]string{"csv": "body\r\n", "ndjson": "", "json": "[]\n"} {
		got, _ := s.export(request{path: exportPath("columns=body&format=" + format)})
		assert.Equal(t, want, got)
	}
}

// A spreadsheet takes no text for a formula, and every text comes back as it was but
// for the apostrophe that sees to it.
func TestExportCells(t *testing.T) {
	texts := map[string]string{
		`=cmd|' /C calc'!A0`: `'=cmd|' /C calc'!A0`, "+1+1": "'+1+1", "-2+3": "'-2+3", "@SUM(A1)": "'@SUM(A1)", "\t=1": "'\t=1", "\r=1": "'\r=1", "\n=1": "'\n=1",
		"-5": "-5", "+7.5": "+7.5", "-1e3": "-1e3", "-": "'-", "a=b": "a=b", "": "", " =1": " =1",
		"two\nlines": "two\nlines", "two\r\nlines": "two\r\nlines", `say "x", y`: `say "x", y`, " spaces ": " spaces ", "日本,語": "日本,語",
	}
	s := newServer(t, nil)
	var want []string
	for text, cell := range texts {
		s.addEntries(logEntry{id: len(want), at: fmt.Sprintf("2026-11-20T10:00:%02dZ", len(want)), body: text})
		want = append(want, cell)
	}
	got, _ := s.export(request{method: http.MethodPost, path: "/api/projects/1/logs/export?format=csv", body: `{"query":{` + fixtureRange +
		`,"orderBy":"earliest"},"columns":["body"]}`})
	assert.Equal(t, strings.Count(got, "\r\n")-1, len(want)+1, "lines end with CR LF; one of the texts has it too")
	reader := csv.NewReader(strings.NewReader(got))
	cells, err := reader.ReadAll()
	require.NoError(t, err)
	for i, cell := range cells[1:] {
		// The standard library reads CR LF in a cell as LF.
		assert.Equal(t, strings.ReplaceAll(want[i], "\r\n", "\n"), cell[0])
	}
	assert.Contains(t, got, "\"two\r\nlines\"\r\n")
	assert.Contains(t, got, "\r\n\"\"\r\n", "an empty line would be no record")
}

func TestExportInGzip(t *testing.T) {
	s := newQueryServer(t)
	plain, header := s.export(request{path: exportPath("")})
	assert.Empty(t, header.Get("Content-Encoding"))
	assert.Equal(t, "Accept, Accept-Encoding", header.Get("Vary"))
	for accepted, isZipped := range map[string]bool{
		"gzip": true, "deflate, GZIP;q=0.5": true, "*": true, "gzip;q=0": false, "br": false, "gzip;q=x": false, "x-gzip": false,
	} {
		got, header := s.export(request{path: exportPath(""), header: map[string]string{"Accept-Encoding": accepted}})
		if !isZipped {
			assert.Equal(t, plain, got, accepted)
			continue
		}
		assert.Equal(t, "gzip", header.Get("Content-Encoding"), accepted)
		reader, err := gzip.NewReader(strings.NewReader(got))
		require.NoError(t, err)
		unzipped, err := io.ReadAll(reader)
		require.NoError(t, err)
		assert.Equal(t, plain, string(unzipped))
	}
}

// What PostHog's clients send is answered in its shape, with an address of the file.
func TestExportToBeMade(t *testing.T) {
	s := newQueryServer(t)
	body := `{"query":{` + fixtureRange + `,"serviceNames":["api"]},"columns":["body"]}`
	answer := s.ask("export/", body)
	require.Equal(t, http.StatusCreated, answer.status, answer.body)
	var made struct {
		ID           int64     `json:"id"`
		ExportFormat string    `json:"export_format"`
		CreatedAt    time.Time `json:"created_at"`
		HasContent   bool      `json:"has_content"`
		Filename     string    `json:"filename"`
		ContentURL   string    `json:"content_url"`
	}
	decodeStrictly(t, answer.body, &made)
	assert.Positive(t, made.ID)
	assert.Equal(t, "text/csv", made.ExportFormat)
	assert.WithinDuration(t, time.Now(), made.CreatedAt, time.Minute)
	assert.True(t, made.HasContent)
	assert.Equal(t, "logs-api-2026-11-20-to-2026-11-20.csv", made.Filename)
	base := "http://" + s.api.address.String()
	require.True(t, strings.HasPrefix(made.ContentURL, base), made.ContentURL)
	file, _ := s.export(request{path: strings.TrimPrefix(made.ContentURL, base)})
	assert.Equal(t, "body\r\ntimeout after 30ms\r\nuser 1 logged in\r\n", file)
	assert.Contains(t, s.ask("export", body).body, fmt.Sprintf(`"id":%d,`, made.ID), "the same request is the same export")
	assert.NotContains(t, s.ask("export", `{"query":{}}`).body, fmt.Sprintf(`"id":%d,`, made.ID))

	// The range is that of the request, not of when the file is made.
	relative := s.ask("export", `{"query":{"dateRange":{"date_from":"-2h"}}}`)
	require.NoError(t, decodeLoosely(relative.body, &made))
	query, err := url.Parse(made.ContentURL)
	require.NoError(t, err)
	assert.NotContains(t, query.Query().Get("query"), "-2h")
	assert.Regexp(t, `^logs-all-services-from--2h\.csv$`, made.Filename)
}

func TestExportFilenames(t *testing.T) {
	s := newServer(t, nil)
	for query, want := range map[string]string{
		fixtureRange:                             "logs-all-services-2026-11-20-to-2026-11-20",
		`"dateRange":{"date_from":"2026-11-20"}`: "logs-all-services-from-2026-11-20",
		``:                                       "logs-all-services-" + time.Now().UTC().Format(time.DateOnly),
		`"serviceNames":["a","b"],` + fixtureRange:                           "logs-2-services-2026-11-20-to-2026-11-20",
		`"serviceNames":["../x \"é"],` + fixtureRange:                        "logs----x----2026-11-20-to-2026-11-20",
		`"serviceNames":["` + strings.Repeat("x", 60) + `"],` + fixtureRange: "logs-" + strings.Repeat("x", 50) + "-2026-11-20-to-2026-11-20",
	} {
		var made struct {
			Filename string `json:"filename"`
		}
		require.NoError(t, decodeLoosely(s.ask("export", `{"query":{`+query+`}}`).body, &made))
		assert.Equal(t, want+".csv", made.Filename)
	}
}

// manyRecords returns a search over so many records of about half a kilobyte, the newest
// first, that makes them as they are asked for.
func manyRecords(count int) func(ctx context.Context, query logstore.Query) ([]record.Record, error) {
	newest := newestOfMany()
	body := strings.Repeat("x", 500)
	return func(_ context.Context, query logstore.Query) ([]record.Record, error) {
		first := 0
		if query.After != nil {
			first = int(newest.Sub(query.After.Timestamp)/time.Millisecond) + 1
		}
		var page []record.Record
		for n := first; n < min(first+query.Limit, count); n++ {
			r := record.New()
			r.Log.SetTimestamp(pcommon.NewTimestampFromTime(newest.Add(-time.Duration(n) * time.Millisecond)))
			r.Log.Attributes().PutStr(record.AttributeID, entryID(n))
			r.Log.Body().SetStr(body)
			page = append(page, r)
		}
		return page, nil
	}
}

// newestOfMany is the timestamp of the newest of manyRecords.
func newestOfMany() time.Time { return time.Date(2026, 11, 20, 10, 5, 0, 0, time.UTC) }

// An export holds no more than a page in memory, however large it is.
func TestExportTakesLittleMemory(t *testing.T) {
	const records = 100_000
	s := newServer(t, nil)
	var largest atomic.Uint64
	pages := manyRecords(records)
	s.store.pages = func(ctx context.Context, query logstore.Query) ([]record.Record, error) {
		if query.After != nil && query.After.Timestamp.UnixMilli()%20 == 0 {
			runtime.GC()
		}
		var memory runtime.MemStats
		runtime.ReadMemStats(&memory)
		largest.Store(max(largest.Load(), memory.HeapAlloc))
		return pages(ctx, query)
	}
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)

	response := s.startExport(t.Context(), request{path: exportPath("format=ndjson")}) //nolint:bodyclose // closed by startExport
	count, size := 0, 0
	lines := bufio.NewScanner(response.Body)
	for ; lines.Scan(); count++ {
		size += len(lines.Bytes())
	}
	require.NoError(t, lines.Err())
	assert.Equal(t, records, count)
	used := largest.Load() - min(largest.Load(), before.HeapAlloc)
	t.Logf("%d MB exported, %d MB of memory at most", size>>20, used>>20)
	assert.Less(t, used, uint64(40<<20))
	assert.Greater(t, size, 80<<20)
}

// When the client goes, nothing more is read from the store.
func TestExportEndsWhenTheClientGoes(t *testing.T) {
	s := newServer(t, nil)
	endless, asked := manyRecords(1<<40), atomic.Int64{}
	s.store.pages = func(ctx context.Context, query logstore.Query) ([]record.Record, error) {
		asked.Add(1)
		return endless(ctx, query)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	response := s.startExport(ctx, request{path: exportPath("format=ndjson")}) //nolint:bodyclose // closed by startExport
	_, err := io.ReadFull(response.Body, make([]byte, 1<<20))
	require.NoError(t, err)
	cancel()
	_, err = io.Copy(io.Discard, response.Body)
	require.ErrorIs(t, err, context.Canceled)
	require.Eventually(t, func() bool {
		last := asked.Load()
		time.Sleep(50 * time.Millisecond)
		return asked.Load() == last
	}, 10*time.Second, time.Millisecond, "no more is read")
	require.NoError(t, s.api.Shutdown(t.Context()), "the request ends")
	assert.Zero(t, s.log.FilterMessage("An export was cut short").Len(), "nobody wonders")
}

// An error in the middle breaks the answer off, so that nobody takes it for the whole.
func TestExportThatFails(t *testing.T) {
	// Enough must have been sent before; in gzip, that is many records.
	for encoding, records := range map[string]int{"identity": 2000, "gzip": 30_000} {
		t.Run(encoding, func(t *testing.T) {
			s := newServer(t, nil)
			endless := manyRecords(1 << 40)
			s.store.pages = func(ctx context.Context, query logstore.Query) ([]record.Record, error) {
				if query.After != nil && query.After.Timestamp.Before(newestOfMany().Add(-time.Duration(records)*time.Millisecond)) {
					return nil, errors.New("segment 12 is corrupt")
				}
				return endless(ctx, query)
			}
			response := s.startExport(t.Context(), request{path: exportPath(""), header: map[string]string{"Accept-Encoding": encoding}}) //nolint:bodyclose // closed by startExport
			require.Equal(t, http.StatusOK, response.StatusCode)
			_, err := io.ReadAll(response.Body)
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			failures := s.log.FilterMessage("An export was cut short").All()
			require.Len(t, failures, 1)
			assert.Equal(t, "export records: segment 12 is corrupt", failures[0].ContextMap()["error"])
		})
	}
}

// The export as a whole may take longer than a question may.
func TestExportMayTakeLong(t *testing.T) {
	s := newServer(t, func(config *Config) {
		config.QueryTimeout, config.Server.WriteTimeout = 100*time.Millisecond, 200*time.Millisecond
	})
	pages := manyRecords(5000)
	s.store.pages = func(ctx context.Context, query logstore.Query) ([]record.Record, error) {
		time.Sleep(70 * time.Millisecond)
		return pages(ctx, query)
	}
	got, _ := s.export(request{path: exportPath("columns=uuid")})
	assert.Equal(t, 5001, strings.Count(got, "\r\n"))
}
