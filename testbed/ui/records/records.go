// Package records makes the records that the web page is tested and tried out with: a
// week of logs and audit events that look like those of a shop, with every level, nested
// attributes, long texts, and texts that try to be markup.
//
// The same number of records is the same records each time but for their times, which end
// at the moment that is asked for.
package records

import (
	"encoding/hex"
	"iter"
	"math/rand/v2"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

const (
	// Span is how far back the first record is.
	Span = 7 * 24 * time.Hour
	// project is the one that the first start of Docket makes.
	project = 1
	// batch is how many records are in one request.
	batch = 1000
)

// Batches makes count records up to a moment, from the oldest on, in the bodies of OTLP
// requests.
func Batches(count int, until time.Time) iter.Seq[plog.Logs] {
	return func(yield func(plog.Logs) bool) {
		random := rand.New(rand.NewPCG(7, 11)) //nolint:gosec // the same each time
		for first := 0; first < count; first += batch {
			logs := newLogs()
			for i := first; i < min(first+batch, count); i++ {
				// The closer to now, the more there are: the last hour has thousands, and
				// the days before still have some.
				past := 1 - float64(i+1)/float64(count)
				at := until.Add(-time.Duration(past * past * float64(Span))).Add(-time.Duration(random.IntN(1_000_000)))
				logs.add(random, i, at)
			}
			if !yield(logs.all) {
				return
			}
		}
	}
}

// logs is a request, with one resource for each service.
type logs struct {
	all       plog.Logs
	byService map[string]plog.LogRecordSlice
}

func newLogs() logs { return logs{all: plog.NewLogs(), byService: map[string]plog.LogRecordSlice{}} }

// add adds the record of a number.
func (l logs) add(random *rand.Rand, i int, at time.Time) {
	switch {
	case i%hostileEvery == 0:
		fillHostile(l.record(at, "guestbook"), i/hostileEvery)
	case i%auditEvery == 0:
		fillAudit(l.record(at, "backoffice"), random)
	case i%signInEvery == 0:
		fillSignIn(l.record(at, "accounts"), random, i/signInEvery)
	default:
		kind := pick(random, kinds)
		fill(l.record(at, kind.service), random, kind)
	}
}

// record adds a record of a service.
func (l logs) record(at time.Time, service string) plog.LogRecord {
	slice, ok := l.byService[service]
	if !ok {
		resource := l.all.ResourceLogs().AppendEmpty()
		attributes := resource.Resource().Attributes()
		attributes.PutInt("docket.project.id", project)
		attributes.PutStr("service.name", service)
		attributes.PutStr("service.version", "2.4.1")
		attributes.PutStr("deployment.environment.name", "production")
		attributes.PutStr("host.name", service+"-7d9c4b-x2k8p")
		attributes.PutStr("cloud.region", "eu-north-1")
		scope := resource.ScopeLogs().AppendEmpty()
		scope.Scope().SetName("shop/" + service)
		slice = scope.LogRecords()
		l.byService[service] = slice
	}
	record := slice.AppendEmpty()
	record.SetTimestamp(pcommon.NewTimestampFromTime(at))
	record.SetObservedTimestamp(pcommon.NewTimestampFromTime(at.Add(3 * time.Millisecond)))
	return record
}

// severity sets the level by its word.
func severity(record plog.LogRecord, level string) {
	record.SetSeverityText(level)
	record.SetSeverityNumber(map[string]plog.SeverityNumber{
		"TRACE": plog.SeverityNumberTrace, "DEBUG": plog.SeverityNumberDebug, "INFO": plog.SeverityNumberInfo,
		"NOTICE": plog.SeverityNumberInfo2, "WARN": plog.SeverityNumberWarn, "ERROR": plog.SeverityNumberError,
		"FATAL": plog.SeverityNumberFatal,
	}[level])
}

// trace gives the record one of some thousand traces.
func trace(record plog.LogRecord, random *rand.Rand) {
	var id pcommon.TraceID
	var span pcommon.SpanID
	number := random.Uint64N(5000) + 1
	for i := range id {
		id[i] = byte(number * uint64(i+3) * 2654435761 >> 7) //nolint:gosec // some digits
	}
	for i := range span {
		span[i] = byte(random.IntN(256)) //nolint:gosec // below 256
	}
	record.SetTraceID(id)
	record.SetSpanID(span)
}

// pick returns one of several, each as likely.
func pick[T any](random *rand.Rand, choices []T) T { return choices[random.IntN(len(choices))] }

// digits returns so many random hex digits.
func digits(random *rand.Rand, count int) string {
	raw := make([]byte, (count+1)/2)
	for i := range raw {
		raw[i] = byte(random.IntN(256)) //nolint:gosec // below 256
	}
	return hex.EncodeToString(raw)[:count]
}
