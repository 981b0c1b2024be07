package logstoreexporter

import (
	"context"
	"fmt"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/alert/eventrecord"
	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// hasEvents reports whether there are records of what happens to alerts.
func hasEvents(logs plog.Logs) bool {
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			if eventrecord.IsScope(scope.Scope()) {
				return true
			}
		}
	}
	return false
}

// withoutKnownEvents returns a copy of logs without the records of what happens to alerts
// that the log store has: the alerting extension stores them itself, and the receiver
// alert_events brings them into pipelines, of which one may end here. Those of another
// Docket are known only if they have come before.
func withoutKnownEvents(ctx context.Context, logs plog.Logs, requests logstore.RequestFinder) (plog.Logs, error) {
	left := plog.NewLogs()
	logs.CopyTo(left)
	var failed error
	isKnown := func(r record.Record) bool {
		key, ok := eventrecord.KeyOf(r)
		if !ok || failed != nil {
			return false
		}
		_, known, err := requests.FindRequest(ctx, r.ProjectID(), key)
		if err != nil {
			failed = fmt.Errorf("ask for the record of an event: %w", err)
		}
		return known
	}
	left.ResourceLogs().RemoveIf(func(resource plog.ResourceLogs) bool {
		resource.ScopeLogs().RemoveIf(func(scope plog.ScopeLogs) bool {
			scope.LogRecords().RemoveIf(func(log plog.LogRecord) bool {
				return isKnown(record.Record{Resource: resource.Resource(), Scope: scope.Scope(), Log: log})
			})
			return scope.LogRecords().Len() == 0
		})
		return resource.ScopeLogs().Len() == 0
	})
	return left, failed
}
