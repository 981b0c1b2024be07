package normalizeprocessor

import (
	"errors"
	"fmt"
	"math"
	"time"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/docketlog/docket/internal/record"
	"github.com/docketlog/docket/internal/tenant"
)

// refusal is the error for a batch that would be refused again and again. The
// OTLP receiver answers it with the gRPC status, or the HTTP status that goes
// with it; the collector takes it as permanent. It wraps a *tenant.Error where
// that is the cause.
type refusal struct {
	status *status.Status
	cause  error
}

func (r *refusal) Error() string { return r.status.Message() }

// GRPCStatus is how google.golang.org/grpc/status finds the status of an error.
func (r *refusal) GRPCStatus() *status.Status { return r.status }

// Unwrap makes consumererror.IsPermanent true.
func (r *refusal) Unwrap() error { return consumererror.NewPermanent(r.cause) }

// refuseArgument refuses what the sender has to change.
func refuseArgument(format string, arguments ...any) error {
	cause := fmt.Errorf(format, arguments...)
	return &refusal{status: status.New(codes.InvalidArgument, cause.Error()), cause: cause}
}

// throttled is the error for a batch that was sent too soon after others. It wraps a
// *tenant.ThrottledError, and is not permanent.
type throttled struct {
	status *status.Status
	cause  error
}

func (t *throttled) Error() string { return t.status.Message() }

// GRPCStatus is how google.golang.org/grpc/status finds the status of an error.
func (t *throttled) GRPCStatus() *status.Status { return t.status }

func (t *throttled) Unwrap() error { return t.cause }

func newThrottled(cause *tenant.ThrottledError) *throttled {
	plain := status.New(codes.ResourceExhausted, cause.Error())
	// In whole seconds, of which the OTLP receiver tells clients over HTTP, without what is
	// behind the point.
	wait := time.Duration(math.Ceil(cause.RetryAfter.Seconds())) * time.Second
	detailed, err := plain.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(wait)})
	if err != nil {
		detailed = plain
	}
	return &throttled{status: detailed, cause: cause}
}

// refuse refuses what an identity may not do, or not now.
func refuse(cause error) error {
	if tooMany, ok := errors.AsType[*tenant.ThrottledError](cause); ok {
		return newThrottled(tooMany)
	}
	var denied *tenant.Error
	if !errors.As(cause, &denied) {
		return &refusal{status: status.New(codes.Internal, cause.Error()), cause: cause}
	}
	message := denied.Message
	if denied.Reason == tenant.ReasonProjectRequired {
		message += "; a sender names it by the resource attribute " + record.AttributeProjectID +
			" or the header " + tenant.HeaderProject
	}
	return &refusal{status: status.New(codeOf(denied.Reason), message), cause: cause}
}

func codeOf(reason tenant.Reason) codes.Code {
	switch reason {
	case tenant.ReasonMissingCredentials, tenant.ReasonInvalidCredentials:
		return codes.Unauthenticated
	case tenant.ReasonProjectRequired, tenant.ReasonInvalid:
		return codes.InvalidArgument
	default:
		return codes.PermissionDenied
	}
}
