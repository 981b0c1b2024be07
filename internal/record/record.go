package record

import (
	"iter"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// Record is a view of one log record with the resource and the scope it belongs
// to. Records of the same batch may share a resource; changing it through one
// view changes it for all of them.
type Record struct {
	Resource pcommon.Resource
	Scope    pcommon.InstrumentationScope
	Log      plog.LogRecord
}

// New returns an empty record with a resource and a scope of its own.
func New() Record {
	resource := plog.NewLogs().ResourceLogs().AppendEmpty()
	scope := resource.ScopeLogs().AppendEmpty()
	return Record{Resource: resource.Resource(), Scope: scope.Scope(), Log: scope.LogRecords().AppendEmpty()}
}

// All yields every record of logs, in order.
func All(logs plog.Logs) iter.Seq[Record] {
	return func(yield func(Record) bool) {
		for _, resource := range logs.ResourceLogs().All() {
			for r := range AllOf(resource) {
				if !yield(r) {
					return
				}
			}
		}
	}
}

// AllOf yields every record of one resource, in order.
func AllOf(resource plog.ResourceLogs) iter.Seq[Record] {
	return func(yield func(Record) bool) {
		for _, scope := range resource.ScopeLogs().All() {
			for _, log := range scope.LogRecords().All() {
				if !yield(Record{Resource: resource.Resource(), Scope: scope.Scope(), Log: log}) {
					return
				}
			}
		}
	}
}

// Copy returns logs that hold the record alone, with copies of its resource and its
// scope.
func (r Record) Copy() plog.Logs {
	logs := plog.NewLogs()
	resource := logs.ResourceLogs().AppendEmpty()
	r.Resource.CopyTo(resource.Resource())
	scope := resource.ScopeLogs().AppendEmpty()
	r.Scope.CopyTo(scope.Scope())
	r.Log.CopyTo(scope.LogRecords().AppendEmpty())
	return logs
}

// ID returns the record's id, or "" when it has none yet.
func (r Record) ID() string { return r.stringAttribute(AttributeID) }

// Hash returns the record's hash in hex, or "" when it has none yet.
func (r Record) Hash() string { return r.stringAttribute(AttributeHash) }

// ProjectID returns the id of the record's project, or 0 when it has none yet.
// Projects are numbered from 1.
func (r Record) ProjectID() int64 {
	if v, ok := r.Resource.Attributes().Get(AttributeProjectID); ok && v.Type() == pcommon.ValueTypeInt {
		return v.Int()
	}
	return 0
}

// TimeOf returns the time of a timestamp, in UTC. (The timestamp's own AsTime is wrong for
// those after 2262.)
func TimeOf(timestamp pcommon.Timestamp) time.Time {
	const perSecond = pcommon.Timestamp(time.Second)
	return time.Unix(int64(timestamp/perSecond), int64(timestamp%perSecond)).UTC() //nolint:gosec // fits
}

func (r Record) stringAttribute(name string) string {
	if v, ok := r.Log.Attributes().Get(name); ok && v.Type() == pcommon.ValueTypeStr {
		return v.Str()
	}
	return ""
}
