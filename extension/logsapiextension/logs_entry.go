package logsapiextension

import (
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/record"
)

// appendLogEntry appends a record as an entry of GET /logs. Service and message
// are the text that filters see, so that what is found can be seen.
func appendLogEntry(dst []byte, r record.Record) []byte {
	timestamp := r.Log.Timestamp()
	if timestamp == 0 {
		timestamp = r.Log.ObservedTimestamp()
	}
	dst = append(dst, '{')
	dst = appendTimestamp(appendName(dst, "timestamp"), timestamp)
	dst = appendString(appendName(dst, "level"), strings.ToUpper(string(record.LevelOf(r.Log.SeverityNumber()))))
	dst = appendString(appendName(dst, "service"), filter.Service(r))
	dst = appendString(appendName(dst, "message"), filter.Text(r.Log.Body()))
	dst = appendDetails(appendName(dst, "details"), r)
	return append(dst, '}')
}

// appendTimestamp appends RFC 3339 in UTC with as many digits of fraction as the
// time has.
func appendTimestamp(dst []byte, timestamp pcommon.Timestamp) []byte {
	dst = append(dst, '"')
	dst = record.TimeOf(timestamp).AppendFormat(dst, time.RFC3339Nano)
	return append(dst, '"')
}

// Names in the details that have a meaning of their own; reservedDetail knows
// them.
const (
	detailID                = "id"
	detailHash              = "hash"
	detailEvent             = "event"
	detailSeverityText      = "severity_text"
	detailSeverityNumber    = "severity_number"
	detailObservedTimestamp = "observed_timestamp"
	detailTraceID           = "trace_id"
	detailSpanID            = "span_id"
	detailScope             = "scope"
	detailResource          = "resource"
	detailAttributes        = "attributes"
)

// reservedDetail reports whether an attribute of this name would hide something
// of the record. Such attributes stand under "attributes", whether or not this
// very record has what they would hide, so that a name always means the same.
func reservedDetail(name string) bool {
	switch name {
	case detailID, detailHash, detailEvent, detailSeverityText, detailSeverityNumber, detailObservedTimestamp,
		detailTraceID, detailSpanID, detailScope, detailResource, detailAttributes:
		return true
	default:
		return false
	}
}

// appendDetails appends all that the other fields of an entry do not tell: what
// the record has of its own under the reserved names, each attribute under its
// name, and the resource's attributes under "resource".
func appendDetails(dst []byte, r record.Record) []byte {
	dst = append(dst, '{')
	dst = appendOwnDetails(dst, r)
	reserved := false
	for name, value := range r.Log.Attributes().All() {
		switch {
		case name == record.AttributeID && r.ID() != "", name == record.AttributeHash && r.Hash() != "":
			// Stands there as id or hash.
		case reservedDetail(name):
			reserved = true
		default:
			dst = appendValue(appendName(dst, name), value)
		}
	}
	if reserved {
		dst = append(appendName(dst, detailAttributes), '{')
		for name, value := range r.Log.Attributes().All() {
			if reservedDetail(name) {
				dst = appendValue(appendName(dst, name), value)
			}
		}
		dst = append(dst, '}')
	}
	dst = appendScope(dst, r.Scope)
	if resource := r.Resource.Attributes(); resource.Len() > 0 {
		dst = appendMap(appendName(dst, detailResource), resource)
	}
	return append(dst, '}')
}

// appendOwnDetails appends what the record has of its own, where it has it.
func appendOwnDetails(dst []byte, r record.Record) []byte {
	for _, detail := range []struct{ name, value string }{
		{detailID, r.ID()},
		{detailHash, r.Hash()},
		{detailEvent, r.Log.EventName()},
		{detailSeverityText, r.Log.SeverityText()},
	} {
		if detail.value != "" {
			dst = appendString(appendName(dst, detail.name), detail.value)
		}
	}
	if severity := r.Log.SeverityNumber(); severity != plog.SeverityNumberUnspecified {
		dst = strconv.AppendInt(appendName(dst, detailSeverityNumber), int64(severity), 10)
	}
	if observed := r.Log.ObservedTimestamp(); observed != 0 {
		dst = appendTimestamp(appendName(dst, detailObservedTimestamp), observed)
	}
	if trace := r.Log.TraceID(); !trace.IsEmpty() {
		dst = appendString(appendName(dst, detailTraceID), trace.String())
	}
	if span := r.Log.SpanID(); !span.IsEmpty() {
		dst = appendString(appendName(dst, detailSpanID), span.String())
	}
	return dst
}

// appendScope appends the instrumentation scope, if it says anything.
func appendScope(dst []byte, scope pcommon.InstrumentationScope) []byte {
	if scope.Name() == "" && scope.Version() == "" && scope.Attributes().Len() == 0 {
		return dst
	}
	dst = append(appendName(dst, detailScope), '{')
	dst = appendString(appendName(dst, "name"), scope.Name())
	if scope.Version() != "" {
		dst = appendString(appendName(dst, "version"), scope.Version())
	}
	if scope.Attributes().Len() > 0 {
		dst = appendMap(appendName(dst, "attributes"), scope.Attributes())
	}
	return append(dst, '}')
}
