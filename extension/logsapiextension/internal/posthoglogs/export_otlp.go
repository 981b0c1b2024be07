package posthoglogs

import (
	"io"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/logstore"
	"github.com/docketlog/docket/internal/record"
)

// Bounds of a line of an export as OTLP/JSON, which is a request to an OTLP receiver. One
// record may exceed maxLineBytes.
const (
	maxLineRecords = 1000
	maxLineBytes   = 4 << 20
)

// otlpWriter writes OTLP/JSON: in each line some records, whole, as the body of a POST to
// /v1/logs. Another Docket that takes them stores the same records.
type otlpWriter struct {
	w       io.Writer
	waiting plog.Logs
	bytes   int
}

func newOTLPWriter(w io.Writer) *otlpWriter { return &otlpWriter{w: w, waiting: plog.NewLogs()} }

func (o *otlpWriter) begin() error { return nil }

func (o *otlpWriter) write(r record.Record) error {
	size := logstore.ApproximateSize(r)
	if o.waiting.LogRecordCount() >= maxLineRecords || o.bytes > 0 && o.bytes+size > maxLineBytes {
		if err := o.end(); err != nil {
			return err
		}
	}
	r.Copy().ResourceLogs().MoveAndAppendTo(o.waiting.ResourceLogs())
	o.bytes += size
	return nil
}

// end writes the records that wait.
func (o *otlpWriter) end() error {
	if o.waiting.LogRecordCount() == 0 {
		return nil
	}
	line, err := (&plog.JSONMarshaler{}).MarshalLogs(o.waiting)
	if err != nil {
		return err
	}
	o.waiting, o.bytes = plog.NewLogs(), 0
	_, err = o.w.Write(append(line, '\n'))
	return err
}
