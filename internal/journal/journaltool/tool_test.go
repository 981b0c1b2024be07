package journaltool_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gofrs/flock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/journal"
	"github.com/docketlog/docket/internal/journal/journaltool"
)

func decode(payload []byte) (plog.Logs, error) {
	return new(plog.ProtoUnmarshaler).UnmarshalLogs(payload)
}

// dataFolder makes a data folder with a closed journal of three entries, of which
// the first is applied.
func dataFolder(t *testing.T) (data, directory string) {
	t.Helper()
	data = t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(data, "LOCK"), nil, 0o600))
	directory = filepath.Join(data, "journal")
	j, err := journal.Open(directory, journal.Options{SegmentBytes: journal.MinSegmentBytes})
	require.NoError(t, err)
	for _, body := range []string{"first", "second", "third"} {
		logs := plog.NewLogs()
		logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().Body().SetStr(body)
		payload, err := new(plog.ProtoMarshaler).MarshalLogs(logs)
		require.NoError(t, err)
		_, err = j.Append(t.Context(), payload)
		require.NoError(t, err)
	}
	require.NoError(t, j.SetCheckpoint("backend", 1))
	require.NoError(t, j.Close())
	return data, directory
}

// damage makes the second entry unreadable.
func damage(t *testing.T, directory string) {
	t.Helper()
	segments, err := filepath.Glob(filepath.Join(directory, "*.wal"))
	require.NoError(t, err)
	content, err := os.ReadFile(segments[0])
	require.NoError(t, err)
	at := bytes.Index(content, []byte("second"))
	require.Positive(t, at)
	content[at] ^= 0x20
	require.NoError(t, os.WriteFile(segments[0], content, 0o600))
}

func run(t *testing.T, arguments ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = journaltool.Run(t.Context(), arguments, &out, &err, decode)
	return code, out.String(), err.String()
}

func TestVerify(t *testing.T) {
	data, directory := dataFolder(t)
	for _, folder := range []string{data, directory} {
		code, stdout, stderr := run(t, "verify", folder)
		assert.Equal(t, journaltool.Healthy, code)
		assert.Empty(t, stderr)
		assert.Contains(t, stdout, "journal      "+directory+"\n")
		assert.Contains(t, stdout, "entries      3 readable, from 1 to 3\n")
		assert.Contains(t, stdout, "checkpoint   backend has applied through 1, 2 to go\n")
		assert.Contains(t, stdout, "The journal is healthy.\n")
	}
	damage(t, directory)
	code, stdout, _ := run(t, "verify", data)
	assert.Equal(t, journaltool.Damaged, code)
	assert.Contains(t, stdout, "The journal is DAMAGED:\n")
	assert.Contains(t, stdout, "entry 2 cannot be read, and nothing of it is applied yet (entry 2 has checksum")
	assert.Contains(t, stdout, "1 entry is lost unless")
	assert.Contains(t, stdout, "Nothing was changed. To repair: docket-journal repair "+directory+"\n")

	code, stdout, _ = run(t, "verify", data, "--json")
	assert.Equal(t, journaltool.Damaged, code)
	var report journal.Report
	require.NoError(t, json.Unmarshal([]byte(stdout), &report))
	require.Len(t, report.Damages, 1)
	assert.EqualValues(t, 2, report.Damages[0].FirstLost)
	assert.EqualValues(t, 1, report.Applied)
}

func TestRepair(t *testing.T) {
	data, directory := dataFolder(t)
	code, stdout, _ := run(t, "repair", data)
	assert.Equal(t, journaltool.Healthy, code)
	assert.Equal(t, "The journal in "+directory+" is healthy. Nothing was changed.\n", stdout)

	damage(t, directory)
	running := flock.New(filepath.Join(data, "LOCK"))
	locked, err := running.TryLock()
	require.NoError(t, err)
	require.True(t, locked)
	code, _, stderr := run(t, "repair", data)
	assert.Equal(t, journaltool.Failed, code)
	assert.Contains(t, stderr, "stop the Docket that has it open first")
	require.NoError(t, running.Unlock())

	code, stdout, stderr = run(t, "repair", data)
	assert.Equal(t, journaltool.Healthy, code, stderr)
	assert.Contains(t, stdout, "recovered    1 (entries that were not applied yet; ")
	assert.Contains(t, stdout, "lost         1\n")
	assert.Contains(t, stdout, "kept         the damaged journal, in "+directory+".damaged-")
	code, _, _ = run(t, "verify", data)
	assert.Equal(t, journaltool.Healthy, code)

	// Interrupted before its last step.
	require.NoError(t, os.Rename(directory, directory+".repaired"))
	code, stdout, _ = run(t, "repair", data)
	assert.Equal(t, journaltool.Healthy, code)
	assert.Contains(t, stdout, "An interrupted repair of "+directory+" is finished.")
}

func TestDump(t *testing.T) {
	data, directory := dataFolder(t)
	code, stdout, _ := run(t, "dump", "--from", "2", data)
	assert.Equal(t, journaltool.Healthy, code)
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	require.Len(t, lines, 2)
	assert.Regexp(t, `^\{"index":2,"segment":"0{19}1-0{16}\.wal","offset":\d+,"bytes":\d+,`+
		`"records":\{"resourceLogs":\[.*"body":\{"stringValue":"second"\}.*\]\}\}$`, lines[0])

	damage(t, directory)
	code, stdout, stderr := run(t, "dump", data, "--to", "2")
	assert.Equal(t, journaltool.Damaged, code)
	assert.Contains(t, stdout, "first")
	assert.Equal(t, 1, strings.Count(stdout, "\n"))
	assert.Contains(t, stderr, "entries may be missing")
}

func TestDumpShowsWhatItCannotDecode(t *testing.T) {
	directory := t.TempDir()
	j, err := journal.Open(directory, journal.Options{SegmentBytes: journal.MinSegmentBytes})
	require.NoError(t, err)
	_, err = j.Append(t.Context(), []byte("\xff\xff\xff"))
	require.NoError(t, err)
	require.NoError(t, j.Close())
	code, stdout, _ := run(t, "dump", directory)
	assert.Equal(t, journaltool.Healthy, code)
	assert.Contains(t, stdout, `"error":"decode the entry: `)
}

func TestUsage(t *testing.T) {
	for _, arguments := range [][]string{{}, {"fix"}, {"verify"}, {"verify", "a", "b"}, {"dump", "--from", "x", "a"}, {"verify", "--force", "a"}} {
		code, stdout, stderr := run(t, arguments...)
		assert.Equal(t, journaltool.Failed, code, arguments)
		assert.Empty(t, stdout)
		assert.NotEmpty(t, stderr)
	}
	for _, arguments := range [][]string{{"--help"}, {"repair", "--help"}} {
		code, stdout, _ := run(t, arguments...)
		assert.Equal(t, journaltool.Healthy, code)
		assert.Contains(t, stdout, "docket-journal repair [--json] DIR")
	}
	code, _, stderr := run(t, "verify", t.TempDir())
	assert.Equal(t, journaltool.Failed, code)
	assert.Contains(t, stderr, "there is no journal in")
	code, _, _ = run(t, "repair", filepath.Join(t.TempDir(), "nowhere"))
	assert.Equal(t, journaltool.Failed, code)
}
