package filter

import (
	"encoding/hex"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/record"
)

// traceIDs and spanIDs are sets of ids without the one of zeros, which is no value.
type (
	traceIDs map[pcommon.TraceID]struct{}
	spanIDs  map[pcommon.SpanID]struct{}
)

func newTraceIDs(texts []string) traceIDs {
	set := traceIDs{}
	for _, text := range texts {
		var id pcommon.TraceID
		if decodeID(id[:], text) && !id.IsEmpty() {
			set[id] = struct{}{}
		}
	}
	return set
}

func newSpanIDs(texts []string) spanIDs {
	set := spanIDs{}
	for _, text := range texts {
		var id pcommon.SpanID
		if decodeID(id[:], text) && !id.IsEmpty() {
			set[id] = struct{}{}
		}
	}
	return set
}

// decodeID sets dst to the id of which the text is the one in lower-case hex; ok is
// false if there is no such id.
func decodeID(dst []byte, text string) (ok bool) {
	if len(text) != hex.EncodedLen(len(dst)) {
		return false
	}
	_, err := hex.Decode(dst, []byte(text))
	return err == nil && hex.EncodeToString(dst) == text
}

func (set traceIDs) matches(r record.Record) bool {
	_, ok := set[r.Log.TraceID()]
	return ok
}

func (set spanIDs) matches(r record.Record) bool {
	_, ok := set[r.Log.SpanID()]
	return ok
}

func (traceIDs) cost() int { return costNumber }
func (spanIDs) cost() int  { return costNumber }
