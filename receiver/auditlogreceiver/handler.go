package auditlogreceiver

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.uber.org/zap"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
	"github.com/docketlog/docket/internal/tenant"
	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/framing"
	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/idempotency"
	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/intake"
	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/jsondoc"
)

// handler serves requests of every format.
type handler struct {
	config  *Config
	routes  *routes
	next    consumer.Logs
	report  *receiverhelper.ObsReport
	answers *idempotency.Memory
	logger  *zap.Logger
	now     func() time.Time
	// authenticator and requests are set by Start. Requests is nil when idempotency
	// keys are only remembered in answers.
	authenticator authenticator
	requests      logstore.RequestFinder

	bodies  sync.Pool // of *bytes.Buffer
	readers sync.Pool // of *jsondoc.Reader
}

func newHandler(config *Config, settings receiver.Settings, next consumer.Logs) (*handler, error) {
	report, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{
		ReceiverID: settings.ID, Transport: "http", ReceiverCreateSettings: settings,
	})
	if err != nil {
		return nil, fmt.Errorf("create the receiver's telemetry: %w", err)
	}
	answers, err := idempotency.NewMemory(idempotency.DefaultSettings(), time.Now)
	if err != nil {
		return nil, fmt.Errorf("create the memory of idempotency keys: %w", err)
	}
	return &handler{
		config: config, routes: newRoutes(config), next: next, report: report, answers: answers,
		logger: settings.Logger, now: time.Now,
		readers: sync.Pool{New: func() any { return new(jsondoc.Reader) }},
	}, nil
}

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.serve(r.Context(), w, r) }

// serve is ServeHTTP with a context that goes before the request's own.
func (h *handler) serve(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	format := h.routes.find(r.URL.Path)
	if format == nil {
		h.serveNotFound(w, r)
		return
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		writeProblem(w, format, intake.Refuse(http.StatusMethodNotAllowed, r.Method+" is not allowed here: send POST"))
		return
	}
	answer, problem := h.take(ctx, r, format)
	if problem != nil {
		writeProblem(w, format, problem)
		return
	}
	write(w, answer)
}

// take answers one request, or returns why nothing of it was kept.
func (h *handler) take(ctx context.Context, r *http.Request, f format) (idempotency.Answer, *intake.Problem) {
	receivedAt := h.now()
	ctx, problem := h.authenticator.authenticate(ctx, r)
	if problem != nil {
		return idempotency.Answer{}, problem
	}
	identity, _ := tenant.FromContext(ctx)
	if problem := authorize(r, f, identity); problem != nil {
		return idempotency.Answer{}, problem
	}
	key, hasKey, problem := requestKey(r)
	if problem != nil {
		return idempotency.Answer{}, problem
	}
	lines, problem := checkMediaType(r.Header.Get("Content-Type"), f)
	if problem != nil {
		return idempotency.Answer{}, problem
	}
	body, problem := h.readBody(r)
	if problem != nil {
		return idempotency.Answer{}, problem
	}
	defer h.releaseBody(body)

	parts, err := h.split(f, body.Bytes(), lines)
	if err != nil {
		return idempotency.Answer{}, framingProblem(err)
	}
	b, problem := h.decode(ctx, r, f, identity, parts)
	if problem != nil {
		return idempotency.Answer{}, problem
	}
	if !hasKey || len(b.records) == 0 { // what stores nothing needs no memory
		return h.store(ctx, f, b, receivedAt)
	}
	request := idempotency.Request{Projects: b.projects(), Key: key, Digest: idempotency.DigestOf(f.Source(), body.Bytes())}
	return h.storeOnce(ctx, f, b, receivedAt, request)
}

// split cuts the body into records.
func (h *handler) split(f format, body []byte, lines bool) (framing.Body, error) {
	splitter := framing.Splitter{Requires: f.Requires, MaxRecords: h.config.MaxRecords, MaxBytes: h.config.ServerConfig.MaxRequestBodySize}
	if lines {
		return splitter.SplitLines(body)
	}
	return splitter.Split(body)
}

// store seals the records of a batch, hands them to the pipeline and returns the
// answer, or the problem that nothing was stored.
func (h *handler) store(ctx context.Context, f format, b *batch, receivedAt time.Time) (idempotency.Answer, *intake.Problem) {
	if len(b.records) > 0 {
		witness := b.seal(receivedAt)
		if err := h.consume(record.WithWitness(ctx, witness), f, b); err != nil {
			return idempotency.Answer{}, pipelineProblem(err, h.logger)
		}
	}
	return b.answer(f)
}

func (h *handler) consume(ctx context.Context, f format, b *batch) error {
	ctx = h.report.StartLogsOp(ctx)
	count := len(b.records)
	err := h.next.ConsumeLogs(ctx, b.logs)
	h.report.EndLogsOp(ctx, f.Source(), count, err)
	return err
}
