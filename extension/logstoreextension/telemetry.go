package logstoreextension

import (
	"context"
	"errors"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/docketlog/docket/extension/logstoreextension/internal/metadata"
	"github.com/docketlog/docket/internal/logstore/elastic"
	"github.com/docketlog/docket/internal/logstore/journaled"
	"github.com/docketlog/docket/internal/logstore/retention"
)

// observeCluster offers the numbers of a backend in a cluster; there are none before it is
// connected.
func observeCluster(builder *metadata.TelemetryBuilder, backend *backend) error {
	number := func(observe func(elastic.Stats, metric.Int64Observer)) metric.Int64Callback {
		return func(_ context.Context, observer metric.Int64Observer) error {
			if connected := backend.elastic.Load(); connected != nil {
				observe(connected.Stats(), observer)
			}
			return nil
		}
	}
	return errors.Join(
		builder.RegisterLogStoreClusterDocumentsCallback(number(func(s elastic.Stats, observer metric.Int64Observer) {
			for outcome, count := range map[string]int64{"created": s.Created, "existing": s.Existing, "refused": s.Refused} {
				observer.Observe(count, metric.WithAttributes(attribute.String("outcome", outcome)))
			}
		})),
		builder.RegisterLogStoreClusterBulkRequestsCallback(number(func(s elastic.Stats, observer metric.Int64Observer) {
			for outcome, count := range s.Requests {
				observer.Observe(count, metric.WithAttributes(attribute.String("status", string(outcome))))
			}
		})),
		builder.RegisterLogStoreClusterBulkRetriesCallback(number(func(s elastic.Stats, observer metric.Int64Observer) { observer.Observe(s.Retries) })),
		builder.RegisterLogStoreClusterBulkSizeCallback(number(func(s elastic.Stats, observer metric.Int64Observer) { observer.Observe(s.Bytes) })),
	)
}

// observe offers the store's numbers as metrics. They are read when metrics are
// collected, so that counting costs nothing where records go by.
func observe(settings component.TelemetrySettings, store *journaled.Store, keeper *retention.Keeper, backend *backend) (stop func(), err error) {
	builder, err := metadata.NewTelemetryBuilder(settings)
	if err != nil {
		return nil, err
	}
	number := func(of func(journaled.Stats) int64) metric.Int64Callback {
		return func(_ context.Context, observer metric.Int64Observer) error {
			observer.Observe(of(store.Stats()))
			return nil
		}
	}
	deleted := func(of func(retention.Stats) int64) metric.Int64Callback {
		return func(_ context.Context, observer metric.Int64Observer) error {
			observer.Observe(of(keeper.Stats()))
			return nil
		}
	}
	err = errors.Join(
		builder.RegisterLogStoreJournalAppendsCallback(number(func(s journaled.Stats) int64 { return s.Appends })),
		builder.RegisterLogStoreJournalFsyncsCallback(number(func(s journaled.Stats) int64 { return s.Fsyncs })),
		builder.RegisterLogStoreJournalWrittenCallback(number(func(s journaled.Stats) int64 { return s.AppendedBytes })),
		builder.RegisterLogStoreJournalSizeCallback(number(func(s journaled.Stats) int64 { return s.JournalBytes })),
		builder.RegisterLogStoreJournalLimitCallback(number(func(s journaled.Stats) int64 { return s.JournalLimit })),
		builder.RegisterLogStoreAppliedRecordsCallback(number(func(s journaled.Stats) int64 { return s.AppliedRecords })),
		builder.RegisterLogStoreApplyFailuresCallback(number(func(s journaled.Stats) int64 { return s.ApplyFailures })),
		builder.RegisterLogStoreDiskFreeCallback(number(func(s journaled.Stats) int64 { return s.FreeBytes })),
		builder.RegisterLogStoreDiskReserveCallback(number(func(s journaled.Stats) int64 { return s.ReserveBytes })),
		builder.RegisterLogStoreDeadLettersCallback(number(func(s journaled.Stats) int64 { return s.DeadLetters })),
		builder.RegisterLogStoreRefusedRecordsCallback(number(func(s journaled.Stats) int64 { return s.RefusedRecords })),
		builder.RegisterLogStoreRetentionDeletionsCallback(deleted(func(s retention.Stats) int64 { return s.DeletedDays + s.DeletedParts })),
		builder.RegisterLogStoreRetentionFreedCallback(deleted(func(s retention.Stats) int64 { return s.DeletedBytes })),
		builder.RegisterLogStoreLagBatchesCallback(number(func(s journaled.Stats) int64 { return s.LagEntries })),
		builder.RegisterLogStoreLagSizeCallback(number(func(s journaled.Stats) int64 { return s.LagBytes })),
		builder.RegisterLogStoreLagRecordsCallback(number(func(s journaled.Stats) int64 { return s.LagRecords })),
		builder.RegisterLogStoreLagAgeCallback(func(_ context.Context, observer metric.Float64Observer) error {
			observer.Observe(store.Stats().LagAge.Seconds())
			return nil
		}),
		observeCluster(builder, backend),
	)
	if err != nil {
		builder.Shutdown()
		return nil, err
	}
	return builder.Shutdown, nil
}
