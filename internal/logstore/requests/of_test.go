package requests_test

import (
	"encoding/hex"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/logstore/requests"
	"github.com/docketlog/docket/internal/record"
)

func receiveTime() time.Time { return time.Date(2026, 1, 1, 12, 0, 0, 123456789, time.UTC) }

// digest returns the digest of 32 equal bytes.
func digest(b byte) (digest [32]byte) {
	for i := range digest {
		digest[i] = b
	}
	return digest
}

// newBatch returns logs with a resource for each project.
func newBatch(projects ...int64) plog.Logs {
	logs := plog.NewLogs()
	for _, project := range projects {
		resource := logs.ResourceLogs().AppendEmpty()
		resource.Resource().Attributes().PutInt(record.AttributeProjectID, project)
		resource.ScopeLogs().AppendEmpty()
	}
	return logs
}

// add adds a sealed record with a key to a resource of logs. Change may change the
// attributes before that.
func add(logs plog.Logs, resource int, key string, digest [32]byte, position int64, change func(pcommon.Map)) record.Record {
	home := logs.ResourceLogs().At(resource)
	scope := home.ScopeLogs().At(0)
	r := record.Record{Resource: home.Resource(), Scope: scope.Scope(), Log: scope.LogRecords().AppendEmpty()}
	attributes := r.Log.Attributes()
	if key != "" {
		attributes.PutStr(record.AttributeIdempotencyKey, key)
		attributes.PutStr(record.AttributeRequestDigest, hex.EncodeToString(digest[:]))
		attributes.PutInt(record.AttributeRequestPosition, position)
	}
	if change != nil {
		change(attributes)
	}
	record.Seal(r, receiveTime())
	return r
}

func receiptOf(r record.Record, position int) logstore.Receipt {
	return logstore.Receipt{Position: position, ID: r.ID(), Hash: r.Hash(), ReceivedAt: receiveTime()}
}

func TestOfGroupsByProjectAndKey(t *testing.T) {
	logs := newBatch(7, 8, 7)
	third := add(logs, 0, "a", digest(1), 2, nil)
	add(logs, 0, "", digest(1), 0, nil)
	other := add(logs, 0, "b", digest(2), 0, nil)
	second := add(logs, 1, "a", digest(1), 1, nil)
	first := add(logs, 2, "a", digest(1), 0, nil)
	assert.Equal(t, []logstore.Request{
		{ProjectID: 7, Key: "a", Digest: digest(1), Receipts: []logstore.Receipt{receiptOf(first, 0), receiptOf(third, 2)}},
		{ProjectID: 7, Key: "b", Digest: digest(2), Receipts: []logstore.Receipt{receiptOf(other, 0)}},
		{ProjectID: 8, Key: "a", Digest: digest(1), Receipts: []logstore.Receipt{receiptOf(second, 1)}},
	}, requests.Of(logs))
}

func TestOfPrefersTheFirst(t *testing.T) {
	logs := newBatch(7)
	first := add(logs, 0, "a", digest(1), 0, nil)
	add(logs, 0, "a", digest(2), 1, nil)
	add(logs, 0, "a", digest(1), 0, nil)
	assert.Equal(t, []logstore.Request{
		{ProjectID: 7, Key: "a", Digest: digest(1), Receipts: []logstore.Receipt{receiptOf(first, 0)}},
	}, requests.Of(logs))
}

// TestOfIgnoresWhatNoReceiverWrote: such attributes come from somebody's own OTLP.
func TestOfIgnoresWhatNoReceiverWrote(t *testing.T) {
	for name, change := range map[string]func(pcommon.Map){
		"key is empty":          func(a pcommon.Map) { a.PutStr(record.AttributeIdempotencyKey, "") },
		"key is too long":       func(a pcommon.Map) { a.PutStr(record.AttributeIdempotencyKey, strings.Repeat("k", 256)) },
		"key is a number":       func(a pcommon.Map) { a.PutInt(record.AttributeIdempotencyKey, 1) },
		"digest is absent":      func(a pcommon.Map) { a.Remove(record.AttributeRequestDigest) },
		"digest is short":       func(a pcommon.Map) { a.PutStr(record.AttributeRequestDigest, "00") },
		"digest is not hex":     func(a pcommon.Map) { a.PutStr(record.AttributeRequestDigest, strings.Repeat("x", 64)) },
		"digest is bytes":       func(a pcommon.Map) { a.PutEmptyBytes(record.AttributeRequestDigest) },
		"position is absent":    func(a pcommon.Map) { a.Remove(record.AttributeRequestPosition) },
		"position is a text":    func(a pcommon.Map) { a.PutStr(record.AttributeRequestPosition, "0") },
		"position is negative":  func(a pcommon.Map) { a.PutInt(record.AttributeRequestPosition, -1) },
		"position is too large": func(a pcommon.Map) { a.PutInt(record.AttributeRequestPosition, math.MaxInt32+1) },
	} {
		t.Run(name, func(t *testing.T) {
			logs := newBatch(7)
			add(logs, 0, "a", digest(1), 0, change)
			assert.Empty(t, requests.Of(logs))
		})
	}
	for name, spoil := range map[string]func(record.Record){
		"no project":   func(r record.Record) { r.Resource.Attributes().Clear() },
		"no id":        func(r record.Record) { r.Log.Attributes().Remove(record.AttributeID) },
		"no hash":      func(r record.Record) { r.Log.Attributes().Remove(record.AttributeHash) },
		"long id":      func(r record.Record) { r.Log.Attributes().PutStr(record.AttributeID, strings.Repeat("i", 256)) },
		"endless time": func(r record.Record) { r.Log.SetObservedTimestamp(math.MaxUint64) },
	} {
		t.Run(name, func(t *testing.T) {
			logs := newBatch(7)
			spoil(add(logs, 0, "a", digest(1), 0, nil))
			assert.Empty(t, requests.Of(logs))
		})
	}
}

// BenchmarkOf has 1,000 records of 12 attributes: with the keys, and without any,
// which is what nearly every Append pays.
func BenchmarkOf(b *testing.B) {
	const count = 1000
	for name, key := range map[string]string{"no keys": "", "one key": "k"} {
		b.Run(name, func(b *testing.B) {
			logs := newBatch(7)
			for i := range count {
				add(logs, 0, key, digest(1), int64(i), func(a pcommon.Map) {
					for _, name := range []string{
						record.AttributeSource, record.AttributeUserID, record.AttributeUserName, record.AttributeUserEmail,
						record.AttributeClientAddress, record.AttributeUserAgent, "context.order", "context.retry", "request.method", "request.path",
					} {
						a.PutStr(name, "value")
					}
				})
			}
			want := 0
			if key != "" {
				want = 1
			}
			b.ReportAllocs()
			for b.Loop() {
				if len(requests.Of(logs)) != want {
					b.Fatal("wrong requests")
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/count, "ns/record")
		})
	}
}

func TestOfCostsNoMemoryWithoutKeys(t *testing.T) {
	logs := newBatch(7)
	add(logs, 0, "", digest(0), 0, nil)
	require.Zero(t, testing.AllocsPerRun(100, func() { requests.Of(logs) }))
}
