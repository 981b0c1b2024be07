package record_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/record"
)

func receiveTime() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 123456789, time.UTC) }

func TestSealCompletesAnEmptyRecord(t *testing.T) {
	r := record.New()
	record.Seal(r, receiveTime())

	id, err := uuid.Parse(r.ID())
	require.NoError(t, err)
	assert.Equal(t, uuid.Version(7), id.Version())
	assert.Equal(t, uuid.RFC4122, id.Variant())
	assert.Equal(t, strings.ToLower(r.ID()), r.ID())
	assert.Equal(t, pcommon.NewTimestampFromTime(receiveTime()), r.Log.ObservedTimestamp())
	assert.Equal(t, r.Log.ObservedTimestamp(), r.Log.Timestamp())
	assert.Equal(t, hexHash(record.AppendCanonical(nil, r)), r.Hash())
	assert.True(t, record.Verify(r))
}

func TestSealKeepsTimes(t *testing.T) {
	r := record.New()
	r.Log.SetObservedTimestamp(7)
	record.Seal(r, receiveTime())
	assert.Equal(t, pcommon.Timestamp(7), r.Log.ObservedTimestamp())
	assert.Equal(t, pcommon.Timestamp(7), r.Log.Timestamp())

	r = record.New()
	r.Log.SetTimestamp(5)
	record.Seal(r, receiveTime())
	assert.Equal(t, pcommon.Timestamp(5), r.Log.Timestamp())
	assert.Equal(t, pcommon.NewTimestampFromTime(receiveTime()), r.Log.ObservedTimestamp())
}

func TestSealIsIdempotent(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	for range 200 {
		r := randomRecord(random)
		record.Seal(r, receiveTime())
		sealed := copyOf(r)
		record.Seal(r, receiveTime().Add(time.Hour))
		require.Equal(t, marshal(t, sealed), marshal(t, r))
	}
}

func marshal(t *testing.T, r record.Record) string {
	t.Helper()
	content, err := (&plog.JSONMarshaler{}).MarshalLogs(logsOf(r))
	require.NoError(t, err)
	return string(content)
}

func TestSealReplacesTheSendersID(t *testing.T) {
	tests := map[string]struct {
		put  func(attributes pcommon.Map)
		kept string
	}{
		"a UUIDv7":     {func(a pcommon.Map) { a.PutStr(record.AttributeID, sampleID) }, sampleID},
		"another text": {func(a pcommon.Map) { a.PutStr(record.AttributeID, "order-7") }, "order-7"},
		"a number":     {func(a pcommon.Map) { a.PutInt(record.AttributeID, 7) }, "7"},
		"with a hash": {func(a pcommon.Map) {
			a.PutStr(record.AttributeID, sampleID)
			a.PutStr(record.AttributeHash, strings.Repeat("0", 64))
		}, sampleID},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := record.New()
			test.put(r.Log.Attributes())
			record.Seal(r, receiveTime())

			assert.NotEqual(t, test.kept, r.ID())
			sent, ok := r.Log.Attributes().Get(record.AttributeClientRecordID)
			require.True(t, ok)
			assert.Equal(t, test.kept, sent.Str())
			assert.True(t, record.Verify(r))
		})
	}
}

func TestSealGivesEachRecordItsOwnID(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		r := record.New()
		record.Seal(r, receiveTime())
		require.False(t, seen[r.ID()])
		seen[r.ID()] = true
	}
}

// Records of several origins, in any order, get the hashes that they get one by one.
func TestSealerOfManyRecords(t *testing.T) {
	random := rand.New(rand.NewPCG(13, 14))
	for range 50 {
		logs := plog.NewLogs()
		for range 3 {
			origin := randomRecord(random)
			resource := logs.ResourceLogs().AppendEmpty()
			origin.Resource.CopyTo(resource.Resource())
			for range 2 {
				scope := resource.ScopeLogs().AppendEmpty()
				randomRecord(random).Scope.CopyTo(scope.Scope())
				for range 2 {
					randomRecord(random).Log.CopyTo(scope.LogRecords().AppendEmpty())
				}
			}
		}
		records := slices.Collect(record.All(logs))
		random.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
		sealer := record.NewSealer(receiveTime(), len(records))
		for _, r := range records {
			sealer.Seal(r)
			require.Equal(t, hexHash(record.AppendCanonical(nil, r)), r.Hash())
		}
	}
}

func TestResealKeepsTheID(t *testing.T) {
	r := record.New()
	record.Seal(r, receiveTime())
	id, hash := r.ID(), r.Hash()
	r.Resource.Attributes().PutInt(record.AttributeProjectID, 2)
	require.False(t, record.Verify(r))
	record.Reseal(r)
	assert.Equal(t, id, r.ID())
	assert.NotEqual(t, hash, r.Hash())
	assert.True(t, record.Verify(r))
}

const sampleID = "019b76da-a800-7000-8000-000000000001"

// Each of these has the right hash of what it holds, or lacks only the hash.
func TestVerifyRefuses(t *testing.T) {
	withID := func(id string) func(record.Record) {
		return func(r record.Record) {
			r.Log.Attributes().PutStr(record.AttributeID, id)
			record.Reseal(r)
		}
	}
	tests := map[string]func(r record.Record){
		"no id": func(r record.Record) {
			r.Log.Attributes().Remove(record.AttributeID)
			record.Reseal(r)
		},
		"an id that is a number": func(r record.Record) {
			r.Log.Attributes().PutInt(record.AttributeID, 1)
			record.Reseal(r)
		},
		"the id of another time":    withID(sampleID),
		"an id in upper case":       withID(strings.ToUpper(sampleID)),
		"an id in braces":           withID("{" + sampleID + "}"),
		"an id without hyphens":     withID(strings.ReplaceAll(sampleID, "-", "")),
		"an id with misplaced ones": withID("019b76daa-800-7000-8000-000000000001"),
		"a UUIDv4":                  withID("019b76da-a800-4000-8000-000000000001"),
		"another variant":           withID("019b76da-a800-7000-c000-000000000001"),
		"an id that is not hex":     withID("019b76da-a800-7000-8000-00000000000g"),
		"no observed time": func(r record.Record) {
			r.Log.SetObservedTimestamp(0)
			record.Reseal(r)
		},
		"no timestamp": func(r record.Record) {
			r.Log.SetTimestamp(0)
			record.Reseal(r)
		},
		"no hash":            func(r record.Record) { r.Log.Attributes().Remove(record.AttributeHash) },
		"a short hash":       func(r record.Record) { r.Log.Attributes().PutStr(record.AttributeHash, r.Hash()[:63]) },
		"a hash in capitals": func(r record.Record) { r.Log.Attributes().PutStr(record.AttributeHash, strings.ToUpper(r.Hash())) },
		"another hash":       func(r record.Record) { r.Log.Attributes().PutStr(record.AttributeHash, strings.Repeat("0", 64)) },
		"a changed body":     func(r record.Record) { r.Log.Body().SetStr("changed") },
		"a changed resource": func(r record.Record) { r.Resource.Attributes().PutStr(record.AttributeServiceName, "changed") },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			r := record.New()
			record.Seal(r, receiveTime())
			require.True(t, record.Verify(r))
			change(r)
			assert.False(t, record.Verify(r))
		})
	}
}

func TestSealAtTheSameTime(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 12))
	done := make(chan bool)
	const workers = 8
	for range workers {
		r := randomRecord(random)
		go func() {
			ok := true
			for range 200 {
				record.Seal(r, receiveTime())
				ok = ok && record.Verify(r)
				r.Log.SetSeverityNumber(r.Log.SeverityNumber() + 1)
			}
			done <- ok
		}()
	}
	for range workers {
		assert.True(t, <-done)
	}
}
