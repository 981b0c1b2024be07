package journaled

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
)

func TestCountRecords(t *testing.T) {
	logs := plog.NewLogs()
	for range 3 {
		resource := logs.ResourceLogs().AppendEmpty()
		resource.Resource().Attributes().PutStr("service.name", "a")
		for range 2 {
			scope := resource.ScopeLogs().AppendEmpty()
			scope.Scope().SetName("b")
			for range 4 {
				scope.LogRecords().AppendEmpty().Body().SetEmptyMap().PutStr("c", "d")
			}
		}
	}
	for _, isRepeated := range []bool{false, true} { // without and with a header
		payload, err := EncodeEntry(Entry{Logs: logs, Repeated: isRepeated})
		require.NoError(t, err)
		assert.EqualValues(t, logs.LogRecordCount(), countRecords(payload))
	}
}

func FuzzCountRecords(f *testing.F) {
	logs := plog.NewLogs()
	logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().Body().SetStr("x")
	payload, err := EncodeEntry(Entry{Logs: logs})
	require.NoError(f, err)
	f.Add(payload)
	f.Add([]byte{otlpFirstByte, 0xff})
	f.Add([]byte("no entry"))
	f.Fuzz(func(t *testing.T, payload []byte) {
		counted := countRecords(payload)
		if entry, err := DecodeEntry(payload); err == nil {
			assert.EqualValues(t, entry.Logs.LogRecordCount(), counted)
		}
	})
}
