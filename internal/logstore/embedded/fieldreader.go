package embedded

import (
	"slices"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/record"
)

// presence says whether a field has a value in a row.
type presence uint8

const (
	absent presence = iota
	present
	// inner is a value that is a map in an attribute. Its text is in no column.
	inner
)

// fieldReader reads a field from the columns of rows that tell it: those without
// columnParts and, for attributes, without columnExact and columnOmitted.
type fieldReader struct {
	filter.Field

	// isByColumn is true for an attribute of one section if it does not matter whether it
	// is there when its column is empty. Then it is said to be absent.
	isByColumn bool
}

// columns returns the columns that the reader needs.
func (f fieldReader) columns() []string {
	switch {
	case f.Place == filter.PlaceTimestamp:
		return []string{columnTime, columnExactTime}
	case f.Place == filter.PlaceObservedTime:
		return []string{columnTime, columnObservedTime}
	case !f.IsAttribute():
		return []string{ownColumnOf(f.Place)}
	}
	var names []string
	if !f.isByColumn {
		names = append(names, columnShape)
	}
	if !f.isByColumn && isPath(f.Key) {
		names = append(names, columnPaths)
	}
	for _, s := range f.sections() {
		if name, ok := columnName(s, f.Key); ok {
			names = append(names, name)
		}
	}
	return names
}

// sections returns the sections that may have the attribute, in the order in which
// they are looked at.
func (f fieldReader) sections() []section {
	if f.Place == filter.PlaceAttribute {
		return []section{sectionLog, sectionResource}
	}
	return []section{sectionOf(f.Place)}
}

// readText returns the text of a field in a row of a block, "" unless it is present.
type readText func(row int) (text string, has presence)

// in prepares to read the field in a block.
func (f fieldReader) in(block *logstorage.DataBlock) readText {
	switch {
	case f.Place == filter.PlaceTimestamp, f.Place == filter.PlaceObservedTime:
		timestamp := timestampsIn(block, f.Place)
		return func(row int) (string, presence) {
			t := timestamp(row)
			if t == 0 {
				return "", absent
			}
			return record.TimeOf(t).Format(time.RFC3339Nano), present
		}
	case f.isByColumn:
		column, _ := columnName(sectionOf(f.Place), f.Key)
		return inColumn(block, column)
	case f.IsAttribute():
		return f.inAttributes(block)
	}
	return inColumn(block, ownColumnOf(f.Place))
}

// inColumn prepares to read what is present when its column is not empty.
func inColumn(block *logstorage.DataBlock, column string) readText {
	texts := textsOf(block, column)
	return func(row int) (string, presence) {
		if texts[row] == "" {
			return "", absent
		}
		return textIn(column, texts[row]), present
	}
}

func (f fieldReader) inAttributes(block *logstorage.DataBlock) readText {
	known := newPresences(block)
	sections := f.sections()
	names, columns := make([]string, len(sections)), make([][]string, len(sections))
	for i, s := range sections {
		if name, ok := columnName(s, f.Key); ok {
			names[i], columns[i] = name, textsOf(block, name)
		} else {
			columns[i] = make([]string, block.RowsCount())
		}
	}
	return func(row int) (string, presence) {
		for i, s := range sections {
			if text := columns[i][row]; text != "" {
				return textIn(names[i], text), present
			}
			if has := known.of(row, s, f.Key); has != absent {
				return "", has
			}
		}
		return "", absent
	}
}

// presences tells which attributes the rows of a block have, of which there are no
// columns.
type presences struct {
	shapes, paths []string
	// seen remembers what was found out, as many rows have the same shape.
	seen map[presenceKey]presence
	// last is the latest of it.
	last    presenceKey
	lastHas presence
}

type presenceKey struct {
	section      section
	shape, paths string
	key          string
}

func newPresences(block *logstorage.DataBlock) *presences {
	return &presences{shapes: textsOf(block, columnShape), paths: textsOf(block, columnPaths), seen: map[presenceKey]presence{}}
}

func (p *presences) of(row int, s section, key string) presence {
	asked := presenceKey{s, p.shapes[row], p.paths[row], key}
	if asked == p.last {
		return p.lastHas
	}
	has, ok := p.seen[asked]
	if !ok {
		has = asked.find()
		p.seen[asked] = has
	}
	p.last, p.lastHas = asked, has
	return has
}

// find looks for the attribute, and then for a path to it, as filter.Field does.
func (k presenceKey) find() presence {
	form, err := parseShape(k.shape)
	if err != nil {
		return inner // reading the record will say what is wrong
	}
	isKey := func(entry shapeEntry) bool { return entry.key == k.key }
	if slices.ContainsFunc(form.sections[k.section], isKey) {
		return present
	}
	if !isPath(k.key) {
		return absent
	}
	paths, err := parsePaths(k.paths)
	if err != nil {
		return inner
	}
	at := slices.IndexFunc(paths[k.section], isKey)
	switch {
	case at < 0:
		return absent
	case paths[k.section][at].kind == pcommon.ValueTypeMap:
		return inner
	default:
		return present
	}
}

// timestampsIn prepares to read the timestamps or the observed times of a block's
// rows. For those of the damaged it returns 0.
func timestampsIn(block *logstorage.DataBlock, place filter.Place) func(row int) pcommon.Timestamp {
	times, _ := block.GetTimestamps(nil)
	if place == filter.PlaceObservedTime {
		texts := textsOf(block, columnObservedTime)
		return func(row int) pcommon.Timestamp {
			observed, err := parseSinceRow(texts[row], times[row])
			if err != nil { // "" too
				return 0
			}
			return observed
		}
	}
	exact := textsOf(block, columnExactTime)
	return func(row int) pcommon.Timestamp {
		if text := exact[row]; text != "" {
			timestamp, _ := parseExactTime(text)
			return timestamp
		}
		return pcommon.Timestamp(times[row]) //nolint:gosec // never negative
	}
}

// parseDecimal returns the number that is a text of digits; others are damaged.
func parseDecimal(text string) pcommon.Timestamp {
	var number pcommon.Timestamp
	for i := range len(text) {
		number = 10*number + pcommon.Timestamp(text[i]-'0')
	}
	return number
}

// textsOf returns a column of a block, empty texts if the block lacks it.
func textsOf(block *logstorage.DataBlock, name string) []string {
	if values := valuesOf(block, name); values != nil {
		return values
	}
	return make([]string, block.RowsCount())
}
