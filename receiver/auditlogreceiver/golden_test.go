package auditlogreceiver

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/golden"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/pdatatest/plogtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/record"
)

// updateGolden is the environment variable that makes TestGolden write its files.
const updateGolden = "DOCKET_UPDATE_GOLDEN"

// capture is a request as a real client sent it, or as a document shows it.
type capture struct {
	Method  string      `json:"method"`
	Path    string      `json:"path"`
	Headers [][2]string `json:"headers"`
	Body    string      `json:"body"`
}

// TestGolden sends every request of testdata/captures. What is kept must be as the
// YAML file of the request's name says, and what is refused must be answered as its
// JSON file says. documents.jsonl has the examples of the three API documents, the
// other files what clients sent to a server that noted it.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/captures/*.jsonl")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		for i, request := range readCaptures(t, file) {
			name := fmt.Sprintf("%s_%02d", strings.TrimSuffix(filepath.Base(file), ".jsonl"), i)
			t.Run(name, func(t *testing.T) { checkGolden(t, filepath.Join("testdata/golden", name), request) })
		}
	}
}

func readCaptures(t *testing.T, name string) []capture {
	t.Helper()
	file, err := os.Open(name)
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	var captures []capture
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var c capture
		require.NoError(t, json.Unmarshal(lines.Bytes(), &c))
		captures = append(captures, c)
	}
	return captures
}

func checkGolden(t *testing.T, path string, request capture) {
	t.Helper()
	server := start(t, nil)
	headers := []string{"Content-Type", "", "User-Agent", ""}
	for _, header := range request.Headers {
		switch strings.ToLower(header[0]) {
		case "host", "connection", "content-length", "transfer-encoding":
		default:
			headers = append(headers, header[0], header[1])
		}
	}
	got := server.send(request.Method, request.Path, strings.NewReader(request.Body), headers...)
	if got.status != 200 {
		assert.Empty(t, server.pipeline.AllLogs())
		checkRefusal(t, path+".json", got)
		return
	}
	require.Len(t, server.pipeline.AllLogs(), 1)
	checkLogs(t, path+".yaml", server.pipeline.AllLogs()[0])
}

func checkRefusal(t *testing.T, file string, got answer) {
	t.Helper()
	text, err := json.MarshalIndent(map[string]any{"status": got.status, "body": got.json(t)}, "", "  ")
	require.NoError(t, err)
	if os.Getenv(updateGolden) != "" {
		require.NoError(t, os.WriteFile(file, append(text, '\n'), 0o600))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.JSONEq(t, string(want), string(text))
}

func checkLogs(t *testing.T, file string, got plog.Logs) {
	t.Helper()
	for r := range record.All(got) {
		assert.True(t, record.Verify(r))
	}
	if os.Getenv(updateGolden) != "" {
		require.NoError(t, golden.WriteLogsToFile(file, got))
	}
	want, err := golden.ReadLogs(file)
	require.NoError(t, err)
	assert.NoError(t, plogtest.CompareLogs(want, got,
		plogtest.IgnoreTimestamp(), plogtest.IgnoreObservedTimestamp(),
		plogtest.IgnoreLogRecordAttributeValue(record.AttributeID),
		plogtest.IgnoreLogRecordAttributeValue(record.AttributeHash),
	))
	assert.Equal(t, eventNames(want), eventNames(got)) // which CompareLogs leaves out
}

func eventNames(logs plog.Logs) []string {
	var names []string
	for r := range record.All(logs) {
		names = append(names, r.Log.EventName())
	}
	return names
}
