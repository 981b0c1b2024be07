package auditlogreceiver

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/record"
	"github.com/docketlog/docket/internal/tenant"
	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/framing"
	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/idempotency"
	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/intake"
	"github.com/docketlog/docket/receiver/auditlogreceiver/internal/jsondoc"
)

// batch is what was decoded of one request.
type batch struct {
	logs plog.Logs
	// records are the good records in logs, in the order of the request. They
	// belong to the pipeline once it has logs.
	records []record.Record
	// results has one entry for each record of the request. Receipts are there
	// from seal on.
	results []intake.Result
	bulk    bool
	// owners are the resources of a bulk request.
	owners map[owner]plog.ResourceLogs
}

// owner is what the records under one resource have in common.
type owner struct {
	project int64
	service string
}

// decode decodes every record of a request. The problem is that of a single
// record; those of a bulk request are in the batch's results.
func (h *handler) decode(
	ctx context.Context, r *http.Request, f format, identity *tenant.Identity, body framing.Body,
) (*batch, *intake.Problem) {
	reader := h.readers.Get().(*jsondoc.Reader)
	defer func() {
		reader.Reset(nil, jsondoc.Limits{})
		h.readers.Put(reader)
	}()
	b := &batch{
		logs: plog.NewLogs(), bulk: body.Bulk,
		results: make([]intake.Result, len(body.Records)),
		records: make([]record.Record, 0, len(body.Records)),
	}
	if b.bulk {
		b.owners = map[owner]plog.ResourceLogs{}
	}
	sender := senderOf(ctx, r)
	for i, data := range body.Records {
		problem := h.decodeRecord(r, f, identity, reader, data, b, sender)
		if problem != nil && !body.Bulk {
			return nil, problem
		}
		b.results[i].Problem = problem
	}
	return b, nil
}

// decodeRecord decodes one record, finds its project and adds it to the batch.
func (h *handler) decodeRecord(
	r *http.Request, f format, identity *tenant.Identity, reader *jsondoc.Reader, data []byte, b *batch, sender sender,
) *intake.Problem {
	if len(data) > h.config.MaxRecordSize {
		return &intake.Problem{
			Status:  http.StatusRequestEntityTooLarge,
			Message: fmt.Sprintf("the record has %d bytes, over the limit of %d (max_record_size)", len(data), h.config.MaxRecordSize),
		}
	}
	reader.Reset(data, jsondoc.Limits{Depth: h.config.MaxDepth, Attributes: h.config.MaxAttributes})
	log := plog.NewLogRecord()
	origin, err := f.Decode(reader, log)
	if err != nil {
		return intake.ProblemOf(err)
	}
	name := origin.Project
	if name == "" {
		var problem *intake.Problem
		if name, problem = f.Project(r); problem != nil {
			return problem
		}
	}
	project, problem := h.project(identity, f, name)
	if problem != nil {
		return problem
	}
	attributes := log.Attributes()
	attributes.PutStr(record.AttributeSource, f.Source())
	sender.describe(attributes)
	b.add(owner{project: project, service: origin.Service}, log)
	return nil
}

// add moves a record into the batch, to the others of its owner.
func (b *batch) add(o owner, log plog.LogRecord) {
	resource := b.resourceOf(o)
	scope := resource.ScopeLogs().At(0)
	home := scope.LogRecords().AppendEmpty()
	log.MoveTo(home)
	b.records = append(b.records, record.Record{Resource: resource.Resource(), Scope: scope.Scope(), Log: home})
}

// resourceOf returns the resource of an owner's records.
func (b *batch) resourceOf(o owner) plog.ResourceLogs {
	if resource, ok := b.owners[o]; ok {
		return resource
	}
	resource := b.logs.ResourceLogs().AppendEmpty()
	attributes := resource.Resource().Attributes()
	attributes.EnsureCapacity(2)
	attributes.PutInt(record.AttributeProjectID, o.project)
	if o.service != "" {
		attributes.PutStr(record.AttributeServiceName, o.service)
	}
	resource.ScopeLogs().AppendEmpty()
	if b.bulk {
		b.owners[o] = resource
	}
	return resource
}

// projects returns the projects that the batch writes to, in ascending order.
func (b *batch) projects() []int64 {
	var projects []int64
	for _, resource := range b.logs.ResourceLogs().All() {
		projects = append(projects, record.Record{Resource: resource.Resource()}.ProjectID())
	}
	slices.Sort(projects)
	return slices.Compact(projects)
}

// accepted yields the good records by their position in the request.
func (b *batch) accepted() iter.Seq2[int, record.Record] {
	return func(yield func(int, record.Record) bool) {
		next := 0
		for position, result := range b.results {
			if result.Problem != nil {
				continue
			}
			if !yield(position, b.records[next]) {
				return
			}
			next++
		}
	}
}

// seal seals every record and notes its receipt, as long as the batch is ours. The witness
// is for whoever gets the batch.
func (b *batch) seal(receivedAt time.Time) *record.Witness {
	sealer := record.NewSealer(receivedAt, len(b.records))
	for position, r := range b.accepted() {
		sealer.Seal(r)
		b.results[position].Receipt = intake.Receipt{
			ID: r.ID(), Hash: r.Hash(), ReceivedAt: r.Log.ObservedTimestamp().AsTime(),
		}
	}
	witness := record.NewWitness(len(b.records))
	for r := range record.All(b.logs) {
		witness.See(r)
	}
	return witness
}

// answer words what became of the batch, once its records are stored.
func (b *batch) answer(f format) (idempotency.Answer, *intake.Problem) {
	var body any
	status := http.StatusOK
	rejected := len(b.results) - len(b.records)
	switch {
	case !b.bulk:
		body = f.Accepted(b.results[0].Receipt)
	case rejected == 0:
		body = f.Bulk(b.results, nil)
	default:
		overall := intake.Refuse(http.StatusBadRequest, fmt.Sprintf(
			"%d of %d records are rejected, as results says; the others are kept", rejected, len(b.results)))
		status, body = overall.Status, f.Bulk(b.results, overall)
	}
	answer, err := newAnswer(status, body)
	if err != nil {
		return idempotency.Answer{}, intake.Refuse(http.StatusInternalServerError, err.Error())
	}
	return answer, nil
}
