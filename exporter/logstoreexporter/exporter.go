package logstoreexporter

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
	"github.com/docketlog/docket/internal/tenant"
)

type logStoreExporter struct {
	config *Config
	store  logstore.Writer // set by start
	// requests is what the store knows already, set by start.
	requests logstore.RequestFinder
}

// storeExtension is what the exporter needs of the log_store extension.
type storeExtension interface {
	LogStore() logstore.Store
	RequestFinder() logstore.RequestFinder
}

// readOnlyStore is a log store that takes no records from anybody else. ReadOnly says why,
// and what to do.
type readOnlyStore interface{ ReadOnly() error }

// start finds the store. A store that is only read is an error here already, so that
// nobody sends records to a Docket that cannot take them.
func (e *logStoreExporter) start(_ context.Context, host component.Host) error {
	found, ok := host.GetExtensions()[e.config.Store]
	if !ok {
		return fmt.Errorf("find the log store: no extension %q is configured and listed in service::extensions", e.config.Store)
	}
	extension, ok := found.(storeExtension)
	if !ok {
		return fmt.Errorf("find the log store: extension %q is not a log_store", e.config.Store)
	}
	e.store, e.requests = extension.LogStore(), extension.RequestFinder()
	if store, ok := e.store.(readOnlyStore); ok {
		return fmt.Errorf("write to the log store %q: %w", e.config.Store, store.ReadOnly())
	}
	return nil
}

// push returns nil only when the records are durable.
func (e *logStoreExporter) push(ctx context.Context, logs plog.Logs) error {
	if err := refuseAuditTrail(logs); err != nil {
		return err
	}
	if hasEvents(logs) {
		left, err := withoutKnownEvents(ctx, logs, e.requests)
		if err != nil || left.LogRecordCount() == 0 {
			return withStatus(err)
		}
		logs = left
	}
	return withStatus(e.store.Append(ctx, logs))
}

// refuseAuditTrail refuses records for the project of Docket's own audit trail: nothing
// comes into that by a pipeline, whatever its receivers and processors let through.
func refuseAuditTrail(logs plog.Logs) error {
	for _, resource := range logs.ResourceLogs().All() {
		if (record.Record{Resource: resource.Resource()}).ProjectID() == tenant.AuditProjectID {
			return consumererror.NewPermanent(status.Errorf(codes.PermissionDenied,
				"project %d has Docket's own audit trail, to which only Docket itself adds records", int64(tenant.AuditProjectID)))
		}
	}
	return nil
}

// withStatus gives an error of the store the gRPC status from which receivers
// make their answer: 429 or 503 with Retry-After, 400, or 503.
func withStatus(err error) error {
	if err == nil {
		return nil
	}
	unavailable, isUnavailable := errors.AsType[*logstore.UnavailableError](err)
	switch {
	case isUnavailable:
		code := codes.Unavailable
		if unavailable.Overload {
			code = codes.ResourceExhausted
		}
		return retryable(code, unavailable)
	case errors.Is(err, logstore.ErrOutcomeUnknown):
		// OTLP senders, who may deliver more than once, try again after this; the
		// audit_log receiver leaves that to its client.
		return status.Error(codes.Aborted, logstore.ErrOutcomeUnknown.Error())
	case consumererror.IsPermanent(err):
		return consumererror.NewPermanent(status.Error(codes.InvalidArgument, err.Error()))
	case errors.Is(err, context.Canceled):
		return status.Error(codes.Canceled, err.Error())
	case errors.Is(err, context.DeadlineExceeded):
		return status.Error(codes.DeadlineExceeded, err.Error())
	default:
		return status.Error(codes.Unavailable, err.Error())
	}
}

func retryable(code codes.Code, unavailable *logstore.UnavailableError) error {
	plain := status.New(code, unavailable.Error())
	detailed, err := plain.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(unavailable.RetryAfter)})
	if err != nil {
		return plain.Err()
	}
	return detailed.Err()
}
