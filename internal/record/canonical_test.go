package record_test

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/record"
)

// vector is a record with its canonical bytes and hash, as testdata/vectors.json
// and testdata/verify_vectors.py have them.
type vector struct {
	Name      string          `json:"name"`
	OTLP      json.RawMessage `json:"otlp"`
	Canonical string          `json:"canonical"`
	Hash      string          `json:"hash"`
}

const vectorsFile = "testdata/vectors.json"

func readVectors(t *testing.T) []vector {
	t.Helper()
	content, err := os.ReadFile(vectorsFile)
	require.NoError(t, err)
	var vectors []vector
	require.NoError(t, json.Unmarshal(content, &vectors))
	require.NotEmpty(t, vectors)
	return vectors
}

func parseRecord(t *testing.T, otlp []byte) record.Record {
	t.Helper()
	logs, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs(otlp)
	require.NoError(t, err)
	require.Equal(t, 1, logs.LogRecordCount())
	for r := range record.All(logs) {
		return r
	}
	return record.Record{}
}

func hexHash(canonical []byte) string {
	hash := record.Hash(canonical)
	return hex.EncodeToString(hash[:])
}

func TestVectors(t *testing.T) {
	for _, vector := range readVectors(t) {
		t.Run(vector.Name, func(t *testing.T) {
			canonical := record.AppendCanonical(nil, parseRecord(t, vector.OTLP))
			assert.Equal(t, vector.Canonical, string(canonical))
			assert.Equal(t, vector.Hash, hexHash(canonical))
		})
	}
}

// The Python program was written from the documentation. It must agree on the
// published vectors, on random records, and notice when something is wrong.
func TestPythonAgrees(t *testing.T) {
	t.Run("published vectors", func(t *testing.T) {
		output, err := verifyInPython(t, vectorsFile)
		require.NoError(t, err, output)
	})
	t.Run("random records", func(t *testing.T) {
		random := rand.New(rand.NewPCG(1, 2))
		vectors := make([]vector, 500)
		for i := range vectors {
			vectors[i] = vectorOf(t, randomRecord(random))
		}
		output, err := verifyInPython(t, writeVectors(t, vectors))
		require.NoError(t, err, output)
		assert.Contains(t, output, "500 of 500 records agree")
	})
	t.Run("a wrong hash", func(t *testing.T) {
		vectors := readVectors(t)
		vectors[0].Hash = vectors[1].Hash
		output, err := verifyInPython(t, writeVectors(t, vectors))
		var exit *exec.ExitError
		require.ErrorAs(t, err, &exit, output)
		assert.Equal(t, 1, exit.ExitCode(), output)
	})
}

func verifyInPython(t *testing.T, file string) (output string, err error) {
	t.Helper()
	command := exec.CommandContext(context.Background(), "python3", "-B", "testdata/verify_vectors.py", file)
	content, err := command.CombinedOutput()
	return string(content), err
}

func writeVectors(t *testing.T, vectors []vector) (file string) {
	t.Helper()
	content, err := json.Marshal(vectors)
	require.NoError(t, err)
	file = filepath.Join(t.TempDir(), "vectors.json")
	require.NoError(t, os.WriteFile(file, content, 0o600))
	return file
}

func vectorOf(t *testing.T, r record.Record) vector {
	t.Helper()
	otlp, err := (&plog.JSONMarshaler{}).MarshalLogs(logsOf(r))
	require.NoError(t, err)
	canonical := record.AppendCanonical(nil, r)
	return vector{Name: "random", OTLP: otlp, Canonical: string(canonical), Hash: hexHash(canonical)}
}

func logsOf(r record.Record) plog.Logs {
	logs := plog.NewLogs()
	resource := logs.ResourceLogs().AppendEmpty()
	r.Resource.CopyTo(resource.Resource())
	scope := resource.ScopeLogs().AppendEmpty()
	r.Scope.CopyTo(scope.Scope())
	r.Log.CopyTo(scope.LogRecords().AppendEmpty())
	return logs
}

func copyOf(r record.Record) record.Record {
	for c := range record.All(logsOf(r)) {
		return c
	}
	panic("unreachable")
}

func TestCanonicalIsAppended(t *testing.T) {
	r := record.New()
	r.Log.SetEventName("login")
	assert.Equal(t, `prefix {"eventName":"login"}`, string(record.AppendCanonical([]byte("prefix "), r)))
}

func TestCanonicalReplacesInvalidUTF8(t *testing.T) {
	r := record.New()
	r.Log.Body().SetStr("a\xffb\xe4\xb8c")
	r.Log.Attributes().PutStr("\xff", "2")
	r.Log.Attributes().PutStr("\U00010000", "3")
	r.Log.Attributes().PutStr("\uFFFC", "1")
	// Sorted by what the keys became, not by the bytes that they were.
	want := []byte(`{"attributes":[{"key":"` + "\uFFFC" + `","value":{"stringValue":"1"}},` +
		`{"key":"` + "\uFFFD" + `","value":{"stringValue":"2"}},` +
		`{"key":"` + "\U00010000" + `","value":{"stringValue":"3"}}],` +
		`"body":{"stringValue":"a` + "\uFFFD" + `b` + "\uFFFD\uFFFD" + `c"}}`)
	assert.Equal(t, want, record.AppendCanonical(nil, r))
}

// RFC 8785 is a subset of JSON: what is written must be read back as the same.
func TestCanonicalIsJSON(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		canonical := record.AppendCanonical(nil, randomRecord(random))
		require.True(t, json.Valid(canonical), "%s", canonical)
	}
}

func TestCanonicalDoesNotDependOnOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		r := randomRecord(random)
		shuffled := copyOf(r)
		for _, m := range []pcommon.Map{shuffled.Log.Attributes(), shuffled.Resource.Attributes(), shuffled.Scope.Attributes()} {
			shuffle(random, m)
		}
		if body := shuffled.Log.Body(); body.Type() == pcommon.ValueTypeMap {
			shuffle(random, body.Map())
		}
		require.Equal(t, string(record.AppendCanonical(nil, r)), string(record.AppendCanonical(nil, shuffled)))
	}
}

// shuffle puts the pairs of m, and of the maps in it, into a random order.
func shuffle(random *rand.Rand, m pcommon.Map) {
	var keys []string
	for key, value := range m.All() {
		keys = append(keys, key)
		if value.Type() == pcommon.ValueTypeMap {
			shuffle(random, value.Map())
		}
	}
	random.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	shuffled := pcommon.NewMap()
	for _, key := range keys {
		value, _ := m.Get(key)
		value.CopyTo(shuffled.PutEmpty(key))
	}
	shuffled.CopyTo(m)
}

// changes are what may be done to a record that has the attribute "kind" with the number 1.
func changes() map[string]func(r record.Record) {
	return map[string]func(r record.Record){
		"time":                     func(r record.Record) { r.Log.SetTimestamp(r.Log.Timestamp() + 1) },
		"observed time":            func(r record.Record) { r.Log.SetObservedTimestamp(r.Log.ObservedTimestamp() + 1) },
		"severity number":          func(r record.Record) { r.Log.SetSeverityNumber(r.Log.SeverityNumber() + 1) },
		"severity text":            func(r record.Record) { r.Log.SetSeverityText(r.Log.SeverityText() + "x") },
		"event name":               func(r record.Record) { r.Log.SetEventName(r.Log.EventName() + "x") },
		"flags":                    func(r record.Record) { r.Log.SetFlags(r.Log.Flags() ^ 1) },
		"trace id":                 func(r record.Record) { id := r.Log.TraceID(); id[15]++; r.Log.SetTraceID(id) },
		"span id":                  func(r record.Record) { id := r.Log.SpanID(); id[7]++; r.Log.SetSpanID(id) },
		"scope name":               func(r record.Record) { r.Scope.SetName(r.Scope.Name() + "x") },
		"scope version":            func(r record.Record) { r.Scope.SetVersion(r.Scope.Version() + "x") },
		"body of another kind":     changeBody,
		"added attribute":          func(r record.Record) { r.Log.Attributes().PutStr("added", "") },
		"added resource attribute": func(r record.Record) { r.Resource.Attributes().PutEmpty("added") },
		"added scope attribute":    func(r record.Record) { r.Scope.Attributes().PutBool("added", false) },
		"attribute's kind":         func(r record.Record) { r.Log.Attributes().PutStr("kind", "1") },
		"attribute's value":        func(r record.Record) { r.Log.Attributes().PutInt("kind", 2) },
		"removed attribute":        func(r record.Record) { r.Log.Attributes().Remove("kind") },
		"attribute's place": func(r record.Record) {
			r.Log.Attributes().Remove("kind")
			r.Resource.Attributes().PutInt("kind", 1)
		},
	}
}

func TestAnyChangeChangesTheHash(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	for name, change := range changes() {
		t.Run(name, func(t *testing.T) {
			for range 20 {
				r := randomRecord(random)
				r.Log.Attributes().PutInt("kind", 1)
				changed := copyOf(r)
				change(changed)
				require.NotEqual(t, hexHash(record.AppendCanonical(nil, r)), hexHash(record.AppendCanonical(nil, changed)))
			}
		})
	}
}

func changeBody(r record.Record) {
	if body := r.Log.Body(); body.Type() == pcommon.ValueTypeStr {
		body.SetBool(true)
	} else {
		body.SetStr(body.AsString())
	}
}

func TestTagsDoNotChangeTheHash(t *testing.T) {
	r := record.New()
	r.Log.Attributes().PutStr("a", "1")
	before := string(record.AppendCanonical(nil, r))
	r.Log.Attributes().PutStr(record.AttributeHash, "00")
	r.Log.Attributes().PutEmptySlice(record.AttributeAlertMatches).AppendEmpty().SetStr("rule@1")
	assert.Equal(t, before, string(record.AppendCanonical(nil, r)))
}

func FuzzCanonical(f *testing.F) {
	f.Add("key", "value\n\"\\\x00", 1.5)
	f.Add("\xff", "\u2028\U0001F600", math.Inf(1))
	f.Add("", "", 1e-7)
	f.Fuzz(func(t *testing.T, key, text string, number float64) {
		r := record.New()
		r.Log.Body().SetDouble(number)
		r.Log.Attributes().PutStr(key, text)
		canonical := record.AppendCanonical(nil, r)
		var read struct {
			Body struct {
				Value json.RawMessage `json:"doubleValue"`
			} `json:"body"`
			Attributes []struct {
				Key   string `json:"key"`
				Value struct {
					Text string `json:"stringValue"`
				} `json:"value"`
			} `json:"attributes"`
		}
		require.NoError(t, json.Unmarshal(canonical, &read), "%s", canonical)
		if !math.IsNaN(number) && !math.IsInf(number, 0) {
			parsed, err := strconv.ParseFloat(string(read.Body.Value), 64)
			require.NoError(t, err)
			assert.Equal(t, math.Float64bits(number+0), math.Float64bits(parsed)) // -0 + 0 is 0
		}
		if key != record.AttributeHash && key != record.AttributeAlertMatches {
			require.Len(t, read.Attributes, 1)
			assert.Equal(t, string([]rune(key)), read.Attributes[0].Key)
			assert.Equal(t, string([]rune(text)), read.Attributes[0].Value.Text)
		}
	})
}
