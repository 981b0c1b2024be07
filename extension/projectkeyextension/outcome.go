package projectkeyextension

import (
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/docketlog/docket/internal/tenant"
)

// unavailableError makes a gRPC server answer Unavailable with a delay. Without
// a status of its own the error would be answered as Unauthenticated, after
// which clients throw away what they wanted to send.
type unavailableError struct{ *tenant.UnavailableError }

// Unwrap lets errors.As find the *tenant.UnavailableError.
func (e *unavailableError) Unwrap() error { return e.UnavailableError }

// GRPCStatus is looked for by google.golang.org/grpc/status.
func (e *unavailableError) GRPCStatus() *status.Status {
	plain := status.New(codes.Unavailable, e.Error())
	detailed, err := plain.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(e.RetryAfter)})
	if err != nil {
		return plain
	}
	return detailed
}

// outcomes are the attributes of the metric of authentications, made once. Their
// values are those of metadata.yaml.
type outcomes struct{ accepted, throttled, missing, invalid, unavailable metric.MeasurementOption }

func newOutcomes() outcomes {
	option := func(outcome string) metric.MeasurementOption {
		return metric.WithAttributeSet(attribute.NewSet(attribute.String("outcome", outcome)))
	}
	return outcomes{
		accepted:    option("accepted"),
		throttled:   option("throttled"),
		missing:     option("missing"),
		invalid:     option("invalid"),
		unavailable: option("unavailable"),
	}
}

func (o outcomes) of(identity *tenant.Identity, err error) metric.MeasurementOption {
	switch {
	case err == nil && identity.Throttled != nil:
		return o.throttled
	case err == nil:
		return o.accepted
	}
	refusal, ok := errors.AsType[*tenant.Error](err)
	switch {
	case !ok:
		return o.unavailable
	case refusal.Reason == tenant.ReasonMissingCredentials:
		return o.missing
	default:
		return o.invalid
	}
}
