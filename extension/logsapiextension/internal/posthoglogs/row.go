package posthoglogs

import (
	"encoding/hex"
	"hash/fnv"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/record"
)

// Row is a record as PostHog's API has it. Its members are in this order.
type Row struct {
	// UUID is the record's id.
	UUID string `json:"uuid"`
	// TraceID and SpanID are upper-case hex digits, zeros when there is none.
	TraceID string `json:"trace_id"`
	SpanID  string `json:"span_id"`
	Body    string `json:"body"`
	// Attributes and ResourceAttributes have the texts of values, as filters see them.
	Attributes        map[string]string `json:"attributes"`
	Timestamp         string            `json:"timestamp"`
	ObservedTimestamp string            `json:"observed_timestamp"`
	// SeverityText and Level are the record's level, which follows from SeverityNumber.
	SeverityText       string            `json:"severity_text"`
	SeverityNumber     int32             `json:"severity_number"`
	Level              string            `json:"level"`
	ResourceAttributes map[string]string `json:"resource_attributes"`
	// ResourceFingerprint is the same for the same ResourceAttributes.
	ResourceFingerprint string `json:"resource_fingerprint"`
	// InstrumentationScope is the scope's name, or name@version.
	InstrumentationScope string `json:"instrumentation_scope"`
	EventName            string `json:"event_name"`
	// LiveLogsCheckpoint is where to go on with liveLogsCheckpoint.
	LiveLogsCheckpoint string `json:"live_logs_checkpoint,omitempty"`

	// custom are members of the client's choice, behind the others.
	custom []member
}

// rowMembers is Row without methods.
type rowMembers Row

// MarshalJSON implements json.Marshaler.
func (r Row) MarshalJSON() ([]byte, error) {
	own, err := marshal(rowMembers(r))
	if err != nil || len(r.custom) == 0 {
		return own, err
	}
	custom, err := marshalMembers(r.custom)
	if err != nil {
		return nil, err
	}
	own[len(own)-1] = ','
	return append(own, custom[1:]...), nil
}

// rowOf returns the row of a record, without a checkpoint.
func rowOf(r record.Record) Row {
	level := string(record.LevelOf(r.Log.SeverityNumber()))
	row := Row{
		UUID:                 r.ID(),
		TraceID:              traceID(r),
		SpanID:               spanID(r),
		Body:                 filter.Text(r.Log.Body()),
		Attributes:           textsOf(r.Log.Attributes()),
		Timestamp:            timestampText(r, filter.PlaceTimestamp),
		ObservedTimestamp:    timestampText(r, filter.PlaceObservedTime),
		SeverityText:         level,
		SeverityNumber:       int32(r.Log.SeverityNumber()),
		Level:                level,
		ResourceAttributes:   textsOf(r.Resource.Attributes()),
		InstrumentationScope: scopeOf(r),
		EventName:            r.Log.EventName(),
	}
	row.ResourceFingerprint = fingerprintOf(row.ResourceAttributes)
	return row
}

func traceID(r record.Record) string {
	id := r.Log.TraceID()
	return strings.ToUpper(hex.EncodeToString(id[:]))
}

func spanID(r record.Record) string {
	id := r.Log.SpanID()
	return strings.ToUpper(hex.EncodeToString(id[:]))
}

// timestampText returns a time of the record, 1970 if it has none.
func timestampText(r record.Record, place filter.Place) string {
	t, _ := filter.Field{Place: place}.Time(r)
	return timeText(t)
}

func scopeOf(r record.Record) string {
	if version := r.Scope.Version(); version != "" {
		return r.Scope.Name() + "@" + version
	}
	return r.Scope.Name()
}

// textsOf returns attributes with the texts of their values.
func textsOf(attributes pcommon.Map) map[string]string {
	texts := make(map[string]string, attributes.Len())
	for key, value := range attributes.All() {
		if _, ok := texts[key]; !ok { // filters see the first
			texts[key] = filter.Text(value)
		}
	}
	return texts
}

// fingerprintOf returns a number that hardly two resources have in common.
func fingerprintOf(texts map[string]string) string {
	hash := fnv.New64a()
	for _, key := range slices.Sorted(maps.Keys(texts)) {
		for _, text := range []string{key, texts[key]} {
			_, _ = hash.Write([]byte(text)) // cannot fail
			_, _ = hash.Write([]byte{0})
		}
	}
	return strconv.FormatUint(hash.Sum64(), 10)
}
