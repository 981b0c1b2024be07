package record_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/record"
)

func TestAllYieldsEveryRecordInOrder(t *testing.T) {
	logs := plog.NewLogs()
	for _, service := range []string{"a", "b"} {
		resource := logs.ResourceLogs().AppendEmpty()
		resource.Resource().Attributes().PutStr(record.AttributeServiceName, service)
		for _, scope := range []string{"x", "y"} {
			scopeLogs := resource.ScopeLogs().AppendEmpty()
			scopeLogs.Scope().SetName(scope)
			for _, event := range []string{"1", "2"} {
				scopeLogs.LogRecords().AppendEmpty().SetEventName(event)
			}
		}
	}
	var got []string
	for r := range record.All(logs) {
		service, _ := r.Resource.Attributes().Get(record.AttributeServiceName)
		got = append(got, service.Str()+r.Scope.Name()+r.Log.EventName())
	}
	assert.Equal(t, []string{"ax1", "ax2", "ay1", "ay2", "bx1", "bx2", "by1", "by2"}, got)

	got = nil
	for r := range record.All(logs) {
		if got = append(got, r.Log.EventName()); len(got) == 3 {
			break
		}
	}
	assert.Equal(t, []string{"1", "2", "1"}, got)
}

func TestAttributesOfAnotherKindAreNotRead(t *testing.T) {
	r := record.New()
	assert.Zero(t, r.ProjectID())
	assert.Empty(t, r.ID())
	assert.Empty(t, r.Hash())

	r.Resource.Attributes().PutInt(record.AttributeProjectID, 7)
	r.Log.Attributes().PutStr(record.AttributeID, sampleID)
	assert.Equal(t, int64(7), r.ProjectID())
	assert.Equal(t, sampleID, r.ID())

	r.Resource.Attributes().PutStr(record.AttributeProjectID, "7")
	r.Log.Attributes().PutInt(record.AttributeID, 7)
	assert.Zero(t, r.ProjectID())
	assert.Empty(t, r.ID())
}

func TestTimeOf(t *testing.T) {
	for _, at := range []time.Time{
		time.Unix(0, 0).UTC(), time.Date(2026, 11, 21, 10, 0, 0, 1, time.UTC), time.Date(2500, 1, 1, 0, 0, 0, 999_999_999, time.UTC),
	} {
		number := uint64(at.Unix())*uint64(time.Second) + uint64(at.Nanosecond()) //nolint:gosec // not negative
		assert.Equal(t, at, record.TimeOf(pcommon.Timestamp(number)))
	}
}
