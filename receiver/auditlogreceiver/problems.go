package auditlogreceiver

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.uber.org/zap"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/docketlog/docket/internal/tenant"
	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/framing"
	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/intake"
)

// defaultRetryAfter is what a client is told to wait when the pipeline does not
// say: memory is looked at, and space made, about once a second.
const defaultRetryAfter = time.Second

// authorize checks that the identity, if there is one, may write here.
func authorize(r *http.Request, f format, identity *tenant.Identity) *intake.Problem {
	if problem := f.Authorize(r, identity); problem != nil || identity == nil {
		return problem
	}
	if err := identity.Can(tenant.ScopeIngest); err != nil {
		return intake.Refuse(http.StatusForbidden, err.Error())
	}
	return nil
}

// project returns the project that a record belongs to, by the name that the
// record or its request gives. Without an identity nobody knows which projects
// there are: then a number is taken as it is, and anything else as the default.
func (h *handler) project(identity *tenant.Identity, f format, name string) (int64, *intake.Problem) {
	if identity == nil {
		if number, err := strconv.ParseInt(name, 10, 64); err == nil && number > 0 {
			return number, nil
		}
		return h.config.DefaultProject, nil
	}
	project, err := identity.Project(name)
	if err != nil {
		return 0, projectProblem(err, f.ProjectField())
	}
	return project.ID, nil
}

func projectProblem(err error, field string) *intake.Problem {
	problem := &intake.Problem{
		Status:  http.StatusForbidden,
		Message: err.Error(),
		Fields:  []intake.Field{{Name: field, Message: err.Error()}},
	}
	var refusal *tenant.Error
	if errors.As(err, &refusal) && refusal.Reason == tenant.ReasonProjectRequired {
		problem.Status = http.StatusBadRequest
		problem.Message = field + " is required: " + err.Error()
		problem.Fields[0].Message = "is required: " + err.Error()
	}
	return problem
}

func framingProblem(err error) *intake.Problem {
	_, isTooMany := errors.AsType[*framing.TooManyError](err)
	_, isTooLarge := errors.AsType[*framing.TooLargeError](err)
	if isTooMany || isTooLarge {
		return intake.Refuse(http.StatusRequestEntityTooLarge, err.Error())
	}
	return intake.Refuse(http.StatusBadRequest, err.Error())
}

// pipelineProblem tells why the pipeline has not taken the records. Whether to try
// again follows from the error as it does in the OTLP receiver. The text of a gRPC
// status is meant for clients; that of any other error may tell of our insides.
func pipelineProblem(err error, logger *zap.Logger) *intake.Problem {
	reason, ok := statusOf(err)
	if !ok {
		if !consumererror.IsPermanent(err) {
			return overloaded(http.StatusServiceUnavailable, "the records cannot be taken now: try again", defaultRetryAfter)
		}
		reason = status.New(codes.Internal, "")
	}
	switch reason.Code() {
	case codes.ResourceExhausted:
		return overloaded(http.StatusTooManyRequests, reason.Message(), retryDelay(reason))
	case codes.OutOfRange, codes.Unavailable:
		return overloaded(http.StatusServiceUnavailable, reason.Message(), retryDelay(reason))
	case codes.Canceled, codes.DeadlineExceeded, codes.Aborted, codes.DataLoss:
		// A 503 says that nothing was stored.
		logger.Error("the pipeline does not know whether it has taken the records", zap.Error(err))
		return intake.Refuse(http.StatusInternalServerError,
			"it is not known whether the records were stored: look for them before you send them again, or send them with an "+
				headerIdempotencyKey+", the same for each attempt")
	case codes.InvalidArgument:
		return intake.Refuse(http.StatusBadRequest, reason.Message())
	case codes.Unauthenticated:
		return intake.Refuse(http.StatusUnauthorized, reason.Message())
	case codes.PermissionDenied:
		return intake.Refuse(http.StatusForbidden, reason.Message())
	default:
		logger.Error("the pipeline refuses records for good", zap.Error(err))
		return intake.Refuse(http.StatusInternalServerError, "the records could not be stored: the log of the service says why")
	}
}

func overloaded(httpStatus int, message string, retryAfter time.Duration) *intake.Problem {
	return &intake.Problem{Status: httpStatus, Message: message, RetryAfter: retryAfter}
}

// statusOf returns the gRPC status that an error carries, if it does: the status
// itself, without the words that were wrapped around it on its way.
func statusOf(err error) (*status.Status, bool) {
	var carrier interface{ GRPCStatus() *status.Status }
	if errors.As(err, &carrier) && carrier.GRPCStatus() != nil {
		return carrier.GRPCStatus(), true
	}
	var classified *consumererror.Error
	if errors.As(err, &classified) {
		return consumererror.ToGRPCStatus(err), true
	}
	return nil, false
}

// retryDelay returns how long the status says to wait.
func retryDelay(reason *status.Status) time.Duration {
	for _, detail := range reason.Details() {
		if retry, ok := detail.(*errdetails.RetryInfo); ok && retry.GetRetryDelay().AsDuration() > 0 {
			return retry.GetRetryDelay().AsDuration()
		}
	}
	return defaultRetryAfter
}
