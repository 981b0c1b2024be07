package normalizeprocessor

import (
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

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

// refuse refuses what an identity may not do.
func refuse(cause error) error {
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
