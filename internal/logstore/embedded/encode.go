package embedded

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/record"
)

// maxRowBytes is the size of the largest row, as logstorage.EstimatedJSONRowLen
// measures it. The engine drops rows over 2 MiB.
const maxRowBytes = 2<<20 - 64<<10

// maxShapes is the largest number of shape texts that an encoder shares.
const maxShapes = 1024

// encoder makes rows of records. It is not safe for concurrent use.
type encoder struct {
	columns *columnSets
	// shapes are the texts of shapes seen lately, so that records share them.
	shapes map[string]string
	// room has the fields of the rows that were encoded since release.
	room fieldRoom

	// These belong to the record that is being encoded:

	fields []logstorage.Field
	// id is the value of columnID.
	id string
	// set is the columns of the record's tenant and day.
	set *columnSet
	// shape is the text of the shape so far.
	shape []byte
	// isExact is false once something cannot be told by columns and shape.
	isExact bool
	// isOmitting is true once an attribute or a leaf got no column, or not its own.
	isOmitting bool
	// hasLeaves is true once an attribute is a map.
	hasLeaves bool
	// taken are the names of the columns that leaves cannot have (any more), and paths
	// the text of columnPaths so far; both are known only while leaves are added.
	taken map[string]struct{}
	paths []byte
}

func newEncoder(columns *columnSets) *encoder {
	return &encoder{columns: columns, shapes: map[string]string{}, taken: map[string]struct{}{}}
}

// row is a row for the engine.
type row struct {
	tenant tenantID
	time   int64
	// id is the value of columnID: unique in the tenant.
	id     string
	fields []logstorage.Field
	// isIncomplete is true if its columns do not tell all attributes.
	isIncomplete bool
	// isStray is true if it has columnStray.
	isStray bool
}

// encode appends the rows of a record to dst: one, or several for a record that
// is too large for one, of which the last is its main row. The record is one that
// refusalOf has nothing against.
func (e *encoder) encode(ctx context.Context, dst []row, r record.Record) ([]row, error) {
	tenant, err := tenantOf(r.ProjectID())
	if err != nil {
		return dst, err
	}
	e.id = pack(r.ID())
	main := row{tenant: tenant, time: engineTime(r.Log.Timestamp()), id: e.id, isStray: isStray(r)}
	if e.set, err = e.columns.of(ctx, tenant, dayOf(main.time)); err != nil {
		return dst, err
	}

	e.start(r)
	if main.isStray {
		e.add(columnStray, "1")
	}
	e.addFields(r)
	e.addSection(sectionLog, r.Log.Attributes())
	e.addSection(sectionResource, r.Resource.Attributes())
	e.addSection(sectionScope, r.Scope.Attributes())
	var exact []byte
	if e.isExact {
		e.add(columnShape, e.sharedShape())
	} else {
		if exact, err = marshalRecord(r); err != nil {
			return dst, err
		}
		e.add(columnExact, string(exact))
	}
	size := logstorage.EstimatedJSONRowLen(e.fields)
	if size > maxRowBytes {
		if exact == nil {
			if exact, err = marshalRecord(r); err != nil {
				return dst, err
			}
		}
		return appendLargeRecord(dst, main, exact, exactTime(r.Log.Timestamp())), nil
	}
	if e.hasLeaves {
		e.addLeaves(r, maxRowBytes-size)
	}
	if e.isOmitting {
		e.add(columnOmitted, "1")
	}
	main.fields, main.isIncomplete = e.room.keep(e.fields), e.isOmitting || !e.isExact
	return append(dst, main), nil
}

// isStray reports whether a record is not sealed and has the id of another time, so that it
// is not where its id says.
func isStray(r record.Record) bool {
	first, last, ok := record.TimesOfID(r.ID())
	at := record.TimeOf(r.Log.Timestamp())
	return ok && (at.Before(first) || at.After(last))
}

// release ends the use of all rows that were encoded since the last release.
func (e *encoder) release() { e.room.release() }

// tenantOf returns the engine's tenant for the records of a project.
func tenantOf(projectID int64) (tenantID, error) {
	if projectID < 1 || projectID > math.MaxUint32 {
		return tenantID{}, fmt.Errorf("project id %d is not between 1 and %d", projectID, uint32(math.MaxUint32))
	}
	return tenantID{ProjectID: uint32(projectID)}, nil
}

func (e *encoder) start(r record.Record) {
	const otherFields = 20
	count := r.Log.Attributes().Len() + r.Resource.Attributes().Len() + r.Scope.Attributes().Len()
	e.fields = e.room.take(count + otherFields)
	e.shape = appendShapeStart(e.shape[:0], r.Log.Body().Type())
	e.isExact = r.Log.DroppedAttributesCount()|r.Resource.DroppedAttributesCount()|r.Scope.DroppedAttributesCount() == 0
	e.isOmitting = false
	e.hasLeaves = false
}

// add adds a column unless its value is empty, which to the engine is the same
// as no column.
func (e *encoder) add(name, value string) {
	if value != "" {
		e.fields = append(e.fields, logstorage.Field{Name: name, Value: value})
	}
}

func (e *encoder) addText(name, value string) {
	if value == "" {
		return
	}
	text := value
	if !isValidText(value) {
		text = filter.Text(pcommon.NewValueStr(value))
		e.isExact = false
	}
	e.add(name, marked(text))
}

func (e *encoder) addNumber(name string, value uint64) {
	if value != 0 {
		e.add(name, strconv.FormatUint(value, 10))
	}
}

// addFields adds the columns of all that is not an attribute.
func (e *encoder) addFields(r record.Record) {
	body := filter.Text(r.Log.Body())
	e.isExact = e.isExact && isInvertible(r.Log.Body(), body, maxInvertibleDepth)
	e.addNumber(columnBodyBytes, uint64(len(body)))
	e.add(columnBody, marked(body))
	e.add(columnLevel, string(record.LevelOf(r.Log.SeverityNumber())))
	if number := r.Log.SeverityNumber(); number != 0 {
		e.add(columnSeverityNumber, strconv.FormatInt(int64(number), 10))
	}
	e.addText(columnSeverityText, r.Log.SeverityText())
	e.addText(columnEventName, r.Log.EventName())
	if id := r.Log.TraceID(); !id.IsEmpty() {
		e.add(columnTraceID, packBytes(packedHex, id[:]))
	}
	if id := r.Log.SpanID(); !id.IsEmpty() {
		e.add(columnSpanID, packBytes(packedHex, id[:]))
	}
	e.addNumber(columnFlags, uint64(r.Log.Flags()))
	if observed := r.Log.ObservedTimestamp(); observed != 0 {
		e.add(columnObservedTime, sinceRow(observed, engineTime(r.Log.Timestamp())))
	}
	e.add(columnExactTime, exactTime(r.Log.Timestamp()))
	e.addText(columnScopeName, r.Scope.Name())
	e.addText(columnScopeVersion, r.Scope.Version())
}

// addSection adds the attributes of a section to the columns and to the shape.
func (e *encoder) addSection(s section, attributes pcommon.Map) {
	e.shape = append(e.shape, '|')
	isUnique := hasUniqueKeys(attributes)
	e.isExact = e.isExact && isUnique
	first := true
	for key, value := range attributes.All() {
		e.shape = appendShapeEntry(e.shape, first, value.Type(), key)
		first = false
		if !isUnique { // only the first of equal keys counts
			value, _ = attributes.Get(key)
			if name, _ := columnName(s, key); e.has(name) {
				continue
			}
		}
		e.addAttribute(s, key, value)
	}
}

// has reports whether the row has the column already.
func (e *encoder) has(name string) bool {
	return slices.ContainsFunc(e.fields, func(f logstorage.Field) bool { return f.Name == name })
}

func (e *encoder) addAttribute(s section, key string, value pcommon.Value) {
	if value.Type() == pcommon.ValueTypeMap {
		e.hasLeaves = true
	}
	name, ok := "", isValidText(key)
	if s == sectionLog && key == record.AttributeHash && value.Type() != pcommon.ValueTypeStr {
		ok = false // it is no hash, as which the column is found
	}
	if ok {
		name, ok = e.set.name(s, key, maxColumns)
	}
	if !ok {
		e.isExact, e.isOmitting = false, true
		return
	}
	text := filter.Text(value)
	e.isExact = e.isExact && isInvertible(value, text, maxInvertibleDepth)
	if name == columnID {
		e.add(name, e.id)
		return
	}
	e.add(name, storedIn(name, text))
}

// sharedShape returns the shape's text, the same string for the same text.
func (e *encoder) sharedShape() string {
	if text, ok := e.shapes[string(e.shape)]; ok {
		return text
	}
	if len(e.shapes) >= maxShapes {
		clear(e.shapes)
	}
	text := string(e.shape)
	e.shapes[text] = text
	return text
}
