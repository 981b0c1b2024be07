package embedded

import (
	"fmt"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/filter"
	"github.com/docketlog/docket/internal/record"
)

const (
	// fieldBytes is what the engine counts for a column beside its name and value.
	fieldBytes = len(`,"":""`)
	// maxPathsBytes is the length of the longest text of columnPaths.
	maxPathsBytes = 32 << 10
)

// addLeaves adds columns for the leaves of maps in attributes: for the attribute
// context with the value {"user":{"name":"Ann"}}, attributes.context.user.name.
// A list is a leaf. As a filter.Field finds what comes first, an attribute whose own
// name is the same goes before a leaf, and so does whatever has the same path and
// stands before it: another leaf, also an empty one, or a map.
//
// Such empty leaves and maps have no columns. So columnPaths has the paths of all that
// is in maps, in their order: log attributes, a bar and resource attributes, as in a
// shape, with the type map, empty, or string for any other leaf.
//
// The columns take no more than the given number of bytes.
func (e *encoder) addLeaves(r record.Record, bytes int) {
	clear(e.taken)
	e.paths = e.paths[:0]
	for _, field := range e.fields {
		e.taken[field.Name] = struct{}{}
	}
	sections := [sectionCount]pcommon.Map{r.Log.Attributes(), r.Resource.Attributes(), r.Scope.Attributes()}
	// Attributes without a column of their own, as they are empty, go before too.
	for s, attributes := range sections {
		for key := range attributes.All() {
			if name, ok := e.set.names[s][key]; ok {
				e.taken[name] = struct{}{}
			}
		}
	}
	for s, attributes := range sections {
		if section(s) == sectionResource {
			e.paths = append(e.paths, '|')
		}
		for key, value := range attributes.All() {
			if value.Type() == pcommon.ValueTypeMap {
				bytes = e.addLeavesOf(section(s), key, value.Map(), bytes)
			}
		}
	}
	e.addPaths(bytes)
}

// addPaths adds columnPaths.
func (e *encoder) addPaths(bytes int) {
	text := string(e.paths)
	switch {
	case text == "|":
	case len(text) > maxPathsBytes || fieldBytes+len(columnPaths)+len(text) > bytes || !isValidText(text):
		e.isOmitting = true
	default:
		e.add(columnPaths, text)
	}
}

// addLeavesOf adds the leaves of a map and returns the number of bytes left.
func (e *encoder) addLeavesOf(s section, path string, leaves pcommon.Map, bytes int) int {
	for key, value := range leaves.All() {
		path := path + "." + key
		if value.Type() != pcommon.ValueTypeMap {
			bytes = e.addLeaf(s, path, marked(filter.Text(value)), bytes)
			continue
		}
		e.addPath(s, path, pcommon.ValueTypeMap)
		e.take(s, path)
		if len(path) >= maxColumnName {
			e.isOmitting = true
			continue
		}
		bytes = e.addLeavesOf(s, path, value.Map(), bytes)
	}
	return bytes
}

func (e *encoder) addLeaf(s section, path, text string, bytes int) int {
	if text == "" {
		e.addPath(s, path, pcommon.ValueTypeEmpty)
		e.take(s, path)
		return bytes
	}
	e.addPath(s, path, pcommon.ValueTypeStr)
	if _, isOwn := ownColumn(s, path); isOwn || !isValidText(path) {
		e.isOmitting = true
		return bytes
	}
	name, ok := e.set.name(s, path, maxLeafColumns)
	size := fieldBytes + len(name) + len(text)
	if !ok || size > bytes {
		e.isOmitting = true
		return bytes
	}
	if _, isTaken := e.taken[name]; isTaken {
		return bytes
	}
	e.taken[name] = struct{}{}
	e.add(name, text)
	return bytes - size
}

// take keeps leaves that follow from having the column of a path.
func (e *encoder) take(s section, path string) {
	if name, ok := columnName(s, path); ok {
		e.taken[name] = struct{}{}
	}
}

// addPath adds a path to the text of columnPaths.
func (e *encoder) addPath(s section, path string, kind pcommon.ValueType) {
	if s == sectionScope || len(e.paths) > maxPathsBytes {
		return
	}
	isFirst := len(e.paths) == 0 || s == sectionResource && e.paths[len(e.paths)-1] == '|'
	e.paths = appendShapeEntry(e.paths, isFirst, kind, path)
}

// pathSections is the number of sections in columnPaths.
const pathSections = sectionResource + 1

// parsePaths reads the text of columnPaths.
func parsePaths(text string) (sections [pathSections][]shapeEntry, err error) {
	if text == "" {
		return sections, nil
	}
	var rest string
	if sections[sectionLog], rest, err = parseShapeSection(text); err != nil {
		return sections, err
	}
	rest, ok := strings.CutPrefix(rest, "|")
	if !ok {
		return sections, fmt.Errorf("%w: the paths of the resource are missing", errShape)
	}
	if sections[sectionResource], rest, err = parseShapeSection(rest); err != nil {
		return sections, err
	}
	if rest != "" {
		return sections, fmt.Errorf("%w: the paths go on after their end", errShape)
	}
	return sections, nil
}
