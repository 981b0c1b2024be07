package embedded

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/record"
)

// columns are the values of a row that was read, by name; "" for those it lacks.
type columns map[string]string

// errDamaged says that a row does not hold what encoder writes.
var errDamaged = errors.New("damaged row")

// decodeRow makes the record of a row that has no parts.
func decodeRow(time int64, row columns) (record.Record, error) {
	if exact := row[columnExact]; exact != "" {
		return unmarshalRecord([]byte(exact))
	}
	form, err := parseShape(row[columnShape])
	if err != nil {
		return record.Record{}, err
	}
	d := decoder{row: row, record: record.New()}
	d.setFields(time, form.body)
	d.setAttributes(sectionLog, form, d.record.Log.Attributes())
	d.setAttributes(sectionResource, form, d.record.Resource.Attributes())
	d.setAttributes(sectionScope, form, d.record.Scope.Attributes())
	return d.record, d.err
}

// decoder fills a record from a row. It keeps the first error and goes on.
type decoder struct {
	row    columns
	record record.Record
	err    error
}

func (d *decoder) check(column string, err error) {
	if err != nil && d.err == nil {
		d.err = fmt.Errorf("%w: column %s: %w", errDamaged, column, err)
	}
}

func (d *decoder) setFields(time int64, body pcommon.ValueType) {
	log, scope := d.record.Log, d.record.Scope
	log.SetTimestamp(pcommon.Timestamp(time)) //nolint:gosec // never negative
	if text := d.row[columnExactTime]; text != "" {
		timestamp, err := parseExactTime(text)
		d.check(columnExactTime, err)
		log.SetTimestamp(timestamp)
	}
	if text := d.row[columnObservedTime]; text != "" {
		observed, err := parseSinceRow(text, time)
		d.check(columnObservedTime, err)
		log.SetObservedTimestamp(observed)
	}
	log.SetFlags(plog.LogRecordFlags(d.number(columnFlags))) //nolint:gosec // was 32 bits
	if text := d.row[columnSeverityNumber]; text != "" {
		number, err := strconv.ParseInt(text, 10, 32)
		d.check(columnSeverityNumber, err)
		log.SetSeverityNumber(plog.SeverityNumber(number))
	}
	log.SetSeverityText(d.text(columnSeverityText))
	log.SetEventName(d.text(columnEventName))
	var traceID pcommon.TraceID
	d.setHex(columnTraceID, traceID[:])
	log.SetTraceID(traceID)
	var spanID pcommon.SpanID
	d.setHex(columnSpanID, spanID[:])
	log.SetSpanID(spanID)
	d.check(columnBody, parseText(log.Body(), body, d.text(columnBody)))
	scope.SetName(d.text(columnScopeName))
	scope.SetVersion(d.text(columnScopeVersion))
}

func (d *decoder) setAttributes(s section, form shape, attributes pcommon.Map) {
	attributes.EnsureCapacity(len(form.sections[s]))
	for _, entry := range form.sections[s] {
		name, _ := columnName(s, entry.key)
		d.check(name, parseText(attributes.PutEmpty(entry.key), entry.kind, d.text(name)))
	}
}

// text returns the text of a field or an attribute.
func (d *decoder) text(column string) string { return textIn(column, d.row[column]) }

// number returns a decimal column, 0 if there is none.
func (d *decoder) number(column string) uint64 {
	text := d.row[column]
	if text == "" {
		return 0
	}
	number, err := strconv.ParseUint(text, 10, 64)
	d.check(column, err)
	return number
}

// setHex sets dst to a column in hex, if there is one.
func (d *decoder) setHex(column string, dst []byte) {
	text := d.text(column)
	if text == "" {
		return
	}
	if hex.DecodedLen(len(text)) != len(dst) {
		d.check(column, hex.ErrLength)
		return
	}
	_, err := hex.Decode(dst, []byte(text))
	d.check(column, err)
}
