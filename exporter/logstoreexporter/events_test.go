package logstoreexporter

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/docketlog/docket/internal/record"
)

// addEvent adds a record of project 7 with an id, of a scope, and with a key.
func addEvent(logs plog.Logs, scope, id, key string) {
	resource := logs.ResourceLogs().AppendEmpty()
	resource.Resource().Attributes().PutInt(record.AttributeProjectID, 7)
	made := resource.ScopeLogs().AppendEmpty()
	made.Scope().SetName(scope)
	log := made.LogRecords().AppendEmpty()
	log.Attributes().PutStr(record.AttributeID, id)
	log.Attributes().PutStr(record.AttributeIdempotencyKey, key)
}

func idsOf(logs plog.Logs) (ids []string) {
	for r := range record.All(logs) {
		ids = append(ids, r.ID())
	}
	return ids
}

// Of the records of what happens to alerts, those are left out that the store has: no
// others, and nothing else.
func TestKnownEventsAreLeftOut(t *testing.T) {
	store := &fakeStore{known: []string{"7/docket.alert/a", "7/docket.alert/b", "7/docket.alert/x", "7/request", "8/docket.alert/c"}}
	e := start(t, store)
	logs := plog.NewLogs()
	addEvent(logs, "docket.alert", "a", "docket.alert/a")
	addEvent(logs, "docket.alert", "b", "docket.alert/b")
	require.NoError(t, e.ConsumeLogs(t.Context(), logs))
	assert.Empty(t, store.appended, "the store has them all")

	addEvent(logs, "docket.alert", "c", "docket.alert/c") // known in another project
	addEvent(logs, "docket.alert", "d", "docket.alert/x") // the key of another
	addEvent(logs, "docket.alert", "e", "request")
	addEvent(logs, "app", "x", "docket.alert/x")
	require.NoError(t, e.ConsumeLogs(t.Context(), logs))
	require.Len(t, store.appended, 1)
	assert.Equal(t, []string{"c", "d", "e", "x"}, idsOf(store.appended[0]))
	assert.Equal(t, 4, store.appended[0].ResourceLogs().Len())
	assert.Equal(t, 6, logs.LogRecordCount(), "other exporters see what they saw")
}

// While the store cannot say what it has, it is asked later.
func TestEventsOfWhichNothingIsKnownWait(t *testing.T) {
	store := &fakeStore{findErr: errors.New("the disk is away")}
	e := start(t, store)
	logs := plog.NewLogs()
	addEvent(logs, "docket.alert", "a", "docket.alert/a")
	err := e.ConsumeLogs(t.Context(), logs)
	require.ErrorContains(t, err, "the disk is away")
	assert.Equal(t, codes.Unavailable, status.Code(err))
	assert.False(t, consumererror.IsPermanent(err))
	assert.Empty(t, store.appended)
}
