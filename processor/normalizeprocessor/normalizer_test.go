package normalizeprocessor

import (
	"context"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/golden"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/pdatatest/plogtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/docketlog/docket/internal/record"
	"github.com/docketlog/docket/internal/tenant"
	"github.com/docketlog/docket/processor/normalizeprocessor/internal/metadata"
)

// newProcessor returns a processor as the factory makes it, and what it passes on
// to.
func newProcessor(t *testing.T, config *Config) (processor.Logs, *consumertest.LogsSink) {
	t.Helper()
	sink := new(consumertest.LogsSink)
	logs, err := NewFactory().CreateLogs(t.Context(), processortest.NewNopSettings(metadata.Type), config, sink)
	require.NoError(t, err)
	return logs, sink
}

// from returns the context of a request from a client.
func from(ctx context.Context, address net.Addr) context.Context {
	info := client.FromContext(ctx)
	info.Addr = address
	return client.NewContext(ctx, info)
}

func clientAddress() net.Addr { return &net.TCPAddr{IP: net.IPv4(203, 0, 113, 7), Port: 50123} }

// oneRecord returns logs with one record in one resource.
func oneRecord(change func(r record.Record)) plog.Logs {
	logs := plog.NewLogs()
	resource := logs.ResourceLogs().AppendEmpty()
	resource.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	for r := range record.All(logs) {
		change(r)
	}
	return logs
}

// received returns the only record that the sink got.
func received(t *testing.T, sink *consumertest.LogsSink) record.Record {
	t.Helper()
	require.Equal(t, 1, sink.LogRecordCount())
	for r := range record.All(sink.AllLogs()[0]) {
		return r
	}
	panic("unreachable")
}

func textAttribute(r record.Record, name string) string {
	value, _ := r.Log.Attributes().Get(name)
	return value.AsString()
}

func TestGolden(t *testing.T) {
	folders, err := filepath.Glob("testdata/golden/*")
	require.NoError(t, err)
	require.NotEmpty(t, folders)
	for _, folder := range folders {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			input, err := golden.ReadLogs(filepath.Join(folder, "input.yaml"))
			require.NoError(t, err)
			expected, err := golden.ReadLogs(filepath.Join(folder, "expected.yaml"))
			require.NoError(t, err)

			logs, sink := newProcessor(t, &Config{DefaultProject: 3})
			require.NoError(t, logs.ConsumeLogs(from(t.Context(), clientAddress()), input))

			require.Len(t, sink.AllLogs(), 1)
			for r := range record.All(sink.AllLogs()[0]) {
				assert.True(t, record.Verify(r), "%v is sealed", r.Log.Body().AsString())
			}
			require.NoError(t, plogtest.CompareLogs(expected, sink.AllLogs()[0],
				plogtest.IgnoreLogRecordAttributeValue(record.AttributeID),
				plogtest.IgnoreLogRecordAttributeValue(record.AttributeHash)))
		})
	}
}

func TestTimesAreCompleted(t *testing.T) {
	logs, sink := newProcessor(t, &Config{DefaultProject: 1})
	before := time.Now()
	require.NoError(t, logs.ConsumeLogs(t.Context(), oneRecord(func(record.Record) {})))
	observed := received(t, sink).Log.ObservedTimestamp().AsTime()
	assert.False(t, observed.Before(before) || observed.After(time.Now()), observed)
	assert.Equal(t, observed, received(t, sink).Log.Timestamp().AsTime())
}

func TestClientAddress(t *testing.T) {
	tests := map[string]struct {
		address net.Addr
		want    string
	}{
		"gRPC":               {&net.TCPAddr{IP: net.IPv4(203, 0, 113, 7), Port: 50123}, "203.0.113.7"},
		"HTTP":               {&net.IPAddr{IP: net.ParseIP("2001:db8::1")}, "2001:db8::1"},
		"IPv4 in IPv6":       {&net.TCPAddr{IP: net.ParseIP("::ffff:203.0.113.7")}, "203.0.113.7"},
		"Unix socket":        {&net.UnixAddr{Name: "/run/docket.sock", Net: "unix"}, ""},
		"address with no IP": {&net.TCPAddr{Port: 1}, ""},
		"unknown":            {nil, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			logs, sink := newProcessor(t, &Config{DefaultProject: 1})
			require.NoError(t, logs.ConsumeLogs(from(t.Context(), test.address), oneRecord(func(record.Record) {})))
			value, ok := received(t, sink).Log.Attributes().Get(record.AttributeClientAddress)
			assert.Equal(t, test.want != "", ok)
			if ok {
				assert.Equal(t, test.want, value.AsString())
			}
		})
	}
}

// sealedRecord returns logs with a record as the audit_log receiver passes it on.
func sealedRecord(project int64) plog.Logs {
	return oneRecord(func(r record.Record) {
		if project != 0 {
			r.Resource.Attributes().PutInt(record.AttributeProjectID, project)
		}
		r.Log.SetSeverityText("warn") // without its number
		r.Log.Attributes().PutStr(record.AttributeSource, record.SourceLogHub)
		record.Seal(r, time.Unix(1767225600, 5))
	})
}

func TestSealedRecordsAreLeftAsTheyAre(t *testing.T) {
	for name, ctx := range map[string]context.Context{
		"without an identity": from(t.Context(), clientAddress()),
		"with one":            from(tenant.NewContext(t.Context(), identityFor(1, 2)), clientAddress()),
	} {
		t.Run(name, func(t *testing.T) {
			input, want := sealedRecord(2), plog.NewLogs()
			input.CopyTo(want)
			logs, sink := newProcessor(t, &Config{DefaultProject: 1})
			require.NoError(t, logs.ConsumeLogs(ctx, input))
			require.NoError(t, plogtest.CompareLogs(want, sink.AllLogs()[0]))
		})
	}
}

func TestSealedRecordsGetAProject(t *testing.T) {
	input := sealedRecord(0)
	var before record.Record
	for r := range record.All(input) {
		before = record.New()
		r.Log.CopyTo(before.Log)
	}
	logs, sink := newProcessor(t, &Config{DefaultProject: 4})
	require.NoError(t, logs.ConsumeLogs(t.Context(), input))

	after := received(t, sink)
	assert.Equal(t, int64(4), after.ProjectID())
	assert.True(t, record.Verify(after))
	assert.NotEqual(t, before.Hash(), after.Hash())
	assert.Equal(t, before.ID(), after.ID(), "the sender may know the record by it")
	assert.Equal(t, record.SourceLogHub, textAttribute(after, record.AttributeSource))
	assert.Equal(t, before.Log.Timestamp(), after.Log.Timestamp())
}

func TestAlertMatchesAreNeverTakenFromASender(t *testing.T) {
	input := sealedRecord(1)
	for r := range record.All(input) {
		r.Log.Attributes().PutEmptySlice(record.AttributeAlertMatches).AppendEmpty().SetStr("rule@1")
		require.True(t, record.Verify(r), "the tag is outside of the hash")
	}
	logs, sink := newProcessor(t, &Config{})
	require.NoError(t, logs.ConsumeLogs(t.Context(), input))
	_, ok := received(t, sink).Log.Attributes().Get(record.AttributeAlertMatches)
	assert.False(t, ok)
	assert.True(t, record.Verify(received(t, sink)))
}

func TestSealedRecordsThatWereChangedAreNotTrusted(t *testing.T) {
	input := sealedRecord(1)
	var id string
	witness := record.NewWitness(1)
	for r := range record.All(input) {
		id = r.ID()
		witness.See(r)
		r.Log.Body().SetStr("changed")
	}
	logs, sink := newProcessor(t, &Config{})
	require.NoError(t, logs.ConsumeLogs(record.WithWitness(t.Context(), witness), input))
	after := received(t, sink)
	assert.True(t, record.Verify(after))
	assert.NotEqual(t, id, after.ID())
	assert.Equal(t, id, textAttribute(after, record.AttributeClientRecordID))
	assert.Equal(t, record.SourceOTLP, textAttribute(after, record.AttributeSource))
	assert.Equal(t, plog.SeverityNumberWarn, after.Log.SeverityNumber())
}

// A processor in between may leave records out, and the witness then knows the others by
// other numbers.
func TestSealedRecordsOfWhichSomeAreLeftOut(t *testing.T) {
	input := sealedRecord(1)
	for range 3 {
		for _, resource := range sealedRecord(1).ResourceLogs().All() {
			resource.CopyTo(input.ResourceLogs().AppendEmpty())
		}
	}
	witness := record.NewWitness(4)
	var ids []string
	for r := range record.All(input) {
		witness.See(r)
		ids = append(ids, r.ID())
	}
	left := 0
	input.ResourceLogs().RemoveIf(func(plog.ResourceLogs) bool { left++; return left == 2 })
	logs, sink := newProcessor(t, &Config{})
	require.NoError(t, logs.ConsumeLogs(record.WithWitness(t.Context(), witness), input))
	var got []string
	for r := range record.All(sink.AllLogs()[0]) {
		assert.True(t, record.Verify(r))
		got = append(got, r.ID())
	}
	assert.Equal(t, []string{ids[0], ids[2], ids[3]}, got)
}

// A resource may hold sealed and other records; the hash of the former must hold
// after the resource changed.
func TestMixedResource(t *testing.T) {
	input := sealedRecord(0)
	scope := input.ResourceLogs().At(0).ScopeLogs().At(0)
	scope.LogRecords().AppendEmpty().Body().SetStr("second")
	id, _ := scope.LogRecords().At(0).Attributes().Get(record.AttributeID)
	want := id.Str()

	logs, sink := newProcessor(t, &Config{DefaultProject: 1})
	require.NoError(t, logs.ConsumeLogs(t.Context(), input))
	var ids []string
	for r := range record.All(sink.AllLogs()[0]) {
		assert.True(t, record.Verify(r))
		ids = append(ids, r.ID())
	}
	require.Len(t, ids, 2)
	assert.Equal(t, want, ids[0])
	assert.NotEqual(t, ids[0], ids[1])
}

func TestDeepValuesAreRefused(t *testing.T) {
	// nest puts one list into another, levels deep in all.
	nest := func(value pcommon.Value, levels int) {
		for level := range levels {
			if level%2 == 0 {
				value = value.SetEmptySlice().AppendEmpty()
			} else {
				value = value.SetEmptyMap().PutEmpty("k")
			}
		}
	}
	places := map[string]func(r record.Record) pcommon.Value{
		"body":               func(r record.Record) pcommon.Value { return r.Log.Body() },
		"the attribute":      func(r record.Record) pcommon.Value { return r.Log.Attributes().PutEmpty("x") },
		"resource attribute": func(r record.Record) pcommon.Value { return r.Resource.Attributes().PutEmpty("x") },
		"scope attribute":    func(r record.Record) pcommon.Value { return r.Scope.Attributes().PutEmpty("x") },
	}
	for name, place := range places {
		t.Run(name, func(t *testing.T) {
			logs, sink := newProcessor(t, &Config{DefaultProject: 1})
			require.NoError(t, logs.ConsumeLogs(t.Context(), oneRecord(func(r record.Record) { nest(place(r), maxDepth) })))
			require.Equal(t, 1, sink.LogRecordCount())

			for _, levels := range []int{maxDepth + 1, maxDepth + 2, 100_000} {
				err := logs.ConsumeLogs(t.Context(), oneRecord(func(r record.Record) { nest(place(r), levels) }))
				require.ErrorContains(t, err, "nested more than 32 levels deep")
				require.ErrorContains(t, err, name)
				assert.True(t, consumererror.IsPermanent(err))
				assert.Equal(t, 1, sink.LogRecordCount())
			}
		})
	}
}

func BenchmarkProcess(b *testing.B) {
	for name, seal := range map[string]bool{"sealed": true, "not sealed": false} {
		b.Run(name, func(b *testing.B) {
			template := sealedRecord(1)
			if !seal {
				template.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Attributes().Remove(record.AttributeHash)
			}
			n := normalizer{}
			b.ReportAllocs()
			for b.Loop() {
				logs := plog.NewLogs()
				template.CopyTo(logs)
				if _, err := n.process(b.Context(), logs); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
